"""Training: one row a session and enterprise."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import ENTERPRISE_ID, MOST_PERSONS, day, identifier, text
from sme_research.tables.declare import Column, Table

TABLE: Final = Table(
    name="training",
    label_zh="培训",
    label_en="Training",
    key=("session_id", "enterprise_id"),
    columns=(
        identifier("session_id", "场次编号", "Session id", "One id a session."),
        ENTERPRISE_ID,
        day("held_on", "举办日期", "Held on", "First day of the session.", required=True),
        text("topic", "主题", "Topic", "Topic of the session."),
        Column(
            name="participants",
            kind="integer",
            label_zh="参训人次",
            label_en="Participants",
            unit="person-times",
            meaning="Person-times that the enterprise sent; neither persons nor enterprises.",
            required=True,
            nullable=False,
            minimum=1,
            maximum=MOST_PERSONS,
        ),
    ),
)
