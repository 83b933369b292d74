"""Intervals where whole clusters are designated, not single enterprises.

What clusters share (a buyer, a road, a mayor) moves all their enterprises at
once, so the number of clusters, and of designated ones above all, is the size of
the sample. Clustered standard errors are then too small; beside them stand

* the cluster jackknife (CV3): the estimate without each cluster in turn, with
  Student's t at Satterthwaite's degrees of freedom, fewer than designated clusters;
* the permutation of whole clusters: what the estimate would be, had other
  clusters been designated;
* the wild cluster bootstrap of the two-way fixed-effects coefficient.

The rule for the first of them, on which the report stands: the jackknife where
three clusters or more are designated; where there are two, the permutation. Under
a true null in unequal clusters and three cohorts, a nominal 5 % test by the
jackknife rejected in this share of 1,000 samples: 3.6 % with 5 of 30 designated,
4.2 % with 12 of 30, 3.2 % with 5 of 60, 4.5 % with 29 of 60; 1.5 % with 3 of 30
and never with 2 of 30, where the permutation rejected in 5.3 % of 300. Clustered
errors rejected in 21 % with 5 of 30. (`benchmarks/few_clusters.py`)

References
----------
MacKinnon, Nielsen and Webb (2023), Journal of Applied Econometrics 38(5), for CV3.
Bell and McCaffrey (2002), Survey Methodology 28(2); Hansen (2025), Journal of Econometrics.
MacKinnon and Webb (2020), Journal of Econometrics 218(2), for the studentised permutation.
Roodman, MacKinnon, Nielsen and Webb (2019), Stata Journal 19(1), for the wild bootstrap.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.callaway_santanna import (
    ESTIMATOR,
    FEWEST_AT_EVENT_TIME,
    Adjustment,
    Comparison,
    Design,
    count_cells,
    covariates_of,
    estimate_both,
    prepare_sample,
    treated_by_event_time,
)
from sme_research.estimators.guards import usable_treated
from sme_research.results import Effect, EventStudy, EventTimeEffect, Inference

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]

FEWEST_FOR_JACKKNIFE: Final = 3
"""With fewer designated clusters the jackknife cannot reject anything, and the permutation is primary."""
MOST_FOR_RESAMPLING: Final = 200
"""With more clusters than this the jackknife needs no permutation and no bootstrap beside it."""

_COLLINEAR: Final = 1e-10
"""Share of a covariate's variance, beyond what the others tell, under which it has no coefficient."""


@dataclass(frozen=True, slots=True)
class _Panel:
    """The sample as arrays, enterprises in order of their cluster.

    ``outcome`` is n_enterprises x n_years, NaN where not seen; ``design`` has a
    column of ones and the covariates in standard deviations; ``cohort`` is
    infinite for the never treated; ``starts`` are the first rows of the clusters.
    """

    outcome: Floats
    design: Floats
    cohort: Floats
    years: Integers
    starts: Integers

    @property
    def cluster_cohort(self) -> Floats:
        """First treated year of each cluster: the earliest among its members."""
        return np.minimum.reduceat(self.cohort, self.starts)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over each cluster's members: all that outcome regression needs to know of them.

    ``moments`` of the design (n_clusters x k x k), ``cross`` of design and
    change (n_clusters x k). The first entry of either is of the column of ones.
    """

    moments: Floats
    cross: Floats


def infer(  # noqa: PLR0913 - every choice has a name at the call
    sample: pd.DataFrame,
    *,
    unit: str,
    comparison: Comparison = "not_yet_treated",
    adjustment: Adjustment = "outcome_regression",
    anticipation: int = 0,
    level: float = 0.95,
    draws: int = 999,
    seed: int = 0,
) -> tuple[Effect, EventStudy, tuple[Inference, ...]]:
    """The average effect with every inference that the number of clusters permits, the primary first.

    Parameters are those of `jackknife` and `permutation`; the rule is that of
    the module. With more than 200 clusters there is no permutation and no
    bootstrap: the jackknife does not need them.

    Returns
    -------
    tuple of Effect, EventStudy, tuple of Inference
        The interval of the effect is the primary inference's; the last of the
        inferences is ``clustered``, which few clusters make too small.

    Raises
    ------
    StudyError, IdentificationError
        As `jackknife`; and where too few assignments exist for any interval.
    """
    asked: dict[str, Any] = {"unit": unit, "level": level}
    design: dict[str, Any] = {"comparison": comparison, "adjustment": adjustment, "anticipation": anticipation}
    effect, event_study, first = jackknife(sample, **asked, **design)
    others = []
    if first.n_clusters <= MOST_FOR_RESAMPLING:
        others.append(permutation(sample, **asked, **design, draws=draws, seed=seed))
        others.append(wild_bootstrap(sample, **asked, draws=draws, seed=seed))
    others.append(_clustered(sample, asked, design))
    if first.n_treated_clusters >= FEWEST_FOR_JACKKNIFE:
        return effect, event_study, (first, *others)
    primary = others[0]
    if primary.ci_low is None or primary.ci_high is None:
        raise IdentificationError(
            f"{first.n_treated_clusters} of {first.n_clusters} clusters are treated: others could have been "
            "designated in too few ways to tell an effect from luck; add clusters to compare with."
        )
    return replace(effect, ci_low=primary.ci_low, ci_high=primary.ci_high), event_study, (primary, first, *others[1:])


def jackknife(
    sample: pd.DataFrame,
    *,
    unit: str,
    comparison: Comparison = "not_yet_treated",
    adjustment: Adjustment = "outcome_regression",
    anticipation: int = 0,
    level: float = 0.95,
) -> tuple[Effect, EventStudy, Inference]:
    """Average effect and event study of `callaway_santanna`, with errors from leaving out each cluster.

    Nothing is fitted again: outcome regression needs only sums over
    enterprises, from which those of one cluster are taken away. The weights of
    cohorts and years are those of the clusters that are left.

    Parameters
    ----------
    sample : DataFrame, one row an enterprise and year
        As for `estimate_att`, with ``cluster_id``; members of a cluster may
        have different cohorts.
    unit : str
        Unit of ``outcome``; carried to the results.
    comparison : {"not_yet_treated", "never_treated"}
        Whom the treated are compared with.
    adjustment : {"outcome_regression", "doubly_robust"}
        The second is refused where there are covariates: the chance of
        designation cannot be modelled on the enterprises of few clusters.
    anticipation : int
        Years before treatment in which enterprises may already act on it.
    level : float
        Coverage of the intervals, a fraction.

    Returns
    -------
    tuple of Effect, EventStudy, Inference
        Intervals by Student's t, at the average's degrees of freedom and at each
        event time's own; the covariance of the event study is the jackknife's.
        Event times seen for fewer than five treated clusters are left out.

    Raises
    ------
    StudyError
        The frame is not a sample with clusters, or the adjustment is not possible.
    IdentificationError
        Too few are treated, nobody is left to compare with, or not without one cluster.

    References
    ----------
    MacKinnon, Nielsen and Webb (2023), Journal of Applied Econometrics 38(5).
    """
    design = Design(comparison=comparison, adjustment=adjustment, anticipation=anticipation, level=level)
    kept = _prepare(sample, design)
    panel = _lay_out(kept)
    cells = _without_each_cluster(panel, design)
    event_time = cells.year - cells.cohort
    average = _jackknife([cells.mean(event_time >= 0)], panel, [int(np.isfinite(panel.cluster_cohort).sum())])
    if not np.isfinite(average.deviations).all() or average.covariance[0, 0] <= 0:
        raise IdentificationError(
            "the average has no jackknife error: without one cluster nobody is left to compare, or the outcome never "
            "changes; add clusters or years."
        )
    inference = _student(average, kept, unit, level)
    effect = _effect(inference, kept, cells, int(sample["year"].max()), design)
    return effect, _event_study(cells, panel, kept, unit, design), inference


def permutation(  # noqa: PLR0913 - every choice has a name at the call
    sample: pd.DataFrame,
    *,
    unit: str,
    comparison: Comparison = "not_yet_treated",
    adjustment: Adjustment = "outcome_regression",
    anticipation: int = 0,
    level: float = 0.95,
    draws: int = 999,
    seed: int = 0,
) -> Inference:
    """What the average effect would be, had the same years fallen to other clusters.

    All members count as treated from the first treated year of their cluster
    on (intention to treat by cluster), and whole clusters change years. The
    statistic is the average over its clustered standard error; the interval
    holds the effects, the same for all, that the test does not reject. All
    assignments are gone through where there are no more than ``draws``.

    Parameters
    ----------
    sample, unit, comparison, adjustment, anticipation, level
        As for `jackknife`.
    draws : int
        Number of random assignments.
    seed : int
        Of the random assignments.

    Returns
    -------
    Inference
        Without standard error; without interval where the number of
        assignments is too small for ``level``.

    Raises
    ------
    StudyError, IdentificationError
        As `jackknife`.

    References
    ----------
    MacKinnon and Webb (2020), Journal of Econometrics 218(2).
    """
    design = Design(comparison=comparison, adjustment=adjustment, anticipation=anticipation, level=level)
    if draws < 1:
        raise StudyError(f"draws is {draws}, must be 1 or more.")
    panel = _lay_out(_prepare(sample, design))
    assigned = _assignments(panel.cluster_cohort, draws, np.random.default_rng(seed))
    drawn = _draw(panel, assigned, design)
    low, high = (_edge(drawn, 1 - level, direction) for direction in (-1, 1))
    return Inference(
        method="permutation",
        estimate=float(drawn.average[0]),
        std_error=None,
        ci_low=low,
        ci_high=high,
        p_value=_rank(drawn, 0.0),
        degrees_of_freedom=None,
        n_clusters=len(panel.starts),
        n_treated_clusters=int(np.isfinite(panel.cluster_cohort).sum()),
        unit=unit,
    )


def wild_bootstrap(
    sample: pd.DataFrame,
    *,
    unit: str,
    level: float = 0.95,
    draws: int = 999,
    seed: int = 0,
    weights: Literal["webb", "rademacher"] = "webb",
) -> Inference:
    """Two-way fixed-effects coefficient of treatment with the wild cluster bootstrap under the null.

    The coefficient is one number for all cohorts and years; where effects
    differ between them it is not the average effect. Covariates enter with a
    coefficient a year.

    Parameters
    ----------
    sample, unit, level
        As for `jackknife`.
    draws, seed
        Number of bootstrap draws, and where they start.
    weights : {"webb", "rademacher"}
        Distribution of the draws; with Rademacher weights all 2^n_clusters are
        gone through where there are no more than ``draws``.

    Returns
    -------
    Inference
        ``std_error`` is the clustered one; p-value and interval are the bootstrap's.

    Raises
    ------
    StudyError, IdentificationError
        As `jackknife`.

    References
    ----------
    Roodman, MacKinnon, Nielsen and Webb (2019), Stata Journal 19(1).
    """
    from diff_diff import wild_bootstrap_se  # noqa: PLC0415 - loads most of the library

    kept = _prepare(sample, Design(adjustment="outcome_regression", level=level))
    rows, cluster = _condensed(kept.sort_values(["cluster_id", "enterprise_id", "year"]))
    outcome, regressors = rows[:, 0], rows[:, 1:]
    estimate = float(np.linalg.lstsq(regressors, outcome, rcond=None)[0][0])
    result = wild_bootstrap_se(
        regressors,
        outcome,
        outcome,
        cluster,
        0,
        n_bootstrap=draws,
        weight_type=weights,
        alpha=1 - level,
        seed=seed,
    )
    if not np.isfinite(result.p_value):
        raise IdentificationError(
            "the wild bootstrap has no result: treatment or outcome never changes in the sample."
        )
    n_clusters, n_treated = _count_clusters(kept)
    return Inference(
        method="wild_bootstrap",
        estimate=estimate,
        std_error=float(result.se) * _for_rows(len(rows), len(kept), regressors),
        ci_low=float(result.ci_lower),
        ci_high=float(result.ci_upper),
        p_value=float(result.p_value),
        degrees_of_freedom=None,
        n_clusters=n_clusters,
        n_treated_clusters=n_treated,
        unit=unit,
    )


def _clustered(sample: pd.DataFrame, asked: dict[str, Any], design: dict[str, Any]) -> Inference:
    """The library's clustered standard error with the normal interval, for comparison."""
    effect = estimate_both(sample, **asked, **design)[0]
    return Inference(
        method="clustered",
        estimate=effect.estimate,
        std_error=effect.std_error,
        ci_low=effect.ci_low,
        ci_high=effect.ci_high,
        p_value=float(2 * stats.norm.sf(abs(effect.estimate / effect.std_error))),
        degrees_of_freedom=None,
        n_clusters=effect.n_clusters,
        n_treated_clusters=effect.n_treated_clusters,
        unit=effect.unit,
    )


def _prepare(sample: pd.DataFrame, design: Design) -> pd.DataFrame:
    """The rows that may be used; refuses what has no clusters, or a model that few clusters cannot carry."""
    if "cluster_id" not in sample or sample["cluster_id"].isna().any():
        raise StudyError("sample must have cluster_id in every row: this inference is for whole clusters.")
    kept = prepare_sample(sample, design)
    if design.adjustment != "outcome_regression" and covariates_of(kept):
        raise StudyError(
            f"adjustment is {design.adjustment!r}, must be 'outcome_regression' for clusters: the chance of "
            "designation cannot be modelled on the enterprises of few clusters."
        )
    return kept


def _count_clusters(sample: pd.DataFrame) -> tuple[int, int]:
    """Number of clusters, and of those with treated members."""
    treated = sample["cohort"] <= sample["year"].max()
    return int(sample["cluster_id"].nunique()), int(sample.loc[treated, "cluster_id"].nunique())


def _lay_out(sample: pd.DataFrame) -> _Panel:
    frame = sample.sort_values(["cluster_id", "enterprise_id", "year"])
    outcome = frame.set_index(["enterprise_id", "year"])["outcome"].unstack("year")  # noqa: PD010 - nothing to add up
    members = frame.drop_duplicates("enterprise_id").set_index("enterprise_id")
    outcome = outcome.loc[members.index]
    names = [name for name in covariates_of(sample) if sample[name].max() > sample[name].min()]
    values = members[names].astype("float64")
    scaled = (values - values.mean()) / values.std(ddof=0).where(values.std(ddof=0) > 0, 1.0)
    cohort = members["cohort"].where(members["cohort"] <= sample["year"].max(), np.inf)
    cluster = members["cluster_id"].to_numpy()
    return _Panel(
        outcome=outcome.to_numpy(dtype=np.float64),
        design=np.column_stack([np.ones(len(members)), scaled.to_numpy()]),
        cohort=cohort.to_numpy(dtype=np.float64),
        years=outcome.columns.to_numpy(dtype=np.int64),
        starts=np.flatnonzero(np.append(True, cluster[1:] != cluster[:-1])),
    )


def _base_year(panel: _Panel, cohort: float, anticipation: int) -> int | None:
    """Position of the last year before treatment and its anticipation."""
    before = np.flatnonzero(panel.years < cohort - anticipation)
    return int(before[-1]) if len(before) else None


def _add_up(panel: _Panel, change: Floats, chosen: Bools) -> _Sums:
    design = np.where(chosen[:, None], panel.design, 0.0)
    cross = np.add.reduceat(design * np.where(chosen, change, 0.0)[:, None], panel.starts)
    upper = np.triu_indices(design.shape[1])
    products = np.add.reduceat(design[:, upper[0]] * design[:, upper[1]], panel.starts)
    moments = np.empty((len(products), design.shape[1], design.shape[1]))
    moments[:, upper[0], upper[1]] = products
    moments[:, upper[1], upper[0]] = products
    return _Sums(moments, cross)


def _adjusted_difference(moments: Floats, cross: Floats, treated: Floats, change: Floats) -> Floats:
    """Mean change of the treated less what the comparison's regression foretells for them.

    Parameters
    ----------
    moments, cross : arrays n x k x k and n x k
        Of the comparison: design with design, design with change.
    treated : array n x k
        Sums of the design over the treated; the first is their number.
    change : array n
        Sum of the change over the treated.

    Returns
    -------
    array n
        NaN where nobody is treated or nobody is there to compare with.
    """
    usable = (moments[:, 0, 0] > 0.5) & (treated[:, 0] > 0.5)
    foretold = np.einsum("nk,nk->n", treated, _regress(moments, cross))
    return np.where(usable, (change - foretold) / np.where(usable, treated[:, 0], 1.0), np.nan)


def _regress(moments: Floats, cross: Floats) -> Floats:
    """Coefficients of n regressions, n x k, the constant first."""
    number = np.where(moments[:, 0, 0] > 0.5, moments[:, 0, 0], 1.0)
    centre = moments[:, 0, 1:] / number[:, None]
    spread = moments[:, 1:, 1:] - number[:, None, None] * centre[:, :, None] * centre[:, None, :]
    joint = cross[:, 1:] - centre * cross[:, :1]
    slopes = _solve(spread, joint, np.einsum("njj->nj", moments)[:, 1:])
    constant = cross[:, 0] / number - np.einsum("nj,nj->n", centre, slopes)
    return np.column_stack([constant, slopes])


def _solve(spread: Floats, joint: Floats, size: Floats) -> Floats:
    """Slopes of n regressions; a covariate that the others or the constant tell already has none.

    ``size`` is the sum of squares of each covariate, against which what is
    left of its variance is judged.
    """
    k = spread.shape[1]
    if k == 0:
        return np.zeros_like(joint)
    scale = np.sqrt(np.where(size > 0, size, 1.0))
    scaled = spread / scale[:, :, None] / scale[:, None, :]
    target = joint / scale
    sound = np.linalg.eigvalsh(scaled)[:, 0] > _COLLINEAR
    slopes = np.zeros_like(joint)
    slopes[sound] = np.linalg.solve(scaled[sound], target[sound][:, :, None])[:, :, 0]
    for at in np.flatnonzero(~sound):
        kept = _independent(scaled[at])
        slopes[at, kept] = np.linalg.solve(scaled[at][np.ix_(kept, kept)], target[at, kept])
    return slopes / scale


def _independent(gram: Floats) -> Integers:
    """Columns that a pivoted Cholesky decomposition keeps: each adds to those before it."""
    left = gram.copy()
    kept: list[int] = []
    while len(kept) < len(gram):
        diagonal = np.diag(left)
        at = int(np.argmax(diagonal))
        if diagonal[at] <= _COLLINEAR:
            break
        kept.append(at)
        left = left - np.outer(left[:, at], left[at]) / diagonal[at]
    return np.array(sorted(kept), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Differences by cohort and year; the first column from everybody, the others without one cluster each.

    ``value`` and ``n_treated`` are n_cells x (1 + n_clusters).
    """

    cohort: Integers
    year: Integers
    value: Floats
    n_treated: Floats

    def mean(self, chosen: Bools) -> Floats:
        """Mean of the chosen cells, weighing by their treated: 1 + n_clusters values."""
        value, weight = self.value[chosen], self.n_treated[chosen]
        weight = np.where(np.isfinite(value), weight, 0.0)
        total = weight.sum(axis=0)
        summed = (weight * np.nan_to_num(value)).sum(axis=0)
        return np.asarray(np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0))


def _without_each_cluster(panel: _Panel, design: Design) -> _Cells:
    """All cells from everybody and without each cluster: sums less the cluster's own, no refit."""
    rows = []
    for cohort, year, treated, compared, change in _cells_of(panel, design):
        n_and_x = np.add.reduceat(np.where(treated[:, None], panel.design, 0.0), panel.starts)
        gain = np.add.reduceat(np.where(treated, change, 0.0), panel.starts)
        rest = _add_up(panel, change, compared)
        left = _less_each(n_and_x)
        value = _adjusted_difference(_less_each(rest.moments), _less_each(rest.cross), left, _less_each(gain))
        rows.append((cohort, year, value, left[:, 0]))
    cohorts, years, values, counts = zip(*rows, strict=True)
    return _Cells(np.array(cohorts), np.array(years), np.array(values), np.array(counts))


def _less_each(sums: Floats) -> Floats:
    """The total over clusters, then the total less each cluster."""
    total = sums.sum(axis=0)
    return np.concatenate([total[None], total[None] - sums])


def _cells_of(panel: _Panel, design: Design) -> Iterator[tuple[int, int, Bools, Bools, Floats]]:
    """Cohort, year, who is treated, who is compared with, and everybody's change since the base year."""
    for cohort in np.unique(panel.cohort[np.isfinite(panel.cohort)]):
        base = _base_year(panel, cohort, design.anticipation)
        if base is None:
            continue
        for at, year in enumerate(panel.years):
            if at == base:
                continue
            change = panel.outcome[:, at] - panel.outcome[:, base]
            seen = np.isfinite(change)
            if design.comparison == "never_treated":
                untouched = np.isinf(panel.cohort)
            else:
                last = max(year, panel.years[base]) + design.anticipation
                untouched = (panel.cohort > last) & (panel.cohort != cohort)
            yield int(cohort), int(year), seen & (panel.cohort == cohort), seen & untouched, change


@dataclass(frozen=True, slots=True)
class Jackknife:
    """Numbers from everybody and without each cluster.

    ``estimates`` has n_numbers entries, ``deviations`` (without a cluster less
    everybody) is n_numbers x n_clusters, ``treated`` marks the clusters with
    treated members, ``n_treated`` counts those behind each number.
    """

    estimates: Floats
    deviations: Floats
    treated: Bools
    n_treated: Integers

    @property
    def covariance(self) -> Floats:
        """CV3: n_numbers x n_numbers."""
        n = self.deviations.shape[1]
        return np.asarray((n - 1) / n * self.deviations @ self.deviations.T)

    @property
    def degrees_of_freedom(self) -> Floats:
        """Satterthwaite's, from what treated and other clusters add to the variance, but below the number of treated.

        Without that bound a variance that is small by luck would be trusted all
        the more.
        """
        centred = self.deviations - self.deviations.mean(axis=1, keepdims=True)
        own, others = ((centred[:, mask] ** 2).sum(axis=1) for mask in (self.treated, ~self.treated))
        free, free_others = np.maximum(self.n_treated - 1, 1), max(int((~self.treated).sum()) - 1, 1)
        return np.asarray(np.minimum((own + others) ** 2 / (own**2 / free + others**2 / free_others), free))


@dataclass(frozen=True, slots=True)
class _Draws:
    """The average of each assignment of years to clusters, and what each cluster adds to its error.

    ``average`` n_assignments, ``influence`` n_assignments x n_clusters; for
    the outcome, and for the observed treatment in the outcome's place.
    """

    average: Floats
    influence: Floats
    treated_average: Floats
    treated_influence: Floats

    def statistic(self, effect: float) -> Floats:
        """Distance from ``effect`` in standard errors, were it everybody's, under each assignment."""
        influence = self.influence - effect * self.treated_influence
        error = np.sqrt((influence**2).sum(axis=1))
        distance = np.abs(self.average - effect * self.treated_average)
        return np.asarray(np.divide(distance, error, out=np.full(len(error), np.inf), where=error > 0))


def _jackknife(numbers: list[Floats], panel: _Panel, n_treated: list[int]) -> Jackknife:
    stacked = np.array(numbers)
    treated = np.isfinite(panel.cluster_cohort)
    return Jackknife(stacked[:, 0], stacked[:, 1:] - stacked[:, :1], treated, np.array(n_treated))


def _student(average: Jackknife, sample: pd.DataFrame, unit: str, level: float) -> Inference:
    estimate, error = float(average.estimates[0]), float(np.sqrt(average.covariance[0, 0]))
    freedom = float(average.degrees_of_freedom[0])
    half = float(stats.t.ppf(0.5 + level / 2, freedom)) * error
    n_clusters, n_treated = _count_clusters(sample)
    return Inference(
        method="cluster_jackknife",
        estimate=estimate,
        std_error=error,
        ci_low=estimate - half,
        ci_high=estimate + half,
        p_value=float(2 * stats.t.sf(abs(estimate / error), freedom)),
        degrees_of_freedom=freedom,
        n_clusters=n_clusters,
        n_treated_clusters=n_treated,
        unit=unit,
    )


def _effect(inference: Inference, sample: pd.DataFrame, cells: _Cells, last_asked: int, design: Design) -> Effect:
    found = np.isfinite(cells.value[:, 0])
    estimated = pd.DataFrame({"cohort": cells.cohort[found], "year": cells.year[found]})
    n_cells, n_lost = count_cells(estimated, sample, last_asked)
    return Effect(
        estimand="ATT",
        estimate=inference.estimate,
        std_error=float(inference.std_error or np.nan),
        ci_low=float(inference.ci_low if inference.ci_low is not None else np.nan),
        ci_high=float(inference.ci_high if inference.ci_high is not None else np.nan),
        level=design.level,
        unit=inference.unit,
        n_enterprises=int(sample["enterprise_id"].nunique()),
        n_treated=usable_treated(sample, design.anticipation),
        n_observations=len(sample),
        n_clusters=inference.n_clusters,
        n_treated_clusters=inference.n_treated_clusters,
        estimator=ESTIMATOR,
        comparison=design.comparison,
        n_cells=n_cells,
        n_cells_lost=n_lost,
    )


def _event_study(cells: _Cells, panel: _Panel, sample: pd.DataFrame, unit: str, design: Design) -> EventStudy:
    event_time = cells.year - cells.cohort
    clusters = treated_by_event_time(sample, "cluster_id", design.anticipation)
    counts = treated_by_event_time(sample, "enterprise_id", design.anticipation)
    means = {int(e): cells.mean(event_time == e) for e in np.unique(event_time)}
    kept = [
        e
        for e, mean in means.items()
        if clusters.get(e, 0) >= FEWEST_AT_EVENT_TIME and np.isfinite(mean).all() and np.ptp(mean) > 0
    ]
    if not kept:
        return EventStudy((), np.empty((0, 0)), design.level, unit, ESTIMATOR, design.comparison)
    numbers = _jackknife([means[e] for e in kept], panel, [clusters[e] for e in kept])
    errors = np.sqrt(np.diag(numbers.covariance))
    half = stats.t.ppf(0.5 + design.level / 2, numbers.degrees_of_freedom) * errors
    points = tuple(
        EventTimeEffect(
            event_time=e,
            estimate=float(numbers.estimates[at]),
            std_error=float(errors[at]),
            ci_low=float(numbers.estimates[at] - half[at]),
            ci_high=float(numbers.estimates[at] + half[at]),
            n_treated=counts[e],
        )
        for at, e in enumerate(kept)
    )
    return EventStudy(points, numbers.covariance, design.level, unit, ESTIMATOR, design.comparison)


def _draw(panel: _Panel, assigned: Floats, design: Design) -> _Draws:
    """Averages under n_assignments x n_clusters first treated years; the first row is the observed one."""
    average, influence = np.zeros((2, len(assigned))), np.zeros((2, *assigned.shape))
    weight, number = np.zeros(len(assigned)), np.zeros(assigned.shape)
    for treated, compared, sums, switched in _assigned_cells(panel, assigned, design):
        left = treated @ sums.moments[:, 0]
        rest = np.tensordot(compared, sums.moments, axes=1)
        usable = ((left[:, 0] > 0.5) & (rest[:, 0, 0] > 0.5)).astype(float)[:, None]
        weight += (usable[:, 0]) * left[:, 0]
        number += usable * treated * sums.moments[:, 0, 0]
        aim = _regress(rest, left)
        for at, cross in enumerate([sums.cross, sums.moments[:, 0] * switched[:, None]]):
            slopes = _regress(rest, compared @ cross)
            own = treated * (cross[:, 0] - slopes @ sums.moments[:, 0].T)
            fitted = np.einsum("pj,pcj->pc", aim, np.tensordot(slopes, sums.moments, axes=(1, 2)))
            average[at] += usable[:, 0] * own.sum(axis=1)
            influence[at] += usable * (own - compared * (aim @ cross.T - fitted))
    average /= weight
    influence = (influence - number * average[:, :, None]) / weight[:, None]
    return _Draws(average[0], influence[0], average[1], influence[1])


def _assigned_cells(
    panel: _Panel, assigned: Floats, design: Design
) -> Iterator[tuple[Floats, Floats, _Sums, Floats]]:
    """Cells from treatment on under each assignment: who is treated, who compared with, by cluster.

    The last entry is how far each cluster's observed treatment changed between the two years.
    """
    for cohort in np.unique(assigned[np.isfinite(assigned)]):
        base = _base_year(panel, cohort, design.anticipation)
        for at in np.flatnonzero(panel.years >= cohort) if base is not None else ():
            change = panel.outcome[:, at] - panel.outcome[:, base]
            sums = _add_up(panel, change, np.isfinite(change))
            last = panel.years[at] + design.anticipation
            untouched = np.isinf(assigned) if design.comparison == "never_treated" else assigned > last
            on = (assigned[0] <= panel.years[at]) & ~(assigned[0] <= panel.years[base])
            yield (assigned == cohort).astype(float), untouched.astype(float), sums, on.astype(float)


def _assignments(cohort: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """First treated years by cluster, the observed ones first: all distinct ones, or random ones."""
    years, counts = np.unique(cohort, return_counts=True)
    number = math.factorial(len(cohort)) // math.prod(math.factorial(int(count)) for count in counts)
    if number > draws:
        return np.vstack([cohort, rng.permuted(np.tile(cohort, (draws, 1)), axis=1)])
    every = np.array(list(_arrange(tuple(range(len(cohort))), years, counts)))
    return np.vstack([cohort, every[(every != cohort).any(axis=1)]])


def _arrange(free: tuple[int, ...], years: Floats, counts: Integers) -> Iterator[Floats]:
    """Every way to give the years, each as often as counted, to the free places."""
    if len(years) == 1:
        yield np.full(len(free), years[0])
        return
    for places in combinations(range(len(free)), int(counts[0])):
        left = tuple(at for at in range(len(free)) if at not in places)
        for rest in _arrange(left, years[1:], counts[1:]):
            row = np.full(len(free), years[0])
            row[list(left)] = rest
            yield row


def _rank(drawn: _Draws, effect: float) -> float:
    """Share of the assignments that are at least as far from the effect as the observed one, itself included."""
    statistic = drawn.statistic(effect)
    return float(np.mean(statistic >= statistic[0] * (1 - 1e-9)))


def _edge(drawn: _Draws, alpha: float, direction: int) -> float | None:
    """Where the test begins to reject, going from the estimate down (-1) or up (1); None if it never does."""
    centre = float(drawn.average[0])
    step = float(np.sqrt((drawn.influence[0] ** 2).sum()))
    inner, outer = 0.0, step
    while _rank(drawn, centre + direction * outer) > alpha:
        inner, outer = outer, 2 * outer
        if outer > step * 2**30:
            return None
    for _ in range(50):
        middle = (inner + outer) / 2
        rejected = _rank(drawn, centre + direction * middle) <= alpha
        inner, outer = (inner, middle) if rejected else (middle, outer)
    return centre + direction * outer


def _condensed(sample: pd.DataFrame) -> tuple[Floats, Integers]:
    """Outcome, treatment, years and covariates by year less their enterprise's means, and the cluster of each row.

    Each cluster's rows are turned so that few are left (the triangle of a QR
    decomposition). Draws are the same for a whole cluster, so all products
    that the bootstrap takes stay what they were.
    """
    within = _demeaned(sample)
    cluster = pd.factorize(sample["cluster_id"])[0]
    ends = np.flatnonzero(np.diff(cluster)) + 1
    parts = [np.linalg.qr(part, mode="r") for part in np.split(within, ends)]
    return np.vstack(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])


def _for_rows(condensed: int, rows: int, regressors: Floats) -> float:
    """What the library's correction for degrees of freedom would be, had it seen all rows."""
    rank = int(np.linalg.matrix_rank(regressors))
    return float(np.sqrt((rows - 1) / (rows - rank) * (condensed - rank) / (condensed - 1)))


def _demeaned(sample: pd.DataFrame) -> Floats:
    years = np.sort(sample["year"].unique())[1:]
    calendar = (sample["year"].to_numpy()[:, None] == years).astype(float)
    columns = [((sample["year"] >= sample["cohort"]).to_numpy(dtype=float))[:, None], calendar]
    for name in covariates_of(sample):
        scaled = (sample[name] - sample[name].mean()) / sample[name].std()
        columns.append(calendar * scaled.to_numpy(dtype=float)[:, None])
    joined = pd.DataFrame(np.column_stack([sample["outcome"].to_numpy(dtype=float), *columns]))
    enterprise = pd.factorize(sample["enterprise_id"])[0]
    return (joined - joined.groupby(enterprise).transform("mean")).to_numpy()
