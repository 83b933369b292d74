"""Attrition: shares by hand, immortal time, who leaves, Lee's bounds, and worlds with silence planted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from check_cases import EFFECT, NAN, World, alarms, check, estimation_of, rows_of
from hypothesis import given, settings
from hypothesis import strategies as st

from sme_research.checks import CHECKS
from sme_research.checks._bounds import trim_shifts


def copies(name: str, n: int, cohort: float, values: list[float]) -> dict[str, tuple[float, list[float]]]:
    """Like enterprises with outcomes a little apart."""
    return {f"{name}{at}": (cohort, [value + 0.01 * at for value in values]) for at in range(n)}


def test_shares_lost_are_those_counted_by_hand():
    # First treated in 2020. By 2021: 2 of 20 treated and 8 of 40 others are gone for good; by 2022 nobody more.
    population = rows_of(
        copies("T", 18, 2020.0, [1.0] * 5)
        | copies("t", 2, 2020.0, [1.0, 1.0, 1.0, NAN, NAN])
        | copies("C", 32, NAN, [1.0] * 5)
        | copies("c", 8, NAN, [1.0, 1.0, 1.0, NAN, NAN])
    )
    answer = check("attrition", population=population)
    assert answer.values["lost_treated"] == pytest.approx(0.10)
    assert answer.values["lost_comparison"] == pytest.approx(0.20)
    assert answer.values["gap"] == pytest.approx(0.10)
    assert [row["event_time"] for row in answer.table] == [1, 2]


def test_a_gap_in_the_reports_is_no_exit():
    population = rows_of(
        copies("T", 10, 2020.0, [1.0] * 5)
        | copies("t", 10, 2020.0, [1.0, 1.0, 1.0, NAN, 1.0])
        | copies("C", 30, NAN, [1.0] * 5)
    )
    assert check("attrition", population=population).values["lost_treated"] == 0.0


def test_who_left_before_a_cohort_was_treated_does_not_count_against_the_others():
    # The treated lived until 2020 because they were treated then; half of the others had left in 2019.
    population = rows_of(
        copies("T", 20, 2020.0, [1.0] * 5)
        | copies("C", 20, NAN, [1.0] * 5)
        | copies("c", 20, NAN, [1.0, NAN, NAN, NAN, NAN])
    )
    answer = check("attrition", population=population)
    assert answer.values["gap"] == 0.0
    assert answer.verdict == "pass"


def test_whoever_is_treated_later_had_to_live_until_then():
    # A fifth of the survivors are treated each year: they must not vanish from those who stayed.
    gaps = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        n, years = 3_000, np.arange(2018, 2024)
        leave = 2018 + rng.geometric(0.10, n)
        starts = (rng.random((n, 6)) < 0.2) & (years < leave[:, None]) & (years >= 2020)
        cohort = np.where(starts.any(axis=1), years[starts.argmax(axis=1)], np.nan)
        population = pd.DataFrame(
            {
                "enterprise_id": np.repeat([f"E{at}" for at in range(n)], 6),
                "year": np.tile(years, n),
                "cohort": np.repeat(cohort, 6),
                "outcome": np.where(years < leave[:, None], rng.normal(size=(n, 6)), np.nan).ravel(),
            }
        )
        values = check("attrition", population=population).values
        gaps.append(values["lost_treated"] - values["lost_comparison"])
    assert abs(np.mean(gaps)) < 0.02


def test_nothing_planted_nothing_found_in_most_worlds():
    assert alarms("attrition", range(100, 112), n=1_000) <= 0.10


def test_untreated_enterprises_that_fall_silent_when_they_shrink_are_found():
    assert alarms("attrition", range(5), silent=0.5) == 1.0


def test_leavers_unlike_in_the_two_arms_are_found_where_the_shares_are_alike():
    # The same share leaves everywhere; among the comparison it is those who had shrunk.
    rng = np.random.default_rng(1)
    n, years = 2_000, np.arange(2016, 2022)
    cohort = np.where(np.arange(n) < n // 2, 2018.0, np.nan)
    path = np.cumsum(rng.normal(0, 0.15, (n, 6)), axis=1)
    growth = np.diff(path, axis=1, prepend=0.0)
    low = growth < np.quantile(growth[:, 1:], 0.2)
    stops = np.where(np.isnan(cohort)[:, None], low & (rng.random(path.shape) < 0.25), rng.random(path.shape) < 0.05)
    stops[:, :2] = False
    gone = np.roll(np.cumsum(stops, axis=1) > 0, 1, axis=1)
    gone[:, 0] = False
    population = pd.DataFrame(
        {
            "enterprise_id": np.repeat([f"E{at:04d}" for at in range(n)], 6),
            "year": np.tile(years, n),
            "cohort": np.repeat(cohort, 6),
            "outcome": np.where(gone, np.nan, path).ravel(),
        }
    )
    answer = check("attrition", population=population)
    assert answer.values["gap"] < 0.05
    assert answer.values["growth_gap"] > 0.1
    assert (answer.verdict, answer.values["by_growth"]) == ("fail", 1.0)


def test_trimming_takes_the_excess_off_either_end_by_hand():
    # The treated kept 100 %, the others 75 %: a quarter of 1, 2, 3, 4 goes, so the mean is 2 or 3 and not 2.5.
    treated, comparison = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 0.0, 0.0])
    assert trim_shifts(treated, comparison, 1.0, 0.75) == pytest.approx((-0.5, 0.5))
    assert trim_shifts(comparison, treated, 0.75, 1.0) == pytest.approx((-0.5, 0.5))
    assert trim_shifts(treated, comparison, 0.9, 0.9) == (0.0, 0.0)


def test_trimming_takes_parts_of_an_enterprise():
    # An eighth of four is half of the highest: (1 + 2 + 3 + 4 / 2) / 3.5 = 16 / 7.
    low, _ = trim_shifts(np.array([4.0, 1.0, 3.0, 2.0]), np.zeros(3), 1.0, 0.875)
    assert low == pytest.approx(16 / 7 - 2.5)


def test_bounds_hold_the_truth_that_silence_hides():
    # Without an effect the estimate is too low where the worst of the comparison are gone; the bounds reach zero.
    worlds = [World(seed, n=2_000, effect=0.0, silent=0.5).estimation() for seed in range(4)]
    found = [CHECKS["attrition"](world).values for world in worlds]
    assert np.mean([world.effect.estimate for world in worlds]) < -0.03
    assert np.mean([values["lee_low"] for values in found]) < 0 < np.mean([values["lee_high"] for values in found])


def test_a_small_difference_counts_where_it_moves_a_precise_estimate():
    # Four points between the arms are no news to an estimate with an error of 0.2, but to one of 0.002.
    population = rows_of(
        copies("T", 500, 2020.0, [1.0] * 4)
        | copies("C", 480, NAN, [1.0] * 4)
        | copies("c", 20, NAN, [1.0, 1.0, 1.0, NAN])
    )
    noise = np.random.default_rng(0).normal(0, 0.3, len(population))
    population = population.assign(outcome=population["outcome"] + noise)
    sure, unsure = (replace(EFFECT, std_error=error) for error in (0.002, 0.2))
    assert check("attrition", population=population, effect=sure).verdict == "warn"
    assert check("attrition", population=population, effect=unsure).verdict == "pass"


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 99), scale=st.floats(0.1, 50))
def test_order_names_and_units_do_not_matter(seed, scale):
    population = World(seed, n=400, silent=0.3).population()
    names = np.random.default_rng(seed).permutation(population["enterprise_id"].unique())
    renamed = dict(zip(population["enterprise_id"].unique(), names, strict=True))
    changed = population.assign(
        enterprise_id=population["enterprise_id"].map(renamed), outcome=3 + scale * population["outcome"]
    ).sample(frac=1, random_state=seed)
    bigger = replace(EFFECT, estimate=EFFECT.estimate * scale, std_error=EFFECT.std_error * scale)
    one = CHECKS["attrition"](estimation_of(population=population))
    other = CHECKS["attrition"](estimation_of(population=changed, effect=bigger))
    assert other.verdict == one.verdict
    assert other.p_value == pytest.approx(one.p_value)
    assert other.values["lee_low"] == pytest.approx(scale * one.values["lee_low"])


def test_nobody_followed_is_not_applicable():
    assert check("attrition", population=rows_of(copies("T", 20, 2022.0, [1.0] * 5))).verdict == "not_applicable"
