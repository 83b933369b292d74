"""Official figures: one row a published number."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import day, identifier, one_of, text
from sme_research.tables.declare import Column, Table

BOUNDS: Final = ("exact", "at_least", "about")

TABLE: Final = Table(
    name="official_figures",
    label_zh="公布数",
    label_en="Official figures",
    key=("indicator", "as_of"),
    columns=(
        identifier("indicator", "指标", "Indicator", "Name of what is counted or measured."),
        day("as_of", "截止日期", "As of", "Day that the figure describes.", required=True),
        Column(
            name="value",
            kind="number",
            label_zh="数值",
            label_en="Value",
            unit="as column unit",
            meaning="The published number in its unit.",
            required=True,
            nullable=False,
            minimum=-1e15,
            maximum=1e15,
        ),
        text("unit", "单位", "Unit", "Unit of the value.", required=True),
        text("perimeter", "口径", "Perimeter", "Which enterprises, places and time are counted.", required=True),
        one_of(text("bound", "精度", "Bound", "Whether the figure is exact, a lower bound or rounded."), BOUNDS),
        text("source", "来源", "Source", "Document or page that published it.", required=True),
    ),
)
