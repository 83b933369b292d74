"""The ladder: who enters, climbs, renews and lapses, what stocks follow, and where enterprises get stuck."""

from sme_research.programme.ladder.counts import CohortFlow, RenewalShare, count_cohorts, count_renewals
from sme_research.programme.ladder.histories import Ladder, follow_titles, read_ladder
from sme_research.programme.ladder.incidence import Incidence, Point, compare_groups, estimate_incidence
from sme_research.programme.ladder.rates import TierRates, estimate_rates
from sme_research.programme.ladder.stocks import Backtest, Projection, Stock, backtest_stocks, project_stocks
from sme_research.programme.ladder.targets import Target
from sme_research.programme.ladder.titles import TIERS, Titles, Tolerance, chain_titles

__all__ = [
    "TIERS",
    "Backtest",
    "CohortFlow",
    "Incidence",
    "Ladder",
    "Point",
    "Projection",
    "RenewalShare",
    "Stock",
    "Target",
    "TierRates",
    "Titles",
    "Tolerance",
    "backtest_stocks",
    "chain_titles",
    "compare_groups",
    "count_cohorts",
    "count_renewals",
    "estimate_incidence",
    "estimate_rates",
    "follow_titles",
    "project_stocks",
    "read_ladder",
]
