"""One-off awards paid at recognition (认定奖励)."""

import pandas as pd

from sme_research.instruments._shared import EVERY_DESIGN, OBSERVED, XIAMEN
from sme_research.instruments.declare import Cost, Fact, Instrument, TablesLike, first_dates, sum_column


def _paid(tables: TablesLike) -> pd.DataFrame:
    paid = tables["awards"].groupby("enterprise_id")["amount"].sum()
    return paid.rename("cost").astype("float64").reset_index()


def _usual(tables: TablesLike, tier: str) -> float:
    """Amount that the province most often pays for a title."""
    awards = tables["awards"]
    ours = awards[(awards["tier"] == tier) & (awards["payer"].fillna("province") == "province")]
    return float(ours["amount"].mode().min())


INSTRUMENT = Instrument(
    name="award",
    label={"zh": "认定奖励", "en": "Recognition award"},
    tables=("awards", "recognitions"),
    timing="paid_on",
    columns=("enterprises.city_code",),
    first_treated=first_dates("awards", "paid_on"),
    assigned_by="enterprise",
    # Whoever holds the lowest title could have been awarded for a higher one.
    eligible_tiers=("innovative", "srdi", "little_giant"),
    excluded_cities=(XIAMEN,),
    covariates=OBSERVED,
    threats=(*EVERY_DESIGN, "placebo_group", "manipulation"),
    treatment={
        "zh": "首次收到认定奖励的年份，也就是首次获得专精特新或小巨人认定的年份",
        "en": "the year in which the first award was paid, which is the year of the SRDI or little-giant title",
    },
    population={
        "zh": "曾获创新型中小企业及以上认定、位于省级奖励覆盖地区（不含厦门）的企业",
        "en": "enterprises that have held an innovative-SME or higher title, where the province pays (not Xiamen)",
    },
    comparison={
        "zh": "当年尚未获得奖励、也就是尚未获得专精特新认定的企业；奖励与称号同时到达，"
        "比较的是“奖励加称号”与“两者都没有”",
        "en": "enterprises not yet awarded, and so not yet recognised as SRDI; award and title arrive together, "
        "so the comparison is between both and neither",
    },
    selection={
        "zh": "达到认定条件的企业才有奖励，规模较大、研发投入较高的企业更早获得认定；奖励随认定发放，"
        "奖励的作用与称号的作用无法分开。复核通过不再发放，城市加发的金额可作为线索。",
        "en": "Only those who meet the standard are awarded; larger and more research-minded enterprises are "
        "recognised sooner. The award is paid at recognition, so what the money does and what the title "
        "does cannot be told apart. Renewals carry no award, and what cities add gives a hint.",
    },
    mechanism={
        "zh": "称号与奖金同时到达 → 信誉提高、资金略增 → 客户、银行和人才更愿意合作 → 收入与就业增长。"
        "前提是称号传递了新的信息；一次性奖金相对营业收入很小。",
        "en": "Title and money arrive together → reputation rises and cash a little → customers, banks and "
        "people are more willing → revenue and jobs grow. This assumes that the title tells something "
        "new; the money is small beside revenue.",
    },
    steps={
        "zh": ("认定与奖励", "信誉提高、资金略增", "客户、银行与人才更愿合作", "收入与就业增长"),
        "en": (
            "Title and award",
            "Reputation and some cash",
            "Customers, banks, people are willing",
            "Revenue and jobs grow",
        ),
    },
    dose=sum_column(
        "awards",
        "amount",
        unit={"zh": "万元", "en": "10,000 yuan"},
        label={"zh": "奖励金额", "en": "amount awarded"},
    ),
    cost=Cost({"zh": "财政奖励", "en": "awards paid"}, _paid),
    facts=(
        Fact(
            "award_srdi",
            {"zh": "专精特新每户奖励", "en": "award for an SRDI title"},
            lambda tables: _usual(tables, "srdi"),
        ),
        Fact(
            "award_little_giant",
            {"zh": "小巨人每户奖励", "en": "award for a little-giant title"},
            lambda tables: _usual(tables, "little_giant"),
        ),
    ),
)
