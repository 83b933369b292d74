"""The next stage in words, tables and a picture: one page of decision, then a page for each measure."""

from sme_research.present.parts.stage.decision import tabulate_decision, tabulate_places, tabulate_stage
from sme_research.present.parts.stage.effects import tabulate_beliefs, tabulate_learning, tabulate_shrunk
from sme_research.present.parts.stage.limits import plot_frontier, tabulate_limits
from sme_research.present.parts.stage.measures import tabulate_measure, tabulate_measures
from sme_research.present.parts.stage.summary import describe_displacement, describe_stage

__all__ = [
    "describe_displacement",
    "describe_stage",
    "plot_frontier",
    "tabulate_beliefs",
    "tabulate_decision",
    "tabulate_learning",
    "tabulate_limits",
    "tabulate_measure",
    "tabulate_measures",
    "tabulate_places",
    "tabulate_shrunk",
    "tabulate_stage",
]
