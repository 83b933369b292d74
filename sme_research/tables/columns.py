"""Columns that several declared tables share, and short makers for the usual kinds."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sme_research.tables.declare import FIRST_DAY, LAST_DAY, Column

MOST_MONEY: Final = 1e8  # 万元: a thousand billion yuan, more than any enterprise of the province turns over
MOST_PERSONS: Final = 1_000_000
FIRST_YEAR: Final = 1949

ENTERPRISE_ID: Final = Column(
    name="enterprise_id",
    kind="code",
    label_zh="统一社会信用代码",
    label_en="Enterprise id",
    unit="code",
    meaning="Unified social credit code (GB 32100-2015), or one opaque id an enterprise.",
    required=True,
    nullable=False,
    references="enterprises",
)
LISTED_ID: Final = replace(
    ENTERPRISE_ID,
    meaning="Unified social credit code, or opaque id, of an enterprise in another department's list; it need not be "
    "in the table of enterprises.",
    references="GB 32100",
)
COUNTY_CODE: Final = Column(
    name="county_code",
    kind="code",
    label_zh="县区代码",
    label_en="County code",
    unit="GB/T 2260",
    meaning="County or district of the address; 350128 is Pingtan, a reporting unit of its own.",
    references="GB/T 2260 county",
)


def industry_code(*, required: bool) -> Column:
    """Industry by GB/T 4754-2017; blank where unknown."""
    return Column(
        name="industry_code",
        kind="code",
        label_zh="行业代码",
        label_en="Industry code",
        unit="GB/T 4754",
        meaning="Main industry: division, group or class (2 to 4 digits) of GB/T 4754-2017.",
        required=required,
        references="GB/T 4754",
    )


def identifier(name: str, label_zh: str, label_en: str, meaning: str, *, references: str | None = None) -> Column:
    """Text code that must be there and must not be blank."""
    return Column(
        name=name,
        kind="code",
        label_zh=label_zh,
        label_en=label_en,
        unit="code",
        meaning=meaning,
        required=True,
        nullable=False,
        references=references,
    )


def text(name: str, label_zh: str, label_en: str, meaning: str, *, required: bool = False) -> Column:
    """Free text; never blank where it is required."""
    return Column(
        name=name,
        kind="text",
        label_zh=label_zh,
        label_en=label_en,
        unit="text",
        meaning=meaning,
        required=required,
        nullable=not required,
    )


def one_of(column: Column, values: tuple[str, ...]) -> Column:
    """Limit a text column to a declared list of words."""
    return replace(column, unit="word", values=values)


def day(name: str, label_zh: str, label_en: str, meaning: str, *, required: bool = False) -> Column:
    """Date from 1949-10-01 to today; never blank where it is required."""
    return Column(
        name=name,
        kind="date",
        label_zh=label_zh,
        label_en=label_en,
        unit="ISO date",
        meaning=meaning,
        required=required,
        nullable=not required,
        minimum=FIRST_DAY,
        maximum="today",
    )


def may_be_future(column: Column) -> Column:
    """Let a date lie as late as 2100."""
    return replace(column, maximum=LAST_DAY)


def money(name: str, label_zh: str, label_en: str, meaning: str, *, required: bool = False) -> Column:
    """Amount in 万元 (10,000 yuan); an answer may be missing."""
    return Column(
        name=name,
        kind="number",
        label_zh=label_zh,
        label_en=label_en,
        unit="万元",
        meaning=meaning,
        required=required,
        minimum=0,
        maximum=MOST_MONEY,
    )


def may_be_negative(column: Column) -> Column:
    """Let an amount of money be as far below zero as above."""
    return replace(column, minimum=-MOST_MONEY)


def persons(name: str, label_zh: str, label_en: str, meaning: str, *, required: bool = False) -> Column:
    """Whole number of persons; an answer may be missing."""
    return Column(
        name=name,
        kind="integer",
        label_zh=label_zh,
        label_en=label_en,
        unit="persons",
        meaning=meaning,
        required=required,
        minimum=0,
        maximum=MOST_PERSONS,
    )


def measure(name: str, label_zh: str, label_en: str, meaning: str, *, unit: str, most: float) -> Column:
    """Optional number from 0 to a limit, such as a score or a share."""
    return Column(
        name=name,
        kind="number",
        label_zh=label_zh,
        label_en=label_en,
        unit=unit,
        meaning=meaning,
        minimum=0,
        maximum=most,
    )


def count(name: str, label_zh: str, label_en: str, meaning: str, *, unit: str, least: int = 0) -> Column:
    """Optional whole number of something."""
    return replace(persons(name, label_zh, label_en, meaning), unit=unit, minimum=least)


def calendar_year(meaning: str) -> Column:
    """Year of a yearly table: required, never blank, not in the future."""
    return Column(
        name="year",
        kind="integer",
        label_zh="年份",
        label_en="Year",
        unit="year",
        meaning=meaning,
        required=True,
        nullable=False,
        minimum=FIRST_YEAR,
        maximum="this year",
    )


def must_be_there(column: Column) -> Column:
    """Make a column required and its cells never blank."""
    return replace(column, required=True, nullable=False)
