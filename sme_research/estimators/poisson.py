"""Effects on counts, zeros included, as a ratio of expected counts (Wooldridge 2023).

The library `pyfixest` does the arithmetic; this file says what is asked of it
and averages its coefficients. `diff_diff.WooldridgeDiD` fits the same model
with cohort effects in place of enterprise effects; that is the same estimate
on a balanced panel, but takes enterprises that come and go for change.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.guards import guard_comparison, guard_shape, guard_treated, keep_comparable_years
from sme_research.estimators.shaping import (
    Label,
    asked_cells,
    estimate_leads,
    fit_quietly,
    interact_covariates,
    keep_usable,
    shape_effect,
    shape_event_study,
    sum_influence,
    to_frame,
    treated_cells,
)
from sme_research.results import Effect, EventStudy

ESTIMATOR: Final = "wooldridge_poisson"
COMPARISON: Final = "not_yet_treated"
UNIT: Final = "log points"


def estimate_both(
    sample: pd.DataFrame, *, unit: str = UNIT, comparison: str = COMPARISON, level: float = 0.95, seed: int = 0
) -> tuple[Effect, EventStudy]:
    """Log ratio of the expected count of the treated to what it would have been without treatment.

    A Poisson regression with enterprise and year effects holds one coefficient
    for each cohort and year from treatment on. The average is the logarithm of
    the treated's expected counts, summed over all treated enterprise-years,
    over the same sum without treatment: log(1 + ATT / baseline), so that
    enterprises with large counts weigh more. Zeros need no constant added. That
    the count is a Poisson one is not assumed, only that without treatment
    expected counts would have changed by the same ratio.

    Parameters
    ----------
    sample : DataFrame, one row an enterprise and year
        As for `callaway_santanna.estimate_att`, with ``outcome`` a count or
        another number of 0 or more. Covariates enter times year dummies. An
        enterprise whose outcome is zero in every year has no ratio: it is left
        out, and so out of the counts, as is one of which only treated years are
        seen.
    unit : str
        Must be ``log points``: whatever is counted, the result is a log ratio.
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
        In log points, clustered; shares of the treated cells are taken as
        given. A cohort with a year of no counts at all gets one coefficient for
        all its years. Points before treatment are fitted to untreated
        enterprise-years only; ``covariance`` holds all points jointly.

    Raises
    ------
    StudyError
        The frame is not a sample, or the outcome is below zero.
    IdentificationError
        Too few are treated or left to compare with, or no treated has a count.

    References
    ----------
    Wooldridge (2023), Econometrics Journal 26(3).
    """
    del comparison, seed
    guard_shape(sample)
    _guard_count(sample, unit)
    asked = asked_cells(sample)
    guard_comparison(sample, COMPARISON)
    sample = _keep_counting(keep_usable(keep_comparable_years(sample)))
    guard_comparison(sample, COMPARISON)
    guard_treated(sample)
    covariates = interact_covariates(sample)
    frame = to_frame(sample).join(covariates).reset_index(drop=True)
    estimates, influence = _fit(frame, [*map(str, covariates)])
    covariance = influence @ influence.T
    label = Label(ESTIMATOR, COMPARISON, UNIT, level)
    effect = shape_effect(
        sample,
        label,
        estimate=estimates[None],
        std_error=float(np.sqrt(covariance[0, 0])),
        n_lost=len(asked - treated_cells(sample)),
    )
    by_time = {time: estimate for time, estimate in estimates.items() if time is not None}
    return effect, shape_event_study(sample, label, estimates=by_time, covariance=covariance[1:, 1:])


def _guard_count(sample: pd.DataFrame, unit: str) -> None:
    if unit != UNIT:
        raise StudyError(f"unit is {unit!r}; a ratio of counts is in {UNIT!r}, whatever is counted.")
    if (sample["outcome"] < 0).any():
        row = sample[sample["outcome"] < 0].iloc[0]
        raise StudyError(
            f"enterprise {row['enterprise_id']}, year {row['year']}: outcome is {row['outcome']}, must be 0 or more "
            "for a ratio of counts; ask another estimator."
        )


def _keep_counting(sample: pd.DataFrame) -> pd.DataFrame:
    """Without the enterprises, and then the cohorts, of which no ratio can be told; years are checked for one."""
    sample = sample.reset_index(drop=True)
    total = sample.groupby("enterprise_id")["outcome"].transform("sum")
    sample = sample[total > 0]
    treated = sample["cohort"] <= sample["year"]
    inside = sample["cohort"] <= sample["year"].max()
    counting = sample[inside & (sample["outcome"] > 0)]
    told = set(counting.loc[treated, "cohort"]) & set(counting.loc[~treated, "cohort"])
    kept: pd.DataFrame = sample[~inside | sample["cohort"].isin(told)]
    if not told:
        raise IdentificationError(
            "no cohort counts anything both before and after treatment; the ratio is zero or without bound."
        )
    untreated = kept[~treated.reindex(kept.index)].groupby("year")["outcome"].sum()
    if not (untreated > 0).all():
        raise IdentificationError(
            f"nobody untreated counts anything in {untreated.idxmin()}; leave that year out or ask another estimator."
        )
    return kept


def _fit(frame: pd.DataFrame, covariates: list[str]) -> tuple[dict[int | None, float], NDArray[np.float64]]:
    """Log ratios on average (None) and by event time; what each cluster adds to their errors, in the same order."""
    treated = frame["event_time"] >= 0
    cells = _label_cells(frame[treated])
    dummies = {name: (cells == name).reindex(frame.index, fill_value=False) for name in sorted(cells.unique())}
    rows = frame.assign(**{name: dummy.astype("float64") for name, dummy in dummies.items()})
    fit = _fit_counts(f"outcome ~ {' + '.join([*dummies, *covariates])} | id + year", rows, list(dummies))
    n_groups = int(frame["group"].max()) + 1
    sums = sum_influence(fit, list(dummies), n_groups)
    effects = fit.coef()[list(dummies)].to_numpy()
    expected = pd.Series(np.asarray(fit._Y_hat_response).ravel(), index=frame.index)[treated]
    times = frame.loc[treated, "event_time"].astype("int64")
    weights: dict[int | None, NDArray[np.float64]] = {None: _sum_by(expected, cells, list(dummies))}
    weights |= {int(time): _sum_by(expected[times == time], cells, list(dummies)) for time in sorted(times.unique())}
    baseline = {target: weight * np.exp(-effects) for target, weight in weights.items()}
    estimates = {target: float(np.log(weights[target].sum() / base.sum())) for target, base in baseline.items()}
    influence = [base / base.sum() @ sums for base in baseline.values()]
    leads, before = estimate_leads("fepois", _keep_telling(frame[~treated]), covariates, n_groups)
    return estimates | leads, np.vstack([*influence, before])


def _sum_by(values: pd.Series, cells: pd.Series, names: list[str]) -> NDArray[np.float64]:
    """Sum of the values by cell, 0 where a cell has none."""
    return values.groupby(cells).sum().reindex(names, fill_value=0.0).to_numpy(dtype=np.float64)


def _keep_telling(untreated: pd.DataFrame) -> pd.DataFrame:
    """Without the event times at which nobody counts anything: their ratio is zero."""
    counts = untreated.groupby("event_time")["outcome"].transform("sum")
    return untreated[untreated["event_time"].isna() | (counts > 0)]


def _label_cells(treated: pd.DataFrame) -> pd.Series:
    """Name of the coefficient of each treated row: by cohort and year, or by cohort where a year counts nothing."""
    counts = treated.groupby(["cohort", "year"])["outcome"].transform("sum")
    emptiest = counts.groupby(treated["cohort"]).transform("min")
    whole = "cohort" + treated["cohort"].astype(str)
    return whole.where(emptiest == 0, whole + "in" + treated["year"].astype(str))


def _fit_counts(formula: str, rows: pd.DataFrame, wanted: list[str]) -> Any:
    """Fit by the library, in which a coefficient or a row left out is an error."""
    fit = fit_quietly("fepois", formula, rows, vcov={"CRV1": "group"}, fixef_rm="none", iwls_maxiter=100)
    lost = [name for name in wanted if name not in fit.coef().index]
    if lost or len(fit._data) != len(rows):
        raise IdentificationError(
            f"the ratio of counts is not determined in {len(lost) or 'some'} cohort-year(s); ask with fewer "
            "covariates or more years."
        )
    return fit
