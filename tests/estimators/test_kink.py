"""The change of slope at a kink: arithmetic by hand, planted truth, and properties it must have."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.kink import estimate_kink

RATE = 0.02
"""The subsidy pays 2 % of the interest up to a cap."""


def subsidised(seed: int, *, n: int = 3000, effect: float = 5.0, cap: float = 100.0) -> pd.DataFrame:
    """Interest paid, evenly spread, and an outcome that bends gently with it and with the subsidy."""
    rng = np.random.default_rng(seed)
    interest = rng.uniform(0, 2 * cap, n)
    subsidy = RATE * np.minimum(interest, cap)
    outcome = 1 + 0.01 * interest + 1e-5 * interest**2 + effect * subsidy + rng.normal(0, 0.3, n)
    return pd.DataFrame(
        {"enterprise_id": [f"E{at}" for at in range(n)], "running": interest, "outcome": outcome},
    )


def test_two_exact_lines_give_the_change_of_slope_by_hand():
    # Slope 0.5 below and 0.2 above; the schedule flattens by 0.02: (0.2 - 0.5) / -0.02 = 15.
    running = np.arange(-100, 100) + 0.5
    wiggle = 1e-4 * np.where(np.arange(200) % 2, 1, -1)
    outcome = 1 + np.where(running < 0, 0.5 * running, 0.2 * running) + wiggle
    frame = pd.DataFrame({"enterprise_id": np.arange(200).astype(str), "running": running, "outcome": outcome})
    effect = estimate_kink(frame, kink=0.0, slope_change=-RATE, unit="log points a 10,000 yuan")
    assert effect.estimate == pytest.approx(15, abs=0.01)
    assert (effect.ci_low + effect.ci_high) / 2 == pytest.approx(15, abs=0.05)


def test_intervals_cover_a_planted_effect_despite_curvature():
    effects = [estimate_kink(subsidised(seed, n=1500), kink=100, slope_change=-RATE, unit="u") for seed in range(40)]
    assert np.mean([effect.ci_low <= 5.0 <= effect.ci_high for effect in effects]) >= 0.85
    assert np.mean([effect.estimate for effect in effects]) == pytest.approx(5.0, abs=0.4)


def test_where_the_outcome_has_no_kink_there_is_no_effect():
    effects = [
        estimate_kink(subsidised(seed, effect=0.0), kink=100, slope_change=-RATE, unit="u") for seed in range(25)
    ]
    assert np.mean([effect.ci_low <= 0 <= effect.ci_high for effect in effects]) >= 0.85


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 50), scale=st.floats(0.01, 100), money=st.floats(1e-4, 1e4))
def test_units_order_and_names_do_not_matter(seed, scale, money):
    frame = subsidised(seed, n=1500)
    shuffled = frame.sample(frac=1, random_state=seed)
    # Interest in another unit with the subsidy in the old one: the rate changes by the inverse.
    other = shuffled.assign(
        enterprise_id=[f"Z{at}" for at in range(len(frame))],
        running=scale * shuffled["running"],
        outcome=money * shuffled["outcome"],
    )
    one = estimate_kink(frame, kink=100, slope_change=-RATE, unit="u")
    two = estimate_kink(other, kink=100 * scale, slope_change=-RATE / scale, unit="u")
    assert two.estimate / money == pytest.approx(one.estimate, rel=1e-4)
    assert two.std_error / money == pytest.approx(one.std_error, rel=1e-4)


def test_counts_are_of_the_bandwidth_and_the_treated_lie_above():
    effect = estimate_kink(subsidised(1), kink=100, slope_change=-RATE, unit="u")
    assert 0 < effect.n_treated < effect.n_enterprises < 3000


def test_a_schedule_without_a_kink_is_refused():
    with pytest.raises(StudyError, match="slope_change is 0"):
        estimate_kink(subsidised(1), kink=100, slope_change=0, unit="u")


def test_a_kink_at_the_edge_of_the_data_is_refused():
    frame = subsidised(1)
    place = frame["running"].nlargest(10).min()
    with pytest.raises(IdentificationError, match="10 enterprises with 10 distinct values lie above"):
        estimate_kink(frame, kink=place, slope_change=-RATE, unit="u")


def test_an_enterprise_that_stands_twice_is_refused():
    frame = subsidised(1)
    with pytest.raises(StudyError, match="E0 stands twice"):
        estimate_kink(pd.concat([frame, frame.iloc[:1]]), kink=100, slope_change=-RATE, unit="u")
