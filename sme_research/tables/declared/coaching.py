"""One-to-one coaching of potential little giants: one row a coaching."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import ENTERPRISE_ID, count, day, identifier, measure
from sme_research.tables.declare import Table

TABLE: Final = Table(
    name="coaching",
    label_zh="辅导",
    label_en="Coaching",
    key=("coaching_id",),
    columns=(
        identifier("coaching_id", "辅导编号", "Coaching id", "One id a coaching."),
        ENTERPRISE_ID,
        day("started_on", "开始日期", "Started on", "First day of the coaching.", required=True),
        measure(
            "score",
            "潜力评分",
            "Potential score",
            "Score of the potential list by which the coaching was offered.",
            unit="points",
            most=100,
        ),
        count("coach_days", "辅导天数", "Coach days", "Days that coaches spent at the enterprise.", unit="days"),
    ),
)
