"""Do two instruments together go with more, or less, than the sum of each? Stacked differences, clean comparisons.

A two-way regression with an interaction compares late receivers with early
ones, and takes the years in which a first instrument still unfolds for an
interaction. Here each year in which somebody receives a second instrument is
an experiment of its own, in which nobody's instruments change but those of
that year.
"""

from sme_research.estimators.interaction.cells import estimate_cells
from sme_research.estimators.interaction.effect import detectable_interaction
from sme_research.estimators.interaction.panel import FIRST_PREFIX
from sme_research.estimators.interaction.stacks import estimate_interaction

__all__ = ["FIRST_PREFIX", "detectable_interaction", "estimate_cells", "estimate_interaction"]
