"""What a reconciliation holds: figures, their perimeters, recounts, verdicts and misreadings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

Bound = Literal["exact", "at_least", "about"]
Verdict = Literal["agrees", "explained_by_perimeter", "contradicts", "cannot_be_checked"]
Finding = Literal["found", "not_found", "cannot_be_checked"]
Edition = Literal["internal", "public"]
VERDICTS: tuple[Verdict, ...] = ("agrees", "explained_by_perimeter", "contradicts", "cannot_be_checked")


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of `official_figures`, with what its perimeter says, axis by axis.

    ``unread`` are the perimeter's parts that were not understood; ``understood``
    is False where no part was.
    """

    indicator: str
    as_of: date
    value: float
    unit: str
    bound: Bound
    perimeter: str
    source: str
    stated: Mapping[str, str]
    unread: tuple[str, ...] = ()
    understood: bool = True

    def states(self, axis: str, default: str = "") -> str:
        """What the perimeter says on an axis; the default where it is silent."""
        return self.stated.get(axis, default)


@dataclass(frozen=True, slots=True)
class Counted:
    """One recount in the figure's unit, and the enterprises that it rests on.

    ``largest_share`` is the part that the largest enterprise has of an amount,
    None for counts.
    """

    value: float
    n_enterprises: int
    largest_share: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One official figure beside our recount.

    ``recount`` and ``difference`` (figure less recount) are in ``unit``; None
    where there is none, or where the public edition withholds it (then
    ``withheld``). ``reading`` is the perimeter on which the recount stands,
    ``departs`` the axes on which it is not what the figure states or, where it
    is silent, the usual one. ``reason`` says why a figure cannot be checked,
    ``details`` what for (tables, place, day).
    """

    figure: Figure
    label: Mapping[str, str]
    verdict: Verdict
    recount: float | None = None
    difference: float | None = None
    reading: Mapping[str, str] | None = None
    departs: tuple[str, ...] = ()
    reason: str = ""
    details: tuple[str, ...] = ()
    n_enterprises: int | None = None
    largest_share: float | None = None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number behind a verdict on a misreading; None where the public edition withholds it."""

    name: str
    value: float | None
    unit: str
    n_enterprises: int | None = None
    largest_share: float | None = None


@dataclass(frozen=True, slots=True)
class Trap:
    """Whether one known misreading was found, on which figures, with its numbers.

    ``reason`` names, where it cannot be checked, what lacks.
    """

    name: str
    verdict: Finding
    figures: tuple[Figure, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""

    def number(self, name: str) -> float | None:
        """One number of the evidence by name; KeyError for a name that is not there."""
        return {entry.name: entry.value for entry in self.evidence}[name]


@dataclass(frozen=True, slots=True)
class Group:
    """Enterprises of one part of the balance's growth: their number, and balances in 10,000 yuan."""

    name: str
    n_enterprises: int | None
    start: float | None
    end: float | None
    largest_share: float | None = None


@dataclass(frozen=True, slots=True)
class GrowthSplit:
    """Growth of a loan balance between two days, by who stayed on the list, came and left.

    The groups' ``end - start`` add up to the whole's. ``incumbents`` reported on
    both days; ``unreported`` were on both lists but reported on one day only.
    ``growth`` and ``same_firm_growth`` are in percent.
    """

    first: date
    last: date
    groups: tuple[Group, ...]
    growth: float | None
    same_firm_growth: float | None

    def group(self, name: str) -> Group:
        """One group by name."""
        return next(group for group in self.groups if group.name == name)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """All official figures beside their recounts, the misreadings found, and the split of the balance's growth."""

    comparisons: tuple[Comparison, ...]
    traps: tuple[Trap, ...]
    split: GrowthSplit | None
    edition: Edition = "internal"

    def count(self, verdict: Verdict) -> int:
        """How many figures have that verdict."""
        return sum(entry.verdict == verdict for entry in self.comparisons)

    def trap(self, name: str) -> Trap:
        """One misreading by name."""
        return next(trap for trap in self.traps if trap.name == name)

    @property
    def found(self) -> tuple[Trap, ...]:
        """Misreadings that were found."""
        return tuple(trap for trap in self.traps if trap.verdict == "found")
