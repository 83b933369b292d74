"""Effects against imputed outcomes without treatment (Borusyak, Jaravel and Spiess 2024).

The library `diff_diff` does the arithmetic; this file says what we ask of it,
refuses what it would silently accept, and adds the joint covariance of the
event study, which the library computes piece by piece and does not hand out.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import IdentificationError
from sme_research.estimators.guards import guard_comparison, guard_shape, guard_treated, keep_comparable_years
from sme_research.estimators.shaping import (
    Label,
    asked_cells,
    estimate_leads,
    interact_covariates,
    keep_usable,
    shape_effect,
    shape_event_study,
    to_frame,
    treated_cells,
)
from sme_research.results import Effect, EventStudy

ESTIMATOR: Final = "imputation"
COMPARISON: Final = "not_yet_treated"


def estimate_both(
    sample: pd.DataFrame, *, unit: str, comparison: str = COMPARISON, level: float = 0.95, seed: int = 0
) -> tuple[Effect, EventStudy]:
    """Average effect on the treated, and by years since treatment, by imputation.

    Enterprise and year effects (and a path of its own for each covariate) are
    fitted to all enterprise-years without treatment; what the treated have
    beyond their imputed outcome is their effect. Every treated enterprise-year
    weighs the same. More precise than comparing with the one year before
    treatment where outcomes wander little; more exposed where trends part early.

    Parameters
    ----------
    sample : DataFrame, one row an enterprise and year
        As for `callaway_santanna.estimate_att`. Covariates enter times year
        dummies: 8 bytes x rows x covariates x (years - 1), several times over.
        Enterprises of which only treated years are seen are left out, and so
        out of the counts: nothing says what they were without treatment.
    unit : str
        Unit of ``outcome``; carried to the result.
    comparison : str
        Asked of every estimator. This one always compares with every
        enterprise-year not yet treated, and its results say so.
    level : float
        Coverage of the interval, a fraction.
    seed : int
        Nothing is random here.

    Returns
    -------
    Effect, EventStudy
        In ``unit``. Standard errors are the conservative ones of the paper,
        leave-one-out. Points before treatment are differences from the last
        year before it, fitted to untreated enterprise-years only.
        ``covariance`` holds all points jointly.

    Raises
    ------
    StudyError
        The frame is not a sample.
    IdentificationError
        Too few are treated or left to compare with, or a covariate separates
        the treated from all others in some year.

    References
    ----------
    Borusyak, Jaravel and Spiess (2024), Review of Economic Studies 91(6).
    """
    del comparison, seed
    made = _average(sample, unit, level)
    estimates, covariance = _by_event_time(made.model, made.frame, made.covariates)
    return made.effect, shape_event_study(made.sample, made.label, estimates=estimates, covariance=covariance)


def estimate_average(sample: pd.DataFrame, *, unit: str, level: float = 0.95) -> Effect:
    """The average of `estimate_both` alone, at a third of its cost in a large sample."""
    return _average(sample, unit, level).effect


@dataclass(frozen=True, slots=True)
class _Made:
    """The average with what the event study is made from."""

    effect: Effect
    sample: pd.DataFrame
    label: Label
    model: Any
    frame: pd.DataFrame
    covariates: list[str]


def _average(sample: pd.DataFrame, unit: str, level: float) -> _Made:
    guard_shape(sample)
    asked = asked_cells(sample)
    guard_comparison(sample, COMPARISON)
    sample = keep_usable(keep_comparable_years(sample))
    guard_treated(sample)
    covariates = interact_covariates(sample)
    frame = to_frame(sample).join(covariates).reset_index(drop=True)
    names = [str(name) for name in covariates]
    model, results = _fit(frame, names)
    label = Label(ESTIMATOR, COMPARISON, unit, level)
    effect = shape_effect(
        sample,
        label,
        estimate=float(results.overall_att),
        std_error=float(results.overall_se),
        n_lost=len(asked - treated_cells(sample)),
    )
    return _Made(effect, sample, label, model, frame, names)


def _fit(frame: pd.DataFrame, covariates: list[str]) -> tuple[Any, Any]:
    """Fit by the library, in which what cannot be imputed is an error and never a missing value."""
    from diff_diff import ImputationDiD  # noqa: PLC0415  most reports use one estimator

    model = ImputationDiD(cluster="group", leave_one_out=True, rank_deficient_action="error")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*leave-one-out.*")
        try:
            return model, model.fit(frame, "outcome", "id", "year", "cohort", covariates=covariates or None)
        except (ValueError, np.linalg.LinAlgError) as error:
            raise IdentificationError(
                f"the outcome without treatment cannot be imputed: {error} Ask with fewer covariates or more years."
            ) from error


def _by_event_time(
    model: Any, frame: pd.DataFrame, covariates: list[str]
) -> tuple[dict[int, float], NDArray[np.float64]]:
    """Estimates by event time and their covariance, from what each cluster adds to each estimate's error."""
    fitted = model._fit_data["df"]
    treated = fitted["_treated"].to_numpy()
    times = fitted.loc[treated, "_rel_time"].to_numpy(dtype=np.int64)
    effects = fitted.loc[treated, "_tau_hat"].to_numpy()
    n_groups = int(frame["group"].max()) + 1
    cache: dict[Any, Any] = {}
    after = sorted({int(time) for time in times})
    influence = [_influence_after(model, times == time, n_groups, cache) for time in after]
    estimates = {time: float(effects[times == time].mean()) for time in after}
    leads, sums = estimate_leads("feols", frame[~treated], covariates, n_groups)
    stacked = np.vstack([*influence, sums])
    return estimates | leads, stacked @ stacked.T


def _influence_after(
    model: Any, here: NDArray[np.bool_], n_groups: int, cache: dict[Any, Any]
) -> NDArray[np.float64]:
    """What each cluster adds to the error of the mean effect of the treated rows ``here``.

    The library's own sums behind its standard errors; it has no public name for
    them. A test holds the errors made of them to those it publishes.
    """
    fields = (
        "df", "outcome", "covariates", "omega_0_mask", "omega_1_mask", "unit_fe", "time_fe",
        "grand_mean", "delta_hat", "cluster_var", "kept_cov_mask",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*leave-one-out.*")
        sums, groups, _ = model._compute_cluster_psi_sums(
            **{name: model._fit_data[name] for name in fields},
            unit="id",
            time="year",
            first_treat="cohort",
            weights=here / here.sum(),
            proj_cache=cache,
        )
    full = np.zeros(n_groups)
    full[np.asarray(groups, dtype=np.int64)] = sums
    return full
