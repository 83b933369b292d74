"""What an added yuan of revenue, job or promotion cost, with its interval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from sme_research.errors import StudyError
from sme_research.policy.beliefs import CAUSAL, SEED, Belief, Wording, draw_effects
from sme_research.policy.fiscal import Spent
from sme_research.policy.worth.base import Base, Prices
from sme_research.results import Span

Measure = Literal["revenue", "job", "promotion"]
Kind = Literal["bounded", "no_upper_limit", "no_gain"]

MEASURES: Final[dict[str, Measure]] = {"log_revenue": "revenue", "log_employees": "job", "promotion": "promotion"}
"""Outcomes whose gain can be counted, and what one unit of it is."""
N_DRAWS: Final = 10_000
LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Worth:
    """What one added unit of an outcome cost.

    ``gain`` is what was added for each treated enterprise (万元 of revenue a year,
    jobs, promotions), ``spent`` what was paid for each, 万元, over all years.
    ``cost`` is spent over gain: 万元 a job or a promotion, yuan a yuan of yearly revenue.
    ``kind`` says what its interval means: ``bounded`` has both limits;
    ``no_upper_limit`` where the gain's interval holds zero, so that only "at least
    ``cost.low``" can be said and there is no estimate (NaN); ``no_gain`` where the
    gain's interval lies at or below zero, so that no cost can be told at all.
    ``chance_of_gain`` is the share of draws in which something was added.
    """

    instrument: str
    outcome: str
    measure: Measure
    prices: Prices
    base_year: int | None
    wording: Wording
    spent: float
    gain: Span
    cost: Span
    kind: Kind
    chance_of_gain: float
    level: float
    n_enterprises: int
    n_unknown: int
    largest_share: float


def weigh_worth(
    belief: Belief,
    spent: Spent,
    base: Base | None,
    *,
    level: float = LEVEL,
    n_draws: int = N_DRAWS,
    seed: int = SEED,
) -> Worth:
    """What one added unit cost: outlays for each treated enterprise over what each gained.

    The interval is Fieller's by draws: that of the gain, turned over. Where the
    gain's interval holds zero, the cost's runs from its lower limit through
    infinity, and that is said instead of a number. Outlays and the base
    are taken as known. An effect that may not be called one counts with its
    interval widened to include zero.

    Parameters
    ----------
    belief : Belief
        Of an outcome in `MEASURES`; a year's average effect.
    spent : Spent
        Of the same instrument.
    base : Base, optional
        Of the outcome's level; none for promotions, whose effect is a share of
        enterprises. With real prices the outlays must be of the same year.
    level : float
        Of the interval, 0 to 1.
    n_draws, seed : int

    Raises
    ------
    StudyError
        The outcome's gain cannot be counted, the instruments differ, a base is
        missing, or outlays in prices of its year are not known.

    References
    ----------
    Fieller (1954), Journal of the Royal Statistical Society B 16(2).
    """
    measure = _measure_of(belief, spent, base)
    prices: Prices = "nominal" if base is None else base.prices
    paid = _paid(spent, base)
    draws = draw_effects([belief], n_draws, seed=seed)[belief.name].to_numpy()
    scale = 1.0 if base is None else base.value
    gains = _gain(draws, scale, measure)
    low, high = _limits(gains, _gain(np.array(belief.span(level)), scale, measure), belief.wording, level)
    gain = Span(float(_gain(np.array([belief.estimate]), scale, measure)[0]), low, high)
    kind: Kind = "bounded" if low > 0 else "no_gain" if high <= 0 else "no_upper_limit"
    return Worth(
        instrument=belief.instrument,
        outcome=belief.outcome,
        measure=measure,
        prices=prices,
        base_year=None if base is None else base.base_year,
        wording=belief.wording,
        spent=paid,
        gain=gain,
        cost=_cost(paid, gain, kind),
        kind=kind,
        chance_of_gain=float((gains > 0).mean()),
        level=level,
        n_enterprises=spent.n_enterprises,
        n_unknown=spent.n_unknown,
        largest_share=spent.largest_share,
    )


def weigh_in_real(worth: Worth, spent: Spent) -> Worth:
    """The same for outlays in prices of their base year, of an outcome that is not money.

    Raises
    ------
    StudyError
        The outcome is money, or prices of a year are not on file.
    """
    if worth.measure == "revenue":
        raise StudyError("revenue in real money needs a base in real money; give `measure_base` a base_year.")
    paid = _in_real(spent)
    return replace(
        worth, prices="real", base_year=spent.base_year, spent=paid, cost=_cost(paid, worth.gain, worth.kind)
    )


def _measure_of(belief: Belief, spent: Spent, base: Base | None) -> Measure:
    if belief.outcome not in MEASURES:
        known = ", ".join(MEASURES)
        raise StudyError(
            f"the gain in {belief.outcome} cannot be counted in yuan, jobs or promotions; choose one of {known}."
        )
    if belief.instrument != spent.instrument:
        raise StudyError(
            f"the effect is of {belief.instrument}, the outlays of {spent.instrument}; give both of one."
        )
    measure = MEASURES[belief.outcome]
    if base is None and measure != "promotion":
        raise StudyError(
            f"{belief.outcome} is a relative change; give the base that it is relative to (`measure_base`)."
        )
    return measure


def _paid(spent: Spent, base: Base | None) -> float:
    if base is None or base.prices == "nominal":
        return spent.per_enterprise
    if base.base_year != spent.base_year:
        raise StudyError(
            f"the base is in prices of {base.base_year}, the outlays of {spent.base_year}; take one year."
        )
    return _in_real(spent)


def _in_real(spent: Spent) -> float:
    if spent.per_enterprise_real is None:
        raise StudyError(
            f"outlays of {spent.instrument} fall into years whose prices are not on file; append them to "
            "data/reference/deflators.csv, or count outlays until the last year on file."
        )
    return spent.per_enterprise_real


def _gain(effects: NDArray[np.float64], scale: float, measure: Measure) -> NDArray[np.float64]:
    """Added units for each treated enterprise."""
    return effects if measure == "promotion" else scale * np.expm1(effects)


def _limits(
    draws: NDArray[np.float64], widest: NDArray[np.float64], wording: Wording, level: float
) -> tuple[float, float]:
    """Interval of what was drawn; below the causal grade the whole range that may be the case."""
    if wording != CAUSAL:
        return float(widest[0]), float(widest[1])
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _cost(paid: float, gain: Span, kind: Kind) -> Span:
    """Outlays over the gain, as far as its interval lets one say."""
    nan, inf = float("nan"), float("inf")
    if kind == "no_gain":
        return Span(nan, inf, inf)
    least = paid / gain.high
    return Span(paid / gain.estimate, least, paid / gain.low) if kind == "bounded" else Span(nan, least, inf)
