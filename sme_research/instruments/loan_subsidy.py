"""Interest-subsidised loans to recognised enterprises (贴息贷款)."""

from __future__ import annotations

import pandas as pd

from sme_research.instruments._shared import EVERY_DESIGN, OBSERVED, XIAMEN
from sme_research.instruments.declare import Cost, Dose, Fact, Instrument, TablesLike, first_dates, sum_column
from sme_research.lending import SUBSIDISED_DAYS, assess_loans

DAYS_A_MONTH = 30
MOST_SRDI, MOST_LITTLE_GIANT = 2_000.0, 5_000.0  # 万元 an enterprise over all phases: data/reference/loan_phases.csv


def _sum_over_loans(loans: pd.DataFrame, each: pd.Series[float], name: str) -> pd.DataFrame:
    total = each.groupby(loans["enterprise_id"]).sum(min_count=1)
    return total[total > 0].rename(name).astype("float64").reset_index()


def _amount_months(tables: TablesLike) -> pd.DataFrame:
    """Subsidised amount times subsidised months, over all of an enterprise's loans."""
    loans = tables["loans"]
    days = loans["term_days"].astype("float64").clip(upper=SUBSIDISED_DAYS)
    return _sum_over_loans(loans, loans["amount"] * days / DAYS_A_MONTH, "dose")


def _interest_subsidy(tables: TablesLike) -> pd.DataFrame:
    """Subsidy that the rules give for an enterprise's loans, caps counted."""
    loans = assess_loans(tables)
    return _sum_over_loans(loans, loans["subsidy"], "cost")


def _phase_one(tables: TablesLike) -> pd.DataFrame:
    return tables["loans"][tables["loans"]["phase"] == "1"]


INSTRUMENT = Instrument(
    name="loan_subsidy",
    label={"zh": "贷款贴息", "en": "Loan subsidy"},
    tables=("loans", "recognitions"),
    timing="drawn_on",
    columns=("enterprises.city_code",),
    first_treated=first_dates("loans", "drawn_on"),
    assigned_by="enterprise",
    eligible_tiers=("srdi", "little_giant"),
    excluded_cities=(XIAMEN,),
    covariates=OBSERVED,
    threats=(*EVERY_DESIGN, "placebo_group", "manipulation"),
    treatment={
        "zh": "首笔贴息贷款发放的年份",
        "en": "the year of the first subsidised drawdown",
    },
    population={
        "zh": "曾获专精特新或小巨人认定、位于贴息政策覆盖地区（不含厦门）的企业",
        "en": "enterprises that have held an SRDI or little-giant title, where the scheme applies (not Xiamen)",
    },
    comparison={
        "zh": "截至样本期末曾获上述认定、当年尚未贷款的企业（其中部分在比较年份尚未获认定；"
        "若因后来获得认定而增长，估计会偏低）",
        "en": "enterprises that hold such a title by the end of the panel and had not yet borrowed (some won "
        "the title only later; if they grew for that reason, the estimate is too low)",
    },
    selection={
        "zh": "企业自愿申请，由银行审批、主管部门核定贴息；规模较大、研发投入较高、增长较快的企业更常获得贷款。",
        "en": "Enterprises apply, banks approve and the department grants the subsidy; larger, more "
        "research-minded and faster-growing enterprises borrow more often.",
    },
    mechanism={
        "zh": "贴息降低借款成本 → 企业增加设备与流动资金 → 产能和订单承接能力上升 → 收入与就业增长。"
        "前提是企业原先受融资约束，且贷款没有替代本来就会借的钱。",
        "en": "The subsidy lowers the cost of borrowing → enterprises add equipment and working capital → "
        "capacity and orders grow → revenue and jobs grow. This assumes that credit was the constraint "
        "and that the loan does not replace money that would have been borrowed anyway.",
    },
    steps={
        "zh": ("贴息贷款", "借款成本下降", "设备与流动资金增加", "产能与订单上升", "收入与就业增长"),
        "en": (
            "Subsidised loan",
            "Cheaper credit",
            "More equipment and working capital",
            "Capacity and orders grow",
            "Revenue and jobs grow",
        ),
    },
    absorbing=False,
    dose=Dose(
        {"zh": "贴息贷款金额乘以贴息月数", "en": "subsidised amount times subsidised months"},
        {"zh": "万元·月", "en": "10,000 yuan x months"},
        _amount_months,
        ("loans.term_days",),
    ),
    cost=Cost(
        {"zh": "财政贴息", "en": "interest subsidy"},
        _interest_subsidy,
        ("loans.subsidy_points", "loans.term_days"),
    ),
    asked=sum_column(
        "loans",
        "applied_amount",
        label={"zh": "申请的贷款金额", "en": "loan amount asked for"},
        unit={"zh": "万元", "en": "10,000 yuan"},
    ),
    caps={"srdi": MOST_SRDI, "little_giant": MOST_LITTLE_GIANT},
    facts=(
        Fact(
            "loan_beneficiaries",
            {"zh": "第一期贴息贷款惠及企业", "en": "enterprises that borrowed in phase 1"},
            lambda tables: float(_phase_one(tables)["enterprise_id"].nunique()),
        ),
        Fact(
            "loan_average_rate",
            {"zh": "第一期贷款平均利率", "en": "mean rate in phase 1"},
            lambda tables: float(_phase_one(tables)["rate"].mean()),
        ),
        Fact(
            "loan_facility_scale",
            {"zh": "第一期贷款规模", "en": "loans of phase 1"},
            lambda tables: float(_phase_one(tables)["amount"].sum()),
        ),
    ),
)
