"""Finance matching: one row an event and enterprise."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import ENTERPRISE_ID, day, identifier, money
from sme_research.tables.declare import Table

TABLE: Final = Table(
    name="matching_events",
    label_zh="产融对接",
    label_en="Finance matching",
    key=("participation_id",),
    columns=(
        identifier("participation_id", "参会编号", "Participation id", "One id an event and enterprise."),
        identifier("event_id", "活动编号", "Event id", "One id an event."),
        ENTERPRISE_ID,
        day("held_on", "举办日期", "Held on", "Day of the event.", required=True),
        money(
            "matched_amount", "对接金额", "Matched amount", "Amount of intentions announced; neither lent nor due."
        ),
        money("contracted_amount", "签约金额", "Contracted amount", "Amount of contracts that followed."),
        money("drawn_amount", "到账金额", "Drawn amount", "Amount that reached the enterprise."),
    ),
)
