"""A scenario as a linear programme over enterprises by segment, instrument and year, solved by HiGHS."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from sme_research.errors import StudyError
from sme_research.policy.scenario import Scenario
from sme_research.policy.segments import Segments

Floats = NDArray[np.float64]

OPTIMAL, INFEASIBLE = 0, 2


@dataclass(frozen=True, slots=True)
class Limit:
    """One named constraint: ``row`` times the enterprises supported is at most ``most``.

    ``sign`` is -1 where the scenario states a least amount, so that row and limit are turned.
    """

    name: str
    row: Floats
    most: float
    sign: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """The programme of a scenario: enterprises by segment, instrument and year.

    ``limits`` are the scenario's; ``eligible`` (rows a segment and instrument)
    limits each to those who may and would come. ``cost`` is by variable, n_segments
    x n_instruments x n_years, as are gains.
    """

    scenario: Scenario
    segments: Segments
    shape: tuple[int, int, int]
    cost: Floats
    limits: tuple[Limit, ...]
    eligible_rows: sparse.csr_matrix
    eligible_most: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Enterprises supported (n_segments x n_instruments x n_years) and what one more unit of a limit would gain."""

    enterprises: Floats
    gain: float
    shadow_prices: Mapping[str, float]


def state_problem(
    scenario: Scenario, segments: Segments, *, untested: Collection[str] = (), stopped: Collection[str] = ()
) -> Problem:
    """State a scenario as a linear programme.

    Measures in ``untested``, whose effect is not shown, get no more of the money than
    today, or than the scenario's ``test_share`` where that is more; those in
    ``stopped`` get none.

    Raises
    ------
    StudyError
        A measure of the scenario is none of the segments' instruments.
    """
    missing = set(scenario.measures) - set(segments.instruments)
    if missing:
        raise StudyError(f"{', '.join(sorted(missing))}: no segment has this instrument.")
    n_segments, n_instruments, n_years = shape = (len(segments), len(segments.instruments), len(scenario.budget))
    cost = np.repeat(segments.cost[:, :, None], n_years, axis=2)
    reached = np.array([_reached(scenario, name) for name in segments.instruments])
    rows = sparse.kron(sparse.identity(n_segments * n_instruments), np.ones((1, n_years)), format="csr")
    limits = (*_limits(scenario, segments, cost), *_tested_first(scenario, segments, cost, untested, stopped))
    return Problem(scenario, segments, shape, cost, limits, rows, (segments.eligible * reached).ravel())


def _reached(scenario: Scenario, instrument: str) -> float:
    return scenario.measures[instrument].most_reached if instrument in scenario.measures else 0.0


def _limits(scenario: Scenario, segments: Segments, cost: Floats) -> Iterator[Limit]:
    """Every limit that the scenario states, by name."""
    total = sum(scenario.budget)
    for at, (year, amount) in enumerate(zip(scenario.years, scenario.budget, strict=True)):
        row = np.zeros_like(cost)
        row[:, :, at] = cost[:, :, at]
        yield Limit(f"budget.{year}", row.ravel(), amount)
    for name, measure in scenario.measures.items():
        column = segments.instruments.index(name)
        money = np.zeros_like(cost)
        money[:, column] = cost[:, column]
        if measure.most_share < 1:
            yield Limit(f"most_share.{name}", money.ravel(), measure.most_share * total)
        if measure.least_share > 0:
            yield Limit(f"least_share.{name}", -money.ravel(), -measure.least_share * total, sign=-1)
        for at, (year, seats) in enumerate(zip(scenario.years, measure.seats, strict=False)):
            row = np.zeros_like(cost)
            row[:, column, at] = 1.0
            yield Limit(f"seats.{name}.{year}", row.ravel(), seats)
    for city, least in scenario.city_shares.items():
        money = np.where((segments.table["city_code"] == city).to_numpy()[:, None, None], cost, 0.0)
        yield Limit(f"city_share.{city}", -money.ravel(), -least * total, sign=-1)


def _tested_first(
    scenario: Scenario, segments: Segments, cost: Floats, untested: Collection[str], stopped: Collection[str]
) -> Iterator[Limit]:
    spent = (segments.today * segments.cost).sum(axis=0)
    for at, name in enumerate(segments.instruments):
        today = float(spent[at] / spent.sum()) if spent.sum() else 0.0
        most = max(today, scenario.test_share)
        money = np.zeros_like(cost)
        money[:, at] = cost[:, at]
        if name in stopped:
            yield Limit(f"stopped.{name}", money.ravel(), 0.0)
        elif name in untested and most < 1:
            yield Limit(f"untested.{name}", money.ravel(), most * sum(scenario.budget))


def solve(problem: Problem, gains: Floats, *, limits: Sequence[Limit] | None = None) -> Solution | None:
    """The allocation of the largest gain; None where no allocation keeps to the limits.

    Parameters
    ----------
    problem : Problem
    gains : ndarray, n_segments x n_instruments x n_years
        Expected gain of an enterprise whose support starts in a year, over the plan's years, in the goal's units.
    limits : sequence of Limit, optional
        In place of the problem's own.

    Raises
    ------
    StudyError
        The solver ended neither with an optimum nor with a proof that there is none.
    """
    limits = problem.limits if limits is None else limits
    rows = sparse.vstack([problem.eligible_rows, *(sparse.csr_matrix(limit.row) for limit in limits)], format="csr")
    most = np.concatenate([problem.eligible_most, [limit.most for limit in limits]])
    found = linprog(-gains.ravel(), A_ub=rows, b_ub=most, bounds=(0, None), method="highs")
    if found.status == INFEASIBLE:
        return None
    if found.status != OPTIMAL:
        raise StudyError(f"the allocation could not be solved: {found.message}")
    marginals = found.ineqlin.marginals[len(problem.eligible_most) :]
    prices = {
        limit.name: limit.sign * float(-marginal) + 0.0 for limit, marginal in zip(limits, marginals, strict=True)
    }
    return Solution(found.x.reshape(problem.shape), float(-found.fun), prices)
