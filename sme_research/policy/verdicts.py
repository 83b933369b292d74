"""What a stage's evidence and allocation say of each measure: keep, change, stop or test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from sme_research.policy.allocation import Allocation, span_of
from sme_research.policy.beliefs import CAUSAL, Belief
from sme_research.policy.segments import Segments
from sme_research.results import Span

Floats = NDArray[np.float64]
Verdict = Literal["keep", "expand", "reduce", "stop", "test"]
Reason = Literal["grade", "no_effect_shown", "harms", "never_covers", "like_today", "more", "less"]

ALIKE: Final = 0.2
"""A share of the money within a fifth of today's counts as the same."""


@dataclass(frozen=True, slots=True)
class Price:
    """万元 spent for 万元 of revenue added over the plan's years, displaced revenue taken off.

    ``high`` is None where the gain's interval holds zero: then there is no upper
    limit, and ``estimate`` is None too where the mean gain is not above zero.
    """

    estimate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, eq=False)
class MeasureVerdict:
    """One measure of the next stage.

    ``enterprises`` and ``money`` (万元) are by year of the plan; ``share`` is a fraction of
    the whole budget, ``share_today`` of what these measures cost today; ``gain`` of
    revenue over the plan's years, 万元.
    """

    instrument: str
    verdict: Verdict
    reason: Reason
    belief: Belief
    enterprises: tuple[float, ...]
    money: tuple[float, ...]
    share: float
    share_today: float
    gain: Span
    price: Price


def judge_measures(
    allocation: Allocation, beliefs: Mapping[str, Belief], revenue: Floats, *, value_added_share: float
) -> tuple[MeasureVerdict, ...]:
    """Judge every measure of an allocation.

    A measure whose effect may not be called one, or is not told apart from zero, is
    to be tested before more is spent on it. One that is shown to harm, or whose
    value added stays below its cost at the upper limit, is to be stopped. Of the
    rest the allocation decides: more of the money than today, less, or as much.

    Parameters
    ----------
    allocation : Allocation
    beliefs : mapping
        Effect on revenue by instrument.
    revenue : ndarray, n_draws x n_segments x n_instruments x n_years
        Revenue gained by an enterprise whose support starts in a year, 万元.
    value_added_share : float
        Value added in one yuan of revenue.
    """
    return tuple(_judge(allocation, beliefs, revenue, value_added_share))


def find_stopped(
    segments: Segments, beliefs: Mapping[str, Belief], revenue: Floats, *, value_added_share: float
) -> set[str]:
    """Measures that are shown to harm, or whose value added stays below their cost even at the upper limit.

    Parameters
    ----------
    segments : Segments
    beliefs : mapping
        Effect on revenue by instrument.
    revenue : ndarray, n_draws x n_segments x n_instruments x n_years
        As for `judge_measures`.
    value_added_share : float
    """
    found = set()
    for at, name in enumerate(segments.instruments):
        most = _most_return(segments.eligible[:, at], segments.cost[:, at], revenue[:, :, at, 0])
        if _decide(beliefs[name], 0.0, 0.0, most * value_added_share)[0] == "stop":
            found.add(name)
    return found


def _judge(
    allocation: Allocation, beliefs: Mapping[str, Belief], revenue: Floats, value_added_share: float
) -> Iterator[MeasureVerdict]:
    problem = allocation.problem
    chosen = allocation.solution.enterprises
    money = chosen * problem.cost
    today = problem.segments.today * problem.segments.cost
    for at, name in enumerate(problem.segments.instruments):
        belief = beliefs[name]
        gained = np.einsum("dst,st->d", revenue[:, :, at], chosen[:, at])
        budget = sum(problem.scenario.budget)
        share = float(money[:, at].sum()) / budget if budget else 0.0
        share_today = _share(today, at)
        most = _most_return(problem.segments.eligible[:, at], problem.cost[:, at, 0], revenue[:, :, at, 0])
        verdict, reason = _decide(belief, share, share_today, most * value_added_share)
        yield MeasureVerdict(
            name,
            verdict,
            reason,
            belief,
            tuple(chosen[:, at].sum(axis=0).tolist()),
            tuple(money[:, at].sum(axis=0).tolist()),
            share,
            share_today,
            span_of(gained),
            price_of(float(money[:, at].sum()), gained),
        )


def _share(money: Floats, at: int) -> float:
    total = float(money.sum())
    return float(money[:, at].sum()) / total if total else 0.0


def _most_return(eligible: Floats, cost: Floats, gains: Floats) -> float:
    """Upper limit of what all eligible would gain for what they would cost, if they began in the first year."""
    spent = float((eligible * cost).sum())
    return float(np.quantile(gains @ eligible, 0.975)) / spent if spent else 0.0


def _decide(belief: Belief, share: float, share_today: float, most_return: float) -> tuple[Verdict, Reason]:
    low, high = belief.span()
    answers: tuple[tuple[bool, Verdict, Reason], ...] = (
        (belief.wording != CAUSAL, "test", "grade"),
        (high < 0, "stop", "harms"),
        (low <= 0, "test", "no_effect_shown"),
        (most_return < 1, "stop", "never_covers"),
        (share > share_today * (1 + ALIKE), "expand", "more"),
        (share < share_today * (1 - ALIKE), "reduce", "less"),
        (True, "keep", "like_today"),
    )
    return next((verdict, reason) for holds, verdict, reason in answers if holds)


def price_of(spent: float, gained: Floats) -> Price:
    """What is spent for one of what is gained, by the draws of the gain."""
    if spent == 0:
        return Price(None, None, None)
    span = span_of(gained)
    estimate = spent / span.estimate if span.estimate > 0 else None
    low = spent / span.high if span.high > 0 else None
    return Price(estimate, low, spent / span.low if span.low > 0 else None)
