"""The smallest sets of changes: by hand, and whatever the enterprise."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from diagnosis_cases import LITTLE_GIANT, SRDI, rules, with_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sme_research.programme.diagnosis import Path, find_changes
from sme_research.programme.diagnosis.search import Search
from sme_research.rules import METRICS, evaluate


def changes_of(path: Path) -> dict[str, float]:
    return {change.metric.name: change.needed for change in path.changes}


def test_the_cases_by_hand_pass_as_they_are():
    assert (
        evaluate(Search(with_values(SRDI), rules("srdi"), "first").rows([{}]), rules("srdi")).score_low.iloc[0] == 64
    )
    for tier, case in (("srdi", SRDI), ("little_giant", LITTLE_GIANT)):
        assert [path.items for path in find_changes(with_values(case), rules(tier)).paths] == [()]


@pytest.mark.parametrize(
    ("metric", "value", "needed"),
    [
        ("market_share", 0.08, 0.10),
        ("debt_ratio", 0.74, 0.70),
        ("main_revenue_share", 0.69, 0.70),
        ("information_systems", 0, 1),
        ("own_brand", 0, 1),
        ("chain_supplier", 0, 1),
        ("rd_ratio_previous", 0.02, 0.03),
    ],
)
def test_one_gate_short_of_little_giant_gives_exactly_that_change(metric, value, needed):
    found = find_changes(with_values(LITTLE_GIANT, **{metric: value}), rules("little_giant"))
    assert changes_of(found.paths[0]) == {metric: needed}
    assert found.paths[0].titles == ()
    assert found.paths[0].fill_in == ()


def test_two_gates_short_need_both_changes_in_every_set():
    found = find_changes(with_values(LITTLE_GIANT, market_share=0.05, debt_ratio=0.9), rules("little_giant"))
    assert [changes_of(path) for path in found.paths] == [{"market_share": 0.10, "debt_ratio": 0.70}]
    assert set(found.unavoidable) == {"market_share", "debt_ratio"}


def test_a_score_two_points_short_takes_the_cheapest_band_first():
    # Local points 7 instead of 13: 58 points; two more come from each of several single bands.
    found = find_changes(with_values(SRDI, local_points=7), rules("srdi"))
    singles = [changes_of(path) for path in found.paths]
    assert all(len(single) == 1 for single in singles)
    # A point of growth or of profit is nearest; then two local points, five of main business or of debt.
    assert singles[:2] == [{"main_growth_mean_2y": 0.06}, {"profit_margin": 0.08}]
    assert {name: value for single in singles[2:] for name, value in single.items()} == {
        "local_points": 9.0,
        "main_revenue_share": 0.80,
        "debt_ratio": 0.50,
    }
    assert [path.effort for path in found.paths] == sorted(path.effort for path in found.paths)


def test_rd_expense_is_asked_in_money_and_tells_the_ratio_that_follows():
    # 3 % of 5,000 is 150; at 120 the gate of 3 % is closed and the indicator gives 2 points less: 62.
    short = with_values(SRDI, rd_expense=120, rd_ratio=0.024)
    first = find_changes(short, rules("srdi")).paths[0]
    assert changes_of(first) == {"rd_expense": 150.0}
    assert dict(first.changes[0].implies)["rd_ratio"] == pytest.approx(0.03)


def test_a_title_that_is_needed_is_a_step_before_and_no_change():
    found = find_changes(with_values(LITTLE_GIANT, srdi_valid=0), rules("little_giant"))
    assert [change.metric.name for change in found.paths[0].titles] == ["srdi_valid"]
    assert found.paths[0].changes == ()


def test_years_in_the_niche_are_a_matter_of_waiting():
    found = find_changes(with_values(LITTLE_GIANT, niche_years=1), rules("little_giant"))
    waits = {change.metric.name: change for path in found.paths for change in path.changes}
    assert waits["niche_years"].nature == "wait"


def test_what_is_not_known_is_asked_and_never_passes_silently():
    found = find_changes(with_values(LITTLE_GIANT, market_share=None, own_brand=None), rules("little_giant"))
    assert set(found.required) == {"market_share", "own_brand"}
    first = found.paths[0]
    assert first.changes == ()
    assert {change.metric.name: change.needed for change in first.fill_in} == {"market_share": 0.10, "own_brand": 1.0}
    assert all(change.present is None for change in first.fill_in)


def test_five_gates_short_have_no_set_of_four_and_say_how_many_stay_unmet():
    short = {"market_share": 0.01, "debt_ratio": 0.9, "own_brand": 0, "main_revenue_share": 0.5, "chain_supplier": 0}
    found = find_changes(with_values(LITTLE_GIANT, **short), rules("little_giant"))
    assert found.paths == ()
    assert set(found.unavoidable) == set(short)
    assert found.still_unmet == 1


def test_a_way_that_is_open_only_to_small_revenue_is_found_without_raising_it():
    # Equity of 80 million and 30 million of R&D open the way of enterprises below 50 million of revenue.
    case = {"revenue": 4500, "rd_ratio": 0.70, "rd_ratio_previous": 0.01, "rd_expense": 3150, "equity_2y": 7000}
    found = find_changes(with_values(LITTLE_GIANT, **case, rd_staff_share=0.6), rules("little_giant"))
    assert {"equity_2y": 8000.0} in [changes_of(path) for path in found.paths]


def _value(name: str) -> st.SearchStrategy[float]:
    metric = METRICS[name]
    if metric.kind == "boolean":
        return st.sampled_from([0.0, 1.0, math.nan])
    if metric.kind in ("level", "count"):
        return st.sampled_from([0.0, 1.0, 2.0, 3.0, math.nan])
    if metric.unit == "fraction":
        return st.sampled_from([0.0, 0.02, 0.03, 0.05, 0.08, 0.3, 0.72, 0.9, math.nan])
    return st.sampled_from([0.0, 1.0, 3.0, 40.0, 70.0, 900.0, 4000.0, 12000.0, math.nan])


@pytest.mark.parametrize(
    ("tier", "rule_set"),
    [("innovative", "cn-2022-63"), ("srdi", "cn-2022-63"), ("little_giant", "cn-2022-63"), ("srdi", "cn-2026-2"),
     ("little_giant", "cn-2026-2")],
)  # fmt: skip
@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_set_passes_when_applied_and_no_proper_part_of_it_does(tier, rule_set, data):
    asked = rules(tier, rule_set)
    base = LITTLE_GIANT if tier == "little_giant" else SRDI
    chosen = data.draw(st.sets(st.sampled_from(asked.metrics()), min_size=1, max_size=6))
    values = with_values(base) | {name: data.draw(_value(name), label=name) for name in sorted(chosen)}
    search = Search(values, asked, "first")
    for path in find_changes(values, asked).paths:
        whole = {change.metric.name: change.needed for change in path.items}
        parts = [dict(part) for size in range(len(whole)) for part in combinations(whole.items(), size)]
        passed = search.passes([whole, *parts])
        assert passed[0]
        assert not passed[1:].any()
        assert len(path.changes) <= 4
