"""Every gate and scored indicator of a tier for one enterprise: status, value used, threshold, shortfall."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from sme_research.programme.diagnosis.levers import leaves
from sme_research.programme.diagnosis.records import Asked, GateStatus, Origins, Part, ScoreStatus, TierStatus
from sme_research.programme.diagnosis.search import Outcome, Search
from sme_research.rules import (
    METRICS,
    STATUSES,
    AnyOf,
    Assessment,
    Compare,
    Condition,
    Gate,
    Judge,
    ScoreAtLeast,
    Scored,
    TierRules,
    evaluate,
    walk_condition,
)
from sme_research.rules.conditions import Occasion

_PART: Final = "part-{}"
NO_OUTCOME: Final = Outcome((), (), (), 0)


def assess_tier(
    values: Mapping[str, float],
    rules: TierRules,
    *,
    applies: bool,
    occasion: Occasion,
    origins: Origins,
    outcome: Outcome = NO_OUTCOME,
) -> TierStatus:
    """One tier's gates and scores, with the smallest changes that pass where they were looked for.

    Parameters
    ----------
    values : mapping of metric to value
        In the metric's unit; NaN where not known.
    rules : TierRules
    applies : bool
        Whether these are the rules of the day.
    outcome : Outcome
        What `find_changes` found.
    """
    search = Search(values, rules, occasion)
    found = evaluate(search.rows([{}]), rules, occasion)
    gates = tuple(_gate(gate, values, found, occasion, origins) for gate in rules.gates)
    low, high = found.score_low, found.score_high
    return TierStatus(
        rules=rules,
        applies=applies,
        status=STATUSES[int(found.verdict.iloc[0])],
        gates=gates,
        scored=_scored(search, found, rules),
        score_low=None if low is None else float(low.iloc[0]),
        score_high=None if high is None else float(high.iloc[0]),
        asked=_asked(values, rules, gates, occasion, outcome.required),
        paths=outcome.paths,
        unavoidable=tuple(METRICS[name] for name in outcome.unavoidable),
        still_unmet=outcome.still_unmet,
    )


def _gate(
    gate: Gate, values: Mapping[str, float], found: Assessment, occasion: Occasion, origins: Origins
) -> GateStatus:
    status = STATUSES[int(found.statuses[gate.id].iloc[0])]
    compared = list(dict.fromkeys(leaves(gate.condition, occasion)))
    parts = tuple(
        _part(leaf, values, origins, statuses) for leaf, statuses in _leaf_statuses(compared, values, found)
    )
    whole = list(walk_condition(gate.condition, occasion))
    judges = [inner for inner in whole if isinstance(inner, Judge)]
    reason = judges[0].reason if judges and status == "judge" else None
    ways, scored = (any(isinstance(inner, kind) for inner in whole) for kind in (AnyOf, ScoreAtLeast))
    return GateStatus(
        gate.id,
        gate.group,
        gate.label,
        status,
        parts,
        reason,
        ways,
        scored,
    )


def _leaf_statuses(
    compared: list[Compare], values: Mapping[str, float], found: Assessment
) -> Iterator[tuple[Compare, int]]:
    """Each comparison on its own, by the evaluator itself."""
    if not compared:
        return
    alone = tuple(Gate(_PART.format(at), "", {}, leaf) for at, leaf in enumerate(compared))
    rules = replace(found.rules, gates=alone, scored=())
    statuses = evaluate(Search(values, rules, found.occasion).rows([{}]), rules, found.occasion).statuses.iloc[0]
    for at, leaf in enumerate(compared):
        yield leaf, int(statuses[_PART.format(at)])


def _part(leaf: Compare, values: Mapping[str, float], origins: Origins, status: int) -> Part:
    value = values.get(leaf.metric, math.nan)
    unknown = math.isnan(value)
    source, year = origins.get(leaf.metric, ("", None))
    short = None if unknown else 0.0 if STATUSES[status] == "met" else abs(leaf.value - value)
    return Part(
        metric=METRICS[leaf.metric],
        value=None if unknown else value,
        op=leaf.op,
        threshold=leaf.value,
        short=short,
        status=STATUSES[status],
        source="" if unknown else source,
        year=None if unknown else year,
    )


def _scored(search: Search, found: Assessment, rules: TierRules) -> tuple[ScoreStatus, ...]:
    if found.points_low is None or found.points_high is None:
        return ()
    steps = [(lever.metric, value) for lever in search.levers.values() for value in lever.candidates]
    reached = evaluate(search.rows([{name: value} for name, value in steps]), rules, found.occasion).points_low
    assert reached is not None
    told = []
    for entry in rules.scored:
        low, high = (float(points[entry.id].iloc[0]) for points in (found.points_low, found.points_high))
        gains = [
            (points, search.levers[name].effort(value), name, value)
            for (name, value), points in zip(steps, reached[entry.id], strict=True)
            if name in _driving(entry) and points > low
        ]
        told.append(_score(entry, low, high, gains))
    return tuple(told)


def _driving(entry: Scored) -> tuple[str, ...]:
    """Metrics that move an indicator, also those from which another follows by arithmetic."""
    names = entry.metrics()
    return (*names, "rd_expense") if "rd_ratio" in names else names


def _score(entry: Scored, low: float, high: float, gains: list[tuple[float, float, str, float]]) -> ScoreStatus:
    nearest = min(gains, key=lambda gain: (gain[1], gain[0]), default=None)
    following = (None, None, None) if nearest is None else (nearest[2], nearest[3], float(nearest[0]))
    return ScoreStatus(entry.id, entry.group, entry.label, low, high, entry.most, entry.metrics(), *following)


def _asked(
    values: Mapping[str, float],
    rules: TierRules,
    gates: tuple[GateStatus, ...],
    occasion: Occasion,
    required: tuple[str, ...],
) -> tuple[Asked, ...]:
    """Values not known on which gates hang that are not decided; those without which nothing passes come first."""
    hangs: dict[str, list[str]] = {}
    for gate, status in zip(rules.gates, gates, strict=True):
        if status.status != "unknown":
            continue
        for name in _deciding(gate.condition, rules, occasion):
            if math.isnan(values.get(name, math.nan)):
                hangs.setdefault(name, []).append(gate.id)
    asked = [Asked(METRICS[name], tuple(dict.fromkeys(ids)), name in required) for name, ids in hangs.items()]
    return tuple(sorted(asked, key=lambda one: not one.required))


def _deciding(condition: Condition, rules: TierRules, occasion: Occasion) -> Iterator[str]:
    for inner in walk_condition(condition, occasion):
        if isinstance(inner, Compare):
            yield inner.metric
        elif isinstance(inner, ScoreAtLeast):
            for entry in rules.scored:
                if inner.group in (entry.group, "total"):
                    yield from entry.metrics()
