"""Innovation and entrepreneurship contests (创新创业大赛)."""

import pandas as pd

from sme_research.instruments._shared import EVERY_DESIGN, OBSERVED, PEOPLE, REPLY_DAY
from sme_research.instruments.declare import Fact, Instrument, TablesLike, count_rows, first_dates


def _editions(tables: TablesLike) -> float:
    contests = tables["contests"]
    return float(contests.loc[pd.to_datetime(contests["held_on"]) <= REPLY_DAY, "contest"].nunique())


INSTRUMENT = Instrument(
    name="contest",
    label={"zh": "创新创业大赛", "en": "Innovation contest"},
    tables=("contests",),
    timing="held_on",
    columns=(),
    first_treated=first_dates("contests", "held_on"),
    assigned_by="enterprise",
    eligible_tiers=(),
    excluded_cities=(),
    covariates=OBSERVED,
    threats=EVERY_DESIGN,
    treatment={
        "zh": "首次进入大赛决赛的年份（不论名次）",
        "en": "the year of the first final (whatever the rank)",
    },
    population=PEOPLE,
    comparison={
        "zh": "当年尚未参赛的企业",
        "en": "enterprises that had not yet entered",
    },
    selection={
        "zh": "企业自愿报名，由评委选出决赛名单；规模较大、研发投入较高、增长较快的企业更常入围。",
        "en": "Enterprises enter themselves and a jury picks the finalists; larger, more research-minded and "
        "faster-growing ones get there more often.",
    },
    mechanism={
        "zh": "参赛带来展示与评审意见 → 投资人、客户和专家注意到企业 → 融资与合作增加 → 收入与就业增长。"
        "前提是关注转化为合同。",
        "en": "A final brings an audience and a jury's advice → investors, customers and experts take notice → "
        "finance and partnerships grow → revenue and jobs grow. This assumes that attention turns into "
        "contracts.",
    },
    steps={
        "zh": ("参赛展示", "受到投资人与客户关注", "融资与合作增加", "收入与就业增长"),
        "en": ("Contest", "Investors and customers notice", "Finance and partnerships grow", "Revenue and jobs grow"),
    },
    absorbing=False,
    dose=count_rows(
        "contests",
        unit={"zh": "次", "en": "entries"},
        label={"zh": "参赛次数", "en": "contests entered"},
    ),
    facts=(Fact("contest_editions", {"zh": "大赛累计届数", "en": "editions of the contest to date"}, _editions),),
)
