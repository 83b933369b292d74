"""Entrepreneur training (企业家培训)."""

import pandas as pd

from sme_research.instruments._shared import EVERY_DESIGN, OBSERVED, PEOPLE, REPLY_YEAR
from sme_research.instruments.declare import Fact, Instrument, TablesLike, count_rows, first_dates


def _of_the_year(tables: TablesLike) -> pd.DataFrame:
    return tables["training"][pd.to_datetime(tables["training"]["held_on"]).dt.year == REPLY_YEAR]


INSTRUMENT = Instrument(
    name="training",
    label={"zh": "企业家培训", "en": "Entrepreneur training"},
    tables=("training",),
    timing="held_on",
    columns=(),
    first_treated=first_dates("training", "held_on"),
    assigned_by="enterprise",
    eligible_tiers=(),
    excluded_cities=(),
    covariates=OBSERVED,
    threats=EVERY_DESIGN,
    treatment={
        "zh": "企业首次派人参加培训的年份（按企业计，不按人次计）",
        "en": "the year in which the enterprise first sent somebody (enterprises, not person-times)",
    },
    population=PEOPLE,
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
        "en": "Entrepreneurs learn management, digital and market methods → practices change → efficiency and "
        "sales rise → revenue and jobs grow. This assumes that what is taught is used, by people who can "
        "change things.",
    },
    steps={
        "zh": ("企业家培训", "学到方法", "经营做法改变", "效率与销售提高", "收入与就业增长"),
        "en": (
            "Training",
            "Methods are learnt",
            "Practices change",
            "Efficiency and sales rise",
            "Revenue and jobs grow",
        ),
    },
    absorbing=False,
    dose=count_rows(
        "training",
        unit={"zh": "场", "en": "sessions"},
        label={"zh": "参加培训场数", "en": "sessions attended"},
    ),
    facts=(
        Fact(
            "training_sessions",
            {"zh": "2023 年培训班场次", "en": "training sessions in 2023"},
            lambda tables: float(_of_the_year(tables)["session_id"].nunique()),
        ),
        Fact(
            "training_person_times",
            {"zh": "2023 年培训人次", "en": "person-times trained in 2023"},
            lambda tables: float(_of_the_year(tables)["participants"].sum()),
        ),
    ),
)
