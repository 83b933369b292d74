"""Which cells to withhold so that the telling ones cannot be worked out, at the least loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array, csr_array

from sme_research.disclosure.attack import Bools, Extreme, Floats, Outsider, relation_matrix
from sme_research.disclosure.cells import CellTable
from sme_research.disclosure.rule import Rule
from sme_research.errors import StudyError

MOST_CELLS_SOLVED: Final = 600
"""Above this many cells that could be withheld, they are chosen one by one: safe, but more than need be."""
MOST_ROUNDS_SOLVED: Final = 60
_MOST_NODES: Final = 20_000
_SLACK: Final = 1e-4  # share of a need that may lack, well above the solvers' own tolerances
_TINY: Final = 1e-9
_FINEST: Final = 1e-7  # amounts below this share of the largest are protected less exactly


@dataclass(frozen=True, slots=True)
class Need:
    """How far the range of a telling cell must reach: below and above the truth, and from end to end."""

    below: float
    above: float
    width: float


@dataclass(frozen=True, slots=True)
class _System:
    """One kind of published numbers: counts, or amounts."""

    truth: Floats
    least: Floats
    whole: bool
    needs: Mapping[int, Need]
    insiders: Mapping[int, Mapping[int, Need]] = field(default_factory=dict)
    """By cell of one enterprise, which knows its own number: what it must not work out of the cells beside it."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """A condition on what is withheld: ``gains @ withheld`` must reach 1; no gain is above 1."""

    gains: Floats


@dataclass(frozen=True, slots=True)
class Suppression:
    """Withheld cells; ``solved`` says whether no smaller loss would have done."""

    withheld: Bools
    solved: bool
    rounds: int


def suppress(table: CellTable, rule: Rule) -> Suppression:
    """Cells to withhold.

    A mixed integer programme chooses the cells of least loss that meet the cuts
    known so far; an outsider attacks the choice; each telling cell that comes
    out too narrow gives one more cut, from the dual of the attack. It ends when no
    attack succeeds, so the choice is safe whether or not it is the least.

    Raises
    ------
    StudyError
        Cells that are already public give a telling one away.

    References
    ----------
    Fischetti and Salazar (2001), Solving the cell suppression problem on tabular
    data with linear constraints, Management Science 47(7).
    """
    matrix = relation_matrix(table.names, table.relations)
    systems = _systems(table, rule)
    forced, free = _forced_and_free(table, rule)
    _check_possible(table, matrix, systems, forced | free)
    withheld, cuts, solved = forced.copy(), [], int(free.sum()) <= MOST_CELLS_SOLVED
    losses = _losses(table)
    for rounds in range(len(table.cells) + MOST_ROUNDS_SOLVED + 1):
        found = [cut for system in systems for cut in _broken(system, matrix, withheld)]
        if not found:
            return Suppression(withheld, solved or rounds == 0, rounds)
        cuts += found
        if solved and rounds < MOST_ROUNDS_SOLVED:
            withheld, optimal = _least_loss(cuts, losses, forced, free)
            solved = optimal
        else:
            # Cells are only ever added from here on, so it ends at the latest with all withheld.
            solved = False
            withheld = _greedy(found, losses, withheld, free)
    raise AssertionError("withholding all cells is safe and was reached")


def _systems(table: CellTable, rule: Rule) -> list[_System]:
    counts = np.array([cell.n for cell in table.cells], dtype=float)
    # Zeros are published, so whoever sees a mark knows that it hides somebody.
    least = np.array([1.0 if cell.shown else 0.0 for cell in table.cells])
    few = {
        at: Need(0.0, 0.0, float(rule.threshold))
        for at, cell in enumerate(table.cells)
        if 0 < cell.n < rule.threshold
    }
    systems = [_System(counts, np.minimum(least, counts), True, few)]
    if table.has_values:
        systems.append(_amounts(table, rule))
    return systems


def _amounts(table: CellTable, rule: Rule) -> _System:
    values = np.array([cell.value for cell in table.cells], dtype=float)
    telling = [at for at, cell in enumerate(table.cells) if rule.withholds(cell)]
    sizes = np.abs(values)
    # Solvers' tolerances are absolute: the smallest amount to protect is made one, within what doubles can hold.
    smallest = min((sizes[at] for at in telling if sizes[at] > 0), default=1.0)
    scale = max(smallest, _FINEST * float(sizes.max()), np.finfo(float).tiny)
    usual = float(np.median(sizes[sizes > 0])) if (sizes > 0).any() else scale
    needs = {}
    for at in telling:
        reach = rule.amount_protection(table.cells[at]) * sizes[at] / scale
        # Of nothing a share is nothing; that they have nothing is as telling.
        needs[at] = Need(reach, reach, 0.0) if reach > 0 else Need(0.0, 0.0, rule.p * usual / scale)
    least = np.full(len(values), 0.0 if table.nonnegative else -np.inf)
    return _System(values / scale, least, False, needs, _insiders(table, values / scale, needs, rule))


def _insiders(table: CellTable, values: Floats, needs: Mapping[int, Need], rule: Rule) -> dict[int, dict[int, Need]]:
    at = {name: place for place, name in enumerate(table.names)}
    found: dict[int, dict[int, Need]] = {}
    for relation in table.relations:
        total, parts = at[relation.total], [at[part] for part in relation.parts]
        for insider in (part for part in parts if table.cells[part].n == 1):
            beside = found.setdefault(insider, {})
            beside |= {part: needs[part] for part in parts if part in needs and part != insider}
            if total in needs and table.cells[total].n > 1:
                # Of a total it is in, the others' part is what it must not know.
                reach = rule.p * abs(values[total] - values[insider])
                beside[total] = Need(reach, reach, 0.0)
    return found


def _forced_and_free(table: CellTable, rule: Rule) -> tuple[Bools, Bools]:
    """Cells that must be withheld, and those that may be."""
    telling = np.array([rule.withholds(cell) for cell in table.cells], dtype=bool)
    shown = np.array([cell.shown for cell in table.cells], dtype=bool)
    public = np.array([cell.already_public for cell in table.cells], dtype=bool)
    for at in np.flatnonzero(telling & public):
        raise StudyError(
            f"cell {table.cells[at].name!r} is already public and rests on too few enterprises; "
            "withdraw it or name it no more."
        )
    nobody = np.array([cell.n == 0 for cell in table.cells], dtype=bool)
    forced = telling | ~shown
    return forced, ~forced & ~public & ~nobody


def _check_possible(table: CellTable, matrix: csc_array, systems: list[_System], everything: Bools) -> None:
    if any(True for system in systems for _ in _broken(system, matrix, everything)):
        public = ", ".join(cell.name for cell in table.cells if cell.already_public)
        raise StudyError(
            f"cells that are already public ({public}) give away others that rest on too few enterprises, "
            "whatever else is withheld; withdraw them."
        )


def _losses(table: CellTable) -> Floats:
    return np.array([cell.weight * np.log1p(cell.n) for cell in table.cells]) + _TINY


def _broken(system: _System, matrix: csc_array, withheld: Bools) -> Iterator[_Cut]:
    """Cuts of all telling cells that can be worked out too closely."""
    yield from _attacked(system, matrix, withheld, withheld, system.needs)
    for insider, beside in system.insiders.items():
        known = withheld.copy()
        known[insider] = False
        yield from _attacked(system, matrix, known, withheld, beside)


def _attacked(
    system: _System, matrix: csc_array, unknown: Bools, withheld: Bools, needs: Mapping[int, Need]
) -> Iterator[_Cut]:
    if not needs:
        return
    sums = matrix[:, np.flatnonzero(unknown)] @ system.truth[unknown]
    outsider = Outsider(matrix, sums, system.truth, unknown, system.least, whole=system.whole)
    # Every table found is one an outsider must reckon with: it may settle other cells too.
    lowest, highest = system.truth.copy(), system.truth.copy()
    for at, need in needs.items():
        truth = system.truth[at]
        if _reaches(lowest[at], highest[at], truth, need):
            continue
        low, high = outsider.end(at, -1), outsider.end(at, +1)
        for end in (low, high):
            if end.solution is not None:
                np.minimum(lowest, end.solution, out=lowest)
                np.maximum(highest, end.solution, out=highest)
        if not _reaches(low.value, high.value, truth, need):
            # What the insider knows is no room, withheld or not.
            usable = unknown | ~withheld
            cuts = list(_cuts(need, truth, low, high, [_gains(system, matrix, at, end) for end in (low, high)]))
            # Where only whole numbers give it away, no part of what is withheld will do: at least one more.
            yield from (_Cut(np.where(usable, gains, 0.0)) for gains in cuts or [(~withheld).astype(float)])


def _reaches(low: float, high: float, truth: float, need: Need) -> bool:
    def enough(reach: float, least: float) -> bool:
        return reach >= least * (1 - _SLACK) - _TINY

    return enough(truth - low, need.below) and enough(high - truth, need.above) and enough(high - low, need.width)


def _cuts(need: Need, truth: float, low: Extreme, high: Extreme, gains: list[Floats]) -> Iterator[Floats]:
    """Gains, as shares of what is needed, for each part of the need that is not met."""
    for gained, reach, least in (
        (gains[0], truth - low.relaxed, need.below),
        (gains[1], high.relaxed - truth, need.above),
        (gains[0] + gains[1], high.relaxed - low.relaxed, need.width),
    ):
        if reach < least * (1 - _SLACK):
            yield np.minimum(gained / least, 1.0)


def _gains(system: _System, matrix: csc_array, at: int, end: Extreme) -> Floats:
    """How much further the end may lie for each cell withheld: its reduced cost times the room it has."""
    if end.solution is None:
        return np.full(len(system.truth), np.inf)
    costs = np.zeros(len(system.truth))
    costs[at] = end.cost
    reduced = costs - matrix.T @ end.prices
    reduced[np.abs(reduced) < _TINY] = 0.0
    gains = np.zeros(len(reduced))
    down = reduced > 0
    gains[down] = reduced[down] * (system.truth - system.least)[down]
    # Nothing limits a withheld cell above.
    gains[reduced < 0] = np.inf
    return gains


def _least_loss(cuts: list[_Cut], losses: Floats, forced: Bools, free: Bools) -> tuple[Bools, bool]:
    gains = csr_array(np.array([cut.gains for cut in cuts]))
    found = milp(
        losses,
        integrality=np.ones(len(losses)),
        bounds=Bounds(forced.astype(float), (forced | free).astype(float)),
        constraints=LinearConstraint(gains, 1.0, np.inf),
        options={"node_limit": _MOST_NODES, "mip_rel_gap": 0.0},
    )
    if found.x is None:
        raise StudyError(f"no choice of cells to withhold was found: {found.message}; split the table.")
    return np.asarray(found.x) > 0.5, bool(found.status == 0)


def _greedy(cuts: list[_Cut], losses: Floats, withheld: Bools, free: Bools) -> Bools:
    """Meet each cut by the cells that gain most for their loss; withholds at least one more."""
    chosen = withheld.copy()
    for cut in cuts:
        gains = np.where(free & ~chosen, cut.gains, 0.0)
        lacking = 1.0 - float(cut.gains[chosen].sum())
        for at in np.argsort(losses / np.maximum(gains, _TINY), kind="stable"):
            if lacking <= _TINY or gains[at] <= 0:
                break
            chosen[at] = True
            lacking -= gains[at]
    if (chosen == withheld).all():
        chosen[np.argmin(np.where(free & ~chosen, losses, np.inf))] = True
    return chosen
