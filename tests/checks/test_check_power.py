"""What could have been found."""

from dataclasses import replace

import pytest
from check_cases import EFFECT, check


def test_the_minimum_detectable_effect_is_2_8_standard_errors():
    answer = check("power")
    assert answer.statistic == pytest.approx(2.8016 * 0.02, rel=1e-4)
    assert answer.verdict == "pass"
    assert check("power", effect=replace(EFFECT, ci_low=-0.01)).verdict == "warn"
