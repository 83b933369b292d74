"""Appeals of enterprises on the direct line: one row an appeal."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import ENTERPRISE_ID, day, identifier, text
from sme_research.tables.declare import Table

TABLE: Final = Table(
    name="appeals",
    label_zh="诉求",
    label_en="Appeals",
    key=("appeal_id",),
    columns=(
        identifier("appeal_id", "诉求编号", "Appeal id", "One id an appeal."),
        ENTERPRISE_ID,
        day("raised_on", "提出日期", "Raised on", "Day on which it was raised.", required=True),
        text("topic", "诉求类别", "Topic", "What the appeal is about."),
        day("handled_on", "办理日期", "Handled on", "Day on which an answer was given."),
        day(
            "resolved_on", "解决日期", "Resolved on", "Day on which the matter was resolved; handled is not resolved."
        ),
    ),
)
