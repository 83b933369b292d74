"""What the tables hold and what they lack, counted before anything is estimated."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final, Literal

import pandas as pd

from sme_research.errors import StudyError
from sme_research.results import Missing, TableQuality
from sme_research.tables import TABLES, Column, Table, Tables, are_in_force

EARLIEST_YEAR: Final = 1900
LATEST_YEAR: Final = 2100

Edition = Literal["internal", "public"]

MAY_BE_BLANK = ("left_on", "expires_on", "listed_on", "rule_set", "until", "level", "handled_on", "resolved_on")
"""Columns in which a blank is an answer: not left, not listed, no end."""

TIERS = ("innovative", "srdi", "little_giant", "champion")


def inspect_tables(tables: Tables, *, edition: Edition = "internal") -> tuple[TableQuality, ...]:
    """Size and faults of every table present; one with faults has no rows to use."""
    faults = pd.Series([fault.file for fault in tables.faults()]).value_counts()
    found = [_inspect(tables, name, faults) for name in tables.names]
    return tuple(
        replace(table, n_rows=_told(table.n_rows, edition), n_faults=_told(table.n_faults, edition))
        for table in found
    )


def _told(n: int, edition: Edition) -> int | None:
    """A count as the edition tells it: in the public one to the nearest ten, and no few."""
    from sme_research.disclosure import coarse_count  # noqa: PLC0415  brings an optimiser, which few need

    return coarse_count(n) if edition == "public" else n


def _inspect(tables: Tables, name: str, faults: pd.Series[int]) -> TableQuality:
    declared = TABLES[name]
    found = int(faults.get(tables.file_of(name), 0))
    if found:
        return TableQuality(name, _label(declared), 0, len(declared.columns), found)
    frame = tables[name]
    return TableQuality(name, _label(declared), len(frame), int(frame.notna().any().sum()), 0)


def _label(declared: Table | Column) -> dict[str, str]:
    return {"zh": declared.label_zh, "en": declared.label_en}


def rank_missing(tables: Tables, *, most: int = 10, edition: Edition = "internal") -> tuple[Missing, ...]:
    """Columns by share of blanks, highest first, among columns that hold anything at all.

    The public edition tells shares in steps that stand for enough rows, None where none does.
    """
    asked = [
        (name, column)
        for name in tables.names
        for column in TABLES[name].columns
        if tables[name][column.name].notna().any() and column.name not in MAY_BE_BLANK
    ]
    sizes = [len(tables[name]) for name, _ in asked]
    rows = [
        Missing(_label(TABLES[name]), _label(column), float(tables[name][column.name].isna().mean()))
        for name, column in asked
    ]
    ranked = sorted(zip(rows, sizes, strict=True), key=lambda pair: -pair[0].share)[:most]
    if edition == "public":
        from sme_research.disclosure import coarse_share  # noqa: PLC0415

        return tuple(replace(row, share=coarse_share(row.share, n)) for row, n in ranked)
    return tuple(row for row, _ in ranked)


def count_by_year(accounts: pd.DataFrame, *, edition: Edition = "internal") -> pd.Series[Any]:
    """Enterprises with accounts, by year; None where the public edition withholds it."""
    counts = accounts.groupby("year")["enterprise_id"].nunique()
    return counts.map(lambda n: _told(int(n), edition)).astype(object) if edition == "public" else counts


def count_in_force(
    recognitions: pd.DataFrame, as_of: date, *, edition: Edition = "internal"
) -> dict[str, int | None]:
    """Enterprises whose title is in force on a day, by tier: granted by then, not expired."""
    counts = recognitions[are_in_force(recognitions, as_of)].groupby("tier")["enterprise_id"].nunique()
    return {tier: _told(int(counts.get(tier, 0)), edition) for tier in TIERS}


def last_count_day(tables: Tables) -> date:
    """Day of the newest official count of titles; the last grant where there is none."""
    if "official_figures" in tables:
        official = tables["official_figures"]
        counts = official.loc[official["indicator"].str.endswith("_count"), "as_of"]
        if len(counts):
            return pd.Timestamp(counts.max()).date()
    return pd.Timestamp(tables["recognitions"]["granted_on"].max()).date()


def count_training(training: pd.DataFrame, *, edition: Edition = "internal") -> tuple[int | None, int | None]:
    """Person-times, and the distinct enterprises behind them; neither where these are too few to publish."""
    enterprises = _told(int(training["enterprise_id"].nunique()), edition)
    person_times = None if enterprises is None else _told(int(training["participants"].sum()), edition)
    return person_times, enterprises


def parse_day(on: date | str) -> date:
    """A day, or its ISO text; StudyError where it is none, or one that no table can tell of."""
    try:
        day = on if isinstance(on, date) else date.fromisoformat(on)
    except ValueError:
        raise StudyError(f"on is {on!r}, must be a day such as '2024-04-30'.") from None
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        rule = f"must lie in the years {EARLIEST_YEAR} to {LATEST_YEAR}"
        raise StudyError(f"the day asked for is {day.isoformat()}, {rule}; look for a mistyped year.")
    return day
