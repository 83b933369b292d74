"""Every indicator by month, reporting unit and tier, and what may be published of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import StudyError
from sme_research.programme.ladder.titles import TIERS
from sme_research.programme.monitor.aggregating import Numbers, Rows, aggregate, nothing
from sme_research.programme.monitor.coverage import Coverage, months_until, newest_month
from sme_research.programme.monitor.preparing import Prepared, prepare
from sme_research.programme.monitor.protecting import protect_progress, protect_series
from sme_research.programme.monitor.records import (
    ALL,
    PROVINCE,
    Edition,
    Indicator,
    Monitoring,
    Place,
    TablesLike,
    Unknown,
    Window,
)
from sme_research.programme.monitor.registry import INDICATORS
from sme_research.programme.monitor.targets import measure_progress

SERIES_MONTHS = 25
COLUMNS = ("indicator", "month", "reporting_unit", "tier", "value", "n_enterprises", "status")


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One indicator in one month of one tier, by place."""

    indicator: str
    month: str
    tier: str
    places: tuple[str, ...]
    found: Numbers


def monitor_programme(
    tables: TablesLike, month: str = "", *, edition: Edition = "internal", n_months: int = SERIES_MONTHS
) -> Monitoring:
    """Indicators by month, reporting unit and tier up to a month.

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
    prepared = prepare(tables, frozenset(name for entry in INDICATORS.values() for name in entry.needed_tables))
    coverage = Coverage.of(prepared.tables)
    blocks: list[Block] = []
    unknown: list[Unknown] = []
    for each in months:
        by_unit = each in (last, months[-13])
        blocks += _measure_all(prepared, coverage, each, by_unit=by_unit, unknown=unknown)
    frame = _frame_of(blocks)
    progress = measure_progress(prepared, coverage, last)
    if edition == "public":
        frame, progress = protect_series(frame, INDICATORS), protect_progress(progress)
    kept = frame[list(COLUMNS)]
    return Monitoring(kept, tuple(unknown), last, months, prepared.units, progress, edition, _by_place(kept))


def _by_place(frame: pd.DataFrame) -> dict[Place, tuple[float | None, str]]:
    values = [
        value if status == "known" else None for value, status in zip(frame["value"], frame["status"], strict=True)
    ]
    keys = zip(frame["indicator"], frame["month"], frame["reporting_unit"], frame["tier"], strict=True)
    return dict(zip(keys, zip(values, frame["status"], strict=True), strict=True))


def _measure_all(
    prepared: Prepared, coverage: Coverage, month: str, *, by_unit: bool, unknown: list[Unknown]
) -> Iterator[Block]:
    """All indicators of one month; those without a number are added to ``unknown``."""
    window = Window.of(month)
    holding = {tier: prepared.holding(tier, window.end) for tier in (ALL, *TIERS)}
    for entry in INDICATORS.values():
        tiers = [ALL, *TIERS] if entry.by_tier and "recognitions" in prepared.tables else [ALL]
        places = {tier: _places(prepared, tier, by_unit) for tier in tiers}
        reason = coverage.why_unknown(entry, month)
        if reason:
            unknown.append(Unknown(entry.name, month, *reason))
            yield from (Block(entry.name, month, tier, own, nothing(len(own))) for tier, own in places.items())
            continue
        rows = Rows.of(entry.rows(prepared.tables, window), prepared)
        for tier, own in places.items():
            found = _measure(entry, rows, holding[tier], own, tier)
            if tier == ALL and np.isnan(found.value[0]):
                unknown.append(Unknown(entry.name, month, "nobody", ""))
            yield Block(entry.name, month, tier, own, found)


def _places(prepared: Prepared, tier: str, by_unit: bool) -> tuple[str, ...]:
    return (PROVINCE, *prepared.units) if tier == ALL or by_unit else (PROVINCE,)


def _measure(entry: Indicator, rows: Rows, holding: NDArray[np.bool_], places: Sequence[str], tier: str) -> Numbers:
    """One indicator in one month of the holders of a tier, by place: the province and, if asked for, its units."""
    kept = rows if tier == ALL else rows.within(holding)
    if len(places) == 1:
        return aggregate(entry.how, kept, np.zeros(len(kept.unit), dtype=np.int64), 1)
    return aggregate(entry.how, *kept.with_units(), len(places))


def _frame_of(blocks: Sequence[Block]) -> pd.DataFrame:
    """One row a place of each block."""
    sizes = [len(block.places) for block in blocks]

    def told(names: Iterable[str]) -> NDArray[np.object_]:
        return np.repeat(np.array(list(names), dtype=object), sizes)

    value = np.concatenate([block.found.value for block in blocks])
    return pd.DataFrame(
        {
            "indicator": told(block.indicator for block in blocks),
            "month": told(block.month for block in blocks),
            "reporting_unit": [place for block in blocks for place in block.places],
            "tier": told(block.tier for block in blocks),
            "value": value,
            "n_enterprises": np.concatenate([block.found.n_enterprises for block in blocks]),
            "largest": np.concatenate([block.found.largest for block in blocks]),
            "status": np.where(np.isnan(value), "unknown", "known"),
        }
    )
