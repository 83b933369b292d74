"""Verdicts: one rule, every branch; prices that say no more than the draws do."""

from __future__ import annotations

import numpy as np
import pytest

from sme_research.policy.beliefs import Belief
from sme_research.policy.verdicts import _decide, price_of


def belief(estimate, wording="effect"):
    return Belief("training", "log_revenue", estimate, 0.01, "log points", wording)


@pytest.mark.parametrize(
    ("given", "share", "today", "most_return", "verdict"),
    [
        (belief(0.05, "association"), 0.5, 0.1, 10.0, ("test", "grade")),
        (belief(-0.05, "description"), 0.5, 0.1, 10.0, ("test", "grade")),
        (belief(0.01), 0.5, 0.1, 10.0, ("test", "no_effect_shown")),
        (belief(-0.01), 0.5, 0.1, 10.0, ("test", "no_effect_shown")),
        (belief(-0.05), 0.0, 0.1, 10.0, ("stop", "harms")),
        (belief(0.05), 0.1, 0.1, 0.99, ("stop", "never_covers")),
        (belief(0.05), 0.121, 0.1, 1.0, ("expand", "more")),
        (belief(0.05), 0.079, 0.1, 1.0, ("reduce", "less")),
        (belief(0.05), 0.119, 0.1, 1.0, ("keep", "like_today")),
        (belief(0.05), 0.0, 0.0, 1.0, ("keep", "like_today")),
    ],
)
def test_every_branch_of_the_rule(given, share, today, most_return, verdict):
    assert _decide(given, share, today, most_return) == verdict


def test_a_price_is_spent_over_gained():
    price = price_of(10.0, np.full(100, 50.0))
    assert (price.estimate, price.low, price.high) == pytest.approx((0.2, 0.2, 0.2))


def test_a_gain_that_may_be_nothing_has_no_upper_price():
    drawn = np.linspace(-10.0, 90.0, 1_001)
    price = price_of(10.0, drawn)
    assert price.estimate == pytest.approx(10 / 40)
    assert price.low == pytest.approx(10 / np.quantile(drawn, 0.975))
    assert price.high is None


def test_no_gain_and_no_money_have_no_price():
    assert price_of(10.0, np.linspace(-2.0, -1.0, 50)) == price_of(0.0, np.ones(5))
    assert price_of(0.0, np.ones(5)).estimate is None
