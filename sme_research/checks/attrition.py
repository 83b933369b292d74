"""Do enterprises stop reporting in one arm more than in the other? (threat: attrition by closure or silence)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sme_research.checks._bounds import trim_shifts
from sme_research.checks._judging import (
    DOUBT,
    FEWEST,
    holm,
    judge_gap,
    judge_p,
    not_applicable,
    two_sided_p,
    worst,
)
from sme_research.checks._panel import Bools, Floats, Panel, groups_by_enterprise, panel_of
from sme_research.checks._regression import dummies, regress
from sme_research.results import Check, Estimation, Verdict

FEWEST_LEAVERS: Final = 20
"""Fewer leavers in an arm than this say nothing of how leavers had grown."""
MATTERS: Final = 1.0
"""Standard errors by which trimming must move the estimate for a difference under 5 points to count."""


def check_attrition(estimation: Estimation) -> Check:
    """Share of enterprises that stopped reporting since treatment, treated against not yet treated.

    A cohort's risk set are the enterprises that report in its first treated
    year and in the year before: whoever is treated lived until then, so those
    who left earlier may not count against the others. From there on both arms
    are followed year by year. A comparison enterprise that is treated itself
    leaves the risk set then and counts as neither lost nor kept (Kaplan and
    Meier), since only survivors can be treated. Differences are pooled over
    cohort-years by treated enterprises. A second question is whether those who
    leave had grown less, against those who stay, more so in one arm.

    Returns
    -------
    Check
        ``statistic`` is the difference of the shares (``gap``, without sign):
        warn over 5 points, fail over 10; warn also where the excess of
        survivors, trimmed from either end, moves the estimate by more than one
        standard error (``lee_low`` and ``lee_high``): a small difference
        matters as much as a large one where a small effect is estimated. Each
        only where p < 0.05. The growth of leavers warns where p < 0.05 and
        fails where p < 0.01; where it speaks louder, ``by_growth`` is 1. Both
        p-values are Holm-adjusted for the verdict. Not applicable without a
        population, or with fewer than ten treated that are followed.

    References
    ----------
    What Works Clearinghouse (2022), Procedures and Standards Handbook 5.0; Kaplan and Meier
    (1958), JASA 53(282); Lee (2009), Review of Economic Studies 76(3).
    """
    if estimation.population is None:
        return not_applicable("attrition")
    panel = panel_of(estimation.population)
    cells, influence = _follow(panel)
    n_treated = sum({cell.first: cell.n_treated for cell in cells}.values())
    if n_treated < FEWEST:
        return not_applicable("attrition")
    groups = groups_by_enterprise(estimation.sample, panel.enterprises)
    lost_treated, lost_comparison = (1 - _pool(cells, arm) for arm in ("kept_treated", "kept_comparison"))
    gap = lost_treated - lost_comparison
    p_gap = max(_clustered_p(gap, influence, groups, clustered="cluster_id" in estimation.sample), _log_rank_p(cells))
    growth = _leaver_growth(panel, groups)
    low, high = _lee_shifts(panel, cells)
    moved = max(-low, high) / estimation.effect.std_error
    verdict, by_growth = _judge(gap, p_gap, growth.get("p_growth"), moved)
    values = {
        "gap": abs(gap),
        "lost_treated": lost_treated,
        "lost_comparison": lost_comparison,
        "n_treated": float(n_treated),
        "lee_low": estimation.effect.estimate + low,
        "lee_high": estimation.effect.estimate + high,
        **growth,
        **({"by_growth": 1.0} if by_growth else {}),
    }
    return Check("attrition", verdict, abs(gap), p_gap, values=values, table=_by_event_time(cells))


@dataclass(frozen=True, slots=True)
class _Cell:
    """One cohort in one later year.

    ``first`` and ``now`` are positions among the years; ``kept_…`` the shares
    of the risk set that still report; the counts are those of the last step.
    """

    first: int
    now: int
    n_treated: int
    kept_treated: float
    kept_comparison: float
    at_risk: tuple[int, int]
    leavers: tuple[int, int]


def _follow(panel: Panel) -> tuple[list[_Cell], Floats]:
    """Every cohort's later years, and what each enterprise adds to the pooled difference of shares lost."""
    cells: list[_Cell] = []
    influence = np.zeros(len(panel.enterprises))
    for first, members, others in panel.cohorts():
        base = panel.seen[:, first - 1] & panel.seen[:, first]
        n_treated = int((members & base).sum())
        arms = zip(_survive(panel, members & base, first), _survive(panel, others & base, first), strict=False)
        for now, (treated, comparison) in enumerate(arms, start=first + 1):
            counts = (treated.at_risk, comparison.at_risk), (treated.leavers, comparison.leavers)
            cells.append(_Cell(first, now, n_treated, treated.kept, comparison.kept, *counts))
            influence += n_treated * (treated.influence - comparison.influence)
    return cells, influence / max(sum(cell.n_treated for cell in cells), 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """An arm one year on: share kept, and each enterprise's part in the share lost."""

    kept: float
    influence: Floats
    at_risk: int
    leavers: int


def _survive(panel: Panel, who: Bools, first: int) -> Iterator[_Step]:
    """Kaplan-Meier steps of one arm from its first treated year to the last year, while anybody is at risk."""
    seen, last_seen = panel.seen, _last_seen(panel)
    kept, parts = 1.0, np.zeros(len(panel.enterprises))
    for now in range(first, len(panel.years) - 1):
        untouched = (panel.cohort <= panel.years[first]) | (panel.cohort > panel.years[now])
        at_risk = who & seen[:, now] & untouched
        left = at_risk & (last_seen == now)
        n, n_left = int(at_risk.sum()), int(left.sum())
        if n == 0:
            return
        kept *= 1 - n_left / n
        if n_left < n:
            parts = parts + (left - n_left / n * at_risk) / (n - n_left)
        yield _Step(kept, kept * parts, n, n_left)


def _last_seen(panel: Panel) -> NDArray[np.intp]:
    """Position of the last year in which each enterprise reports; -1 where it never does."""
    positions = np.where(panel.seen, np.arange(len(panel.years)), -1)
    return np.asarray(positions.max(axis=1), dtype=np.intp)


def _pool(cells: list[_Cell], share: str) -> float:
    return float(np.average([getattr(cell, share) for cell in cells], weights=[cell.n_treated for cell in cells]))


def _clustered_p(gap: float, influence: Floats, groups: NDArray[np.intp], *, clustered: bool) -> float:
    sums = np.bincount(groups, weights=influence)
    n_groups = len(sums)
    error = float(np.sqrt(sums @ sums * n_groups / (n_groups - 1)))
    return two_sided_p(gap, error, n_groups if clustered else None)


def _log_rank_p(cells: list[_Cell]) -> float:
    """The same question asked of counts, which holds its level where hardly any treated enterprise leaves."""
    n, m = np.array([cell.at_risk for cell in cells], dtype=np.float64).T
    left = np.array([cell.leavers for cell in cells], dtype=np.float64)
    everybody, leavers = n + m, left.sum(axis=1)
    surplus = float((left[:, 0] - n * leavers / everybody).sum())
    spread = n * m * leavers * (everybody - leavers) / (everybody**2 * np.maximum(everybody - 1, 1))
    return two_sided_p(surplus, float(np.sqrt(spread.sum())), None)


def _leaver_growth(panel: Panel, groups: NDArray[np.intp]) -> dict[str, float]:
    """Last growth of leavers against stayers, treated minus comparison; nothing where an arm has hardly a leaver."""
    growth = np.diff(panel.grid, axis=1)[:, :-1]
    years = panel.years[1:-1]
    started = panel.cohort.min(initial=np.inf)
    treated = panel.cohort[:, None] <= years
    used = np.isfinite(growth) & (years >= started)
    row, column = np.nonzero(used)
    leaving = (_last_seen(panel)[row] == column + 1).astype(np.float64)
    arm = treated[row, column].astype(np.float64)
    n_leavers = int(min((leaving * arm).sum(), (leaving * (1 - arm)).sum()))
    if n_leavers < FEWEST_LEAVERS:
        return {}
    controls = np.column_stack([dummies(2 * column + arm.astype(np.intp)), leaving])
    slopes = regress(growth[row, column], leaving * arm, controls, groups[row])
    if slopes is None:
        return {}
    # The smaller group of leavers, and not the number of enterprises, says how well the error is known.
    p_growth = two_sided_p(slopes[0].estimate, slopes[0].std_error, n_leavers)
    return {"growth_gap": slopes[0].estimate, "p_growth": p_growth}


def _judge(gap: float, p_gap: float, p_growth: float | None, moved: float) -> tuple[Verdict, bool]:
    """The graver of both verdicts, and whether it is that of the leavers' growth; ``moved`` in standard errors."""
    if p_growth is None:
        return _of_gap(gap, p_gap, moved), False
    for_gap, for_growth = holm([p_gap, p_growth])
    of_gap = _of_gap(gap, float(for_gap), moved)
    verdict = worst([of_gap, judge_p(float(for_growth))])
    return verdict, verdict != of_gap


def _of_gap(gap: float, p_value: float, moved: float) -> Verdict:
    matters = p_value < DOUBT and moved > MATTERS
    return worst([judge_gap(gap, p_value), "warn" if matters else "pass"])


def _lee_shifts(panel: Panel, cells: list[_Cell]) -> tuple[float, float]:
    """What trimming adds to the average estimate, downwards and upwards; the first treated year loses nobody.

    Shares are those of all cohorts at that event time: the chance differences
    of single cohorts would each widen the bounds.
    """
    shifts, weights = [], []
    kept = {0: (1.0, 1.0)} | {row["event_time"]: _kept(row) for row in _by_event_time(cells)}
    for first, members, others in panel.cohorts():
        base = panel.seen[:, first - 1] & panel.seen[:, first]
        for now in range(first, len(panel.years)):
            change = panel.grid[:, now] - panel.grid[:, first - 1]
            here = base & panel.seen[:, now]
            treated, comparison = here & members, here & others & (panel.cohort > panel.years[now])
            if now - first in kept and treated.any() and comparison.any():
                shifts.append(trim_shifts(change[treated], change[comparison], *kept[now - first]))
                weights.append(int(treated.sum()))
    low, high = np.average(np.array(shifts), axis=0, weights=weights)
    return float(low), float(high)


def _kept(row: dict[str, float]) -> tuple[float, float]:
    return 1 - row["lost_treated"], 1 - row["lost_comparison"]


def _by_event_time(cells: list[_Cell]) -> tuple[dict[str, float], ...]:
    """Shares lost by years since treatment."""
    times = sorted({cell.now - cell.first for cell in cells})
    by_time = {time: [cell for cell in cells if cell.now - cell.first == time] for time in times}
    return tuple(
        {
            "event_time": time,
            "lost_treated": 1 - _pool(here, "kept_treated"),
            "lost_comparison": 1 - _pool(here, "kept_comparison"),
            "n_treated": sum(cell.n_treated for cell in here),
        }
        for time, here in by_time.items()
    )
