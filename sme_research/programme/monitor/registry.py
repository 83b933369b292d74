"""The indicators of the programme: one declared entry each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sme_research.programme.ladder.titles import TIERS
from sme_research.programme.monitor import measures as by
from sme_research.programme.monitor.records import Indicator

TIER_NAMES: Final = {
    "innovative": ("创新型中小企业", "innovative SMEs"),
    "srdi": ("专精特新中小企业", "SRDI enterprises"),
    "little_giant": ("专精特新“小巨人”企业", "little giants"),
    "champion": ("制造业单项冠军企业", "champions"),
}
ACTIONS: Final = {
    "digital": ("数字化转型", "digital"),
    "quality": ("质量提升", "quality"),
    "science": ("科技创新", "science"),
}
GROUPS: Final = ("ladder", "loans", "clusters", "services", "matching", "appeals", "awards", "actions")


def _ladder() -> Iterator[Indicator]:
    for tier, (zh, en) in TIER_NAMES.items():
        group, tables = "ladder", ("recognitions",)
        yield Indicator(
            f"in_force_{tier}",
            group,
            f"有效{zh}",
            f"{en} in force",
            "enterprises",
            tables,
            "stock",
            "firms",
            by.in_force(tier),
            by_tier=False,
        )
        yield Indicator(
            f"granted_{tier}",
            group,
            f"新认定：{zh}",
            f"{en} newly recognised",
            "enterprises",
            tables,
            "flow",
            "firms",
            by.granted(tier),
            by_tier=False,
        )
        yield Indicator(
            f"renewed_{tier}",
            group,
            f"复核通过：{zh}",
            f"{en} renewed",
            "enterprises",
            tables,
            "flow",
            "firms",
            by.renewed(tier),
            by_tier=False,
        )
        yield Indicator(
            f"lapsed_{tier}",
            group,
            f"称号失效：{zh}",
            f"{en} lapsed",
            "enterprises",
            tables,
            "flow",
            "firms",
            by.lapsed(tier),
            by_tier=False,
        )
    yield Indicator(
        "listed_srdi",
        "ladder",
        "上市的专精特新中小企业",
        "listed SRDI enterprises",
        "enterprises",
        ("recognitions", "enterprises"),
        "stock",
        "firms",
        by.listed_srdi,
        ("enterprises.listed_on",),
        by_tier=False,
    )


def _loans() -> Iterator[Indicator]:
    tables = ("loans",)
    drawn = by.dated("loans", "drawn_on")
    yield Indicator(
        "loan_firms",
        "loans",
        "贴息贷款企业",
        "borrowers of subsidised loans",
        "enterprises",
        tables,
        "flow",
        "firms",
        drawn,
    )
    yield Indicator(
        "loan_amount",
        "loans",
        "贴息贷款金额",
        "subsidised loans drawn",
        "money",
        tables,
        "flow",
        "sum",
        by.dated("loans", "drawn_on", value="amount"),
    )
    yield Indicator(
        "loan_rate",
        "loans",
        "贴息后平均利率",
        "mean rate after the subsidy",
        "percent",
        tables,
        "flow",
        "mean",
        by.dated("loans", "drawn_on", value="rate"),
    )
    yield Indicator(
        "subsidy_spent",
        "loans",
        "贴息支出",
        "subsidy spent",
        "money",
        tables,
        "flow",
        "sum",
        by.subsidy_spent,
        ("loans.subsidy_points", "loans.term_days"),
    )
    yield Indicator(
        "first_borrowers",
        "loans",
        "首次贴息贷款企业",
        "first-time borrowers",
        "enterprises",
        tables,
        "flow",
        "firms",
        by.first_borrowers,
    )
    yield Indicator(
        "at_the_cap",
        "loans",
        "累计贷款达到上限的企业",
        "borrowers at the cap",
        "enterprises",
        tables,
        "stock",
        "firms",
        by.at_the_cap,
    )
    yield Indicator(
        "cap_used",
        "loans",
        "借款企业已用额度占上限的平均比例",
        "mean part of the cap used by borrowers",
        "percent",
        tables,
        "stock",
        "mean",
        by.cap_used,
    )
    yield Indicator(
        "loan_balance",
        "loans",
        "专精特新企业上年末贷款余额",
        "loan balance of SRDI at the last year's end",
        "money",
        ("accounts", "recognitions"),
        "stock",
        "sum",
        by.loan_balance,
        ("accounts.loan_balance",),
    )


def _clusters() -> Iterator[Indicator]:
    tables = ("clusters", "cluster_members")
    for level, zh, en in (("provincial", "省级", "provincial"), ("national", "国家级", "national")):
        yield Indicator(
            f"clusters_{level}",
            "clusters",
            f"{zh}特色产业集群",
            f"{en} clusters",
            "clusters",
            tables,
            "stock",
            "items",
            by.clusters_of(level),
            ("clusters.county_code",),
            by_tier=False,
        )
    yield Indicator(
        "cluster_members",
        "clusters",
        "集群内企业",
        "cluster members",
        "enterprises",
        tables,
        "stock",
        "firms",
        by.cluster_members,
    )


def _services() -> Iterator[Indicator]:
    held = "held_on"
    yield Indicator(
        "sessions",
        "services",
        "培训期次",
        "training sessions",
        "sessions",
        ("training",),
        "flow",
        "items",
        by.dated("training", held, item="session_id"),
    )
    yield Indicator(
        "trained_firms",
        "services",
        "参训企业",
        "enterprises trained",
        "enterprises",
        ("training",),
        "flow",
        "firms",
        by.dated("training", held),
    )
    yield Indicator(
        "person_times",
        "services",
        "参训人次",
        "person-times trained",
        "person_times",
        ("training",),
        "flow",
        "sum",
        by.dated("training", held, value="participants"),
    )
    yield Indicator(
        "contests",
        "services",
        "创新创业大赛届次",
        "contests held",
        "editions",
        ("contests",),
        "flow",
        "items",
        by.dated("contests", held, item="contest"),
        ("contests.contest",),
    )
    yield Indicator(
        "contest_entries",
        "services",
        "参赛项目",
        "contest entries",
        "entries",
        ("contests",),
        "flow",
        "items",
        by.dated("contests", held, item="entry_id"),
    )
    yield Indicator(
        "coached",
        "services",
        "接受辅导企业",
        "enterprises coached",
        "enterprises",
        ("coaching",),
        "flow",
        "firms",
        by.dated("coaching", "started_on"),
    )


def _matching() -> Iterator[Indicator]:
    tables, table, held = ("matching_events",), "matching_events", "held_on"
    yield Indicator(
        "matching_events",
        "matching",
        "融资对接活动",
        "matching events",
        "events",
        tables,
        "flow",
        "items",
        by.dated(table, held, item="event_id"),
    )
    yield Indicator(
        "matching_firms",
        "matching",
        "参加对接企业",
        "enterprises at matching events",
        "enterprises",
        tables,
        "flow",
        "firms",
        by.dated(table, held),
    )
    for stage, zh, en in (
        ("matched", "意向", "matched"),
        ("contracted", "签约", "contracted"),
        ("drawn", "放款", "drawn"),
    ):
        column = f"{stage}_amount"
        yield Indicator(
            column,
            "matching",
            f"对接{zh}金额",
            f"amount {en}",
            "money",
            tables,
            "flow",
            "sum",
            by.dated(table, held, value=column),
            (f"{table}.{column}",),
        )


def _appeals() -> Iterator[Indicator]:
    tables = ("appeals",)
    for step, zh in (("raised", "提出"), ("handled", "办理"), ("resolved", "解决")):
        column = f"{step}_on"
        needs = () if step == "raised" else (f"appeals.{column}",)
        yield Indicator(
            f"appeals_{step}",
            "appeals",
            f"{zh}的诉求",
            f"appeals {step}",
            "appeals",
            tables,
            "flow",
            "items",
            by.dated("appeals", column, item="appeal_id"),
            needs,
        )
    yield Indicator(
        "appeals_handled_total",
        "appeals",
        "累计办理诉求",
        "appeals handled so far",
        "appeals",
        tables,
        "stock",
        "items",
        by.so_far("appeals", "handled_on", item="appeal_id"),
        ("appeals.handled_on",),
    )
    yield Indicator(
        "appeals_open",
        "appeals",
        "尚未解决的诉求",
        "appeals open",
        "appeals",
        tables,
        "stock",
        "items",
        by.open_appeals,
        ("appeals.resolved_on",),
    )
    yield Indicator(
        "wait_answer",
        "appeals",
        "办理等待天数中位数",
        "median days until an answer",
        "days",
        tables,
        "flow",
        "wait",
        by.appeal_waits("handled_on"),
        ("appeals.handled_on",),
    )
    yield Indicator(
        "wait_solution",
        "appeals",
        "解决等待天数中位数",
        "median days until resolved",
        "days",
        tables,
        "flow",
        "wait",
        by.appeal_waits("resolved_on"),
        ("appeals.resolved_on",),
    )


def _awards_and_actions() -> Iterator[Indicator]:
    paid = "paid_on"
    yield Indicator(
        "award_firms",
        "awards",
        "获奖励企业",
        "enterprises awarded",
        "enterprises",
        ("awards",),
        "flow",
        "firms",
        by.dated("awards", paid),
    )
    yield Indicator(
        "award_amount",
        "awards",
        "奖励金额",
        "awards paid",
        "money",
        ("awards",),
        "flow",
        "sum",
        by.dated("awards", paid, value="amount"),
    )
    table, tables = "special_actions", ("special_actions",)
    for action, (zh, en) in ACTIONS.items():
        yield Indicator(
            f"{action}_firms",
            "actions",
            f"{zh}行动企业",
            f"enterprises in the {en} action",
            "enterprises",
            tables,
            "flow",
            "firms",
            by.action_rows(action),
        )
        for column, zh_what, en_what in (("spending", "投入", "spending"), ("subsidy", "补助", "subsidy")):
            yield Indicator(
                f"{action}_{column}",
                "actions",
                f"{zh}行动企业{zh_what}",
                f"{en_what} in the {en} action",
                "money",
                tables,
                "flow",
                "sum",
                by.action_rows(action, column),
                (f"{table}.{column}",),
            )


INDICATORS: Final = {
    entry.name: entry
    for part in (_ladder, _loans, _clusters, _services, _matching, _appeals, _awards_and_actions)
    for entry in part()
}
assert set(TIER_NAMES) == set(TIERS)
