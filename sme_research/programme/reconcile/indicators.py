"""The registry of indicators: what each official figure counts, from which tables, and how we recount it.

A new indicator is one entry here; its name in `official_figures` is the key or
one of the aliases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from sme_research.programme.reconcile import activities, loans, titles
from sme_research.programme.reconcile.asking import Asked, TablesLike
from sme_research.programme.reconcile.records import Counted

Recount = Callable[[TablesLike, Asked], Counted | None]

XIAMEN: Final = ("with", "without")
STANDING: Final = ("in_force", "ever")
SPAN: Final = ("year", "cumulative")
EVER: Final = ("cumulative", "year")


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """What one official figure counts.

    Attributes
    ----------
    kind
        ``count``, ``money`` (10,000 yuan) or ``percent``: the units it may be printed in.
    tables
        Tables that the recount reads; ``enterprises`` beside them where places matter.
    axes
        Perimeter axes that change it, each with its values in the order of
        trying; the first is what a silent perimeter means. ``*`` stands for
        every phase in the table of loans.
    recount
        Tables and question -> our number; None: the tables hold nothing like it.
    group
        Of shares that are to be compared with each other, whose and of what.
    """

    name: str
    zh: str
    en: str
    kind: str
    tables: tuple[str, ...] = ()
    axes: Mapping[str, tuple[str, ...]]
    recount: Recount | None
    aliases: tuple[str, ...] = ()
    year_end: bool = False
    group: str = ""
    measure: str = ""

    @property
    def label(self) -> dict[str, str]:
        """Name by language."""
        return {"zh": self.zh, "en": self.en}


def _tier(tier: str, zh: str, en: str, **axes: tuple[str, ...]) -> Indicator:
    return Indicator(
        name=tier,
        zh=zh,
        en=en,
        kind="count",
        tables=("recognitions",),
        axes={"xiamen": XIAMEN, "standing": STANDING, "nesting": ("nested", "highest"), **axes},
        recount=titles.recount_tier(tier),
        aliases=(f"{tier}_count",),
    )


def _clusters(level: str, zh: str, en: str, suffix: str = "", span: tuple[str, ...] = EVER) -> Indicator:
    return Indicator(
        name=f"clusters_{level}{suffix}",
        zh=zh,
        en=en,
        kind="count",
        tables=("clusters",),
        axes={"span": span, "xiamen": XIAMEN},
        recount=titles.recount_clusters(level),
    )


def _loan(name: str, zh: str, en: str, kind: str, recount: Recount, **axes: tuple[str, ...]) -> Indicator:
    shared = {"phase": ("all", "*"), "xiamen": XIAMEN}
    return Indicator(name=name, zh=zh, en=en, kind=kind, tables=("loans",), axes={**shared, **axes}, recount=recount)


def _balance(name: str, zh: str, en: str, kind: str, recount: Recount, **axes: tuple[str, ...]) -> Indicator:
    return Indicator(
        name=name,
        zh=zh,
        en=en,
        kind=kind,
        tables=("accounts", "recognitions"),
        axes={"xiamen": XIAMEN, "standing": STANDING, **axes},
        recount=recount,
        year_end=True,
    )


def _flow(
    name: str, zh: str, en: str, table: str, recount: Recount, kind: str = "count", **axes: tuple[str, ...]
) -> Indicator:
    axes = {"span": SPAN, "xiamen": XIAMEN} | axes
    return Indicator(name=name, zh=zh, en=en, kind=kind, tables=(table,), axes=axes, recount=recount)


def _award(tier: str, zh: str, en: str) -> Indicator:
    return Indicator(
        name=f"award_{tier}",
        zh=zh,
        en=en,
        kind="money",
        tables=("awards",),
        axes={"payer": ("province", "city")},
        recount=partial(loans.recount_award, tier),
    )


def _share(measure: str, zh: str, en: str) -> Indicator:
    return Indicator(
        name=f"little_giant_share_{measure}",
        zh=zh,
        en=en,
        kind="percent",
        tables=("accounts", "recognitions", "enterprises"),
        axes={"whole": ("above_scale", "accounts", "titled", "srdi"), "xiamen": XIAMEN},
        recount=partial(loans.recount_group_share, measure),
        year_end=True,
        group="little_giant",
        measure=measure,
    )


def _unheld(name: str, zh: str, en: str, kind: str = "percent") -> Indicator:
    """A figure that no declared table can recount."""
    return Indicator(name=name, zh=zh, en=en, kind=kind, axes={}, recount=None)


_STAGES: Final = ("matched", "contracted", "drawn")

_ALL: Final = (
    _tier("innovative", "创新型中小企业", "innovative SMEs"),
    _tier("srdi", "专精特新中小企业", "SRDI SMEs"),
    _tier("little_giant", "专精特新“小巨人”企业", "little giants"),
    _tier("champion", "制造业单项冠军", "manufacturing champions", origin=("all", "from_srdi")),
    Indicator(
        name="recognised_total",
        zh="优质中小企业合计",
        en="recognised SMEs in all",
        kind="count",
        tables=("recognitions",),
        axes={"xiamen": XIAMEN, "standing": STANDING},
        recount=titles.recount_titled,
        aliases=("recognised_total_count",),
    ),
    Indicator(
        name="listed",
        zh="上市的专精特新企业",
        en="listed SRDI SMEs",
        kind="count",
        tables=("recognitions", "enterprises"),
        axes={"xiamen": XIAMEN, "standing": STANDING},
        recount=titles.recount_listed,
    ),
    _loan(
        "loan_beneficiaries",
        "贴息贷款惠及企业",
        "borrowers of the subsidised loans",
        "count",
        loans.recount_beneficiaries,
    ),
    _loan("loan_facility_scale", "贴息贷款规模", "scale of the subsidised loans", "money", loans.recount_scale),
    _loan(
        "loan_average_rate",
        "贴息贷款平均利率",
        "average rate of the subsidised loans",
        "percent",
        loans.recount_rate,
        weighting=("loan", "amount"),
    ),
    _loan(
        "loan_reach_share",
        "贴息贷款覆盖面",
        "share of SRDI SMEs reached by the loans",
        "percent",
        loans.recount_reach,
        standing=STANDING,
    ),
    _unheld("loan_first_time_share", "首次获得贴息贷款的企业比重", "share of borrowers that are new to the loans"),
    _balance("loan_balance", "专精特新企业贷款余额", "loan balance of SRDI SMEs", "money", loans.recount_balance),
    _balance(
        "loan_balance_growth",
        "专精特新企业贷款余额增长",
        "growth of the loan balance of SRDI SMEs",
        "percent",
        loans.recount_growth,
        entry=("lists", "same"),
    ),
    _balance(
        "loan_effect_growth",
        "归于贷款的余额增长",
        "balance growth ascribed to the loans",
        "percent",
        loans.recount_growth,
        entry=("lists", "same"),
    ),
    _award("srdi", "专精特新企业奖励", "award for an SRDI SME"),
    _award("little_giant", "“小巨人”企业奖励", "award for a little giant"),
    _unheld("award_share_of_fund", "奖励占专项资金比重", "share of the fund paid as awards"),
    _flow("training_sessions", "培训期数", "training sessions", "training", activities.recount_sessions),
    _flow("training_person_times", "培训人次", "person-times trained", "training", activities.recount_person_times),
    _flow("training_enterprises", "参训企业", "enterprises trained", "training", activities.recount_trained),
    _flow("matching_events", "产融对接活动", "matching events", "matching_events", activities.recount_events),
    _flow(
        "matching_enterprises",
        "参加产融对接的企业",
        "enterprises at matching events",
        "matching_events",
        activities.recount_matched_firms,
    ),
    _flow(
        "matching_amount",
        "产融对接金额",
        "amount matched",
        "matching_events",
        partial(activities.recount_matching, "matched"),
        "money",
        stage=_STAGES,
    ),
    _flow(
        "matching_lent",
        "产融对接放款",
        "amount lent after matching",
        "matching_events",
        partial(activities.recount_matching, "drawn"),
        "money",
        stage=("drawn", "contracted", "matched"),
    ),
    _clusters("provincial", "省级特色产业集群", "provincial clusters"),
    _clusters("national", "国家级特色产业集群", "national clusters"),
    _clusters("provincial", "新认定省级特色产业集群", "provincial clusters newly designated", "_new", SPAN),
    _flow(
        "contest_editions",
        "创新创业大赛届数",
        "editions of the contest",
        "contests",
        activities.recount_editions,
        span=EVER,
    ),
    _flow(
        "appeals_handled",
        "办理诉求",
        "appeals handled",
        "appeals",
        activities.recount_appeals,
        span=EVER,
        answer=("handled", "resolved", "raised"),
    ),
    _flow("coached_enterprises", "接受辅导的企业", "enterprises coached", "coaching", activities.recount_coached),
    *(
        _flow(
            f"{action}_action_enterprises",
            f"参加{zh}专项行动的企业",
            f"enterprises in the {action} action",
            "special_actions",
            partial(activities.recount_action, action),
            span=EVER,
        )
        for action, zh in (("digital", "数字化赋能"), ("science", "科技成果赋智"), ("quality", "质量标准品牌赋值"))
    ),
    _share("number", "“小巨人”企业户数占比", "little giants' share of enterprises"),
    _share("revenue", "“小巨人”企业营业收入占比", "little giants' share of revenue"),
    _share("profit", "“小巨人”企业利润占比", "little giants' share of profit"),
    _unheld("little_giant_revenue", "“小巨人”企业营业收入", "revenue of little giants", "money"),
    _unheld("little_giant_revenue_growth", "“小巨人”企业营业收入增长", "revenue growth of little giants"),
    _unheld("little_giant_announced", "当批公布的“小巨人”企业", "little giants announced in a batch", "count"),
    _unheld(
        "little_giant_reviewed", "当批通过首次复核的“小巨人”企业", "little giants that passed a first review", "count"
    ),
    _unheld("little_giant_batches_1_2", "前两批“小巨人”企业", "little giants of batches 1 and 2", "count"),
    _unheld(
        "little_giant_batches_1_2_xiamen",
        "前两批“小巨人”企业（厦门）",
        "little giants of batches 1 and 2, Xiamen",
        "count",
    ),
    _unheld("above_scale_industrial", "规模以上工业企业", "above-scale industrial enterprises", "count"),
    _unheld("key_little_giant", "重点“小巨人”企业", "key little giants", "count"),
)

INDICATORS: Final[Mapping[str, Indicator]] = {entry.name: entry for entry in _ALL}
_BY_ALIAS: Final = {alias: entry for entry in _ALL for alias in (entry.name, *entry.aliases)}


def find_indicator(name: str) -> Indicator | None:
    """The indicator of a name in `official_figures`; None for one that is not known."""
    return _BY_ALIAS.get(name)
