"""The policy mix in a report: combinations, what goes with them, who is reached."""

from sme_research.present.parts.mix.combining import (
    plot_combinations,
    tabulate_combinations,
    tabulate_numbers,
)
from sme_research.present.parts.mix.effects import (
    describe_interactions,
    interaction_sentence,
    plot_interactions,
    plot_mix_cells,
    tabulate_interactions,
    tabulate_mix_cells,
)
from sme_research.present.parts.mix.reaching import (
    describe_needs,
    plot_reach,
    tabulate_needs,
    tabulate_reach,
    tabulate_reach_groups,
)
from sme_research.present.parts.mix.summary import summarise_mix

__all__ = [
    "describe_interactions",
    "describe_needs",
    "interaction_sentence",
    "plot_combinations",
    "plot_interactions",
    "plot_mix_cells",
    "plot_reach",
    "summarise_mix",
    "tabulate_combinations",
    "tabulate_interactions",
    "tabulate_mix_cells",
    "tabulate_needs",
    "tabulate_numbers",
    "tabulate_reach",
    "tabulate_reach_groups",
]
