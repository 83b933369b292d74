"""How much of what the supported gained the support added, and how much would have come anyway."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import StudyError
from sme_research.policy.beliefs import CAUSAL, SEED, Belief, Wording, draw_effects
from sme_research.policy.worth.cost import LEVEL, N_DRAWS
from sme_research.results import Span


@dataclass(frozen=True, slots=True)
class Additionality:
    """Part of what the supported gained that the support added; the rest is deadweight.

    ``gross`` is the mean change of the treated since the year before treatment, in
    ``unit``, with its standard error; ``share`` the estimated effect over it, as
    a fraction, whose interval is unbounded where ``gross`` is not clear of zero.
    ``deadweight`` is one less ``share``, held between 0 and 1: the part of the
    money that went to what would have happened anyway, if money follows growth.
    Both are None where the treated did not grow: then there is nothing to share out.
    """

    instrument: str
    outcome: str
    wording: Wording
    unit: str
    gross: float
    gross_std_error: float
    share: Span | None
    deadweight: Span | None
    level: float
    n_enterprises: int


def measure_gross(sample: pd.DataFrame, *, anticipation_years: int = 0) -> tuple[float, float, int]:
    """Mean change of the treated since the year before treatment, before anything is compared.

    Parameters
    ----------
    sample : DataFrame
        With ``enterprise_id``, ``event_time`` and ``outcome``.

    Returns
    -------
    tuple of float, float, int
        Mean over enterprise-years from treatment on, in the outcome's unit; its
        standard error, clustered by enterprise; the enterprises behind it.

    Raises
    ------
    StudyError
        Fewer than two treated enterprises were seen before and after.
    """
    before = sample[sample["event_time"] == -1 - anticipation_years].set_index("enterprise_id")["outcome"]
    after = sample[sample["event_time"] >= 0]
    change = (after["outcome"] - after["enterprise_id"].map(before)).astype("float64")
    known = change.dropna()
    n = int(after.loc[known.index, "enterprise_id"].nunique())
    if n < 2:
        raise StudyError(f"{n} treated enterprises were seen before and after treatment, must be 2 or more.")
    sums = (known - known.mean()).groupby(after.loc[known.index, "enterprise_id"]).sum()
    error = float(np.sqrt((sums**2).sum() * n / (n - 1)) / len(known))
    return float(known.mean()), error, n


def split_additional(
    belief: Belief,
    gross: tuple[float, float, int],
    *,
    level: float = LEVEL,
    n_draws: int = N_DRAWS,
    seed: int = SEED,
) -> Additionality:
    """Share of the treated's change that the instrument added, and the rest, which is deadweight.

    Additionality is net over gross: the estimated effect over the mean change of
    the supported since the year before. Effect and gross change are drawn together:
    the effect is the gross change less what would have happened anyway, so their
    errors go together as far as the gross change's own error reaches.

    Parameters
    ----------
    belief : Belief
    gross : tuple of float, float, int
        As `measure_gross` gives it, in the belief's unit.

    References
    ----------
    HM Treasury (2022), The Green Book, on additionality and deadweight; Homes
    and Communities Agency (2014), Additionality Guide, fourth edition. The
    interval of a ratio: Fieller (1954).
    """
    mean, error, n = gross
    told = Belief(belief.instrument, "gross change", mean, error, belief.unit, CAUSAL)
    together = min(1.0, error / belief.std_error) if belief.std_error > 0 else 0.0
    correlation = np.array([[1.0, together], [together, 1.0]])
    draws = draw_effects([belief, told], n_draws, correlation=correlation, seed=seed)
    effects, changes = draws[belief.name].to_numpy(), draws[told.name].to_numpy()
    share = _share(belief, mean, effects, changes, level)
    dead = None
    if share is not None:
        dead = Span(*(float(np.clip(1 - value, 0, 1)) for value in (share.estimate, share.high, share.low)))
    return Additionality(
        instrument=belief.instrument,
        outcome=belief.outcome,
        wording=belief.wording,
        unit=belief.unit,
        gross=mean,
        gross_std_error=error,
        share=share,
        deadweight=dead,
        level=level,
        n_enterprises=n,
    )


def _share(
    belief: Belief, gross: float, effects: NDArray[np.float64], changes: NDArray[np.float64], level: float
) -> Span | None:
    """Effect over gross change; unbounded where the gross change is not clear of zero, None where it is no rise."""
    if gross <= 0:
        return None
    tail = (1 - level) / 2
    if (changes <= 0).mean() > tail:
        return Span(belief.estimate / gross, float("-inf"), float("inf"))
    low, high = np.quantile(effects / changes, [tail, 1 - tail])
    if belief.wording != CAUSAL:
        low, high = min(float(low), 0.0), max(float(high), 0.0)
    return Span(belief.estimate / gross, float(low), float(high))
