"""What the tables hold and what they lack, counted before anything is estimated."""

from __future__ import annotations

from datetime import date

import pandas as pd

from sme_research.results import Missing, TableQuality
from sme_research.tables import TABLES, Column, Table, Tables

MAY_BE_BLANK = ("left_on", "expires_on", "listed_on", "rule_set", "until", "level", "handled_on", "resolved_on")
"""Columns in which a blank is an answer: not left, not listed, no end."""

TIERS = ("innovative", "srdi", "little_giant", "champion")


def inspect_tables(tables: Tables) -> tuple[TableQuality, ...]:
    """Size and faults of every table present; one with faults has no rows to use."""
    faults = pd.Series([fault.file for fault in tables.faults()]).value_counts()
    return tuple(_inspect(tables, name, faults) for name in tables.names)


def _inspect(tables: Tables, name: str, faults: pd.Series[int]) -> TableQuality:
    declared = TABLES[name]
    found = int(faults.get(tables.file_of(name), 0))
    if found:
        return TableQuality(name, _label(declared), 0, len(declared.columns), found)
    frame = tables[name]
    return TableQuality(name, _label(declared), len(frame), int(frame.notna().any().sum()), 0)


def _label(declared: Table | Column) -> dict[str, str]:
    return {"zh": declared.label_zh, "en": declared.label_en}


def rank_missing(tables: Tables, *, most: int = 10) -> tuple[Missing, ...]:
    """Columns by share of blanks, highest first, among columns that hold anything at all."""
    rows = [
        Missing(_label(TABLES[name]), _label(column), float(tables[name][column.name].isna().mean()))
        for name in tables.names
        for column in TABLES[name].columns
        if tables[name][column.name].notna().any() and column.name not in MAY_BE_BLANK
    ]
    return tuple(sorted(rows, key=lambda row: -row.share)[:most])


def count_by_year(accounts: pd.DataFrame) -> pd.Series[int]:
    """Enterprises with accounts, by year."""
    return accounts.groupby("year")["enterprise_id"].nunique()


def count_in_force(recognitions: pd.DataFrame, as_of: date) -> dict[str, int]:
    """Enterprises whose title is in force on a day, by tier: granted by then, not expired."""
    day = pd.Timestamp(as_of)
    valid = (recognitions["granted_on"] <= day) & ~(recognitions["expires_on"] <= day)
    counts = recognitions[valid].groupby("tier")["enterprise_id"].nunique()
    return {tier: int(counts.get(tier, 0)) for tier in TIERS}


def last_count_day(tables: Tables) -> date:
    """Day of the newest official count of titles; the last grant where there is none."""
    if "official_figures" in tables:
        official = tables["official_figures"]
        counts = official.loc[official["indicator"].str.endswith("_count"), "as_of"]
        if len(counts):
            return pd.Timestamp(counts.max()).date()
    return pd.Timestamp(tables["recognitions"]["granted_on"].max()).date()


def count_training(training: pd.DataFrame) -> tuple[int, int]:
    """Person-times, and the distinct enterprises behind them."""
    return int(training["participants"].sum()), int(training["enterprise_id"].nunique())
