"""Supply to chain leaders: one row a leader and supplier."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import LISTED_ID, day, identifier, may_be_future
from sme_research.tables.declare import Table

TABLE: Final = Table(
    name="chain_links",
    label_zh="链主配套",
    label_en="Chain links",
    key=("link_id",),
    columns=(
        identifier("link_id", "配套编号", "Link id", "One id a leader and supplier."),
        # A leader may be registered elsewhere, so it need not be in the table of enterprises.
        identifier("leader_id", "链主企业代码", "Leader id", "Credit code or opaque id of the chain leader."),
        LISTED_ID,
        day("since", "配套开始日期", "Since", "First day of the supply.", required=True),
        may_be_future(day("until", "配套结束日期", "Until", "Last day of the supply; blank while it goes on.")),
    ),
)
