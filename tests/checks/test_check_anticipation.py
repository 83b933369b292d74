"""Anticipation: the common jump by hand, by generalised least squares, and in worlds with a dip."""

from dataclasses import replace

import numpy as np
import pytest
from check_cases import EFFECT, World, check, sample_of, study_of
from scipy import stats

from sme_research.checks import CHECKS


def test_a_dip_in_the_base_year_is_the_mean_of_all_earlier_points_with_the_other_sign():
    # Independent points of like error: their plain mean is 0.03, with half the error of one point.
    answer = check(
        "anticipation", event_study=study_of({-5: 0.02, -4: 0.04, -3: 0.02, -2: 0.04, 0: 0.1}, np.eye(5) * 4e-4)
    )
    assert answer.values["jump"] == pytest.approx(-0.03)
    assert answer.values["std_error"] == pytest.approx(0.01)
    assert answer.p_value == pytest.approx(2 * stats.norm.sf(3.0))
    assert answer.verdict == "fail"


def test_surer_and_less_alike_points_weigh_more():
    covariance = np.array([[4.0, 1.0], [1.0, 1.0]]) * 4e-4
    weights = np.linalg.inv(covariance).sum(axis=0)
    answer = check("anticipation", event_study=study_of({-3: 0.08, -2: 0.01}, covariance))
    assert answer.values["jump"] == pytest.approx(-weights @ [0.08, 0.01] / weights.sum())


@pytest.mark.parametrize(("level", "verdict"), [(0.036, "pass"), (0.042, "warn"), (0.054, "fail")])
def test_the_verdict_follows_the_p_value(level, verdict):
    assert check("anticipation", event_study=study_of({-2: level}, np.eye(1) * 4e-4)).verdict == verdict


def test_with_clusters_the_points_count_alike_and_the_test_is_by_t_of_the_treated():
    clustered = sample_of([0.0, 1.0], [0.0, 1.0], cluster_id="K")
    answer = check(
        "anticipation",
        event_study=study_of({-3: 0.084, -2: 0.0}, np.diag([8e-4, 8e-4])),
        sample=clustered,
        effect=replace(EFFECT, n_clusters=60, n_treated_clusters=11),
    )
    assert answer.values["jump"] == pytest.approx(-0.042)
    assert answer.p_value == pytest.approx(2 * stats.t.sf(0.042 / 0.02, 10))


def test_what_is_held_back_is_found_and_measured():
    found = [CHECKS["anticipation"](World(seed, n=3_000, held_back=0.05).estimation()) for seed in range(4)]
    assert [answer.verdict for answer in found] == ["fail"] * 4
    assert np.mean([answer.values["jump"] for answer in found]) == pytest.approx(-0.05, abs=0.012)


def test_without_years_before_treatment_there_is_no_answer():
    assert check("anticipation", event_study=study_of({0: 0.1}, np.eye(1))).verdict == "not_applicable"
