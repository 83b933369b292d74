"""Enterprises that could not be treated."""

from dataclasses import replace

import pytest
from check_cases import EFFECT, World, answer, check, refit, refuse

EXCLUDED = World(1).sample()


@pytest.mark.parametrize(("estimate", "verdict"), [(0.03, "pass"), (-0.042, "warn"), (0.06, "fail")])
def test_the_verdict_is_that_of_a_test_against_zero(estimate, verdict):
    refit_to, given = answer(replace(EFFECT, estimate=estimate))
    assert check("placebo_group", refit=refit_to, placebo_group=EXCLUDED).verdict == verdict
    assert given == [EXCLUDED]


def test_something_else_that_happened_at_the_same_time_is_found():
    moved = World(2, n=3_000, effect=0.15).sample()
    assert check("placebo_group", refit=refit, placebo_group=moved).verdict == "fail"


def test_too_small_a_group_is_said():
    assert check("placebo_group", refit=refuse, placebo_group=EXCLUDED).values["not_identified"] == 1.0
