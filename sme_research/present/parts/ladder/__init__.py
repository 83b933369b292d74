"""The ladder's report: summary, curves, cohorts, groups, renewals, stocks to come."""

from sme_research.present.parts.ladder.careers import (
    tabulate_incidence,
    tabulate_ladder_cohorts,
    tabulate_ladder_groups,
    tabulate_renewals,
)
from sme_research.present.parts.ladder.curves import plot_incidence
from sme_research.present.parts.ladder.gates import (
    describe_last_gates,
    describe_rule_change,
    tabulate_last_gates,
    tabulate_rule_change,
    tabulate_rule_change_groups,
)
from sme_research.present.parts.ladder.stocks import describe_rates, plot_stocks, tabulate_rates, tabulate_stocks
from sme_research.present.parts.ladder.summary import describe_ladder_limits, summarise_ladder

__all__ = [
    "describe_ladder_limits",
    "describe_last_gates",
    "describe_rates",
    "describe_rule_change",
    "plot_incidence",
    "plot_stocks",
    "summarise_ladder",
    "tabulate_incidence",
    "tabulate_ladder_cohorts",
    "tabulate_ladder_groups",
    "tabulate_last_gates",
    "tabulate_rates",
    "tabulate_renewals",
    "tabulate_rule_change",
    "tabulate_rule_change_groups",
    "tabulate_stocks",
]
