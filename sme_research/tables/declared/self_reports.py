"""Self-assessments: what the rule sets ask and no other table holds, one row an enterprise and day."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sme_research.tables.columns import ENTERPRISE_ID, count, day, measure, money
from sme_research.tables.declare import Column, Table

PASS_MARK: Final = 60.0


def _yes(name: str, label_zh: str, label_en: str, meaning: str) -> Column:
    return Column(name=name, kind="boolean", label_zh=label_zh, label_en=label_en, unit="1 or 0", meaning=meaning)


def _level(name: str, label_zh: str, label_en: str, meaning: str, *, most: int) -> Column:
    return replace(count(name, label_zh, label_en, meaning, unit="level"), maximum=most)


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
        money("equity_financing_3y", "近三年股权融资", "Equity, 3 years", "The same in the last three years."),
        _yes("strategic_emerging", "战略性新兴产业", "Strategic emerging", "Main product in that catalogue."),
        _level(
            "key_field",
            "主导产品领域",
            "Field of the product",
            "1 six bases, old brand or supplier of a chain leader; 2 results in strengthening or filling key links.",
            most=2,
        ),
        _yes("fills_gap", "填补空白", "Fills a gap", "The product fills a gap in a key field."),
        _yes("chain_supplier", "产业链配套", "Chain supplier", "Key link of a chain, or supplies leading firms."),
        _yes("product_field", "重点领域产品", "Named field", "Main product in the fields that the rules name."),
        _yes("quality_award", "质量奖", "Quality award", "Quality award, provincial or higher."),
        _yes("management_certificate", "管理体系认证", "Management certificate", "Management-system certificate."),
        _yes("standards_joined", "参与制定标准", "Standards", "Took part in making standards."),
        _yes("product_certified", "产品认证", "Product certified", "Product certified in a developed market."),
        count(
            "information_systems",
            "信息系统业务数",
            "Information systems",
            "Core businesses that an information system supports.",
            unit="businesses",
        ),
        count("domestic_rank", "国内排名", "Domestic rank", "In the niche market; 1 is best.", unit="rank", least=1),
        count("class_1_in_use", "应用的一类知识产权", "Class I in use", "Class I rights in use.", unit="rights"),
        _level(
            "rd_institution",
            "研发机构级别",
            "R&D institution",
            "0 none, 1 below municipal, 2 municipal, 3 provincial, 4 national.",
            most=4,
        ),
        _level(
            "science_award",
            "科技奖励",
            "Science award",
            "Last three years: 1 provincial, 2 provincial top three, 3 national top five, 4 national top three.",
            most=4,
        ),
        _level(
            "contest_award",
            "创客中国名次",
            "Maker in China",
            "Last three years, enterprise group: 1 top 500, 2 top 50.",
            most=2,
        ),
    ),
)
