"""The allocation: by hand, its shadow prices, its limits, its conflicts, its frontier, what it says of chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sme_research.errors import StudyError
from sme_research.policy.allocation import allocate, follow_today
from sme_research.policy.problem import solve, state_problem
from sme_research.policy.scenario import make_scenario
from sme_research.policy.segments import Segments, make_segments

INSTRUMENTS = ("loan_subsidy", "training")


def segments(eligible=((10, 10), (10, 10)), cost=((10.0, 2.0), (10.0, 2.0)), today=((1, 1), (0, 0))):
    table = pd.DataFrame({"city_code": ["350100", "350700"], "n_enterprises": [20, 20], "revenue": 1.0})
    return Segments(
        ("city_code",), table, INSTRUMENTS, *(np.array(part, dtype=float) for part in (eligible, cost, today))
    )


def scenario(budget=(50.0,), **changes):
    base = {
        "name": "try",
        "title": {"zh": "试", "en": "Try"},
        "first_year": 2025,
        "budget": list(budget),
        "rules": "cn-2022-63",
        "measures": {"loan_subsidy": {}, "training": {}},
    }
    return make_scenario(base | changes)


def gains(*by_segment, n_draws=20, n_years=1):
    """Gains of every draw alike; n_segments x n_instruments."""
    one = np.array(by_segment, dtype=float)
    return np.broadcast_to(one[None, :, :, None], (n_draws, *one.shape, n_years)).copy()


def test_money_goes_where_a_yuan_gains_most_first():
    # Gain a 万元: loans 3 and 2, training 4 and 1. 50 万元: training in the first (10 x 2 = 20), then 3 loans there.
    found = allocate(scenario(), segments(), gains((30.0, 8.0), (20.0, 2.0)))
    assert found.solution.enterprises[:, :, 0].tolist() == [[3.0, 10.0], [0.0, 0.0]]
    assert found.gain.estimate == pytest.approx(3 * 30 + 10 * 8)
    assert found.spent == pytest.approx(50.0)
    # One more 万元 buys a tenth of a loan in the first segment.
    assert found.solution.shadow_prices["budget.2025"] == pytest.approx(3.0)


def test_an_instrument_that_harms_gets_nothing():
    found = allocate(scenario(), segments(), gains((-1.0, 8.0), (-1.0, -2.0)))
    assert found.solution.enterprises[:, 0].sum() == 0
    assert found.gain.estimate == pytest.approx(80.0)
    assert found.solution.shadow_prices["budget.2025"] == pytest.approx(0.0)


def test_seats_shares_and_places_are_kept_to_and_have_their_price():
    plan = scenario(
        measures={"loan_subsidy": {"least_share": 0.4}, "training": {"seats": [5.0]}}, city_shares={"350700": 0.2}
    )
    found = allocate(plan, segments(), gains((30.0, 8.0), (20.0, 2.0)))
    each = found.solution.enterprises[:, :, 0]
    spent = each * [[10.0, 2.0], [10.0, 2.0]]
    assert each[:, 1].sum() <= 5 + 1e-9
    assert spent[:, 0].sum() >= 0.4 * 50 - 1e-9
    assert spent[1].sum() >= 0.2 * 50 - 1e-9
    prices = found.solution.shadow_prices
    # A seat more: 8 gained in place of 0.2 of a loan (6); a 万元 more in the second city: 2 gained in place of 3.
    assert prices["seats.training.2025"] == pytest.approx(2.0)
    assert prices["city_share.350700"] == pytest.approx(-1.0)
    assert prices["least_share.loan_subsidy"] == pytest.approx(0.0)


def test_shadow_prices_are_what_one_more_unit_gains():
    terms = {"measures": {"loan_subsidy": {}, "training": {"seats": [5.0]}}, "city_shares": {"350700": 0.3}}
    plan = scenario(**terms)
    drawn = gains((30.0, 8.0), (20.0, 2.0))
    found = allocate(plan, segments(), drawn)
    more = scenario(budget=(50.0 + 0.01,), **terms)
    # The least share of the second city moves with the budget: its price counts with 0.3.
    expected = found.solution.shadow_prices["budget.2025"] + 0.3 * found.solution.shadow_prices["city_share.350700"]
    assert (allocate(more, segments(), drawn).gain.estimate - found.gain.estimate) / 0.01 == pytest.approx(expected)


def test_only_some_of_the_eligible_come_and_each_once_over_all_years():
    plan = scenario(budget=(1_000.0, 1_000.0), measures={"loan_subsidy": {"most_reached": 0.5}, "training": {}})
    found = allocate(plan, segments(), gains((30.0, 8.0), (20.0, 2.0), n_years=2))
    assert found.solution.enterprises.sum(axis=2).tolist() == [[5.0, 10.0], [5.0, 10.0]]


def test_an_early_start_is_preferred_where_it_gains_for_longer():
    drawn = gains((30.0, 8.0), (20.0, 2.0), n_years=2) * [2.0, 1.0]
    found = allocate(scenario(budget=(100.0, 100.0)), segments(), drawn)
    assert found.solution.enterprises[0, 1].tolist() == [10.0, 0.0]


def test_a_measure_without_a_shown_effect_does_not_grow_before_it_is_tested():
    drawn = gains((30.0, 8.0), (20.0, 2.0))
    # Today training has 2 of 12 万元; the pilot share of 0.1 is less: at most 8.33 of 50, and loans the rest.
    found = allocate(scenario(), segments(), drawn, untested={"training"})
    assert (found.solution.enterprises[:, 1] * 2.0).sum() == pytest.approx(50 * 2 / 12)
    assert found.solution.shadow_prices["untested.training"] == pytest.approx(4.0 - 3.0)
    # Where it has nothing today, the pilot share.
    new = allocate(scenario(), segments(today=((1, 0), (0, 0))), drawn, untested={"training"})
    assert (new.solution.enterprises[:, 1] * 2.0).sum() == pytest.approx(5.0)


def test_today_is_the_same_money_in_todays_proportions():
    problem = state_problem(scenario(), segments())
    # Today: one loan (10) and one training (2): of 50 万元, 41.67 and 8.33.
    assert follow_today(problem)[:, :, 0] == pytest.approx(np.array([[4.1667, 4.1667], [0.0, 0.0]]), abs=1e-4)
    found = allocate(scenario(), segments(), gains((30.0, 8.0), (20.0, 2.0)))
    assert found.today.estimate == pytest.approx(50 / 12 * 38)
    assert found.difference.estimate == pytest.approx(170 - 50 / 12 * 38)
    assert found.chance_worse == 0.0


def test_uncertain_effects_give_an_interval_a_chance_of_worse_and_regret():
    rng = np.random.default_rng(0)
    drawn = gains((30.0, 8.0), (20.0, 2.0), n_draws=2_000) * (1 + rng.normal(size=(2_000, 1, 2, 1)))
    found = allocate(scenario(), segments(), drawn)
    total = 90 * drawn[:, 0, 0, 0] / 30 + 80 * drawn[:, 0, 1, 0] / 8
    assert found.gain.low == pytest.approx(np.quantile(total, 0.025))
    assert found.chance_no_gain == pytest.approx((total <= 0).mean())
    assert found.regret.low >= -1e-9
    assert found.regret.estimate > 0
    assert 0 < found.chance_worse < 1


def test_the_frontier_rises_and_bends():
    found = allocate(scenario(budget=(100.0,)), segments(), gains((30.0, 8.0), (20.0, 2.0)))
    gained = [point.gain.estimate for point in found.frontier]
    assert found.frontier[0].budget == 0.0
    slopes = np.diff(gained)
    assert (slopes >= -1e-9).all()
    assert (np.diff(slopes) <= 1e-9).all()


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        # Ten seats of 2 万元 are 20 万元, never half of 50.
        ({"measures": {"loan_subsidy": {}, "training": {"least_share": 0.5, "seats": [10.0]}}},
         {"least_share.training", "seats.training.2025"}),
        ({"measures": {"loan_subsidy": {"least_share": 0.7}, "training": {"least_share": 0.4}}},
         {"budget.2025", "least_share.loan_subsidy", "least_share.training"}),
        ({"city_shares": {"350100": 0.6, "350700": 0.6}}, {"budget.2025", "city_share.350100", "city_share.350700"}),
        # Nobody is in Longyan.
        ({"city_shares": {"350800": 0.1}}, {"city_share.350800"}),
    ],
)  # fmt: skip
def test_limits_in_conflict_are_named_and_no_more(changes, names):
    with pytest.raises(StudyError) as fault:
        allocate(scenario(**changes), segments(), gains((30.0, 8.0), (20.0, 2.0)))
    told = str(fault.value).split("all of ")[1].split(";")[0]
    assert set(told.split(", ")) == names


def test_gains_of_another_shape_are_refused():
    with pytest.raises(StudyError, match="gains have the shape"):
        allocate(scenario(), segments(), np.zeros((20, 3, 2, 1)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.1, 50), min_size=4, max_size=4),
    st.lists(st.floats(0.5, 20), min_size=4, max_size=4),
    st.lists(st.integers(0, 20), min_size=4, max_size=4),
    st.floats(0.01, 300),
)
def test_with_a_budget_alone_it_is_the_greedy_choice(gain, cost, eligible, budget):
    """A fractional knapsack has its answer by hand: best ratio first."""
    square = [np.reshape(values, (2, 2)) for values in (eligible, cost)]
    found = solve(
        state_problem(scenario(budget=(budget,)), segments(eligible=square[0], cost=square[1])),
        np.reshape(gain, (2, 2, 1)),
    )
    left, expected = budget, 0.0
    for at in np.argsort(-np.divide(gain, cost)):
        taken = min(eligible[at], left / cost[at])
        left -= taken * cost[at]
        expected += taken * gain[at]
    assert found.gain == pytest.approx(expected, rel=1e-6, abs=1e-6)


def frame():
    return pd.DataFrame(
        {
            "city_code": ["350100", "350100", "350700"],
            "size": ["larger", "larger", "smaller"],
            "revenue": [100.0, 300.0, 50.0],
            "employees": [10.0, np.nan, 5.0],
            "eligible.training": [True, False, True],
            "today.training": [False, True, False],
            "cost.training": [2.0, 4.0, 2.0],
        }
    )


def test_segments_count_and_average():
    found = make_segments(frame(), ("city_code", "size"), ("training",))
    assert found.table["n_enterprises"].tolist() == [2, 1]
    assert found.table["revenue"].tolist() == [200.0, 50.0]
    assert found.table["employees"].tolist() == [10.0, 5.0]
    assert found.eligible[:, 0].tolist() == [1.0, 1.0]
    assert found.cost[:, 0].tolist() == [3.0, 2.0]
    assert found.today[:, 0].tolist() == [1.0, 0.0]


def test_a_cost_that_is_not_known_is_no_cost_of_nothing():
    with pytest.raises(StudyError, match=r"give measures\.training\.cost"):
        make_segments(frame().assign(**{"cost.training": np.nan}), ("size",), ("training",))
    with pytest.raises(StudyError, match=r"segments need the column 'cost\.training'"):
        make_segments(frame().drop(columns="cost.training"), ("size",), ("training",))
