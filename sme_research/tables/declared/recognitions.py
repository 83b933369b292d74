"""Recognitions on the ladder: one row an enterprise, tier and day of the grant."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import ENTERPRISE_ID, day, may_be_future, one_of, text
from sme_research.tables.declare import Table

TIERS: Final = ("innovative", "srdi", "little_giant", "champion")

TABLE: Final = Table(
    name="recognitions",
    label_zh="认定",
    label_en="Recognitions",
    key=("enterprise_id", "tier", "granted_on"),
    columns=(
        ENTERPRISE_ID,
        one_of(
            text(
                "tier",
                "认定层级",
                "Tier",
                "Rung of the ladder; rungs are cumulative, never a partition.",
                required=True,
            ),
            TIERS,
        ),
        day("granted_on", "认定日期", "Granted on", "Day of the notice.", required=True),
        may_be_future(day("expires_on", "有效期至", "Expires on", "Last day of validity.")),
        text("rule_set", "认定标准", "Rule set", "Name of the rule set applied."),
    ),
)
