"""Cells of published tables and the sums that tie them to each other."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from sme_research.errors import StudyError

ROUNDING = 1e-6
"""Largest error of a sum of amounts, as a share of its largest term."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One number that a table shows, or that a reader gets by subtracting.

    ``n`` is the number of enterprises behind it; ``value`` an amount in the
    table's unit, None in a table of counts; ``largest_share`` the part (0 to 1)
    of the amount that its largest enterprise has. ``shown`` is False for what
    is only implied, such as the difference of two shown counts. ``weight``
    says how much a reader loses without it, relative to other cells of its
    size. ``already_public`` cells were published elsewhere and cannot be withheld.
    """

    name: str
    n: int
    value: float | None = None
    largest_share: float | None = None
    shown: bool = True
    weight: float = 1.0
    already_public: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """A total and the parts that sum to it, by name of cell."""

    total: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CellTable:
    """Cells and every sum that holds among them, of one table or of several that share cells.

    ``nonnegative``: an outsider knows that no amount is below zero.

    Raises
    ------
    StudyError
        Names are double or unknown, a count or weight is below zero, an amount
        or its largest share is missing, or a total is not the sum of its parts.
    """

    cells: tuple[Cell, ...]
    relations: tuple[Relation, ...] = ()
    nonnegative: bool = True

    def __post_init__(self) -> None:
        doubles = [name for name, times in Counter(self.names).items() if times > 1]
        if doubles:
            raise StudyError(f"cell {doubles[0]!r} is declared twice; give every cell a name of its own.")
        for cell in self.cells:
            _check_cell(cell, has_values=self.has_values, nonnegative=self.nonnegative)
        for relation in self.relations:
            self._check_relation(relation)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the cells in order."""
        return tuple(cell.name for cell in self.cells)

    @property
    def has_values(self) -> bool:
        """Whether amounts are published beside the counts."""
        return any(cell.value is not None for cell in self.cells)

    def _check_relation(self, relation: Relation) -> None:
        by_name = {cell.name: cell for cell in self.cells}
        for name in (relation.total, *relation.parts):
            if name not in by_name:
                raise StudyError(f"relation of {relation.total!r}: cell {name!r} is not declared; declare it.")
        total, parts = by_name[relation.total], [by_name[name] for name in relation.parts]
        n_parts = sum(part.n for part in parts)
        if total.n != n_parts:
            raise StudyError(
                f"relation of {relation.total!r}: n is {total.n}, its parts sum to {n_parts}; "
                "name every part, and count an enterprise in one of them only."
            )
        if self.has_values:
            amounts = [part.value or 0.0 for part in parts]
            whole = total.value or 0.0
            most = max(abs(amount) for amount in (whole, *amounts))
            if abs(whole - math.fsum(amounts)) > ROUNDING * most:
                raise StudyError(
                    f"relation of {relation.total!r}: value is {whole:g}, its parts sum to "
                    f"{math.fsum(amounts):g}; name every part, and sum before rounding."
                )


def _check_cell(cell: Cell, *, has_values: bool, nonnegative: bool) -> None:
    place = f"cell {cell.name!r}"
    if cell.n < 0 or cell.weight <= 0:
        raise StudyError(f"{place}: n is {cell.n} and weight {cell.weight:g}, must be 0 or more and above 0.")
    if not has_values:
        return
    if cell.value is None or not math.isfinite(cell.value):
        raise StudyError(f"{place} has no value, but other cells have; a table has amounts in all cells or in none.")
    if cell.value < 0 and nonnegative:
        raise StudyError(f"{place}: value is {cell.value:g}, must be 0 or more; say nonnegative=False if it may be.")
    if cell.n and cell.largest_share is None:
        raise StudyError(f"{place} has no largest_share, so dominance is unknown; compute it with largest_share.")
    if cell.n == 0 and cell.value != 0:
        raise StudyError(f"{place}: value is {cell.value:g} with no enterprise behind it; count them.")
