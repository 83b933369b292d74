"""Figures made to fit a threshold."""

import pytest
from check_cases import check

from sme_research.results import ThresholdDensity


def density(name: str, p_value: float, threshold: float = 3.0) -> ThresholdDensity:
    return ThresholdDensity(name, {"en": name, "zh": name}, threshold, "%", 2.5, p_value, 400, 600, ())


@pytest.mark.parametrize(
    ("p_values", "adjusted", "verdict"),
    [
        ((0.02, 0.5), 0.04, "warn"),
        ((0.03, 0.5), 0.06, "pass"),
        ((0.004, 0.5), 0.008, "fail"),
        ((0.04,), 0.04, "warn"),
    ],
)
def test_p_values_are_adjusted_over_the_thresholds(p_values, adjusted, verdict):
    answer = check("manipulation", densities=tuple(density(f"D{at}", p) for at, p in enumerate(p_values)))
    assert (answer.verdict, answer.p_value) == (verdict, pytest.approx(adjusted))


def test_the_threshold_that_speaks_is_named():
    answer = check("manipulation", densities=(density("growth", 0.6, 5.0), density("research", 0.001, 3.0)))
    assert answer.values["threshold"] == 3.0
    assert answer.values["n_jumps"] == 1.0
