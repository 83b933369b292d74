"""The report of a diagnosis: one-page summary, picture, inputs, gates, scores, changes, services, rules."""

from sme_research.present.parts.diagnosis.picture import plot_standing
from sme_research.present.parts.diagnosis.summary import diagnosis_lines, summarise_diagnosis
from sme_research.present.parts.diagnosis.tables import (
    tabulate_gate_counts,
    tabulate_gates,
    tabulate_inputs,
    tabulate_paths,
    tabulate_rules,
    tabulate_scores,
    tabulate_services,
)

__all__ = [
    "diagnosis_lines",
    "plot_standing",
    "summarise_diagnosis",
    "tabulate_gate_counts",
    "tabulate_gates",
    "tabulate_inputs",
    "tabulate_paths",
    "tabulate_rules",
    "tabulate_scores",
    "tabulate_services",
]
