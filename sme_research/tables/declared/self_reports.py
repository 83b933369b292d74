"""Self-assessments: what the rule sets ask and no other table holds, one row an enterprise and day."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sme_research.tables.columns import ENTERPRISE_ID, count, day, measure, money
from sme_research.tables.declare import Column, Table

PASS_MARK: Final = 60.0

TABLE: Final = Table(
    name="self_reports",
    label_zh="自测",
    label_en="Self-assessments",
    key=("enterprise_id", "reported_on"),
    columns=(
        ENTERPRISE_ID,
        day("reported_on", "填报日期", "Reported on", "Day of the report.", required=True),
        measure(
            "niche_years",
            "细分市场年限",
            "Niche years",
            "Years in the niche market of the main product.",
            unit="years",
            most=150,
        ),
        measure(
            "market_share",
            "细分市场占有率",
            "Market share",
            "Share of the national niche market of the main product.",
            unit="fraction",
            most=1,
        ),
        Column(
            name="brand",
            kind="boolean",
            label_zh="自主品牌",
            label_en="Own brand",
            unit="1 or 0",
            meaning="Whether the main product carries a brand of its own.",
        ),
        replace(
            count(
                "digital_level",
                "数字化水平",
                "Digital level",
                "Level of the self-test of digitalisation.",
                unit="level",
            ),
            maximum=4,
        ),
        money(
            "equity_financing",
            "股权融资",
            "Equity financing",
            "New equity from qualified institutions in the last two years.",
        ),
        measure(
            "platform_score",
            "平台评价得分",
            "Platform score",
            "Development score that the national platform computed.",
            unit="points",
            most=100,
        ),
        measure(
            "local_points",
            "特色化指标得分",
            "Local points",
            "Points of the indicators that the province sets.",
            unit="points",
            most=15,
        ),
        measure(
            "score",
            "专精特新评价得分",
            "SRDI score",
            "Score of the SRDI assessment; 60 is the pass mark.",
            unit="points",
            most=100,
        ),
    ),
)
