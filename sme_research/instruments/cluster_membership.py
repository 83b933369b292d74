"""Membership of a designated characteristic industrial cluster (特色产业集群)."""

import pandas as pd

from sme_research.instruments._shared import EVERY_DESIGN, OBSERVED, REPLY_DAY
from sme_research.instruments.declare import Fact, Instrument, TablesLike


def _first_membership(tables: TablesLike) -> pd.DataFrame:
    """An enterprise is treated once it is on the list of a cluster that has been designated."""
    members = tables["cluster_members"].merge(tables["clusters"][["cluster_id", "designated_on"]], on="cluster_id")
    members["first_on"] = members[["joined_on", "designated_on"]].max(axis=1)
    first = members.sort_values(["first_on", "cluster_id"]).drop_duplicates("enterprise_id")
    return first[["enterprise_id", "first_on", "cluster_id"]].reset_index(drop=True)


def _designated(tables: TablesLike, level: str) -> float:
    clusters = tables["clusters"]
    known = pd.to_datetime(clusters["designated_on"]) <= REPLY_DAY
    return float((known & (clusters["level"] == level)).sum())


INSTRUMENT = Instrument(
    name="cluster_membership",
    label={"zh": "加入产业集群", "en": "Cluster membership"},
    tables=("cluster_members", "clusters"),
    timing="joined_on",
    columns=(
        "enterprises.county_code",
        "enterprises.industry_code",
        "clusters.county_code",
        "clusters.industry_code",
    ),
    first_treated=_first_membership,
    assigned_by="cluster",
    eligible_tiers=(),
    excluded_cities=(),
    covariates=OBSERVED,
    threats=(*EVERY_DESIGN, "few_clusters"),
    treatment={
        "zh": "企业成为已认定集群成员的年份（所在集群获得认定，或加入已认定的集群）",
        "en": "the year in which the enterprise's cluster was designated, or in which it joined a designated one",
    },
    population={
        "zh": "位于企业较集中的“县域 × 行业”中的企业",
        "en": "enterprises in a county and industry where several work side by side",
    },
    comparison={
        "zh": "位于尚未认定为集群的“县域 × 行业”中的企业",
        "en": "enterprises in counties and industries that were not yet designated",
    },
    selection={
        "zh": "由县级申报、省和国家择优认定；产业基础较好、企业规模较大、研发投入较高的地方更早入选。",
        "en": "Counties apply, province and state choose; places with larger and more research-minded "
        "enterprises are designated sooner.",
    },
    mechanism={
        "zh": "集群认定带来公共服务、配套与品牌 → 共享供应商、人才与知识 → 成本下降、订单增加 → 收入与就业增长。"
        "前提是资源确实到达成员企业，而不只是改变名称。",
        "en": "Designation brings shared services, suppliers and a name → enterprises share suppliers, people "
        "and knowledge → costs fall and orders grow → revenue and jobs grow. This assumes that resources "
        "reach the members and that more than the name changes.",
    },
    steps={
        "zh": ("集群认定", "公共服务、配套与品牌", "共享供应商、人才与知识", "成本下降、订单增加", "收入与就业增长"),
        "en": (
            "Designation",
            "Shared services, suppliers, a name",
            "People and knowledge are shared",
            "Costs fall and orders grow",
            "Revenue and jobs grow",
        ),
    },
    adjustment="outcome_regression",
    facts=(
        Fact(
            "clusters_provincial",
            {"zh": "省级中小企业特色产业集群", "en": "provincial clusters"},
            lambda tables: _designated(tables, "provincial"),
        ),
        Fact(
            "clusters_national",
            {"zh": "国家级中小企业特色产业集群", "en": "national clusters"},
            lambda tables: _designated(tables, "national"),
        ),
    ),
)
