"""The next stage as allocated: what it rests on, what it gains, and its form for machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.disclosure import coarse_count
from sme_research.policy.allocation import Allocation, span_of
from sme_research.policy.beliefs import Belief
from sme_research.policy.scenario import Scenario
from sme_research.policy.shrinkage import ShrunkPart
from sme_research.policy.verdicts import MeasureVerdict
from sme_research.quality import Edition
from sme_research.results import Span

Floats = NDArray[np.float64]

FEWEST: Final = 10
"""Eligible enterprises that a segment of the public edition has at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Beliefs:
    """Effects to decide by.

    ``correlation`` is of the effects' errors, n_effects x n_effects. ``parts`` are
    of causally graded effects only: of others not even the mean is sure.
    """

    effects: tuple[Belief, ...]
    correlation: Floats
    parts: tuple[ShrunkPart, ...]

    def of(self, instrument: str, outcome: str) -> Belief | None:
        """The effect of an instrument on an outcome, where one is known."""
        return next((effect for effect in self.effects if effect.name == (instrument, outcome)), None)


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """The next stage as allocated, with what it rests on.

    ``draws`` has the plan's gain of each draw in every outcome's own unit: 万元 of
    revenue, jobs and titles held, each summed over years, after displacement.
    ``today`` likewise for today's proportions. ``break_even`` is the share of the
    gain in revenue that competitors may lose before its value added no longer
    covers what is spent (None where it never does). ``n_failing`` are holders of a
    title that the scenario's rules would not give them.
    """

    scenario: Scenario
    beliefs: Beliefs
    allocation: Allocation
    draws: pd.DataFrame
    today: pd.DataFrame
    verdicts: tuple[MeasureVerdict, ...]
    break_even: float | None
    n_failing: int
    on: date


def stage_to_json(stage: Stage, *, edition: Edition = "internal") -> dict[str, Any]:
    """The stage for machines; the public edition has no segment of few enterprises."""
    scenario, found = stage.scenario, stage.allocation
    return {
        "kind": "allocation",
        "schema": 1,
        "edition": edition,
        "on": stage.on.isoformat(),
        "scenario": {"sha256": scenario.digest, **scenario.model_dump(mode="json")},
        "effects": [
            {
                "instrument": belief.instrument,
                "outcome": belief.outcome,
                "estimate": belief.estimate,
                "std_error": belief.std_error,
                "unit": belief.unit,
                "wording": belief.wording,
                "drawn_from": dict(zip(("low", "high"), belief.span(), strict=True)),
            }
            for belief in stage.beliefs.effects
        ],
        "n_draws": found.n_draws,
        "spent": found.spent,
        "spent_by_today": found.spent_today,
        "gain": _span_json(found.gain),
        "gain_of_today": _span_json(found.today),
        "difference": _span_json(found.difference),
        "chance_of_worse_than_today": found.chance_worse,
        "chance_of_no_gain": found.chance_no_gain,
        "regret": _span_json(found.regret),
        "by_outcome": {str(name): _span_json(span_of(stage.draws[name].to_numpy())) for name in stage.draws},
        "break_even_displacement": stage.break_even,
        "titles_lost_to_rules": stage.n_failing,
        "shadow_prices": dict(found.solution.shadow_prices),
        "frontier": [{"budget": at.budget, "spent": at.spent, "gain": _span_json(at.gain)} for at in found.frontier],
        "measures": [
            {
                "instrument": one.instrument,
                "verdict": one.verdict,
                "reason": one.reason,
                "enterprises": list(one.enterprises),
                "money": list(one.money),
                "share": one.share,
                "share_today": one.share_today,
                "gain": _span_json(one.gain),
                "price": asdict(one.price),
            }
            for one in stage.verdicts
        ],
        "segments": list(_segments_json(stage, public=edition == "public")),
    }


def _span_json(span: Span) -> dict[str, float]:
    """A mean over draws with its interval, by the names of the published schema."""
    return {"mean": span.estimate, "low": span.low, "high": span.high}


def _segments_json(stage: Stage, *, public: bool) -> Iterator[dict[str, Any]]:
    """What each segment gets, where it gets anything."""
    segments, chosen = stage.allocation.problem.segments, stage.allocation.solution.enterprises
    for at, row in enumerate(segments.table[list(segments.by)].astype(str).to_dict("records")):
        for column, name in enumerate(segments.instruments):
            given, eligible = chosen[at, column], float(segments.eligible[at, column])
            if given.sum() > 0 and not (public and eligible < FEWEST):
                told = coarse_count(int(eligible)) if public else int(eligible)
                yield {
                    **{str(key): value for key, value in row.items()},
                    "instrument": name,
                    "n_eligible": told,
                    "enterprises": given.tolist(),
                }
