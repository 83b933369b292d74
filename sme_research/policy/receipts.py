"""Who has received which instrument by a day, or within years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import pandas as pd

from sme_research.errors import StudyError
from sme_research.instruments import INSTRUMENTS, Instrument

TablesLike = Mapping[str, pd.DataFrame]


class Until(Mapping[str, pd.DataFrame]):
    """The tables with an instrument's own one cut to what happened from ``since`` (None: ever) to ``until``."""

    def __init__(self, tables: TablesLike, instrument: Instrument, since: date | None, until: date) -> None:
        self.given, self.table = tables, instrument.tables[0]
        rows = tables[self.table]
        when = pd.to_datetime(rows[instrument.timing])
        kept = when <= pd.Timestamp(until)
        # What lasts until further notice, such as membership, was received whenever it began.
        if since is not None and not instrument.absorbing:
            kept &= when >= pd.Timestamp(since)
        self.rows = rows[kept]

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.rows if name == self.table else self.given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)


def first_receipts(
    tables: TablesLike, name: str, *, until: date, since: date | None = None
) -> pd.Series[pd.Timestamp]:
    """Day of the first receipt by enterprise, of those that received the instrument by the day.

    Parameters
    ----------
    tables : mapping of str to DataFrame
    name : str
        Name of an instrument.
    until, since : date
        Last and first day that count; membership counts whenever it began.

    Raises
    ------
    StudyError
        The instrument is not known.
    """
    if name not in INSTRUMENTS:
        choices = ", ".join(map(repr, sorted(INSTRUMENTS)))
        raise StudyError(f"instrument {name!r} is not known; choose one of {choices}.")
    instrument = INSTRUMENTS[name]
    first = instrument.first_treated(Until(tables, instrument, since, until))
    days = pd.Series(pd.to_datetime(first["first_on"]).to_numpy(), index=first["enterprise_id"])
    return days[days <= pd.Timestamp(until)]


def recorded(tables: TablesLike) -> tuple[str, ...]:
    """Instruments whose tables are there, in order of name."""
    return tuple(name for name, each in INSTRUMENTS.items() if all(table in tables for table in each.tables))
