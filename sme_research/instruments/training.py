"""Entrepreneur training (企业家培训)."""

from sme_research.instruments.declare import Instrument, first_dates

INSTRUMENT = Instrument(
    name="training",
    label={"zh": "企业家培训", "en": "Entrepreneur training"},
    tables=("training",),
    columns=(),
    first_treated=first_dates("training", "held_on"),
    assigned_by="enterprise",
    eligible_tiers=(),
    excluded_cities=(),
    covariates=("size", "rd_intensity", "city"),
    treatment={
        "zh": "企业首次派人参加培训的年份（按企业计，不按人次计）",
        "en": "the year in which the enterprise first sent somebody (enterprises, not person-times)",
    },
    population={
        "zh": "有年度经营数据的全部企业",
        "en": "all enterprises with yearly accounts",
    },
    comparison={
        "zh": "当年尚未参加过培训的企业",
        "en": "enterprises that had not yet attended",
    },
    selection={
        "zh": "企业自愿报名；规模较大、研发投入较高、增长较快的企业更常参加。",
        "en": "Enterprises enrol themselves; larger, more research-minded and faster-growing ones attend more often.",
    },
    mechanism={
        "zh": "企业家学习管理、数字化与市场方法 → 经营做法改变 → 效率与销售提高 → 收入与就业增长。"
        "前提是所学内容得到应用，且参加者能推动改变。",
        "en": "Entrepreneurs learn management, digital and market methods → practices change → efficiency and sales "
        "rise → revenue and jobs grow. This assumes that what is taught is used, by people who can change things.",
    },
)
