"""Finance-matching events (产融对接活动)."""

import pandas as pd

from sme_research.instruments._shared import EVERY_DESIGN, OBSERVED, PEOPLE, REPLY_YEAR
from sme_research.instruments.declare import Fact, Instrument, TablesLike, count_rows, first_dates


def _of_the_year(tables: TablesLike) -> pd.DataFrame:
    events = tables["matching_events"]
    return events[pd.to_datetime(events["held_on"]).dt.year == REPLY_YEAR]


INSTRUMENT = Instrument(
    name="matching_event",
    label={"zh": "产融对接", "en": "Finance matching"},
    tables=("matching_events",),
    timing="held_on",
    columns=(),
    first_treated=first_dates("matching_events", "held_on"),
    assigned_by="enterprise",
    eligible_tiers=(),
    excluded_cities=(),
    covariates=OBSERVED,
    threats=EVERY_DESIGN,
    treatment={
        "zh": "首次参加产融对接活动的年份（不论是否签约）",
        "en": "the year of the first matching event (whether or not a contract followed)",
    },
    population=PEOPLE,
    comparison={
        "zh": "当年尚未参加对接活动的企业",
        "en": "enterprises that had not yet attended an event",
    },
    selection={
        "zh": "由各地邀请或企业报名；规模较大、研发投入较高、增长较快的企业更常参加。对接金额是意向，不是到账资金。",
        "en": "Localities invite and enterprises enrol; larger, more research-minded and faster-growing ones "
        "attend more often. Matched amounts are intentions, not money received.",
    },
    mechanism={
        "zh": "银企见面 → 信息更对称 → 签约与到账资金增加 → 投资扩大 → 收入与就业增长。"
        "前提是意向转化为到账，且资金并非本来就能借到。",
        "en": "Banks and enterprises meet → each knows more of the other → contracts and money drawn grow → "
        "investment grows → revenue and jobs grow. This assumes that intentions become money that was not "
        "to be had before.",
    },
    steps={
        "zh": ("产融对接", "信息更对称", "签约与到账增加", "投资扩大", "收入与就业增长"),
        "en": (
            "Matching event",
            "Both sides know more",
            "Contracts and money drawn",
            "Investment grows",
            "Revenue and jobs grow",
        ),
    },
    absorbing=False,
    dose=count_rows(
        "matching_events",
        unit={"zh": "场", "en": "events"},
        label={"zh": "参加对接场数", "en": "events attended"},
    ),
    facts=(
        Fact(
            "matching_events",
            {"zh": "2023 年产融对接活动场次", "en": "matching events in 2023"},
            lambda tables: float(_of_the_year(tables)["event_id"].nunique()),
        ),
        Fact(
            "matching_amount",
            {"zh": "2023 年产融对接金额（意向）", "en": "amount matched in 2023 (intentions)"},
            lambda tables: float(_of_the_year(tables)["matched_amount"].sum()),
        ),
    ),
)
