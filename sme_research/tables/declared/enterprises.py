"""Enterprises: one row an enterprise."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sme_research.tables.columns import COUNTY_CODE, ENTERPRISE_ID, day, industry_code, text
from sme_research.tables.declare import Column, Table

TABLE: Final = Table(
    name="enterprises",
    label_zh="企业",
    label_en="Enterprises",
    key=("enterprise_id",),
    columns=(
        replace(ENTERPRISE_ID, references="GB 32100"),
        text("name", "企业名称", "Name", "Registered name."),
        Column(
            name="city_code",
            kind="code",
            label_zh="地市代码",
            label_en="City code",
            unit="GB/T 2260",
            meaning="Prefecture-level code of the address, not of the first registration; blank where unknown.",
            required=True,
            references="GB/T 2260 prefecture",
        ),
        COUNTY_CODE,
        industry_code(required=True),
        day("founded_on", "成立日期", "Founded on", "Day of registration."),
        text("ownership", "所有制", "Ownership", "Form of ownership, e.g. private, state, foreign."),
        day("listed_on", "上市日期", "Listed on", "First day of trading; blank where not listed."),
    ),
)
