"""Members of clusters: one row a cluster and enterprise."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import ENTERPRISE_ID, day, identifier, may_be_future
from sme_research.tables.declare import Table

TABLE: Final = Table(
    name="cluster_members",
    label_zh="集群成员",
    label_en="Cluster members",
    key=("cluster_id", "enterprise_id"),
    columns=(
        identifier("cluster_id", "集群编号", "Cluster id", "Cluster joined.", references="clusters"),
        ENTERPRISE_ID,
        day("joined_on", "加入日期", "Joined on", "First day as a member.", required=True),
        may_be_future(day("left_on", "退出日期", "Left on", "Last day as a member.")),
    ),
)
