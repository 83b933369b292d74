"""What monitoring asks and answers: indicators, windows, what is not known, and the series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

import pandas as pd

Edition = Literal["internal", "public"]
Kind = Literal["stock", "flow"]
How = Literal["firms", "items", "sum", "mean", "wait"]
Reason = Literal["no_table", "no_column", "before_data", "beyond_data", "nobody"]
TablesLike = Mapping[str, pd.DataFrame]

PROVINCE: Final = "350000"
"""Stands for all enterprises of the tables, also those of no known place."""
UNPLACED: Final = ""
"""Stands for enterprises that the register does not place; they count in the province only."""
ALL: Final = "all"
"""Stands for enterprises of every tier and of none."""
FLOW_MONTHS: Final = 12
"""Months of a flow, so that it has no season and is the calendar year's in December."""


@dataclass(frozen=True, slots=True)
class Window:
    """A month's end, and the twelve months up to it: days after ``start`` until ``end``."""

    start: pd.Timestamp
    end: pd.Timestamp

    @classmethod
    def of(cls, month: str) -> Window:
        """The window of a month such as ``2024-04``."""
        period = pd.Period(month, "M")
        return cls((period - FLOW_MONTHS).end_time.normalize(), period.end_time.normalize())

    def holds(self, days: pd.Series[pd.Timestamp]) -> pd.Series[bool]:
        """Which days lie in the twelve months."""
        return (days > self.start) & (days <= self.end)


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator, declared once.

    ``rows`` gives the rows of a window that count, with ``enterprise_id`` and,
    for ``how``: ``item`` ("items": distinct ones), ``value`` ("sum", "mean"),
    ``value`` in days and ``ended`` ("wait": their median by Kaplan and Meier).
    ``needs`` names columns, as table.column, that may be lacking, of other tables too. Where
    ``by_tier``, it is told too of the holders of each tier at the month's end.
    """

    name: str
    group: str
    label_zh: str
    label_en: str
    unit: str
    tables: tuple[str, ...]
    kind: Kind
    how: How
    rows: Callable[[TablesLike, Window], pd.DataFrame]
    needs: tuple[str, ...] = ()
    by_tier: bool = True

    def label(self, lang: str) -> str:
        """Its name in a language."""
        return self.label_zh if lang == "zh" else self.label_en

    @property
    def needed_tables(self) -> frozenset[str]:
        """Tables that it counts, and those of the columns that it needs."""
        return frozenset((*self.tables, *(place.split(".")[0] for place in self.needs)))


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why an indicator has no number for a month; ``details`` names tables, columns or the nearest known month."""

    indicator: str
    month: str
    reason: Reason
    details: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A tier's stock beside its target, in enterprises; None for what is not known or withheld.

    ``base`` stood at the end of ``since``; ``path`` is where a straight line from
    it to the target stands in the month. ``pace`` is how many more a year it
    takes from now on, None once the day has passed; ``recent`` the last year's gain.
    """

    indicator: str
    least: int
    since: date
    by: date
    source: Mapping[str, str]
    confirmed: bool
    value: float | None
    base: float | None
    path: float | None
    gap: float | None
    pace: float | None
    recent: float | None


Place = tuple[str, str, str, str]
"""Indicator, month, reporting unit and tier."""


@dataclass(frozen=True, slots=True, eq=False)
class Monitoring:
    """Indicators as a time series.

    ``frame`` has one row an indicator, month, reporting unit (`PROVINCE` for
    all) and tier (`ALL`, or the holders of one at the month's end; tiers contain
    each other): ``indicator``, ``month`` (such as 2024-04), ``reporting_unit``,
    ``tier``, ``value``, ``n_enterprises`` behind it, and ``status``: ``known``,
    ``unknown`` (value NaN, see ``unknown``) or ``withheld`` (public edition).
    Tiers are told of the province in every month, of its units in the last and
    the one a year before. ``cells`` is the same by place.
    """

    frame: pd.DataFrame
    unknown: tuple[Unknown, ...]
    month: str
    months: tuple[str, ...]
    units: tuple[str, ...]
    progress: tuple[Progress, ...]
    edition: Edition
    cells: Mapping[Place, tuple[float | None, str]] = field(repr=False)

    @property
    def year_before(self) -> str:
        """The same month a year before."""
        return str(pd.Period(self.month, "M") - 12)

    def at(self, indicator: str, month: str, unit: str = PROVINCE, tier: str = ALL) -> tuple[float | None, str]:
        """Value and status of one cell; None where it is unknown or withheld."""
        return self.cells.get((indicator, month, unit, tier), (None, "unknown"))

    def why(self, indicator: str, month: str) -> Unknown | None:
        """Why an indicator has no number for a month."""
        return next((gap for gap in self.unknown if (gap.indicator, gap.month) == (indicator, month)), None)
