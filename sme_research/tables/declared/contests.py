"""Innovation contests: one row an entry."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import ENTERPRISE_ID, count, day, identifier, measure, text
from sme_research.tables.declare import Table

TABLE: Final = Table(
    name="contests",
    label_zh="大赛",
    label_en="Contests",
    key=("entry_id",),
    columns=(
        identifier("entry_id", "参赛编号", "Entry id", "One id an entry."),
        text("contest", "大赛名称", "Contest", "Name and edition of the contest."),
        ENTERPRISE_ID,
        day("held_on", "举办日期", "Held on", "Day of the final.", required=True),
        count("rank", "名次", "Rank", "Rank in the contest; 1 is the best.", unit="rank", least=1),
        measure("score", "评审得分", "Score", "Points that the jury gave.", unit="points", most=100),
    ),
)
