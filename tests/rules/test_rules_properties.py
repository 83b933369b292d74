"""Better inputs never lose, unknown ones never pass, and an answer only narrows what was open."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sme_research.rules import JUDGE, MET, METRICS, UNKNOWN, UNMET, Assessment, evaluate, load_rule_sets

TIERS = [(name, tier) for name, rule_set in load_rule_sets().items() for tier in rule_set.tiers]
LOW = {UNMET: 0, UNKNOWN: 0, JUDGE: 0, MET: 1}
HIGH = {UNMET: 0, UNKNOWN: 1, JUDGE: 1, MET: 1}
EXCEPTION = ("cn-2022-63", "little_giant", "G-9")
"""By the letter an enterprise under 50 million yuan of revenue is asked other things than one above."""
AWARD = ("cn-2026-2", "srdi", "N-S6")
"""A provincial award among the first three meets the gate, a national one among the first five only is judged."""


def rules_of(name):
    return load_rule_sets()[name[0]].tiers[name[1]]


def value_of(name):
    """Numbers around the thresholds, and some far away."""
    metric = METRICS[name]
    if metric.kind == "boolean":
        return st.sampled_from([0.0, 1.0])
    if metric.kind in ("level", "count") or metric.unit == "rank":
        return st.integers(0 if metric.least is None else int(metric.least), int(metric.most or 8)).map(float)
    scale = {"fraction": 1.0, "years": 12.0, "points": metric.most or 100.0}.get(metric.unit, 12_000.0)
    return st.floats(-0.25 if metric.least is None or metric.least < 0 else 0.0, scale, width=32).map(float)


@st.composite
def cases(draw):
    name = draw(st.sampled_from(TIERS))
    metrics = rules_of(name).metrics()
    values = {metric: draw(st.one_of(value_of(metric), st.just(np.nan))) for metric in metrics}
    return name, values, draw(st.sampled_from(metrics)), draw(st.sampled_from(["first", "renewal"]))


def assess(name, values, occasion) -> Assessment:
    return evaluate(pd.DataFrame([values]), rules_of(name), occasion)


def never_lower(before: Assessment, after: Assessment, *, but: str | None = None) -> None:
    for gate in before.statuses:
        if gate != but:
            first, then = before.statuses.loc[0, gate], after.statuses.loc[0, gate]
            assert LOW[first] <= LOW[then], gate
            assert HIGH[first] <= HIGH[then], gate
    if before.points_low is not None:
        assert (before.points_low.loc[0] <= after.points_low.loc[0]).all()
        assert (before.points_high.loc[0] <= after.points_high.loc[0]).all()
        assert before.score_low[0] <= after.score_low[0]


@settings(max_examples=400, deadline=None)
@given(cases(), st.floats(0, 20_000, width=32))
def test_a_better_input_never_lowers_a_score_or_loses_a_gate(case, step):
    name, values, metric, occasion = case
    better = values[metric] + (step if METRICS[metric].better == "higher" else -step)
    if METRICS[metric].most is not None:
        better = float(np.minimum(better, METRICS[metric].most))
    after = assess(name, {**values, metric: better}, occasion)
    crosses = name == EXCEPTION[:2] and metric == "revenue" and values[metric] < 5_000 <= better
    hides = name == AWARD[:2] and metric == "science_award" and values[metric] == 2 and 3 <= better < 4
    but = EXCEPTION[2] if crosses else AWARD[2] if hides else None
    never_lower(assess(name, values, occasion), after, but=but)


def test_one_exception_is_growing_over_fifty_million_by_the_rules_of_2022():
    values = dict.fromkeys(rules_of(EXCEPTION[:2]).metrics(), np.nan)
    small = {"revenue": 4_999.0, "equity_2y": 8_000.0, "rd_expense": 3_000.0, "rd_staff_share": 0.5, "rd_ratio": 0.05}
    small |= {"rd_ratio_previous": 0.05, "rd_institution": 1.0, "class_1_in_use": 2.0}
    small |= {"science_award": 0.0, "contest_award": 0.0}
    before = assess(EXCEPTION[:2], {**values, **small}, "first")
    after = assess(EXCEPTION[:2], {**values, **small, "revenue": 5_000.0}, "first")
    assert (before.statuses.loc[0, "G-9"], after.statuses.loc[0, "G-9"]) == (MET, UNMET)


def test_the_other_exception_is_a_national_award_among_the_first_five_only_by_the_rules_of_2026():
    values = dict.fromkeys(rules_of(AWARD[:2]).metrics(), 0.0)
    found = [assess(AWARD[:2], {**values, "science_award": float(level)}, "first") for level in range(5)]
    assert [one.statuses.loc[0, AWARD[2]] for one in found] == [UNMET, UNMET, MET, JUDGE, MET]


@settings(max_examples=400, deadline=None)
@given(cases(), st.data())
def test_an_answer_only_narrows_what_was_open(case, data):
    name, values, metric, occasion = case
    before = assess(name, {**values, metric: np.nan}, occasion)
    after = assess(name, {**values, metric: data.draw(value_of(metric))}, occasion)
    for gate in before.statuses:
        if before.statuses.loc[0, gate] in (MET, UNMET):
            assert after.statuses.loc[0, gate] == before.statuses.loc[0, gate]
    if before.points_low is not None:
        assert (after.points_low.loc[0] >= before.points_low.loc[0]).all()
        assert (after.points_high.loc[0] <= before.points_high.loc[0]).all()


@settings(max_examples=200, deadline=None)
@given(cases())
def test_bounds_are_in_order_and_within_the_points_to_be_had(case):
    name, values, _, occasion = case
    found = assess(name, values, occasion)
    for entry in rules_of(name).scored:
        low, high = found.points_low.loc[0, entry.id], found.points_high.loc[0, entry.id]
        assert 0 <= low <= high <= entry.most


@pytest.mark.parametrize("name", TIERS, ids=str)
def test_who_tells_nothing_passes_nothing(name):
    found = assess(name, dict.fromkeys(rules_of(name).metrics(), np.nan), "first")
    assert not (found.statuses.loc[0] == MET).any()
    assert found.verdict[0] in (UNKNOWN, JUDGE)


def test_a_quotient_a_hair_under_its_threshold_meets_it():
    three_percent = 0.1 * 3 / 10  # 0.030000000000000006 or 0.03, as floats go
    values = pd.DataFrame({"rd_expense": [100.0, 100.0], "rd_ratio": [three_percent, 0.3 - 0.27]})
    found = evaluate(values, load_rule_sets()["cn-2022-63"].tiers["srdi"])
    assert (found.statuses["S-G2"] == MET).all()
