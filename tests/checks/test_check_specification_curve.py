"""Other ways to have asked."""

from dataclasses import replace

import pytest
from check_cases import EFFECT, NONE, check

from sme_research.results import Specification


def curve(*estimates: float, failed: int = 0, error: float = 0.02) -> tuple[Specification, ...]:
    made = [
        Specification(
            f"S{at}",
            {"estimator": "e"},
            replace(EFFECT, estimate=value, ci_low=value - 1.96 * error, ci_high=value + 1.96 * error),
        )
        for at, value in enumerate(estimates)
    ]
    return (*made, *(Specification(f"F{at}", {}, None, "nobody left") for at in range(failed)))


@pytest.mark.parametrize(
    ("estimates", "verdict"),
    [
        ((0.05, 0.06, 0.04, 0.05, 0.07), "pass"),
        ((0.05, 0.06, 0.04, 0.05, -0.01), "pass"),
        ((0.05, 0.06, 0.04, -0.01, -0.01), "warn"),
        ((0.02, 0.02, 0.02, 0.02, 0.02), "warn"),
        ((0.05, 0.06, -0.05), "fail"),
    ],
)
def test_sign_median_and_contradiction_set_the_verdict(estimates, verdict):
    assert check("specification_curve", specifications=curve(*estimates)).verdict == verdict


def test_the_sign_of_a_null_means_nothing():
    around_zero = curve(0.01, -0.01, 0.02, -0.005, 0.0)
    assert check("specification_curve", effect=NONE, specifications=around_zero).verdict == "pass"
    found_elsewhere = curve(0.01, 0.06, 0.06, 0.01, 0.01)
    assert check("specification_curve", effect=NONE, specifications=found_elsewhere).verdict == "warn"


def test_shares_and_range_are_counted_by_hand():
    values = check("specification_curve", specifications=curve(0.05, 0.06, 0.01, -0.05, failed=2)).values
    assert (values["n_specifications"], values["n_failed"]) == (4.0, 2.0)
    assert (values["share_same_sign"], values["share_significant"], values["share_opposite"]) == (0.75, 0.75, 0.25)
    assert (values["lowest"], values["median"], values["highest"]) == (-0.05, pytest.approx(0.03), 0.06)


def test_the_table_is_in_order_of_the_estimate():
    table = check("specification_curve", specifications=curve(0.05, 0.06, 0.01)).table
    assert [row["name"] for row in table] == ["S2", "S0", "S1"]


def test_another_unit_is_another_question():
    other = Specification("share", {}, replace(EFFECT, unit="share"))
    assert check("specification_curve", specifications=(*curve(0.05, 0.06), other)).verdict == "not_applicable"
