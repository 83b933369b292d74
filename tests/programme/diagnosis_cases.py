"""An SRDI candidate by hand: every gate met, the score at 64."""

from __future__ import annotations

import math

from sme_research.rules import METRICS, TierRules, load_rule_sets


def rules(tier: str, rule_set: str = "cn-2022-63") -> TierRules:
    return load_rule_sets()[rule_set].tiers[tier]


SRDI = {
    "innovative_valid": 1, "niche_years": 10, "revenue": 5000, "rd_expense": 200, "rd_ratio": 0.04,
    "rd_expense_previous": 180, "rd_expense_mean_2y": 190, "rd_expense_sum_2y": 380, "equity_2y": 0,
    "science_award": 0, "contest_award": 0,
    "main_revenue_share": 0.75, "main_growth_mean_2y": 0.05, "key_field": 1,
    "digital_level": 2, "quality_award": 0, "management_certificate": 1, "own_brand": 1, "standards_joined": 0,
    "profit_margin": 0.07, "debt_ratio": 0.55, "local_points": 13,
    "class_1": 1, "class_1_own": 1, "class_1_high_value": 0, "class_2": 4,
    "rd_staff_share": 0.12, "rd_institution": 2,
}  # fmt: skip
"""S-1 3, S-2 4, S-3 5, S-4 3, S-5 3, S-6 5, S-7 6, S-8 3, S-9 13, S-10 8, S-11 4, S-12 3, S-13 4: 64."""

LITTLE_GIANT = {
    "srdi_valid": 1, "niche_years": 5, "fills_gap": 0, "main_revenue_share": 0.85, "main_growth_mean_2y": 0.08,
    "information_systems": 2, "management_certificate": 1, "product_certified": 0, "debt_ratio": 0.5,
    "market_share": 0.12, "own_brand": 1, "revenue": 12000, "rd_ratio": 0.04, "rd_ratio_previous": 0.04,
    "rd_expense": 480, "rd_expense_previous": 440, "equity_2y": 0, "rd_staff_share": 0.2, "rd_institution": 2,
    "class_1_in_use": 3, "science_award": 0, "contest_award": 0, "chain_supplier": 1, "product_field": 1,
}  # fmt: skip
"""Every gate of 2022 is met."""


def with_values(base: dict[str, float], **other: float | None) -> dict[str, float]:
    """A case with some values otherwise; None is not known."""
    values = dict.fromkeys(METRICS, math.nan) | {name: float(value) for name, value in base.items()}
    return values | {name: math.nan if value is None else float(value) for name, value in other.items()}
