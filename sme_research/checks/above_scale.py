"""Does one arm enter or leave the statistics above designated size more than the other? (threat: a moving frame)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.checks._bounds import trim_shifts
from sme_research.checks._judging import (
    FEWEST,
    clusters_behind,
    holm,
    judge_gap,
    not_applicable,
    refit,
    two_sided_p,
    worst,
)
from sme_research.checks._panel import (
    Bools,
    Floats,
    Panel,
    covariates_by_enterprise,
    groups_by_enterprise,
    panel_of,
)
from sme_research.checks._regression import standardise
from sme_research.results import Check, Estimation

STRATA: Final = 20


def check_above_scale(estimation: Estimation) -> Check:
    """Share of enterprises that rose above, or fell below, designated size since the base year, by arm.

    Annual statistics know enterprises above designated size only; an
    instrument that lifts enterprises over that line changes who is counted.
    Treated enterprises are compared, cohort-year by cohort-year, with those not
    yet treated then that stood on the same side of the line in the base year
    and had the same chance of crossing it: twentieths of a score fitted among
    the comparison enterprises to base outcome and covariates.

    Returns
    -------
    Check
        ``statistic`` is the larger of the two differences of shares, of all
        enterprises, without sign: warn over 5 points, fail over 10, each only
        where its Holm-adjusted p < 0.05. Where the study can be estimated on
        rows above designated size alone, ``above_estimate`` says with what
        result, and ``lee_low`` and ``lee_high`` bound it. Not applicable where
        size is not reported for ten treated enterprises in the base year and
        later.

    References
    ----------
    What Works Clearinghouse (2022), Procedures and Standards Handbook 5.0; Hansen (2008),
    Biometrika 95(2): prognostic scores; Lee (2009), Review of Economic Studies 76(3).
    """
    population = estimation.population
    if population is None or "above_scale" not in population:
        return not_applicable("above_scale")
    known = population[population["enterprise_id"].isin(estimation.sample["enterprise_id"].unique())]
    scale, outcome = panel_of(known, "above_scale"), panel_of(known)
    cells = list(_cells(scale, outcome, covariates_by_enterprise(estimation.sample, scale.enterprises)))
    weights = np.array([cell.n_treated for cell in cells], dtype=np.float64)
    if max(weights, default=0) < FEWEST:
        return not_applicable("above_scale")
    groups = groups_by_enterprise(estimation.sample, scale.enterprises)
    n_clusters = clusters_behind(estimation.sample, int(np.unique(groups).size))
    up, down = (
        _pool([getattr(cell, side) for cell in cells], weights, groups, n_clusters) for side in ("up", "down")
    )
    adjusted = holm([up["p_value"], down["p_value"]])
    verdict = worst([judge_gap(side["gap"], float(p)) for side, p in zip((up, down), adjusted, strict=True)])
    larger, p_value = max(zip((up, down), adjusted, strict=True), key=lambda pair: abs(pair[0]["gap"]))
    values = {
        "gap": abs(larger["gap"]),
        "share_up_treated": up["treated"],
        "share_up_comparison": up["comparison"],
        "share_down_treated": down["treated"],
        "share_down_comparison": down["comparison"],
        **_above_only(estimation, known, scale, outcome, cells),
    }
    table = tuple({"direction": name, **side} for name, side in (("up", up), ("down", down)))
    return Check("above_scale", verdict, abs(larger["gap"]), float(p_value), values=values, table=table)


@dataclass(frozen=True, slots=True, eq=False)
class _Crossing:
    """Shares that crossed the line in one direction, and each enterprise's part in their difference."""

    treated: float
    comparison: float
    influence: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Cell:
    """One cohort in one year from treatment on; ``above`` is the share of the treated above the line at the base."""

    first: int
    now: int
    n_treated: int
    above: float
    up: _Crossing
    down: _Crossing


def _cells(scale: Panel, outcome: Panel, covariates: Floats) -> Iterator[_Cell]:
    explained = np.isfinite(covariates).all(axis=1)
    for first, members, others in scale.cohorts():
        base, start = scale.grid[:, first - 1], outcome.grid[:, first - 1]
        for now in range(first, len(scale.years)):
            known = np.isfinite(base) & scale.seen[:, now] & np.isfinite(start) & explained
            treated, comparison = members & known, others & known & (scale.cohort > scale.years[now])
            above = scale.grid[:, now] > 0
            strata = _strata(base > 0, start, covariates, above, treated=treated, comparison=comparison)
            usable = treated & np.isin(strata, strata[comparison])
            if not usable.any():
                continue
            sides = (
                _compare(crossed, strata, usable, comparison)
                for crossed in (~(base > 0) & above, (base > 0) & ~above)
            )
            yield _Cell(first, now, int(usable.sum()), float((base[usable] > 0).mean()), *sides)


def _strata(
    above_before: Bools, start: Floats, covariates: Floats, above: Bools, *, treated: Bools, comparison: Bools
) -> NDArray[np.intp]:
    """Side of the line at the base, and twentieth of the chance to cross it; -1 for who is in neither arm."""
    strata = np.full(len(start), -1, dtype=np.intp)
    for side in (False, True):
        here = (treated | comparison) & (above_before == side)
        model = here & comparison
        if not model.any():
            continue
        columns = standardise(np.column_stack([start, start**2, covariates])[here])
        design = np.column_stack([np.ones(len(columns)), columns])
        crossed = (above != above_before)[here].astype(np.float64)
        fit = np.linalg.lstsq(design[model[here]], crossed[model[here]], rcond=None)[0]
        score = design @ fit
        edges = np.quantile(score, np.arange(1, STRATA) / STRATA)
        strata[here] = np.searchsorted(edges, score) + STRATA * side
    return strata


def _compare(crossed: Bools, strata: NDArray[np.intp], treated: Bools, comparison: Bools) -> _Crossing:
    """Shares among the treated, and among comparison enterprises weighted to the treated's strata."""
    hits = crossed.astype(np.float64)
    length = 2 * STRATA
    ours, theirs = (np.bincount(strata[arm], minlength=length) for arm in (treated, comparison))
    among = np.bincount(strata[comparison], weights=hits[comparison], minlength=length) / np.maximum(theirs, 1)
    n = int(treated.sum())
    expected = among[strata]
    share, benchmark = float(hits[treated].mean()), float(expected[treated].mean())
    weight = ours / np.maximum(theirs, 1)
    influence = treated * (hits - expected - (share - benchmark)) - comparison * weight[strata] * (hits - expected)
    return _Crossing(share, benchmark, influence / n)


def _pool(
    crossings: list[_Crossing], weights: Floats, groups: NDArray[np.intp], n_clusters: int | None
) -> dict[str, float]:
    shares = weights / weights.sum()
    treated = float(shares @ [crossing.treated for crossing in crossings])
    comparison = float(shares @ [crossing.comparison for crossing in crossings])
    influence = sum(
        (share * crossing.influence for share, crossing in zip(shares, crossings, strict=True)), start=0.0
    )
    sums = np.bincount(groups, weights=influence)
    error = float(np.sqrt(sums @ sums * len(sums) / (len(sums) - 1)))
    gap = treated - comparison
    p_value = two_sided_p(gap, error, n_clusters)
    return {"treated": treated, "comparison": comparison, "gap": gap, "std_error": error, "p_value": p_value}


def _above_only(
    estimation: Estimation, known: pd.DataFrame, scale: Panel, outcome: Panel, cells: list[_Cell]
) -> dict[str, float]:
    """The estimate on rows above the line alone, with its bounds; nothing where it cannot be had."""
    if estimation.refit is None:
        return {}
    keys = ["enterprise_id", "year"]
    rows = estimation.sample.merge(known.loc[known["above_scale"] > 0, keys], on=keys)
    both = refit(estimation, rows)
    kept = _kept_by_event_time(cells)
    shifts = [_shift(scale, outcome, cell, kept[cell.now - cell.first]) for cell in cells if cell.above > 0]
    weights = [weight for _, weight in shifts]
    if both is None or not sum(weights):
        return {}
    low, high = np.average(np.array([shift for shift, _ in shifts]), axis=0, weights=weights)
    estimate = both[0].estimate
    return {"above_estimate": estimate, "lee_low": estimate + float(low), "lee_high": estimate + float(high)}


def _kept_by_event_time(cells: list[_Cell]) -> dict[int, tuple[float, float]]:
    """Shares, of those above the line at the base, that are still above it, by years since treatment and by arm."""
    kept = {}
    for time in {cell.now - cell.first for cell in cells}:
        here = [cell for cell in cells if cell.now - cell.first == time]
        above = sum(cell.n_treated * cell.above for cell in here)
        lost = [sum(cell.n_treated * getattr(cell.down, arm) for cell in here) for arm in ("treated", "comparison")]
        ours, theirs = (max(1 - side / above, 0.0) if above else 1.0 for side in lost)
        kept[time] = ours, theirs
    return kept


def _shift(scale: Panel, outcome: Panel, cell: _Cell, kept: tuple[float, float]) -> tuple[tuple[float, float], int]:
    """Lee's shifts in one cohort-year among those above the line at the base and now, and the treated behind them."""
    above = (scale.grid[:, cell.first - 1] > 0) & (scale.grid[:, cell.now] > 0)
    change = outcome.grid[:, cell.now] - outcome.grid[:, cell.first - 1]
    above &= np.isfinite(change)
    treated = change[above & (scale.cohort == scale.years[cell.first])]
    comparison = change[above & (scale.cohort > scale.years[cell.now])]
    if not (len(treated) and len(comparison)):
        return (0.0, 0.0), 0
    return trim_shifts(treated, comparison, *kept), len(treated)
