"""Progress of the ladder against the plan."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import yaml

from sme_research.programme.ladder.targets import FILE
from sme_research.programme.monitor.coverage import Coverage
from sme_research.programme.monitor.preparing import Prepared
from sme_research.programme.monitor.records import Progress
from sme_research.programme.monitor.registry import INDICATORS
from sme_research.tables import reference_path

DAYS_A_YEAR = 365.25


def measure_progress(prepared: Prepared, coverage: Coverage, month: str) -> tuple[Progress, ...]:
    """Each target of ``data/reference/plan_targets.yml`` beside the month's stock and the straight path to it."""
    content = yaml.safe_load(reference_path(FILE).read_text(encoding="utf-8"))
    return tuple(_progress(entry, content, prepared, coverage, month) for entry in content.get("targets", []))


def _progress(
    entry: dict[str, Any], content: dict[str, Any], prepared: Prepared, coverage: Coverage, month: str
) -> Progress:
    name, least, by, since = str(entry["indicator"]), int(entry["least"]), entry["by"], content["since"]
    now = pd.Period(month, "M")
    value, before, base = (_stock(name, prepared, coverage, str(at)) for at in (now, now - 12, pd.Period(since, "M")))
    gap = None if value is None else max(0.0, least - value)
    end = now.end_time.normalize()
    return Progress(
        indicator=name,
        least=least,
        since=since,
        by=by,
        source=content.get("source", {}),
        confirmed=bool(content.get("confirmed", False)),
        value=value,
        base=base,
        path=None if base is None else _path(base, least, since, by, end),
        gap=gap,
        pace=_pace(gap, by, end),
        recent=None if value is None or before is None else value - before,
    )


def _stock(tier: str, prepared: Prepared, coverage: Coverage, month: str) -> float | None:
    """Titles of a tier in force at a month's end; None where the tables cannot tell."""
    entry = INDICATORS.get(f"in_force_{tier}")
    if entry is None or coverage.why_unknown(entry, month):
        return None
    return float(prepared.holding(tier, pd.Period(month, "M").end_time.normalize()).sum())


def _path(base: float, least: int, since: date, by: date, day: pd.Timestamp) -> float:
    """Where a straight line from the base to the target stands on a day; flat outside of the plan's time."""
    whole = (pd.Timestamp(by) - pd.Timestamp(since)).days
    gone = (day - pd.Timestamp(since)).days
    return base + (least - base) * min(max(gone / whole, 0.0), 1.0)


def _pace(gap: float | None, by: date, month_end: pd.Timestamp) -> float | None:
    """How many more a year it takes from the month's end on; None once the day has passed."""
    years = (pd.Timestamp(by) - month_end).days / DAYS_A_YEAR
    return None if gap is None or years <= 0 else gap / years
