"""From influence by enterprise to an effect with its interval, and what that interval could detect."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import stats

from sme_research.errors import IdentificationError
from sme_research.estimators.interaction.panel import Floats, Mask, WidePanel
from sme_research.results import Effect

ESTIMATOR: Final = "stacked_interaction"
COMPARISON: Final = "not_yet_treated"
FEWEST: Final = 10
"""Enterprises that hold the combination, with fewer of whom there is no interval."""


def make_effect(  # noqa: PLR0913, PLR0917 - what a record is made of
    wide: WidePanel, influence: Floats, estimate: float, who: tuple[Mask, Mask], estimand: str,
    told: tuple[str, float], counts: tuple[int, int, int],
) -> Effect:  # fmt: skip
    """An estimate with the error that its influence gives, group by group.

    ``who`` is enterprises that hold the combination, and all seen; ``told`` unit and level; ``counts`` rows,
    stacks, and stacks lost.

    Raises
    ------
    IdentificationError
        The outcome never changes.
    """
    holding, seen = who
    unit, level = told
    sums = np.bincount(wide.group, weights=influence)
    n_groups, n_holding = len(np.unique(wide.group[seen])), len(np.unique(wide.group[holding]))
    error = float(np.sqrt((sums**2).sum() * (n_groups - 1) / n_groups))
    tail = 0.5 + level / 2
    reach = stats.t.ppf(tail, max(n_holding - 1, 1)) if wide.clustered else stats.norm.ppf(tail)
    half = float(reach) * error
    if not np.isfinite(half) or error == 0:
        raise IdentificationError("the difference has no standard error: the outcome never changes.")
    n_rows, n_cells, n_lost = counts
    return Effect(
        estimand=estimand,
        estimate=estimate,
        std_error=error,
        ci_low=estimate - half,
        ci_high=estimate + half,
        level=level,
        unit=unit,
        n_enterprises=int(seen.sum()),
        n_treated=int(holding.sum()),
        n_observations=n_rows,
        n_clusters=n_groups,
        n_treated_clusters=n_holding,
        estimator=ESTIMATOR,
        comparison=COMPARISON,
        n_cells=n_cells,
        n_cells_lost=n_lost,
    )


def detectable_interaction(effect: Effect, *, power: float = 0.80) -> float:
    """Size of the true interaction that the two-sided test finds with this chance, in the effect's unit.

    Taken from the interval's own half-width, so that few clusters count.

    References
    ----------
    Bloom (1995), Evaluation Review 19(5).
    """
    return (effect.ci_high - effect.ci_low) / 2 + float(stats.norm.ppf(power)) * effect.std_error
