"""Spillovers: the coefficient by hand, worlds in which business is stolen, and worlds in which it is not."""

import numpy as np
import pytest
from check_cases import World, alarms, check

from sme_research.checks import CHECKS
from sme_research.checks._regression import demean, regress


def test_business_stealing_is_found_and_measured():
    found = [CHECKS["spillovers"](World(seed, n=3_000, stolen=0.12).glance()) for seed in range(5)]
    assert [answer.verdict for answer in found].count("fail") >= 4
    assert np.mean([answer.values["coefficient"] for answer in found]) == pytest.approx(-0.12, abs=0.03)


def test_what_is_stolen_makes_the_estimate_too_high():
    answer = CHECKS["spillovers"](World(0, n=3_000, stolen=0.12).glance())
    assert answer.values["implied_bias"] > 0
    assert answer.values["implied_bias"] == pytest.approx(
        -answer.values["coefficient"] * answer.values["share_exposure"]
    )


def test_what_spills_over_makes_it_too_low():
    assert CHECKS["spillovers"](World(0, n=3_000, stolen=-0.12).glance()).values["implied_bias"] < 0


def test_untouched_neighbours_are_left_alone():
    assert alarms("spillovers", range(20, 32), n=1_000) <= 0.15


def test_partners_speak_where_they_speak_louder():
    sample = World(1, stolen=0.12).sample()
    rng = np.random.default_rng(0)
    neighbours = rng.random(len(sample)) * 0.01
    swapped = sample.assign(partners_treated=sample["neighbours_treated"], neighbours_treated=neighbours)
    answer = check("spillovers", sample=swapped)
    assert answer.values["by_partners"] == 1.0
    assert {row["exposure"] for row in answer.table} == {"neighbours_treated", "partners_treated"}


def test_exposure_that_moves_in_few_cells_is_no_basis():
    sample = World(1).sample()
    few = sample.assign(neighbours_treated=sample["neighbours_treated"].where(sample["cell"] == "C1", 0.0))
    assert check("spillovers", sample=few).verdict == "not_applicable"


def test_only_the_not_yet_treated_are_looked_at():
    sample = World(2).sample()
    treated = sample["cohort"] <= sample["year"]
    nonsense = sample.assign(outcome=sample["outcome"].where(~treated, 1_000.0 * sample["neighbours_treated"]))
    one, other = check("spillovers", sample=sample), check("spillovers", sample=nonsense)
    assert one.statistic == pytest.approx(other.statistic)


def test_the_regression_agrees_with_least_squares_and_leaving_groups_out():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(15), 8)
    controls = np.column_stack([np.ones(120), rng.normal(size=120)])
    regressor = controls[:, 1] + rng.normal(size=120)
    outcome = 0.5 * regressor + rng.normal(size=120) + rng.normal(size=15)[groups]
    (slope,) = regress(outcome, regressor, controls, groups)
    full = np.linalg.lstsq(np.column_stack([regressor, controls]), outcome, rcond=None)[0]
    assert slope.estimate == pytest.approx(full[0])
    # Leave one group out, the controls' part taken off once and for all.
    rest, free = (v - controls @ np.linalg.lstsq(controls, v, rcond=None)[0] for v in (regressor, outcome))
    left_out = [rest[groups != g] @ free[groups != g] / (rest[groups != g] @ rest[groups != g]) for g in range(15)]
    assert slope.std_error == pytest.approx(np.sqrt(14 / 15 * np.sum((np.array(left_out) - slope.estimate) ** 2)))


def test_what_the_controls_explain_is_no_regressor():
    controls = np.column_stack([np.ones(30), np.arange(30.0)])
    assert regress(np.arange(30.0), 2 * controls[:, 1] + 1, controls, np.arange(30)) is None


def test_group_means_are_taken_off():
    columns = demean(np.array([[1.0], [3.0], [10.0]]), np.array([0, 0, 2]))
    assert columns.ravel().tolist() == [-1.0, 1.0, 0.0]
