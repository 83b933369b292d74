"""Group-time effects against enterprises not yet treated (Callaway and Sant'Anna 2021).

The library `diff_diff` does the arithmetic; this file says what we ask of it,
refuses what it would silently accept, and turns its answer into our records.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from diff_diff import CallawaySantAnna
from scipy import stats

from sme_research.errors import IdentificationError
from sme_research.estimators.guards import (
    guard_comparison,
    guard_shape,
    guard_treated,
    keep_comparable_years,
    usable_treated,
)
from sme_research.results import COVARIATE_PREFIX, Effect, EventStudy, EventTimeEffect

Comparison = Literal["not_yet_treated", "never_treated"]
BasePeriod = Literal["universal", "varying"]

ESTIMATOR: Final = "callaway_santanna"
FEWEST_AT_EVENT_TIME: Final = 5
"""Event times seen for fewer treated enterprises, or treated clusters, are left out of the event study."""

# What the library warns of, cell by cell. Gaps of an unbalanced panel are counted in the sample
# flow; trimming follows from whatever left the chance of treatment undetermined, which is counted.
_SAID_ELSEWHERE: Final = ("Unbalanced panel", "will be trimmed", "separation", "per variable", "EPV")
_UNSURE: Final = "did not converge"


@dataclass(frozen=True, slots=True)
class _Fit:
    """The library's answer, and in how many cells the chance of treatment was not well determined."""

    results: Any
    n_unsure: int


def estimate_att(
    sample: pd.DataFrame,
    *,
    unit: str,
    comparison: Comparison = "not_yet_treated",
    level: float = 0.95,
    seed: int = 0,
) -> Effect:
    """Average effect on the treated over all cohorts and treated years.

    Each cohort's change since the year before treatment is compared with the
    same change among comparison enterprises of like covariates (doubly robust);
    each cohort-year weighs by its treated enterprises seen then and in that base year.

    Parameters
    ----------
    sample : DataFrame, one row an enterprise and year
        Columns ``enterprise_id``, ``year``, ``cohort`` (missing: never treated),
        ``outcome``; every column ``x_…`` is adjusted for; standard errors are
        clustered by ``cluster_id`` where it is there, else by enterprise. Years
        may be missing for some enterprises.
    unit : str
        Unit of ``outcome``; carried to the result.
    comparison : {"not_yet_treated", "never_treated"}
        Whom the treated are compared with.
    level : float
        Coverage of the interval, a fraction.
    seed : int
        Accepted by every estimator; nothing is random in this one.

    Returns
    -------
    Effect
        In ``unit``.

    Raises
    ------
    StudyError
        The frame is not a sample: a column lacks, a row stands twice, a cohort changes.
    IdentificationError
        Too few are treated, or nobody is left to compare with.

    References
    ----------
    Callaway and Sant'Anna (2021), Journal of Econometrics 225(2).
    """
    return estimate_both(sample, unit=unit, comparison=comparison, level=level, seed=seed)[0]


def estimate_event_study(
    sample: pd.DataFrame,
    *,
    unit: str,
    comparison: Comparison = "not_yet_treated",
    base_period: BasePeriod = "universal",
    level: float = 0.95,
    seed: int = 0,
) -> EventStudy:
    """Differences by years since treatment; before treatment they test the design.

    Parameters are those of `estimate_att`. With the universal base period every
    difference counts from the last year before treatment, which is therefore
    not among the points; with the varying one each year before treatment is
    compared with the year before it.

    Returns
    -------
    EventStudy
        In ``unit``; event times seen for fewer than five treated are left out.
    """
    both = estimate_both(sample, unit=unit, comparison=comparison, base_period=base_period, level=level, seed=seed)
    return both[1]


def estimate_both(
    sample: pd.DataFrame,
    *,
    unit: str,
    comparison: Comparison = "not_yet_treated",
    base_period: BasePeriod = "universal",
    level: float = 0.95,
    seed: int = 0,
) -> tuple[Effect, EventStudy]:
    """`estimate_att` and `estimate_event_study` from one fit."""
    del seed
    guard_shape(sample)
    last_asked = int(sample["year"].max())
    guard_comparison(sample, comparison)
    sample = keep_comparable_years(sample)
    guard_treated(sample)
    fit = _fit(sample, comparison, base_period, 1 - level)
    effect = _effect(fit, sample, unit, comparison, level, last_asked)
    return effect, _event_study(fit, sample, unit, comparison, level)


def covariates_of(sample: pd.DataFrame) -> tuple[str, ...]:
    """Columns that the estimators adjust for."""
    return tuple(str(name) for name in sample if str(name).startswith(COVARIATE_PREFIX))


def _fit(sample: pd.DataFrame, comparison: Comparison, base_period: BasePeriod, alpha: float) -> _Fit:
    """Fit by the library; never treated is 0 to it, and so is who is treated after the last year."""
    covariates = [name for name in covariates_of(sample) if sample[name].max() > sample[name].min()]
    inside = sample["cohort"] <= sample["year"].max()
    frame = pd.DataFrame(
        {
            "id": pd.factorize(sample["enterprise_id"], sort=True)[0],
            "year": sample["year"].astype("int64"),
            "cohort": sample["cohort"].where(inside, 0).astype("int64"),
            "outcome": sample["outcome"].astype("float64"),
            # In standard deviations, for the numerics: the estimate does not depend on their units.
            **{name: (sample[name] - sample[name].mean()) / sample[name].std() for name in covariates},
        }
    )
    cluster = None
    if "cluster_id" in sample:
        cluster = "cluster"
        frame["cluster"] = pd.factorize(sample["cluster_id"], sort=True)[0]
    frame = frame.sort_values(["id", "year"], ignore_index=True)
    model = CallawaySantAnna(
        control_group=comparison, estimation_method="dr", base_period=base_period, alpha=alpha, cluster=cluster
    )
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            results = model.fit(frame, "outcome", "id", "year", "cohort", covariates=covariates or None)
        except (ValueError, np.linalg.LinAlgError) as error:
            raise IdentificationError(
                f"the treated cannot be compared: {error} Ask with fewer covariates or more years."
            ) from error
    return _Fit(results, _count_unsure(heard))


def _count_unsure(heard: list[warnings.WarningMessage]) -> int:
    """Cells whose chance of treatment was not well determined; what nobody counts is warned of again."""
    unsure = 0
    for warning in heard:
        message = str(warning.message)
        if _UNSURE in message:
            unsure += 1
        elif not any(words in message for words in _SAID_ELSEWHERE):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return unsure


def _effect(
    fit: _Fit, sample: pd.DataFrame, unit: str, comparison: Comparison, level: float, last_asked: int
) -> Effect:
    overall = fit.results.aggregate("simple")
    estimate, error = float(np.squeeze(overall.att)), float(np.squeeze(overall.se))
    if not (np.isfinite(estimate) and np.isfinite(error) and error > 0):
        raise IdentificationError(
            "the average has no standard error: the outcome never changes, or no cohort has both a year before "
            "treatment and enterprises to compare with."
        )
    half = float(stats.norm.ppf(0.5 + level / 2)) * error
    clustered = "cluster_id" in sample
    group = "cluster_id" if clustered else "enterprise_id"
    treated = usable_treated(sample)
    inside = sample["cohort"] <= sample["year"].max()
    n_cells, n_lost = _count_cells(fit, sample, last_asked)
    return Effect(
        estimand="ATT",
        estimate=estimate,
        std_error=error,
        ci_low=estimate - half,
        ci_high=estimate + half,
        level=level,
        unit=unit,
        n_enterprises=int(sample["enterprise_id"].nunique()),
        n_treated=treated,
        n_observations=len(sample),
        n_clusters=int(sample[group].nunique()),
        n_treated_clusters=int(sample.loc[inside, group].nunique()) if clustered else treated,
        estimator=ESTIMATOR,
        comparison=comparison,
        n_cells=n_cells,
        n_cells_lost=n_lost,
        n_cells_unsure=fit.n_unsure,
    )


def _count_cells(fit: _Fit, sample: pd.DataFrame, last: int) -> tuple[int, int]:
    """Cohort-years from treatment to the last year asked for: those in the average, those missing from it."""
    cohorts = sample.loc[sample["cohort"] <= last, "cohort"].astype("int64").unique()
    wanted = {(int(cohort), year) for cohort in cohorts for year in range(int(cohort), last + 1)}
    effects = fit.results.group_time_effects
    found = {(int(cohort), int(year)) for (cohort, year), cell in effects.items() if np.isfinite(cell["effect"])}
    return len(wanted & found), len(wanted - found)


def _event_study(fit: _Fit, sample: pd.DataFrame, unit: str, comparison: Comparison, level: float) -> EventStudy:
    study = fit.results.aggregate("event_study")
    times = np.asarray(study.event_time, dtype=int)
    estimates, errors = np.asarray(study.att, dtype=float), np.asarray(study.se, dtype=float)
    counts = _treated_by_event_time(sample, "enterprise_id")
    groups = _treated_by_event_time(sample, "cluster_id") if "cluster_id" in sample else counts
    half = float(stats.norm.ppf(0.5 + level / 2))
    kept = [
        position
        for position, time in enumerate(times)
        if np.isfinite(errors[position]) and errors[position] > 0 and groups.get(time, 0) >= FEWEST_AT_EVENT_TIME
    ]
    points = tuple(
        EventTimeEffect(
            event_time=int(times[at]),
            estimate=float(estimates[at]),
            std_error=float(errors[at]),
            ci_low=float(estimates[at] - half * errors[at]),
            ci_high=float(estimates[at] + half * errors[at]),
            n_treated=int(counts[times[at]]),
        )
        for at in kept
    )
    order = [list(study.vcov_index).index(times[at]) for at in kept]
    covariance = np.asarray(study.vcov, dtype=float)[np.ix_(order, order)]
    return EventStudy(points, covariance, level, unit, ESTIMATOR, comparison)


def _treated_by_event_time(sample: pd.DataFrame, group: str) -> dict[int, int]:
    """Treated groups seen both at an event time and in the year before treatment."""
    event_time = sample["year"] - sample["cohort"]
    base = set(sample.loc[event_time == -1, "enterprise_id"])
    inside = sample["enterprise_id"].isin(base) & (sample["cohort"] <= sample["year"].max())
    counts = sample.loc[inside, group].groupby(event_time[inside]).nunique()
    return {int(time): int(count) for time, count in counts.items()}
