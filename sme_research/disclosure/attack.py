"""What an outsider can work out about withheld cells from all that is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import coo_array, csc_array

from sme_research.disclosure.cells import Relation
from sme_research.errors import StudyError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_NO_SOLUTION: Final = 2
_NO_LIMIT: Final = 3
_EITHER: Final = 4
_WHOLE: Final = 1e-6  # how far from a whole number a solution may be


@dataclass(frozen=True, slots=True)
class Range:
    """Lowest and highest value of a withheld cell that agrees with all that is published."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """Distance between the two; infinite where nothing limits the cell."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Extreme:
    """One end of a cell's range.

    ``solution`` is a table that reaches it, None where there is no end;
    ``relaxed`` the end without whole numbers. It was found by minimising
    ``cost`` times the cell; ``prices`` is the dual solution, one number a
    relation, from which a cut is made.
    """

    value: float
    relaxed: float
    solution: Floats | None
    cost: float
    prices: Floats


def relation_matrix(names: Sequence[str], relations: Sequence[Relation]) -> csc_array:
    """Relations x cells: 1 for a part, -1 for its total; times the cells it is zero."""
    at = {name: index for index, name in enumerate(names)}
    entries = [(row, at[part], 1.0) for row, relation in enumerate(relations) for part in relation.parts]
    entries += [(row, at[relation.total], -1.0) for row, relation in enumerate(relations)]
    rows, columns, signs = zip(*entries, strict=True) if entries else ((), (), ())
    shape = (len(relations), len(names))
    return csc_array(coo_array((np.array(signs, dtype=float), (np.array(rows, int), np.array(columns, int))), shape))


class Outsider:
    """One who knows the published numbers, the relations and the least that a withheld cell can be.

    ``sums`` has, by relation, what its withheld parts less its withheld total come to.
    """

    def __init__(
        self, matrix: csc_array, sums: Floats, numbers: Floats, withheld: Bools, least: Floats, *, whole: bool
    ) -> None:
        self._unknown = np.flatnonzero(withheld)
        self._at = {int(cell): place for place, cell in enumerate(self._unknown)}
        self._numbers = np.where(withheld, 0.0, numbers)
        unknown = matrix[:, self._unknown].tocsr()
        self._rows = np.flatnonzero(np.diff(unknown.indptr))
        self._matrix, self._sums = unknown[self._rows], sums[self._rows]
        self._least = least[self._unknown]
        self._n_relations, self._whole = matrix.shape[0], whole

    def end(self, cell: int, sign: int) -> Extreme:
        """Lowest (-1) or highest (+1) value of a withheld cell.

        Raises
        ------
        StudyError
            The published numbers contradict each other.
        """
        cost = np.zeros(len(self._unknown))
        cost[self._at[cell]] = -sign
        found = self._minimise(cost)
        prices = np.zeros(self._n_relations)
        if found is None:
            return Extreme(sign * np.inf, sign * np.inf, None, -sign, prices)
        relaxed, solution = -sign * float(found.fun), np.asarray(found.x)
        if len(self._rows):
            prices[self._rows] = found.eqlin.marginals
        value = relaxed
        if self._whole and np.abs(solution - np.round(solution)).max() > _WHOLE:
            solution = self._minimise_whole(cost)
            value = float(solution[self._at[cell]])
        if self._whole:
            solution, value = np.round(solution), float(np.round(value)) if np.isfinite(value) else value
        table = self._numbers.copy()
        table[self._unknown] = solution
        return Extreme(value, relaxed, table, -sign, prices)

    def _minimise(self, cost: Floats) -> Any | None:
        """Result of the linear programme; None where nothing limits it."""
        limits = np.column_stack([self._least, np.full(len(cost), np.inf)])
        sums = {"A_eq": self._matrix, "b_eq": self._sums} if len(self._rows) else {}
        found = linprog(cost, bounds=limits, method="highs", **sums)
        if found.status == _EITHER:
            found = linprog(cost, bounds=limits, method="highs", options={"presolve": False}, **sums)
        if found.status == _NO_LIMIT:
            return None
        if found.status == _NO_SOLUTION:
            raise StudyError("the published numbers contradict their relations; sum before rounding or withholding.")
        if not found.success:
            raise StudyError(f"whether withheld cells are safe cannot be told: {found.message}; split the table.")
        return found

    def _minimise_whole(self, cost: Floats) -> Floats:
        found = milp(
            cost,
            integrality=np.ones(len(cost)),
            bounds=(self._least, np.full(len(cost), np.inf)),
            constraints=LinearConstraint(self._matrix, self._sums, self._sums),
        )
        if not found.success:
            raise StudyError(f"whether withheld counts are safe cannot be told: {found.message}; split the table.")
        return np.asarray(found.x)


def attack(
    published: Mapping[str, float | None],
    relations: Sequence[Relation],
    *,
    whole: bool = True,
    least: float | Mapping[str, float] = 1.0,
) -> dict[str, Range]:
    """Range of every withheld cell, as an outsider gets it by linear programming.

    Parameters
    ----------
    published : mapping of cell to number
        None where the cell is withheld or not shown.
    relations : sequence of Relation
        Sums that the outsider knows to hold.
    whole : bool
        Cells are counts.
    least : float or mapping of cell to float
        The least a withheld cell can be: 1 for counts whose zeros are published,
        0 for amounts and for counts that are only implied, ``-inf`` where amounts may
        be negative.

    Returns
    -------
    dict of str to Range
        One entry a withheld cell.
    """
    names = list(published)
    withheld = np.array([published[name] is None for name in names], dtype=bool)
    numbers = np.array([published[name] or 0.0 for name in names], dtype=float)
    matrix = relation_matrix(names, relations)
    lowest = np.array([least[name] if isinstance(least, Mapping) else least for name in names], dtype=float)
    outsider = Outsider(matrix, -(matrix @ numbers), numbers, withheld, lowest, whole=whole)
    return {
        names[cell]: Range(outsider.end(cell, -1).value, outsider.end(cell, +1).value)
        for cell in map(int, np.flatnonzero(withheld))
    }
