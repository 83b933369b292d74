"""Monitoring in a report: first page, key figures, pictures, reporting units, tiers, targets."""

from sme_research.present.parts.monitor.goals import plot_targets, tabulate_targets
from sme_research.present.parts.monitor.pictures import plot_matching, plot_monitor_series
from sme_research.present.parts.monitor.summary import describe_unknown, summarise_monitoring
from sme_research.present.parts.monitor.tables import tabulate_key_figures, tabulate_tiers, tabulate_units
from sme_research.present.parts.monitor.tiles import plot_unit_tiles

__all__ = [
    "describe_unknown",
    "plot_matching",
    "plot_monitor_series",
    "plot_targets",
    "plot_unit_tiles",
    "summarise_monitoring",
    "tabulate_key_figures",
    "tabulate_targets",
    "tabulate_tiers",
    "tabulate_units",
]
