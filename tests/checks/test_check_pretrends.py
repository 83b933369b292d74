"""Trends before treatment: the Wald test by hand, its level with few clusters, its power."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from check_cases import EFFECT, check, sample_of, study_of
from scipy import stats

from sme_research.checks.pretrends import wald_p


def test_pretrends_is_the_wald_statistic_by_hand():
    # Two independent points, two and one standard errors from zero: 2^2 + 1^2 = 5 on 2 degrees.
    answer = check("pretrends", event_study=study_of({-3: 0.04, -2: 0.02, 0: 0.3}, np.eye(3) * 0.0004))
    assert answer.statistic == pytest.approx(5)
    assert answer.p_value == pytest.approx(stats.chi2.sf(5, 2))


# One point x standard errors off, the other at zero: p = exp(-x^2 / 2) on 2 degrees.
@pytest.mark.parametrize(("value", "verdict"), [(0.046, "pass"), (0.052, "warn"), (0.058, "warn"), (0.062, "fail")])
def test_pretrends_warn_under_five_percent_and_fail_under_one(value, verdict):
    study = study_of({-3: value, -2: 0.0, 0: 0.3}, np.eye(3) * 0.0004)
    assert check("pretrends", event_study=study).verdict == verdict


def test_pretrends_uses_the_covariance_and_not_only_the_variances():
    covariance = np.array([[1.0, 0.9], [0.9, 1.0]]) * 0.0004
    answer = check("pretrends", event_study=study_of({-3: 0.04, -2: 0.04}, covariance))
    assert answer.statistic == pytest.approx(np.array([0.04, 0.04]) @ np.linalg.inv(covariance) @ [0.04, 0.04])


def test_with_clusters_the_statistic_is_held_against_f_of_the_treated():
    assert wald_p(12.5, 2, 11) == pytest.approx(stats.f.sf(6.25, 2, 11))
    assert wald_p(12.5, 2, None) == pytest.approx(stats.chi2.sf(12.5, 2))


def test_the_test_holds_its_level_where_few_of_many_clusters_are_treated():
    # Eight treated and forty others, four points each: the difference of means with the covariance of both arms.
    rng = np.random.default_rng(4)
    rejected = []
    for _ in range(2_000):
        treated, others = rng.normal(size=(8, 4)), rng.normal(size=(40, 4))
        gap = treated.mean(axis=0) - others.mean(axis=0)
        covariance = np.cov(treated.T) / 8 + np.cov(others.T) / 40
        rejected.append(wald_p(float(gap @ np.linalg.solve(covariance, gap)), 4, 7) < 0.05)
    assert 0.02 < np.mean(rejected) < 0.08


def clusters_of(n_treated: int):
    """A sample with that many treated clusters, each seen three and two years before."""
    rows = [sample_of([0.0], [0.0], cluster_id=f"K{at}").assign(enterprise_id=f"{at}") for at in range(n_treated)]
    return pd.concat([row.assign(year=year, cohort=2020.0) for row in rows for year in (2017, 2018, 2020)])


def test_clusters_are_counted_where_the_sample_has_them():
    study = study_of({-3: 0.05, -2: 0.0, 0: 0.3}, np.eye(3) * 0.0004)
    effect = replace(EFFECT, n_clusters=60, n_treated_clusters=12)
    alone, grouped = (
        check("pretrends", event_study=study, effect=effect),
        check("pretrends", event_study=study, effect=effect, sample=clusters_of(12)),
    )
    assert grouped.statistic == alone.statistic
    assert grouped.p_value == pytest.approx(stats.f.sf(6.25 / 2, 2, 11))
    assert grouped.p_value > alone.p_value
    assert grouped.values["detectable_trend"] > alone.values["detectable_trend"]


def test_one_treated_cluster_is_no_test():
    effect = replace(EFFECT, n_clusters=60, n_treated_clusters=1)
    assert check("pretrends", sample=clusters_of(1), effect=effect).verdict == "not_applicable"


def test_the_detectable_trend_is_found_with_the_stated_power():
    covariance = np.array([[4.0, 1.0, 0.5], [1.0, 2.0, 0.5], [0.5, 0.5, 1.0]]) * 0.0004
    study = study_of({-4: 0.0, -3: 0.0, -2: 0.0}, covariance)
    slope = check("pretrends", event_study=study).values["detectable_trend"]
    drawn = np.random.default_rng(1).multivariate_normal(slope * np.array([-3, -2, -1]), covariance, 800)
    found = [
        check("pretrends", event_study=study_of(dict(zip((-4, -3, -2), row, strict=True)), covariance)).p_value < 0.05
        for row in drawn
    ]
    assert np.mean(found) == pytest.approx(0.80, abs=0.04)


def test_a_steady_drift_is_tested_on_its_own():
    # Independent points of like error at distances -2 and -1: slope = sum(d y) / sum(d^2) = 0.05 / 5.
    answer = check("pretrends", event_study=study_of({-3: -0.02, -2: -0.01, 0: 0.3}, np.eye(3) * 0.0004))
    assert answer.values["p_steady"] == pytest.approx(2 * stats.norm.sf(0.01 / (0.02 / np.sqrt(5))))


def test_years_in_which_anticipation_is_allowed_are_not_before_treatment():
    # Allowed one year of anticipation the base year is -2, and -1 is a point of its own.
    study = study_of({-3: 0.0, -1: 0.5, 0: 0.5}, np.eye(3) * 0.0004)
    answer = check("pretrends", event_study=study)
    assert (answer.values["n_periods"], answer.statistic) == (1.0, 0.0)


def test_without_years_before_treatment_nothing_is_tested():
    assert check("pretrends", event_study=study_of({0: 0.1}, np.eye(1))).verdict == "not_applicable"
