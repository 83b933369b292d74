"""Shrinkage of parts: towards the mean, less the surer they are, with room for what was not found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sme_research.errors import StudyError
from sme_research.policy.shrinkage import PartEffect, shrink_parts


def part(name, estimate, std_error, **changes):
    named = {"instrument": "training", "outcome": "log_revenue", "variable": "size"} | changes
    return PartEffect(part=name, estimate=estimate, std_error=std_error, n_treated=100, **named)


def test_equal_parts_deviate_by_nothing_and_leave_room():
    smaller, larger = shrink_parts([part("smaller", 0.05, 0.01), part("larger", 0.05, 0.01)])
    assert smaller.deviation == larger.deviation == pytest.approx(0.0)
    # Half-normal with a scale of 0.0125 before the data: something of it is left.
    assert 0.001 < smaller.std_error < 0.0125
    assert smaller.p_value == pytest.approx(1.0)


def test_parts_that_are_sure_and_far_apart_keep_most_of_their_distance():
    smaller, larger = shrink_parts([part("smaller", 0.20, 0.005), part("larger", 0.00, 0.005)])
    assert smaller.deviation == pytest.approx(0.1, rel=0.05)
    assert larger.deviation == pytest.approx(-0.1, rel=0.05)
    # Cochran's Q by hand: 2 x (0.1 / 0.005) ** 2 = 800 on one degree of freedom.
    assert smaller.p_value < 1e-100


def test_the_posterior_is_that_of_many_draws():
    """Against brute force: draw spread and true effects from the prior, keep what fits the estimates."""
    estimates, errors = np.array([0.06, 0.03]), np.array([0.02, 0.02])
    rng = np.random.default_rng(3)
    n = 400_000
    spread = np.abs(rng.normal(0, 0.5 / 4**0.5 * 0.045, n))
    mean = rng.uniform(-0.15, 0.25, n)
    effects = mean[:, None] + spread[:, None] * rng.normal(size=(n, 2))
    weight = np.exp(-0.5 * (((estimates - effects) / errors) ** 2).sum(axis=1))
    # What shrinks is the distance from the common mean of the estimates.
    deviation = np.average(effects[:, 0] - 0.045, weights=weight)
    found = shrink_parts([part("a", 0.06, 0.02), part("b", 0.03, 0.02)])[0]
    assert found.deviation == pytest.approx(deviation, abs=0.0008)


@given(
    st.lists(st.tuples(st.floats(-0.5, 0.5), st.floats(0.001, 0.5)), min_size=2, max_size=5),
)
def test_no_part_is_moved_beyond_its_own_estimate(given_parts):
    found = shrink_parts([part(str(at), estimate, error) for at, (estimate, error) in enumerate(given_parts)])
    for one in found:
        distance = one.raw.estimate - one.common
        assert abs(one.deviation) <= abs(distance) + 1e-12
        assert one.deviation * distance >= -1e-12
        assert one.std_error <= one.raw.std_error + abs(distance) + 1e-12


def test_one_part_alone_deviates_from_nothing():
    (only,) = shrink_parts([part("smaller", 0.05, 0.01)])
    assert (only.deviation, only.std_error) == (0.0, 0.0)


def test_parts_of_two_questions_have_no_common_mean():
    with pytest.raises(StudyError, match="common mean"):
        shrink_parts([part("a", 0.1, 0.1), part("b", 0.1, 0.1, variable="place")])
