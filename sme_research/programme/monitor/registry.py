"""The indicators of the programme: one declared entry each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from sme_research.programme.ladder.titles import TIERS
from sme_research.programme.monitor import measures as by
from sme_research.programme.monitor.measures import RowsOf
from sme_research.programme.monitor.records import How, Indicator, Kind

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
COUNTED: Final = "enterprises"


Shape = tuple[Kind, How, str]
"""Stock or flow, how rows become a number, and the group."""


def _entry(
    shape: Shape, tables: tuple[str, ...], name: str, labels: tuple[str, str], rows: RowsOf, **more: Any
) -> Indicator:
    """An entry from its shape, with a unit of enterprises where no other is given."""
    (kind, how, group), (zh, en) = shape, labels
    told = {"unit": COUNTED} | more
    return Indicator(
        name=name, group=group, label_zh=zh, label_en=en, tables=tables, kind=kind, how=how, rows=rows, **told
    )


def _ladder() -> Iterator[Indicator]:
    titles = ("recognitions",)
    stock = partial(_entry, ("stock", "firms", "ladder"), by_tier=False)
    flow = partial(_entry, ("flow", "firms", "ladder"), titles, by_tier=False)
    for tier, (zh, en) in TIER_NAMES.items():
        yield stock(titles, f"in_force_{tier}", (f"有效{zh}", f"{en} in force"), by.in_force(tier))
        yield flow(f"granted_{tier}", (f"新认定：{zh}", f"{en} newly recognised"), by.granted(tier))
        yield flow(f"renewed_{tier}", (f"复核通过：{zh}", f"{en} renewed"), by.renewed(tier))
        yield flow(f"lapsed_{tier}", (f"称号失效：{zh}", f"{en} lapsed"), by.lapsed(tier))
    needs = ("enterprises.listed_on",)
    labels = ("上市的专精特新中小企业", "listed SRDI enterprises")
    yield stock(("recognitions", "enterprises"), "listed_srdi", labels, by.listed_srdi, needs=needs)


def _loans() -> Iterator[Indicator]:
    group, table = "loans", ("loans",)
    firms = partial(_entry, ("flow", "firms", group), table)
    amount = partial(_entry, ("flow", "sum", group), table, unit="money")
    drawn = partial(by.dated, "loans", "drawn_on")
    # The rules need the titles, which need not be as new as the loans.
    spent = ("loans.subsidy_points", "loans.term_days", "recognitions.granted_on")
    yield firms("loan_firms", ("贴息贷款企业", "borrowers of subsidised loans"), drawn())
    yield amount("loan_amount", ("贴息贷款金额", "subsidised loans drawn"), drawn(value="amount"))
    yield _entry(
        ("flow", "mean", group),
        table,
        "loan_rate",
        ("贴息后平均利率", "mean rate after the subsidy"),
        drawn(value="rate"),
        unit="percent",
    )
    yield amount("subsidy_spent", ("贴息支出", "subsidy spent"), by.subsidy_spent, needs=spent)
    yield firms("first_borrowers", ("首次贴息贷款企业", "first-time borrowers"), by.first_borrowers)
    caps = ("累计贷款达到上限的企业", "borrowers at the cap")
    yield _entry(("stock", "firms", group), table, "at_the_cap", caps, by.at_the_cap, needs=spent)
    used = ("借款企业已用额度占上限的平均比例", "mean part of the cap used by borrowers")
    yield _entry(("stock", "mean", group), table, "cap_used", used, by.cap_used, unit="percent", needs=spent)
    balance = ("专精特新企业上年末贷款余额", "loan balance of SRDI at the last year's end")
    needs = ("accounts.loan_balance",)
    both = ("accounts", "recognitions")
    yield _entry(("stock", "sum", group), both, "loan_balance", balance, by.loan_balance, unit="money", needs=needs)


def _clusters() -> Iterator[Indicator]:
    tables, group = ("clusters", "cluster_members"), "clusters"
    places = partial(_entry, ("stock", "items", group), tables, unit="clusters", by_tier=False)
    for level, zh, en in (("provincial", "省级", "provincial"), ("national", "国家级", "national")):
        labels = (f"{zh}特色产业集群", f"{en} clusters")
        yield places(f"clusters_{level}", labels, by.clusters_of(level), needs=("clusters.county_code",))
    members = ("集群内企业", "cluster members")
    yield _entry(("stock", "firms", group), tables, "cluster_members", members, by.cluster_members)


def _services() -> Iterator[Indicator]:
    group, training, contests = "services", ("training",), ("contests",)
    firms, items = partial(_entry, ("flow", "firms", group)), partial(_entry, ("flow", "items", group))
    held, entered = partial(by.dated, "training", "held_on"), partial(by.dated, "contests", "held_on")
    sessions, trained = ("培训期次", "training sessions"), ("参训企业", "enterprises trained")
    yield items(training, "sessions", sessions, held(item="session_id"), unit="sessions", by_tier=False)
    yield firms(training, "trained_firms", trained, held())
    times, people = ("参训人次", "person-times trained"), held(value="participants")
    yield _entry(("flow", "sum", group), training, "person_times", times, people, unit="person_times")
    editions, entries = ("创新创业大赛届次", "contests held"), ("参赛项目", "contest entries")
    needs = ("contests.contest",)
    yield items(contests, "contests", editions, entered(item="contest"), unit="editions", needs=needs, by_tier=False)
    yield items(contests, "contest_entries", entries, entered(item="entry_id"), unit="entries")
    yield firms(("coaching",), "coached", ("接受辅导企业", "enterprises coached"), by.dated("coaching", "started_on"))


def _matching() -> Iterator[Indicator]:
    group, table = "matching", "matching_events"
    held = partial(by.dated, table, "held_on")
    events, firms = ("融资对接活动", "matching events"), ("参加对接企业", "enterprises at matching events")
    yield _entry(
        ("flow", "items", group), (table,), table, events, held(item="event_id"), unit="events", by_tier=False
    )
    yield _entry(("flow", "firms", group), (table,), "matching_firms", firms, held())
    amount = partial(_entry, ("flow", "sum", group), (table,), unit="money")
    for stage, zh in (("matched", "意向"), ("contracted", "签约"), ("drawn", "放款")):
        column, labels = f"{stage}_amount", (f"对接{zh}金额", f"amount {stage}")
        yield amount(column, labels, held(value=column), needs=(f"{table}.{column}",))


def _appeals() -> Iterator[Indicator]:
    group, table = "appeals", ("appeals",)
    flow = partial(_entry, ("flow", "items", group), table, unit="appeals")
    stock = partial(_entry, ("stock", "items", group), table, unit="appeals")
    wait = partial(_entry, ("flow", "wait", group), table, unit="days")
    handled, resolved = ("appeals.handled_on",), ("appeals.resolved_on",)
    for step, zh in (("raised", "提出"), ("handled", "办理"), ("resolved", "解决")):
        needs = () if step == "raised" else (f"appeals.{step}_on",)
        rows = by.dated("appeals", f"{step}_on", item="appeal_id")
        yield flow(f"appeals_{step}", (f"{zh}的诉求", f"appeals {step}"), rows, needs=needs)
    so_far = by.so_far("appeals", "handled_on", item="appeal_id")
    yield stock("appeals_handled_total", ("累计办理诉求", "appeals handled so far"), so_far, needs=handled)
    yield stock("appeals_open", ("尚未解决的诉求", "appeals open"), by.open_appeals, needs=resolved)
    answer, solution = by.appeal_waits("handled_on"), by.appeal_waits("resolved_on")
    yield wait("wait_answer", ("办理等待天数中位数", "median days until an answer"), answer, needs=handled)
    yield wait("wait_solution", ("解决等待天数中位数", "median days until resolved"), solution, needs=resolved)


def _awards() -> Iterator[Indicator]:
    group, table, paid = "awards", ("awards",), partial(by.dated, "awards", "paid_on")
    yield _entry(("flow", "firms", group), table, "award_firms", ("获奖励企业", "enterprises awarded"), paid())
    amount = paid(value="amount")
    yield _entry(("flow", "sum", group), table, "award_amount", ("奖励金额", "awards paid"), amount, unit="money")


def _actions() -> Iterator[Indicator]:
    group, table = "actions", "special_actions"
    amount = partial(_entry, ("flow", "sum", group), (table,), unit="money")
    for action, (zh, en) in ACTIONS.items():
        labels = (f"{zh}行动企业", f"enterprises in the {en} action")
        yield _entry(("flow", "firms", group), (table,), f"{action}_firms", labels, by.action_rows(action))
        for column, what in (("spending", "投入"), ("subsidy", "补助")):
            told = (f"{zh}行动企业{what}", f"{column} in the {en} action")
            rows, needs = by.action_rows(action, column), (f"{table}.{column}",)
            yield amount(f"{action}_{column}", told, rows, needs=needs)


INDICATORS: Final = {
    entry.name: entry
    for part in (_ladder, _loans, _clusters, _services, _matching, _appeals, _awards, _actions)
    for entry in part()
}
assert set(TIER_NAMES) == set(TIERS)
