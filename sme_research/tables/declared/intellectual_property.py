"""Intellectual property granted: one row an enterprise and year."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import ENTERPRISE_ID, calendar_year, count
from sme_research.tables.declare import Table

TABLE: Final = Table(
    name="intellectual_property",
    label_zh="知识产权",
    label_en="Intellectual property",
    key=("enterprise_id", "year"),
    columns=(
        ENTERPRISE_ID,
        calendar_year("Calendar year of the grants."),
        count("class_1", "一类知识产权", "Class 1 rights", "Class I rights granted in the year.", unit="rights"),
        count(
            "class_1_high_value",
            "高价值一类知识产权",
            "Class 1 rights of high value",
            "Those of class I that count as of high value.",
            unit="rights",
        ),
        count("class_2", "二类知识产权", "Class 2 rights", "Class II rights granted in the year.", unit="rights"),
    ),
)
