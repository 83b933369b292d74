"""Entry to and exit from the enterprises above designated size."""

import numpy as np
import pandas as pd
import pytest
from check_cases import World, alarms, check, refit

from sme_research.checks import CHECKS


def crossing(n: int, *, treated_up: float, comparison_up: float) -> pd.DataFrame:
    """Enterprises below the line in 2019; a share of each arm, spread over sizes, is above it from 2020 on."""
    rows = []
    for arm, cohort, share in (("T", 2020.0, treated_up), ("C", np.nan, comparison_up)):
        for at in range(n):
            up = (at * 7_919) % n < share * n
            for year in (2018, 2019, 2020):
                above = float(up and year >= 2020)
                rows.append((f"{arm}{at:04d}", year, cohort, at / n, above, at / n))
    names = ["enterprise_id", "year", "cohort", "outcome", "above_scale", "x_size"]
    rows = pd.DataFrame(rows, columns=names)
    return rows.assign(event_time=rows["year"] - rows["cohort"])


@pytest.mark.parametrize(("treated_up", "verdict"), [(0.11, "pass"), (0.18, "warn"), (0.30, "fail")])
def test_the_difference_of_shares_sets_the_verdict(treated_up, verdict):
    frame = crossing(1_000, treated_up=treated_up, comparison_up=0.10)
    answer = check("above_scale", sample=frame, population=frame)
    assert answer.values["share_up_treated"] == pytest.approx(treated_up)
    assert answer.values["gap"] == pytest.approx(treated_up - 0.10, abs=0.01)
    assert answer.verdict == verdict


def test_a_large_difference_among_few_is_luck():
    frame = crossing(20, treated_up=0.20, comparison_up=0.10)
    answer = check("above_scale", sample=frame, population=frame)
    assert answer.values["gap"] > 0.05
    assert answer.verdict == "pass"


def test_larger_enterprises_are_compared_with_larger_ones():
    # The treated are larger and so cross more often; among enterprises of one size nobody differs.
    rng = np.random.default_rng(3)
    n = 4_000
    size = rng.normal(size=n)
    treated = size + rng.normal(size=n) > 0.8
    before = 8 + 0.5 * size
    after = before + rng.normal(0.05, 0.3, n)
    frame = pd.DataFrame(
        {
            "enterprise_id": np.tile([f"E{at}" for at in range(n)], 2),
            "year": np.repeat([2019, 2020], n),
            "cohort": np.tile(np.where(treated, 2020.0, np.nan), 2),
            "outcome": np.concatenate([before, after]),
            "above_scale": np.concatenate([before, after]) > 9.0,
            "x_size": np.tile(size, 2),
        }
    )
    crossed = (after > 9.0) & (before <= 9.0)
    answer = check("above_scale", sample=frame, population=frame)
    assert crossed[treated].mean() - crossed[~treated].mean() > 0.04
    assert answer.values["gap"] < 0.03
    assert answer.verdict == "pass"


def test_an_instrument_that_lifts_enterprises_over_the_line_is_found_and_a_small_one_is_not():
    assert CHECKS["above_scale"](World(3, n=3_000, effect=0.6).glance()).verdict != "pass"
    assert alarms("above_scale", range(4)) == 0.0


def test_the_estimate_above_the_line_is_that_of_those_rows_and_lies_within_its_bounds():
    estimation = World(4, n=3_000).estimation()
    values = CHECKS["above_scale"](estimation).values
    above = estimation.population[estimation.population["above_scale"] == 1]
    rows = estimation.sample.merge(above[["enterprise_id", "year"]], on=["enterprise_id", "year"])
    assert values["above_estimate"] == pytest.approx(refit(rows)[0].estimate)
    assert values["lee_low"] <= values["above_estimate"] <= values["lee_high"]
