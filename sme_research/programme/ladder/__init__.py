"""The ladder: who enters, climbs, renews and lapses, what stocks follow, and where enterprises get stuck."""

from sme_research.programme.ladder.counts import CohortFlow, RenewalShare, count_cohorts, count_renewals
from sme_research.programme.ladder.gates import (
    GateTally,
    RuleShift,
    Standing,
    Stuck,
    compare_standards,
    find_last_gates,
)
from sme_research.programme.ladder.histories import Ladder, follow_titles, read_ladder
from sme_research.programme.ladder.incidence import Incidence, Point, compare_groups, estimate_incidence
from sme_research.programme.ladder.rates import TierRates, estimate_rates
from sme_research.programme.ladder.standing import Standards, hold_against_rules
from sme_research.programme.ladder.stocks import Backtest, Projection, Stock, backtest_stocks, project_stocks
from sme_research.programme.ladder.targets import Target, read_targets
from sme_research.programme.ladder.titles import TIERS, Titles, Tolerance, chain_titles

__all__ = [
    "TIERS",
    "Backtest",
    "CohortFlow",
    "GateTally",
    "Incidence",
    "Ladder",
    "Point",
    "Projection",
    "RenewalShare",
    "RuleShift",
    "Standards",
    "Standing",
    "Stock",
    "Stuck",
    "Target",
    "TierRates",
    "Titles",
    "Tolerance",
    "backtest_stocks",
    "chain_titles",
    "compare_groups",
    "compare_standards",
    "count_cohorts",
    "count_renewals",
    "estimate_incidence",
    "estimate_rates",
    "find_last_gates",
    "follow_titles",
    "hold_against_rules",
    "project_stocks",
    "read_ladder",
    "read_targets",
]
