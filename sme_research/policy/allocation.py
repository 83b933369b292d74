"""Which segments get which instrument when, and how sure one may be of it: one choice, held against every draw."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sme_research.errors import StudyError
from sme_research.policy.conflicts import find_conflict
from sme_research.policy.problem import Problem, Solution, solve, state_problem
from sme_research.policy.scenario import Scenario
from sme_research.policy.segments import Segments
from sme_research.results import Span

Floats = NDArray[np.float64]

LEVEL: Final = 0.95
FRONTIER: Final = tuple(step / 4 for step in range(9))
"""Budgets of the frontier as multiples of the scenario's, from nothing to twice as much."""


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """The best use of a budget (万元 over all years): what is spent of it, and what it gains."""

    budget: float
    spent: float
    gain: Span


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """The chosen allocation and how sure one may be of it; gains in the goal's units over the plan's years.

    ``today`` is the gain if the budget went where today's money goes, as far as enterprises
    reach (``spent_today`` of it), ``difference`` the
    chosen one's less that, ``chance_worse`` the share of draws in which it is
    below zero, ``regret`` the gain foregone against what would have been chosen had
    one known the effects. ``by_instrument`` has the gain of each instrument's part.
    """

    problem: Problem
    solution: Solution
    today_enterprises: Floats
    spent: float
    spent_today: float
    gain: Span
    today: Span
    difference: Span
    chance_worse: float
    chance_no_gain: float
    regret: Span
    by_instrument: Mapping[str, Span]
    frontier: tuple[FrontierPoint, ...]
    n_draws: int


def allocate(
    scenario: Scenario,
    segments: Segments,
    gains: Floats,
    *,
    untested: Collection[str] = (),
    stopped: Collection[str] = (),
) -> Allocation:
    """Choose the allocation of the largest expected gain, and judge it by every draw.

    The choice is made once, by the mean over draws; it is then held against each
    draw, against today's proportions with the same money, and against what would
    have been chosen had the draw been known.

    Parameters
    ----------
    scenario : Scenario
    segments : Segments
    gains : ndarray, n_draws x n_segments x n_instruments x n_years
        Gain of an enterprise whose support starts in a year of the plan, over the years
        from then on, in the goal's units, after displacement.
    untested : collection of str
        Measures whose effect is not shown: `state_problem` keeps them from growing.
    stopped : collection of str
        Measures that get nothing.

    Raises
    ------
    StudyError
        No allocation keeps to the scenario's limits (the message names the
        smallest set of them in conflict), or the draws do not fit the segments.
    """
    problem = state_problem(scenario, segments, untested=untested, stopped=stopped)
    if gains.shape[1:] != problem.shape:
        raise StudyError(
            f"gains have the shape {gains.shape}, must be n_draws x {' x '.join(map(str, problem.shape))}."
        )
    mean = gains.mean(axis=0)
    solution = solve(problem, mean)
    if solution is None:
        names = ", ".join(find_conflict(problem))
        raise StudyError(f"{scenario.name}: no allocation keeps to all of {names}; loosen one of them.")
    by_draw = plan_gains(solution.enterprises, gains)
    today_enterprises = follow_today(problem)
    today = plan_gains(today_enterprises, gains)
    difference = by_draw.sum(axis=1) - today.sum(axis=1)
    best = _known_best(problem, gains)
    return Allocation(
        problem,
        solution,
        today_enterprises,
        float((solution.enterprises * problem.cost).sum()),
        float((today_enterprises * problem.cost).sum()),
        span_of(by_draw.sum(axis=1)),
        span_of(today.sum(axis=1)),
        span_of(difference),
        float((difference < 0).mean()),
        float((by_draw.sum(axis=1) <= 0).mean()),
        span_of(best - by_draw.sum(axis=1)),
        {name: span_of(by_draw[:, at]) for at, name in enumerate(segments.instruments)},
        tuple(_frontier(scenario, segments, gains, untested, stopped)),
        len(gains),
    )


def span_of(draws: Floats) -> Span:
    """Mean and 95 % interval of draws."""
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Span(float(draws.mean()), float(low), float(high))


def follow_today(problem: Problem) -> Floats:
    """Enterprises supported if each year's money went where today's goes, in the problem's shape.

    No more of a segment are supported than may and would come; what is left over is
    not spent. Of the scenario's other limits only the budget is kept to.
    """
    spent = problem.segments.today * problem.segments.cost
    if spent.sum() == 0:
        return np.zeros(problem.shape)
    shares = spent / spent.sum()
    wanted = shares[:, :, None] * np.asarray(problem.scenario.budget) / problem.cost
    most = problem.eligible_most.reshape(problem.shape[:2])
    total = wanted.sum(axis=2)
    kept = np.divide(np.minimum(total, most), total, out=np.zeros_like(total), where=total > 0)
    return np.asarray(wanted * kept[:, :, None])


def plan_gains(enterprises: Floats, gains: Floats) -> Floats:
    """What an allocation gains by draw and instrument, n_draws x n_instruments."""
    return np.asarray(np.einsum("dskt,skt->dk", gains, enterprises))


def _known_best(problem: Problem, gains: Floats) -> Floats:
    """The largest gain of each draw had it been known."""
    best = []
    for draw in gains:
        found = solve(problem, draw)
        assert found is not None  # the limits are the same for every draw
        best.append(found.gain)
    return np.array(best)


def _frontier(
    scenario: Scenario, segments: Segments, gains: Floats, untested: Collection[str], stopped: Collection[str]
) -> Iterator[FrontierPoint]:
    """The best use of other budgets; those too small for the scenario's other limits are left out."""
    mean = gains.mean(axis=0)
    for multiple in FRONTIER:
        scaled = scenario.model_copy(update={"budget": [multiple * amount for amount in scenario.budget]})
        problem = state_problem(scaled, segments, untested=untested, stopped=stopped)
        found = solve(problem, mean)
        if found is not None:
            drawn = plan_gains(found.enterprises, gains).sum(axis=1)
            spent = float((found.enterprises * problem.cost).sum())
            yield FrontierPoint(sum(scaled.budget), spent, span_of(drawn))
