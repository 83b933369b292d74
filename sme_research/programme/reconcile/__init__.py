"""Reconciliation: official figures beside our recount, and the misreadings that numbers of the programme invite."""

from sme_research.lending import last_known_day, prime_rate_on
from sme_research.programme.reconcile.composing import (
    check_public_figures,
    public_figures,
    reconcile,
    reconciliation_to_json,
)
from sme_research.programme.reconcile.growth_split import split_growth
from sme_research.programme.reconcile.indicators import INDICATORS, Indicator, find_indicator
from sme_research.programme.reconcile.perimeters import AXES, read_perimeter
from sme_research.programme.reconcile.protecting import is_few
from sme_research.programme.reconcile.records import (
    VERDICTS,
    Comparison,
    Counted,
    Evidence,
    Figure,
    Group,
    GrowthSplit,
    Reconciliation,
    Trap,
)
from sme_research.programme.reconcile.traps import TRAPS

__all__ = [
    "AXES",
    "INDICATORS",
    "TRAPS",
    "VERDICTS",
    "Comparison",
    "Counted",
    "Evidence",
    "Figure",
    "Group",
    "GrowthSplit",
    "Indicator",
    "Reconciliation",
    "Trap",
    "check_public_figures",
    "find_indicator",
    "is_few",
    "last_known_day",
    "prime_rate_on",
    "public_figures",
    "read_perimeter",
    "reconcile",
    "reconciliation_to_json",
    "split_growth",
]
