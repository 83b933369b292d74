"""Faults of data, and the sentences that tell a data owner where to look and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sme_research.errors import DataError

ROWS_SHOWN: Final = 5
LINES_SHOWN: Final = 10
LONGEST_VALUE: Final = 80
_PLAIN = re.compile(r"[\d.,+\-/:% ]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where the data break a rule of their declaration.

    ``row`` is the row that a person sees in the file (the header is row 1; in
    Parquet files and frames the first data row is row 1), None for a fault of
    the column or of the file. ``column`` is None for a fault of the row or the
    file, ``value`` None where there is no value, "" where the cell is blank.
    """

    file: str
    row: int | None
    column: str | None
    value: str | None
    rule: str
    advice: str

    def __str__(self) -> str:
        return describe_faults([self])[0]


class FaultsError(DataError):
    """A `DataError` that carries its faults.

    Attributes
    ----------
    faults : tuple of Fault
    """

    def __init__(self, faults: Sequence[Fault], folder: str = "DIR") -> None:
        self.faults = tuple(faults)
        self._folder = folder
        super().__init__(summarise_faults(self.faults, folder))

    def __reduce__(self) -> tuple[type[FaultsError], tuple[tuple[Fault, ...], str]]:
        # An error made in another process travels by its faults, not by its message.
        return FaultsError, (self.faults, self._folder)


def fail(file: str, rule: str, advice: str) -> FaultsError:
    """Error for a file that cannot be read as a table."""
    return FaultsError([Fault(file, None, None, None, rule, advice)])


def _place(file: str, rows: list[int]) -> str:
    if not rows:
        return file
    shown = [f"{row:,}" if row >= 1_000_000 else str(row) for row in rows[:ROWS_SHOWN]]
    if len(rows) == 1:
        return f"{file}, row {shown[0]}"
    if len(rows) > ROWS_SHOWN:
        return f"{file}, rows {', '.join(shown)} and {len(rows) - ROWS_SHOWN:,} more"
    return f"{file}, rows {', '.join(shown[:-1])} and {shown[-1]}"


def _statement(fault: Fault) -> str:
    if fault.column is None:
        return fault.rule
    if fault.value is None:
        return f"column {fault.column} {fault.rule}"
    if fault.value == "":
        return f"{fault.column} is blank, {fault.rule}"
    shown = legible(fault.value)
    value = shown if _PLAIN.fullmatch(fault.value) else f"'{shown}'"
    return f"{fault.column} is {value}, {fault.rule}"


def legible(value: str) -> str:
    """A value as a message may show it: no control characters, and no more than `LONGEST_VALUE` of the others."""
    plain = "".join(character if character.isprintable() else "�" for character in value[: LONGEST_VALUE + 1])
    return plain if len(plain) <= LONGEST_VALUE else f"{plain[:LONGEST_VALUE]}…"


def describe_faults(faults: Iterable[Fault]) -> list[str]:
    """One sentence for all faults of equal file, column, value and rule.

    Returns
    -------
    list of str
        In the order in which each kind of fault is first met.
    """
    groups: dict[Fault, list[int]] = {}
    for fault in faults:
        kind = Fault(fault.file, None, fault.column, fault.value, fault.rule, fault.advice)
        rows = groups.setdefault(kind, [])
        if fault.row is not None:
            rows.append(fault.row)
    return [f"{_place(kind.file, rows)}: {_statement(kind)}. {kind.advice}" for kind, rows in groups.items()]


def summarise_faults(faults: Iterable[Fault], folder: str) -> str:
    """Join the first sentences of `describe_faults`, and how to see the others."""
    lines = describe_faults(faults)
    left = len(lines) - LINES_SHOWN
    if left <= 0:
        return "\n".join(lines)
    more = f"... and {left:,} more fault{'s' if left > 1 else ''}; `sme-research check {folder}` lists all"
    return "\n".join([*lines[:LINES_SHOWN], more])
