"""What a table is: its columns with type, unit, limits and labels, as plain records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

Kind = Literal["text", "code", "number", "integer", "date", "boolean"]
Limit = float | date | Literal["today", "this year"]

FIRST_DAY: Final = date(1949, 10, 1)
LAST_DAY: Final = date(2100, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One declared column.

    ``required`` says that the column must exist, ``nullable`` that a cell may
    be blank. ``minimum`` and ``maximum`` belong to the allowed values; the
    words ``today`` and ``this year`` are resolved when data are validated.
    ``values`` lists the allowed words, ``pattern`` is a regular expression for
    the whole cell. ``references`` names the table whose key the cell must be
    found in, or a code list of `sme_research.tables.codes`.
    """

    name: str
    kind: Kind
    label_zh: str
    label_en: str
    unit: str
    meaning: str
    required: bool = False
    nullable: bool = True
    minimum: Limit | None = None
    maximum: Limit | None = None
    pattern: str | None = None
    values: tuple[str, ...] = ()
    references: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One declared table: its key and its columns in canonical order."""

    name: str
    label_zh: str
    label_en: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    _by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {column.name: column for column in self.columns})

    @property
    def column_names(self) -> list[str]:
        """Canonical column names in declared order."""
        return list(self._by_name)

    def column(self, name: str) -> Column:
        """Return the column of that canonical name; KeyError where there is none."""
        return self._by_name[name]
