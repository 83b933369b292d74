"""Characteristic clusters of SMEs: one row a designated cluster."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import COUNTY_CODE, day, identifier, industry_code, one_of, text
from sme_research.tables.declare import Table

LEVELS: Final = ("provincial", "national")

TABLE: Final = Table(
    name="clusters",
    label_zh="集群",
    label_en="Clusters",
    key=("cluster_id",),
    columns=(
        identifier("cluster_id", "集群编号", "Cluster id", "One id a designated cluster."),
        text("name", "集群名称", "Name", "Name in the notice."),
        one_of(text("level", "集群级别", "Level", "Who designated the cluster.", required=True), LEVELS),
        day("designated_on", "认定日期", "Designated on", "Day of the notice.", required=True),
        COUNTY_CODE,
        industry_code(required=False),
    ),
)
