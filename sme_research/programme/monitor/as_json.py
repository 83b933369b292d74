"""Monitoring as one object for machines."""

from __future__ import annotations

import math
from typing import Any

from sme_research.programme.monitor.records import Monitoring
from sme_research.programme.monitor.registry import INDICATORS


def monitoring_to_json(found: Monitoring) -> dict[str, Any]:
    """Indicators, series, progress and what is not known, as plain values; None for what has no number."""
    rows = [
        {str(name): None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
        for row in found.frame.to_dict("records")
    ]
    return {
        "kind": "monitoring",
        "edition": found.edition,
        "month": found.month,
        "indicators": [
            {
                "name": entry.name,
                "group": entry.group,
                "label": {"zh": entry.label_zh, "en": entry.label_en},
                "unit": entry.unit,
                "measured": entry.kind,
            }
            for entry in INDICATORS.values()
        ],
        "series": rows,
        "progress": [
            {
                "indicator": each.indicator,
                "least": each.least,
                "since": each.since.isoformat(),
                "by": each.by.isoformat(),
                "confirmed": each.confirmed,
                "value": each.value,
                "base": each.base,
                "path": each.path,
                "gap": each.gap,
                "pace": each.pace,
                "recent": each.recent,
            }
            for each in found.progress
        ],
        "unknown": [
            {"indicator": gap.indicator, "month": gap.month, "reason": gap.reason, "details": gap.details}
            for gap in found.unknown
        ],
    }
