"""Recognition rules as dated data: metrics, rule sets read from YAML, the choice by date, the evaluator."""

from __future__ import annotations

from sme_research.rules.choose import OCCASIONS, choose_rules
from sme_research.rules.conditions import (
    JUDGE,
    MET,
    STATUSES,
    UNKNOWN,
    UNMET,
    AllOf,
    AnyOf,
    Band,
    Compare,
    Condition,
    Gate,
    Judge,
    Only,
    RuleSet,
    ScoreAtLeast,
    Scored,
    Steps,
    TierRules,
    walk_condition,
)
from sme_research.rules.evaluate import Assessment, evaluate
from sme_research.rules.metrics import METRICS, Metric
from sme_research.rules.reading import load_rule_sets, read_rule_set

__all__ = [
    "JUDGE",
    "MET",
    "METRICS",
    "OCCASIONS",
    "STATUSES",
    "UNKNOWN",
    "UNMET",
    "AllOf",
    "AnyOf",
    "Assessment",
    "Band",
    "Compare",
    "Condition",
    "Gate",
    "Judge",
    "Metric",
    "Only",
    "RuleSet",
    "ScoreAtLeast",
    "Scored",
    "Steps",
    "TierRules",
    "choose_rules",
    "evaluate",
    "load_rule_sets",
    "read_rule_set",
    "walk_condition",
]
