"""Bounds under diverging trends: what the breakdown says, and that a null is not punished."""

import pytest
from check_cases import check

from sme_research.results import Sensitivity


def magnitudes(breakdown: float | None) -> Sensitivity:
    bounds = ({"size": 0.0, "low": 0.02, "high": 0.08}, {"size": 2.0, "low": -0.06, "high": 0.16})
    return Sensitivity("relative_magnitudes", bounds, breakdown, 0.95, "log points")


@pytest.mark.parametrize(("breakdown", "verdict"), [(1.5, "pass"), (1.0, "pass"), (0.9, "warn"), (0.0, "warn")])
def test_the_breakdown_multiple_sets_the_verdict(breakdown, verdict):
    answer = check("honest_did", sensitivity=(magnitudes(breakdown),))
    assert (answer.verdict, answer.statistic) == (verdict, breakdown)


def test_where_the_interval_includes_zero_there_is_nothing_to_overturn():
    answer = check("honest_did", sensitivity=(magnitudes(None),))
    assert answer.verdict == "not_applicable"
    assert answer.values["holds_zero"] == 1.0


def test_bounds_between_two_sizes_are_between_their_bounds():
    # Half way from size 0 to size 2: low (0.02 - 0.06) / 2, high (0.08 + 0.16) / 2.
    values = check("honest_did", sensitivity=(magnitudes(0.5),)).values
    assert values["low_at_one"] == pytest.approx(-0.02)
    assert values["high_at_one"] == pytest.approx(0.12)


def test_smoothness_is_told_beside_it_and_alone_gives_no_verdict():
    smooth = Sensitivity("smoothness", ({"size": 0.0, "low": 0.01, "high": 0.09},), 0.004, 0.95, "log points")
    answer = check("honest_did", sensitivity=(smooth, magnitudes(2.0)))
    assert answer.values["sd_breakdown"] == 0.004
    assert [row["method"] for row in answer.table] == ["smoothness", "relative_magnitudes", "relative_magnitudes"]
    assert check("honest_did", sensitivity=(smooth,)).verdict == "not_applicable"
