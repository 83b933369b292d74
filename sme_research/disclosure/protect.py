"""A table made safe: what may be shown, and at what loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sme_research.disclosure.cells import CellTable
from sme_research.disclosure.rule import DEFAULT_RULE, Rule
from sme_research.disclosure.suppress import suppress


@dataclass(frozen=True, slots=True)
class Protected:
    """A table with the cells that may not be shown.

    ``withheld`` names them, of the shown cells. ``n_telling`` of them are too
    small or dominated themselves; which ones is nobody's business. ``loss`` is
    the share, 0 to 1, of what could have been told that is lost beside
    them. ``solved``: no smaller loss would have been safe; False says that the
    table was too large to solve, and more is withheld than need be.
    """

    table: CellTable
    withheld: frozenset[str]
    n_telling: int
    loss: float
    solved: bool

    @property
    def counts(self) -> Mapping[str, int | None]:
        """Counts to publish, None where withheld; implied cells are not among them."""
        return {cell.name: None if cell.name in self.withheld else cell.n for cell in self.table.cells if cell.shown}

    @property
    def values(self) -> Mapping[str, float | None]:
        """Amounts to publish, None where withheld; implied cells are not among them."""
        return {
            cell.name: None if cell.name in self.withheld else cell.value for cell in self.table.cells if cell.shown
        }


def protect(table: CellTable, rule: Rule = DEFAULT_RULE) -> Protected:
    """Withhold what the rule asks, and as little more as keeps it from being worked out.

    Zeros of counts are published: they are nobody. The pattern is the same for
    counts and amounts, and safe for both.

    Raises
    ------
    StudyError
        Cells that are already public give a telling one away.
    """
    found = suppress(table, rule)
    shown = [(cell, bool(gone)) for cell, gone in zip(table.cells, found.withheld, strict=True) if cell.shown]
    withheld = frozenset(cell.name for cell, gone in shown if gone)
    telling = {cell.name for cell, _ in shown if rule.withholds(cell)}
    told = sum(cell.n * cell.weight for cell, _ in shown)
    lost = sum(cell.n * cell.weight for cell, _ in shown if cell.name in withheld - telling)
    return Protected(table, withheld, len(telling), lost / told if told else 0.0, found.solved)
