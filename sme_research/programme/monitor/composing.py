"""Every indicator by month and reporting unit, and what may be published of it."""

from __future__ import annotations

import re

import pandas as pd

from sme_research.errors import StudyError
from sme_research.programme.ladder.titles import TIERS
from sme_research.programme.monitor.coverage import months_until, newest_month, why_unknown
from sme_research.programme.monitor.protecting import protect_series
from sme_research.programme.monitor.records import (
    PROVINCE,
    UNPLACED,
    Edition,
    Indicator,
    Monitoring,
    TablesLike,
    Unknown,
    Window,
)
from sme_research.programme.monitor.registry import INDICATORS
from sme_research.programme.monitor.targets import measure_progress
from sme_research.programme.monitor.waiting import median_wait
from sme_research.tables import reporting_unit, reporting_units

SERIES_MONTHS = 25
COLUMNS = ("indicator", "month", "reporting_unit", "value", "n_enterprises", "status")


def monitor_programme(
    tables: TablesLike, month: str = "", *, edition: Edition = "internal", n_months: int = SERIES_MONTHS
) -> Monitoring:
    """Indicators by month and reporting unit up to a month.

    Stocks stand at the month's end; flows are of the twelve months up to it. A
    month that a table does not cover, or a table that is absent, is not known.

    Parameters
    ----------
    month : str
        Such as ``2024-04``; the newest that counts (`newest_month`) where blank.
    n_months : int
        Months of the series, 13 or more so that the year before is among them.

    Raises
    ------
    StudyError
        The month is none, or the series is too short.
    """
    if month and not re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", month):
        raise StudyError(f"month is {month!r}, must be a year and a month such as 2024-04.")
    if n_months < 13:
        raise StudyError(f"n_months is {n_months}, must be 13 or more: a change takes the year before.")
    last = month or newest_month(tables)
    months = months_until(last, n_months)
    place = _places(tables)
    units = _units(place)
    parts, unknown = [], []
    for indicator in INDICATORS.values():
        for each in months:
            part, gap = _measure(indicator, tables, each, place, units)
            parts.append(part)
            unknown += [gap] if gap else []
    frame = pd.concat(parts, ignore_index=True)
    progress = measure_progress(_stocks(frame, months), Window.of(last).end)
    if edition == "public":
        frame = protect_series(frame, INDICATORS)
    return Monitoring(frame[list(COLUMNS)], tuple(unknown), last, months, units, progress, edition)


def _stocks(frame: pd.DataFrame, months: tuple[str, ...]) -> dict[str, tuple[float | None, float | None]]:
    """Titles in force by tier, now and a year before."""
    whole = frame[(frame["reporting_unit"] == PROVINCE) & frame["value"].notna()]
    at = whole.set_index(["indicator", "month"])["value"].to_dict()
    return {
        tier: (at.get((f"in_force_{tier}", months[-1])), at.get((f"in_force_{tier}", months[-13]))) for tier in TIERS
    }


def _places(tables: TablesLike) -> pd.Series[str]:
    """Reporting unit by enterprise; empty without a register."""
    if "enterprises" not in tables:
        return pd.Series(dtype=object)
    register = tables["enterprises"].set_index("enterprise_id")
    unit = reporting_unit(register["city_code"], register.get("county_code")).astype(object)
    return unit.where(unit.notna(), UNPLACED)


def _units(place: pd.Series[str]) -> tuple[str, ...]:
    """Units of the tables: Fujian's ten in their order, then others that occur."""
    ten = reporting_units()
    found = set(place) - {UNPLACED}
    return (*(ten if found & set(ten) else ()), *sorted(found - set(ten)))


def _measure(
    indicator: Indicator, tables: TablesLike, month: str, place: pd.Series[str], units: tuple[str, ...]
) -> tuple[pd.DataFrame, Unknown | None]:
    """One indicator in one month: a row for the province and one a unit."""
    cells = pd.DataFrame({"reporting_unit": [PROVINCE, *units], "indicator": indicator.name, "month": month})
    reason = why_unknown(indicator, tables, month)
    if reason:
        empty = cells.assign(value=float("nan"), n_enterprises=float("nan"), largest=0.0, status="unknown")
        return empty, Unknown(indicator.name, month, *reason)
    rows = indicator.rows(tables, Window.of(month))
    if "unit" not in rows:
        rows = rows.assign(unit=rows["enterprise_id"].map(place).astype(object).fillna(UNPLACED))
    both = pd.concat([rows.assign(unit=PROVINCE), rows[rows["unit"] != UNPLACED]], ignore_index=True)
    told = cells.merge(_aggregate(indicator, both), left_on="reporting_unit", right_index=True, how="left")
    told["n_enterprises"] = told["n_enterprises"].fillna(0.0)
    told["largest"] = told["largest"].fillna(0.0)
    if indicator.how not in ("mean", "wait"):
        told["value"] = told["value"].fillna(0.0)
    told["status"] = told["value"].notna().map({True: "known", False: "unknown"})
    nobody = told.loc[0, "status"] == "unknown"
    return told, Unknown(indicator.name, month, "nobody", "") if nobody else None


def _aggregate(indicator: Indicator, rows: pd.DataFrame) -> pd.DataFrame:
    """Value, enterprises behind it and the largest one's part, by unit."""
    groups = rows.groupby("unit")
    n = groups["enterprise_id"].nunique().astype("float64")
    largest = pd.Series(0.0, index=n.index)
    if indicator.how == "firms":
        value = n
    elif indicator.how == "items":
        value = groups["item"].nunique().astype("float64")
    elif indicator.how == "sum":
        value = groups["value"].sum().astype("float64")
        each = rows.groupby(["unit", "enterprise_id"])["value"].sum().abs()
        largest = (each.groupby("unit").max() / each.groupby("unit").sum()).astype("float64")
    elif indicator.how == "mean":
        value = groups["value"].mean().astype("float64")
    else:
        waits = {unit: median_wait(own["value"], own["ended"]) for unit, own in groups}
        value = pd.Series(waits, dtype="float64")
    return pd.DataFrame({"value": value, "n_enterprises": n, "largest": largest})
