"""How far each table reaches, so that a month outside it is not known rather than zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from sme_research.programme.monitor.records import FLOW_MONTHS, Indicator, Reason, TablesLike
from sme_research.programme.monitor.registry import INDICATORS

LAG_DAYS: Final = 31
"""Tables cover a month after their last row, in which nothing need have happened."""
ROUND_DAYS: Final = 366
"""Those of yearly rounds cover a year after it."""
DATES: Final = {
    "recognitions": ("granted_on", LAG_DAYS),
    "loans": ("drawn_on", LAG_DAYS),
    "training": ("held_on", LAG_DAYS),
    "matching_events": ("held_on", LAG_DAYS),
    "appeals": ("raised_on", LAG_DAYS),
    "special_actions": ("started_on", LAG_DAYS),
    "awards": ("paid_on", LAG_DAYS),
    "contests": ("held_on", ROUND_DAYS),
    "clusters": ("designated_on", ROUND_DAYS),
    "coaching": ("started_on", ROUND_DAYS),
}
"""Column that dates a table's rows, and how long after the last of them the table still speaks."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """First and last month that each table can speak of, and the declared columns that have no value."""

    tables: frozenset[str]
    spans: Mapping[str, tuple[pd.Period, pd.Period]]
    blank: frozenset[str]

    @classmethod
    def of(cls, tables: TablesLike) -> Coverage:
        """Coverage of some tables; one without rows counts as absent."""
        filled = frozenset(name for name in tables if len(tables[name]))
        spans = {name: _span(name, tables) for name in filled if name in DATES or name == "accounts"}
        needed = {place for entry in INDICATORS.values() for place in entry.needs}
        blank = {place for place in needed if place.split(".")[0] not in filled or _is_blank(place, tables)}
        return cls(filled, spans, frozenset(blank))

    def why_unknown(self, indicator: Indicator, month: str) -> tuple[Reason, str] | None:
        """Why there can be no number for a month; None where there can."""
        absent = [name for name in indicator.tables if name not in self.tables]
        if absent:
            return "no_table", ", ".join(absent)
        blank = [place for place in indicator.needs if place in self.blank]
        if blank:
            return "no_column", ", ".join(blank)
        spans = [self.spans[name] for name in indicator.tables if name in self.spans]
        first, last = max(span[0] for span in spans), min(span[1] for span in spans)
        if indicator.kind == "flow":
            first += FLOW_MONTHS - 1
        asked = pd.Period(month, "M")
        if asked < first:
            return "before_data", str(first)
        return ("beyond_data", str(last)) if asked > last else None


def _is_blank(place: str, tables: TablesLike) -> bool:
    """Whether a column is absent or has no value at all."""
    name, column = place.split(".")
    table = tables[name]
    return column not in table or not bool(table[column].notna().any())


def _span(name: str, tables: TablesLike) -> tuple[pd.Period, pd.Period]:
    """First and last month that a table can speak of."""
    if name == "accounts":
        years = tables[name]["year"]
        return pd.Period(f"{int(years.min())}-12", "M"), pd.Period(f"{int(years.max()) + 1}-11", "M")
    column, lag = DATES[name]
    days = tables[name][column]
    last = pd.Timestamp(days.max()) + pd.Timedelta(days=lag)
    return pd.Period(days.min(), "M"), last_full_month(last)


def last_full_month(day: pd.Timestamp) -> pd.Period:
    """The newest month that is over by the end of a day."""
    return (day.normalize() + pd.Timedelta(days=1)).to_period("M") - 1


def newest_month(tables: TablesLike) -> str:
    """The newest month that counts: that of the newest official count of titles, else the last that titles cover.

    Without titles it is the last that any table covers.
    """
    figures = tables.get("official_figures")
    if figures is not None:
        counts = figures.loc[figures["indicator"].str.endswith("_count"), "as_of"]
        if len(counts):
            return str(last_full_month(pd.Timestamp(counts.max())))
    if "recognitions" in tables and len(tables["recognitions"]):
        return str(_span("recognitions", tables)[1])
    spans = [_span(name, tables)[1] for name in DATES if name in tables and len(tables[name])]
    return str(max(spans, default=pd.Period(pd.Timestamp.today(), "M")))


def months_until(month: str, n: int) -> tuple[str, ...]:
    """Months in order, the last of which is ``month``."""
    last = pd.Period(month, "M")
    return tuple(str(last - back) for back in range(n - 1, -1, -1))
