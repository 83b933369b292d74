"""What several instruments share: places, covariates, threats of every design, counts at an official day."""

from __future__ import annotations

from typing import Final

import pandas as pd

XIAMEN: Final = "350200"  # plans and pays on its own account: outside the provincial schemes
REPLY_DAY: Final = pd.Timestamp(2024, 4, 30)  # to which the department's figures "to date" refer
REPLY_YEAR: Final = 2023  # to which its figures of a year refer

OBSERVED: Final = ("size", "rd_intensity", "city")

EVERY_DESIGN: Final = (
    "sample_flow",
    "balance",
    "overlap",
    "cohort_years",
    "pretrends",
    "honest_did",
    "anticipation",
    "placebo_date",
    "placebo_outcome",
    "attrition",
    "above_scale",
    "composition",
    "spillovers",
    "bundle",
    "influence",
    "power",
    "multiplicity",
    "specification_curve",
)
"""Checks that speak to any comparison over time."""

PEOPLE: Final = {"zh": "有年度经营数据的全部企业", "en": "all enterprises with yearly accounts"}
