"""Progress of the ladder against the plan."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import yaml

from sme_research.programme.ladder.targets import FILE
from sme_research.programme.monitor.records import Progress
from sme_research.tables import reference_path

DAYS_A_YEAR = 365.25


def measure_progress(
    values: dict[str, tuple[float | None, float | None]], month_end: pd.Timestamp
) -> tuple[Progress, ...]:
    """Each target of ``data/reference/plan_targets.yml`` beside the stock and that of a year before.

    Parameters
    ----------
    values : dict of tier to (float or None, float or None)
        Enterprises with the title in force now and a year before.
    """
    content = yaml.safe_load(reference_path(FILE).read_text(encoding="utf-8"))
    source, confirmed = content.get("source", {}), bool(content.get("confirmed", False))
    return tuple(_progress(entry, source, confirmed, values, month_end) for entry in content.get("targets", []))


def _progress(
    entry: dict[str, Any],
    source: dict[str, str],
    confirmed: bool,
    values: dict[str, tuple[float | None, float | None]],
    month_end: pd.Timestamp,
) -> Progress:
    name, least, by = str(entry["indicator"]), int(entry["least"]), entry["by"]
    value, before = values.get(name, (None, None))
    gap = None if value is None else max(0.0, least - value)
    recent = None if value is None or before is None else value - before
    return Progress(name, least, by, source, confirmed, value, gap, _pace(gap, by, month_end), recent)


def _pace(gap: float | None, by: date, month_end: pd.Timestamp) -> float | None:
    """How many more a year it takes from the month's end on; None once the day has passed."""
    years = (pd.Timestamp(by) - month_end).days / DAYS_A_YEAR
    return None if gap is None or years <= 0 else gap / years
