"""Worked examples by hand: every threshold of every shipped rule set at, just under and just over it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from sme_research.rules import (
    METRICS,
    OCCASIONS,
    STATUSES,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Gate,
    Only,
    ScoreAtLeast,
    TierRules,
    evaluate,
    load_rule_sets,
    walk_condition,
)

Limit = Compare | ScoreAtLeast

FILES = sorted((Path(__file__).parent / "cases").glob("*.yml"))


def read_cases() -> list[dict[str, Any]]:
    found = []
    for path in FILES:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        shared = {name: content[name] for name in ("rules", "tier", "base")}
        found += [{**shared, "occasion": "first", "file": path.stem, **case} for case in content["cases"]]
    return found


CASES = read_cases()


def rules_of(case: dict[str, Any]) -> TierRules:
    return load_rule_sets()[case["rules"]].tiers[case["tier"]]


def inputs_of(case: dict[str, Any]) -> pd.DataFrame:
    values = {**case["base"], **case["change"]}
    return pd.DataFrame([{name: np.nan if value is None else float(value) for name, value in values.items()}])


def bounds(told: Any) -> list[float]:
    return list(told) if isinstance(told, list) else [told, told]


@pytest.mark.parametrize("case", CASES, ids=[f"{case['file']}: {case['name']}" for case in CASES])
def test_a_worked_example_comes_out_as_by_hand(case):
    assert case["change"].keys() <= case["base"].keys()
    found = evaluate(inputs_of(case), rules_of(case), case["occasion"])
    expected = case["expect"]
    statuses = {name: STATUSES[int(found.statuses.loc[0, name])] for name in expected.get("gates", {})}
    assert statuses == expected.get("gates", {})
    for name, told in expected.get("points", {}).items():
        assert [found.points_low.loc[0, name], found.points_high.loc[0, name]] == bounds(told)
    if "score" in expected:
        assert [found.score_low[0], found.score_high[0]] == bounds(expected["score"])
    if "verdict" in expected:
        assert STATUSES[int(found.verdict[0])] == expected["verdict"]


def test_the_examples_are_many_and_each_has_a_name_of_its_own():
    assert len(CASES) >= 150
    names = [(case["file"], case["name"]) for case in CASES]
    assert len(set(names)) == len(names)


def thresholds() -> Iterator[tuple[TierRules, Limit]]:
    for rule_set in load_rule_sets().values():
        for rules in rule_set.tiers.values():
            conditions = [gate.condition for gate in rules.gates]
            conditions += [band.condition for entry in rules.scored for band in entry.bands]
            parts = (part for condition in conditions for part in walk_condition(condition))
            yield from ((rules, part) for part in parts if isinstance(part, Compare | ScoreAtLeast))


THRESHOLDS = list(thresholds())
IDS = [f"{rules.rule_set}-{rules.tier}-{limit}" for rules, limit in THRESHOLDS]


def told(limit: Compare, value: float) -> str:
    """What the comparison alone makes of a value."""
    alone = TierRules("", "", {}, (), (Gate("alone", "", {}, limit),))
    return STATUSES[int(evaluate(pd.DataFrame({limit.metric: [value]}), alone).verdict[0])]


@pytest.mark.parametrize(
    "limit", sorted({limit for _, limit in THRESHOLDS if isinstance(limit, Compare)}, key=str), ids=str
)
def test_a_limit_includes_itself_but_nothing_beyond_it(limit):
    hair = 1e-8 * max(abs(limit.value), 1.0)
    found = [told(limit, limit.value + step) for step in (-hair, 0.0, hair)]
    assert (
        found
        == {
            ">=": ["unmet", "met", "met"],
            "<=": ["met", "met", "unmet"],
            "==": ["unmet", "met", "unmet"],
            "<": ["met", "unmet", "unmet"],
        }[limit.op]
    )


def exchanged(condition: Condition, limit: Limit, other: Limit) -> Condition:
    """The condition with one of its limits exchanged for another."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return replace(condition, parts=tuple(exchanged(part, limit, other) for part in parts))
        case Only(_, inner):
            return replace(condition, condition=exchanged(inner, limit, other))
        case _:
            return other if condition is limit else condition


def with_limit(rules: TierRules, limit: Limit, other: Limit) -> TierRules:
    def anew(part: Any) -> Any:
        return replace(part, condition=exchanged(part.condition, limit, other))

    scored = tuple(replace(entry, bands=tuple(map(anew, entry.bands))) for entry in rules.scored)
    return replace(rules, gates=tuple(map(anew, rules.gates)), scored=scored)


@cache
def examples(rule_set: str, tier: str, occasion: str) -> pd.DataFrame:
    asked = (rule_set, tier, occasion)
    rows = [inputs_of(case) for case in CASES if (case["rules"], case["tier"], case["occasion"]) == asked]
    return pd.concat(rows) if rows else pd.DataFrame()


def outcomes(rules: TierRules) -> list[list[float]]:
    """Statuses and points of all examples of a tier, a row an example."""
    found: list[list[float]] = []
    for occasion in OCCASIONS:
        held = evaluate(examples(rules.rule_set, rules.tier, occasion), rules, occasion)
        frames = [frame for frame in (held.statuses, held.points_low, held.points_high) if frame is not None]
        found += np.hstack(frames).tolist()
    return found


def neighbours(limit: Limit) -> list[Limit]:
    """The limit a hair stricter, and laxer by the step within which an example must fail."""
    hair = 1e-6 * max(abs(limit.value), 1.0)
    if isinstance(limit, ScoreAtLeast):
        return [replace(limit, value=limit.value + hair), replace(limit, value=limit.value - 5.0)]
    metric = METRICS[limit.metric]
    if metric.kind == "boolean":
        return [replace(limit, value=2.0), replace(limit, value=0.0, op=">=")]
    step = max(0.01 * abs(limit.value), 1e-4) if metric.kind == "number" and metric.unit != "rank" else 1.0
    # "Below 5,000" has its own value on the side that fails.
    stricter, laxer = (step, hair) if limit.op == "<" else (hair, step)
    sign = -1.0 if metric.better == "lower" or limit.op == "<" else 1.0
    return [replace(limit, value=limit.value + sign * stricter), replace(limit, value=limit.value - sign * laxer)]


@pytest.mark.parametrize(("rules", "limit"), THRESHOLDS, ids=IDS)
def test_no_threshold_moves_without_an_example_that_tells(rules, limit):
    as_it_is = outcomes(rules)
    untold = [other for other in neighbours(limit) if outcomes(with_limit(rules, limit, other)) == as_it_is]
    assert untold == []


def test_every_gate_and_every_indicator_is_told_by_an_example():
    told = {
        (case["rules"], case["tier"], name)
        for case in CASES
        for kind in ("gates", "points")
        for name in case["expect"].get(kind, {})
    }
    asked = {
        (name, tier, entry.id)
        for name, rule_set in load_rule_sets().items()
        for tier, rules in rule_set.tiers.items()
        for entry in (*rules.gates, *rules.scored)
        if entry.id != "I-S"  # the only gate of its tier is its verdict
    }
    assert asked - told == set()
