"""The three special actions: one row an enterprise's participation in one."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import ENTERPRISE_ID, day, identifier, money, one_of, text
from sme_research.tables.declare import Table

ACTIONS: Final = ("digital", "science", "quality")

TABLE: Final = Table(
    name="special_actions",
    label_zh="专项行动",
    label_en="Special actions",
    key=("participation_id",),
    columns=(
        identifier("participation_id", "参与编号", "Participation id", "One id an enterprise and action."),
        ENTERPRISE_ID,
        one_of(
            text(
                "action",
                "行动",
                "Action",
                "Digital empowerment, science results, or quality, standards and brand.",
                required=True,
            ),
            ACTIONS,
        ),
        day("started_on", "开始日期", "Started on", "First day of the project.", required=True),
        money("spending", "项目投入", "Spending", "What the project cost in all."),
        money("subsidy", "财政补助", "Subsidy", "What the public purse paid of it."),
    ),
)
