"""Interest-subsidised loans to recognised enterprises (贴息贷款)."""

from sme_research.instruments.declare import Instrument, first_dates

XIAMEN = "350200"  # plans and pays on its own account: outside the provincial loan scheme

INSTRUMENT = Instrument(
    name="loan_subsidy",
    label={"zh": "贷款贴息", "en": "Loan subsidy"},
    tables=("loans", "recognitions"),
    columns=("enterprises.city_code",),
    first_treated=first_dates("loans", "drawn_on"),
    assigned_by="enterprise",
    eligible_tiers=("srdi", "little_giant"),
    excluded_cities=(XIAMEN,),
    covariates=("size", "rd_intensity", "city"),
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
        "en": "enterprises that hold such a title by the end of the panel and had not yet borrowed (some won the "
        "title only later; if they grew for that reason, the estimate is too low)",
    },
    selection={
        "zh": "企业自愿申请，由银行审批、主管部门核定贴息；规模较大、研发投入较高、增长较快的企业更常获得贷款。",
        "en": "Enterprises apply, banks approve and the department grants the subsidy; larger, more "
        "research-minded and faster-growing enterprises borrow more often.",
    },
    mechanism={
        "zh": "贴息降低借款成本 → 企业增加设备与流动资金 → 产能和订单承接能力上升 → 收入与就业增长。"
        "前提是企业原先受融资约束，且贷款没有替代本来就会借的钱。",
        "en": "The subsidy lowers the cost of borrowing → enterprises add equipment and working capital → capacity "
        "and orders grow → revenue and jobs grow. This assumes that credit was the constraint and that the loan "
        "does not replace money that would have been borrowed anyway.",
    },
)
