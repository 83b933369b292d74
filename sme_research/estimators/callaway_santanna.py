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
from numpy.typing import NDArray
from scipy import stats

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.guards import (
    guard_anticipation,
    guard_comparison,
    guard_shape,
    guard_treated,
    keep_comparable_years,
    usable_treated,
)
from sme_research.results import COVARIATE_PREFIX, Effect, EventStudy, EventTimeEffect

Comparison = Literal["not_yet_treated", "never_treated"]
BasePeriod = Literal["universal", "varying"]
Adjustment = Literal["doubly_robust", "outcome_regression"]

ESTIMATOR: Final = "callaway_santanna"
FEWEST_AT_EVENT_TIME: Final = 5
"""Event times seen for fewer treated enterprises, or treated clusters, are left out of the event study."""

_METHODS: Final = {"doubly_robust": "dr", "outcome_regression": "reg"}

# What the library warns of, cell by cell. Gaps of an unbalanced panel are counted in the sample
# flow; trimming follows from whatever left the chance of treatment undetermined, which is counted,
# as are cells that could not be estimated.
_SAID_ELSEWHERE: Final = (
    "Unbalanced panel",
    "will be trimmed",
    "separation",
    "per variable",
    "EPV",
    "could not be estimated",
)
_UNSURE: Final = "did not converge"


@dataclass(frozen=True, slots=True)
class Design:
    """What is asked of the estimator, apart from sample and unit.

    ``anticipation`` are the years before treatment in which enterprises may
    already act on it: the base year moves back by as many.
    """

    comparison: Comparison = "not_yet_treated"
    base_period: BasePeriod = "universal"
    adjustment: Adjustment = "doubly_robust"
    anticipation: int = 0
    level: float = 0.95

    def __post_init__(self) -> None:
        guard_anticipation(self.anticipation)
        if self.adjustment not in _METHODS:
            raise StudyError(f"adjustment is {self.adjustment!r}, must be one of {', '.join(map(repr, _METHODS))}.")

    @property
    def quantile(self) -> float:
        """Half-width of the interval in standard errors."""
        return float(stats.norm.ppf(0.5 + self.level / 2))


@dataclass(frozen=True, slots=True)
class _Fit:
    """The library's answer, and in how many cells the chance of treatment was not well determined.

    ``cells`` has one row a cohort and year: ``cohort``, ``year``,
    ``event_time``, ``estimate``, ``std_error``, ``n_treated``; the base years,
    which hold zero by construction, are not among them.
    """

    results: Any
    cells: pd.DataFrame
    n_unsure: int


def estimate_att(  # noqa: PLR0913 - every choice has a name at the call
    sample: pd.DataFrame,
    *,
    unit: str,
    comparison: Comparison = "not_yet_treated",
    adjustment: Adjustment = "doubly_robust",
    anticipation: int = 0,
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
    adjustment : {"doubly_robust", "outcome_regression"}
        How covariates enter: by a model of the outcome and one of the chance of
        treatment, or by the first alone, where so few groups are assigned that
        their chance of it cannot be modelled.
    anticipation : int
        Years before treatment in which enterprises may already act on it; the
        base year is the last one before them.
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
    del seed
    design = Design(comparison=comparison, adjustment=adjustment, anticipation=anticipation, level=level)
    return _estimate(sample, unit, design)[0]


def estimate_event_study(  # noqa: PLR0913 - every choice has a name at the call
    sample: pd.DataFrame,
    *,
    unit: str,
    comparison: Comparison = "not_yet_treated",
    base_period: BasePeriod = "universal",
    adjustment: Adjustment = "doubly_robust",
    anticipation: int = 0,
    level: float = 0.95,
    seed: int = 0,
) -> EventStudy:
    """Differences by years since treatment; before treatment they test the design.

    Parameters are those of `estimate_att`. With the universal base period every
    difference counts from the last year before treatment (and before its
    anticipation), which is therefore not among the points; with the varying one
    each year before treatment is compared with the year before it.

    Returns
    -------
    EventStudy
        In ``unit``; event times seen for fewer than five treated are left out.
    """
    del seed
    design = Design(comparison, base_period, adjustment, anticipation, level)
    return _estimate(sample, unit, design)[1]


def estimate_both(  # noqa: PLR0913 - every choice has a name at the call
    sample: pd.DataFrame,
    *,
    unit: str,
    comparison: Comparison = "not_yet_treated",
    base_period: BasePeriod = "universal",
    adjustment: Adjustment = "doubly_robust",
    anticipation: int = 0,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[Effect, EventStudy]:
    """`estimate_att` and `estimate_event_study` from one fit."""
    del seed
    return _estimate(sample, unit, Design(comparison, base_period, adjustment, anticipation, level))


def estimate_cells(
    sample: pd.DataFrame,
    *,
    comparison: Comparison = "not_yet_treated",
    base_period: BasePeriod = "universal",
    adjustment: Adjustment = "doubly_robust",
    anticipation: int = 0,
) -> pd.DataFrame:
    """The differences behind the average, one row a cohort and year.

    Parameters are those of `estimate_both`.

    Returns
    -------
    DataFrame
        ``cohort``, ``year``, ``estimate``, ``std_error`` (in the unit of the
        outcome) and ``n_treated``, the treated enterprises seen in that year
        and in the base year; cells that could not be estimated are not there.
    """
    design = Design(comparison, base_period, adjustment, anticipation)
    cells = _fit(prepare_sample(sample, design), design).cells
    return cells[["cohort", "year", "estimate", "std_error", "n_treated"]]


def estimate_aggregates(
    sample: pd.DataFrame,
    *,
    unit: str,
    comparison: Comparison = "not_yet_treated",
    adjustment: Adjustment = "doubly_robust",
    anticipation: int = 0,
    level: float = 0.95,
) -> dict[str, Effect]:
    """The average effect on the treated under three weightings of the same cells.

    Returns
    -------
    dict of str to Effect
        ``simple`` weighs cohort-years by treated enterprises (as `estimate_att`);
        ``group`` averages each cohort's years, then cohorts by size; ``dynamic``
        averages the event times from treatment on, each weighing the same.
    """
    design = Design(comparison=comparison, adjustment=adjustment, anticipation=anticipation, level=level)
    last_asked = int(sample["year"].max())
    kept = prepare_sample(sample, design)
    fit = _fit(kept, design)
    numbers = {"simple": _average(fit, design), "group": _by_group(fit, kept), "dynamic": _by_event_time(fit)}
    return {name: _effect(fit, kept, unit, design, last_asked, number) for name, number in numbers.items()}


def prepare_sample(sample: pd.DataFrame, design: Design) -> pd.DataFrame:
    """The rows that the estimator may use, once every rule of a sample has been held to them."""
    guard_shape(sample)
    guard_comparison(sample, design.comparison, design.anticipation)
    kept = keep_comparable_years(sample, design.anticipation)
    guard_treated(kept, design.anticipation)
    return kept


def covariates_of(sample: pd.DataFrame) -> tuple[str, ...]:
    """Columns that the estimators adjust for."""
    return tuple(str(name) for name in sample if str(name).startswith(COVARIATE_PREFIX))


def count_cells(cells: pd.DataFrame, sample: pd.DataFrame, last: int) -> tuple[int, int]:
    """Cohort-years from treatment to the last year asked for: those in the average, those missing from it."""
    cohorts = sample.loc[sample["cohort"] <= last, "cohort"].astype("int64").unique()
    wanted = {(int(cohort), year) for cohort in cohorts for year in range(int(cohort), last + 1)}
    found = set(zip(cells["cohort"].astype(int), cells["year"].astype(int), strict=True))
    return len(wanted & found), len(wanted - found)


def treated_by_event_time(sample: pd.DataFrame, group: str, anticipation: int = 0) -> dict[int, int]:
    """Treated groups seen both at an event time and in the base year."""
    event_time = sample["year"] - sample["cohort"]
    base = set(sample.loc[event_time == -1 - anticipation, "enterprise_id"])
    inside = sample["enterprise_id"].isin(base) & (sample["cohort"] <= sample["year"].max())
    counts = sample.loc[inside, group].groupby(event_time[inside]).nunique()
    return {int(time): int(count) for time, count in counts.items()}


def _estimate(sample: pd.DataFrame, unit: str, design: Design) -> tuple[Effect, EventStudy]:
    kept = prepare_sample(sample, design)
    last_asked = int(sample["year"].max())
    fit = _fit(kept, design)
    effect = _effect(fit, kept, unit, design, last_asked, _average(fit, design))
    return effect, _event_study(fit, kept, unit, design)


def _fit(sample: pd.DataFrame, design: Design) -> _Fit:
    """Fit by the library; never treated is 0 to it, and so is who is treated after the last year."""
    covariates = [name for name in covariates_of(sample) if sample[name].max() > sample[name].min()]
    frame = _library_frame(sample, covariates)
    model = CallawaySantAnna(
        control_group=design.comparison,
        estimation_method=_METHODS[design.adjustment],
        base_period=design.base_period,
        anticipation=design.anticipation,
        alpha=1 - design.level,
        cluster="cluster" if "cluster" in frame else None,
    )
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            results = model.fit(frame, "outcome", "id", "year", "cohort", covariates=covariates or None)
        except (ValueError, np.linalg.LinAlgError) as error:
            raise IdentificationError(
                f"the treated cannot be compared: {error} Ask with fewer covariates or more years."
            ) from error
    return _Fit(results, _cells(results), _count_unsure(heard))


def _library_frame(sample: pd.DataFrame, covariates: list[str]) -> pd.DataFrame:
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
    if "cluster_id" in sample:
        frame["cluster"] = pd.factorize(sample["cluster_id"], sort=True)[0]
    return frame.sort_values(["id", "year"], ignore_index=True)


def _cells(results: Any) -> pd.DataFrame:
    rows = [
        (int(cohort), int(year), int(year - cohort), float(cell["effect"]), float(cell["se"]), int(cell["n_treated"]))
        for (cohort, year), cell in results.group_time_effects.items()
        if np.isfinite(cell["effect"]) and not cell.get("is_reference", False)
    ]
    names = ["cohort", "year", "event_time", "estimate", "std_error", "n_treated"]
    return pd.DataFrame(rows, columns=names).sort_values(["cohort", "year"], ignore_index=True)


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


def _average(fit: _Fit, design: Design) -> tuple[float, float]:
    """The average over treated cohort-years, each weighing by its treated enterprises seen, and its error.

    The library weighs cells by the size of the cohort as soon as errors are
    clustered, and counts anticipating years as treated; we do neither. Its
    error is kept for the first, where the weights hardly differ; for the second
    it follows from the covariance of the event times.
    """
    after = fit.cells[fit.cells["event_time"] >= 0]
    if after.empty:
        return float("nan"), float("nan")
    estimate = float(np.average(after["estimate"], weights=after["n_treated"]))
    if design.anticipation == 0:
        return estimate, float(np.squeeze(fit.results.aggregate("simple").se))
    counts = after.groupby("event_time")["n_treated"].sum()
    return estimate, _error_of(fit.results.aggregate("event_study"), counts / counts.sum())


def _means(cells: pd.DataFrame) -> dict[int, float]:
    """Estimate by event time, cohorts weighing by their treated enterprises seen then."""
    times = cells["event_time"].to_numpy()
    return {
        int(time): float(np.average(cells["estimate"][times == time], weights=cells["n_treated"][times == time]))
        for time in np.unique(times)
    }


def _by_event_time(fit: _Fit) -> tuple[float, float]:
    """Mean of the event times from treatment on, each weighing the same."""
    means = pd.Series(_means(fit.cells[fit.cells["event_time"] >= 0]))
    weights = pd.Series(1 / len(means), index=means.index)
    return float(means.mean()), _error_of(fit.results.aggregate("event_study"), weights)


def _error_of(study: Any, weights: pd.Series[float]) -> float:
    """Standard error of a weighted sum of event times, from their joint covariance."""
    order = [list(study.vcov_index).index(time) for time in weights.index]
    covariance = np.asarray(study.vcov, dtype=float)[np.ix_(order, order)]
    return float(np.sqrt(weights.to_numpy() @ covariance @ weights.to_numpy()))


def _by_group(fit: _Fit, sample: pd.DataFrame) -> tuple[float, float]:
    """Each cohort's mean over its treated years, cohorts weighing by their enterprises.

    The library gives the cohorts' means and errors, not their covariance; it
    follows from what each enterprise adds to each cell (its influence), and the
    cohorts' shares are themselves estimated.
    """
    after = fit.cells[fit.cells["event_time"] >= 0]
    enterprises = sample.groupby("enterprise_id")["cohort"].first()
    sizes = enterprises.value_counts().reindex(after["cohort"].unique())
    shares = sizes / sizes.sum()
    means = after.groupby("cohort")["estimate"].mean()
    estimate = float((shares * means).sum())
    cells = after.assign(weight=after["cohort"].map(shares / after.groupby("cohort").size()))
    influence = _influence(fit, cells, len(enterprises))
    own = enterprises.map(means).where(enterprises.isin(shares.index))
    treated = int(own.notna().sum())
    influence += ((own - estimate) / treated).fillna(0.0).to_numpy()
    if "cluster_id" not in sample:
        return estimate, float(np.sqrt((influence**2).sum()))
    sums = pd.Series(influence).groupby(sample.groupby("enterprise_id")["cluster_id"].first().to_numpy()).sum()
    return estimate, float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)))


def _influence(fit: _Fit, cells: pd.DataFrame, n_enterprises: int) -> NDArray[np.float64]:
    """What each enterprise adds to a weighted sum of cells; enterprises in order of their id."""
    total = np.zeros(n_enterprises)
    # The library keeps these for its own aggregations and gives no other way to them.
    by_cell = fit.results._aggregation_kit.influence
    for cohort, year, weight in zip(cells["cohort"], cells["year"], cells["weight"], strict=True):
        part = by_cell[(cohort, year)]
        total[part["treated_idx"]] += weight * part["treated_inf"]
        total[part["control_idx"]] += weight * part["control_inf"]
    return total


def _effect(
    fit: _Fit, sample: pd.DataFrame, unit: str, design: Design, last_asked: int, number: tuple[float, float]
) -> Effect:
    estimate, error = number
    if not (np.isfinite(estimate) and np.isfinite(error) and error > 0):
        raise IdentificationError(
            "the average has no standard error: the outcome never changes, or no cohort has both a year before "
            "treatment and enterprises to compare with."
        )
    clustered = "cluster_id" in sample
    group = "cluster_id" if clustered else "enterprise_id"
    treated = usable_treated(sample, design.anticipation)
    inside = sample["cohort"] <= sample["year"].max()
    n_cells, n_lost = count_cells(fit.cells, sample, last_asked)
    return Effect(
        estimand="ATT",
        estimate=estimate,
        std_error=error,
        ci_low=estimate - design.quantile * error,
        ci_high=estimate + design.quantile * error,
        level=design.level,
        unit=unit,
        n_enterprises=int(sample["enterprise_id"].nunique()),
        n_treated=treated,
        n_observations=len(sample),
        n_clusters=int(sample[group].nunique()),
        n_treated_clusters=int(sample.loc[inside, group].nunique()) if clustered else treated,
        estimator=ESTIMATOR,
        comparison=design.comparison,
        n_cells=n_cells,
        n_cells_lost=n_lost,
        n_cells_unsure=fit.n_unsure,
    )


def _event_study(fit: _Fit, sample: pd.DataFrame, unit: str, design: Design) -> EventStudy:
    study = fit.results.aggregate("event_study")
    times = np.asarray(study.event_time, dtype=int)
    errors = np.asarray(study.se, dtype=float)
    means, half = _means(fit.cells), design.quantile * errors
    counts = treated_by_event_time(sample, "enterprise_id", design.anticipation)
    clustered = "cluster_id" in sample
    groups = treated_by_event_time(sample, "cluster_id", design.anticipation) if clustered else counts
    kept = [
        position
        for position, time in enumerate(times)
        if np.isfinite(errors[position]) and errors[position] > 0 and groups.get(time, 0) >= FEWEST_AT_EVENT_TIME
    ]
    points = tuple(
        EventTimeEffect(
            event_time=int(times[at]),
            estimate=means[int(times[at])],
            std_error=float(errors[at]),
            ci_low=float(means[int(times[at])] - half[at]),
            ci_high=float(means[int(times[at])] + half[at]),
            n_treated=int(counts[times[at]]),
        )
        for at in kept
    )
    order = [list(study.vcov_index).index(times[at]) for at in kept]
    covariance = np.asarray(study.vcov, dtype=float)[np.ix_(order, order)]
    return EventStudy(points, covariance, design.level, unit, ESTIMATOR, design.comparison)
