"""A pretended date: the rows it uses, its verdict, and worlds whose paths part by themselves."""

from dataclasses import replace

import pytest
from check_cases import EFFECT, NAN, World, answer, check, refuse, rows_of

from sme_research.checks import CHECKS
from sme_research.checks.placebo_date import pretend_earlier


def test_only_rows_before_the_real_treatment_are_used_and_the_others_stay_as_they_are():
    paths = {"A": (2022.0, [0.0] * 6), "B": (NAN, [0.0] * 6), "C": (2030.0, [0.0] * 6), "D": (2020.0, [0.0] * 6)}
    pretended = pretend_earlier(rows_of(paths), 2, last=-1)
    years = {name: list(rows["year"]) for name, rows in pretended.groupby("enterprise_id")}
    cohort = pretended.groupby("enterprise_id")["cohort"].first()
    assert years["A"] == [2018, 2019, 2020, 2021]
    assert years["B"] == years["C"] == list(range(2018, 2024))
    assert cohort["A"] == 2020
    assert cohort[["B", "C"]].isna().all()
    # D would pretend to a treatment in its first year, which leaves nothing to count from.
    assert "D" not in years


def test_years_of_allowed_anticipation_are_left_out_too():
    pretended = pretend_earlier(rows_of({"A": (2022.0, [0.0] * 6)}), 2, last=-2)
    assert list(pretended["year"]) == [2018, 2019, 2020]


@pytest.mark.parametrize(("estimate", "verdict"), [(0.03, "pass"), (-0.042, "warn"), (0.06, "fail")])
def test_the_verdict_is_that_of_a_test_against_zero(estimate, verdict):
    refit_to, given = answer(replace(EFFECT, estimate=estimate))
    made = check("placebo_date", refit=refit_to, sample=rows_of({"A": (2022.0, [0.0] * 6)}))
    assert (made.verdict, made.statistic) == (verdict, estimate)
    assert given[0]["year"].max() == 2021


def test_too_few_years_are_said_and_not_hidden():
    made = check("placebo_date", refit=refuse, sample=rows_of({"A": (2022.0, [0.0] * 6)}))
    assert made.verdict == "not_applicable"
    assert made.values["not_identified"] == 1.0


def test_paths_that_part_by_themselves_are_found():
    verdicts = [CHECKS["placebo_date"](World(seed, n=3_000, drift=0.03).estimation()).verdict for seed in range(4)]
    assert verdicts == ["fail"] * 4


def test_parallel_paths_are_left_alone():
    verdicts = [CHECKS["placebo_date"](World(seed).estimation()).verdict for seed in range(10, 18)]
    assert verdicts.count("pass") >= 6
