"""One-to-one coaching of potential little giants (潜力企业一对一辅导)."""

from sme_research.instruments._shared import EVERY_DESIGN, OBSERVED, PEOPLE
from sme_research.instruments.declare import Instrument, first_dates, sum_column

INSTRUMENT = Instrument(
    name="coaching",
    label={"zh": "一对一辅导", "en": "One-to-one coaching"},
    tables=("coaching",),
    timing="started_on",
    columns=(),
    first_treated=first_dates("coaching", "started_on"),
    assigned_by="enterprise",
    eligible_tiers=(),
    excluded_cities=(),
    covariates=OBSERVED,
    threats=(*EVERY_DESIGN, "manipulation"),
    treatment={
        "zh": "首次接受一对一辅导的年份",
        "en": "the year in which the first coaching began",
    },
    population=PEOPLE,
    comparison={
        "zh": "当年尚未接受辅导的企业",
        "en": "enterprises that had not yet been coached",
    },
    selection={
        "zh": "每年按潜力评分择优列入名单；评分高的企业规模较大、研发投入较高、增长较快，"
        "本来就更可能成功，辅导与未辅导企业的成功率不能直接相比。",
        "en": "Each year the highest potential scores are listed; they belong to larger, more research-minded "
        "and faster-growing enterprises, which would more often succeed anyway, so rates of success "
        "cannot be compared.",
    },
    mechanism={
        "zh": "专家入企诊断 → 找准短板 → 管理、研发与融资改进 → 收入与就业增长，认定条件逐步达到。"
        "前提是建议可行，且企业有力量落实。",
        "en": "Experts diagnose on site → gaps are named → management, research and finance improve → revenue "
        "and jobs grow and the standard comes within reach. This assumes advice that fits and the means "
        "to act on it.",
    },
    steps={
        "zh": ("一对一辅导", "找准短板", "管理、研发与融资改进", "收入与就业增长"),
        "en": ("Coaching", "Gaps are named", "Management, research, finance improve", "Revenue and jobs grow"),
    },
    dose=sum_column(
        "coaching",
        "coach_days",
        unit={"zh": "天", "en": "days"},
        label={"zh": "辅导天数", "en": "coach days"},
    ),
)
