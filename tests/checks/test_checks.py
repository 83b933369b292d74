"""Each check against arithmetic by hand, and against worlds it must find fault with."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sme_research.checks import CHECKS, run_checks
from sme_research.results import Effect, Estimation, EventStudy, EventTimeEffect, FlowStep, SampleFlow

EFFECT = Effect("ATT", 0.05, 0.02, 0.0108, 0.0892, 0.95, "log points", 100, 50, 400, 100, 50, "e", "c")


def study_of(estimates: dict[int, float], covariance: np.ndarray) -> EventStudy:
    points = tuple(
        EventTimeEffect(time, value, float(np.sqrt(covariance[at, at])), 0.0, 0.0, 50)
        for at, (time, value) in enumerate(estimates.items())
    )
    return EventStudy(points, covariance, 0.95, "log points", "e", "c")


def sample_of(treated: list[float], comparison: list[float], **columns: object) -> pd.DataFrame:
    n, m = len(treated), len(comparison)
    return pd.DataFrame(
        {
            "enterprise_id": [f"E{at}" for at in range(n + m)],
            "year": 2020,
            "cohort": [2020.0] * n + [np.nan] * m,
            "x_size": treated + comparison,
            **columns,
        }
    )


def estimation_of(**changes: object) -> Estimation:
    flow = SampleFlow((FlowStep("treated_inside_panel", 200, 100, 800), FlowStep("two_years", 190, 95, 700)))
    plain = Estimation(
        sample=sample_of([0.0, 1.0, 2.0], [0.0, 1.0, 2.0]),
        flow=flow,
        effect=EFFECT,
        event_study=study_of({-3: 0.0, -2: 0.0, 0: 0.05}, np.eye(3) * 0.0004),
        covariates=("x_size",),
    )
    return replace(plain, **changes)


def check(name: str, **changes: object):
    return CHECKS[name](estimation_of(**changes))


def test_every_check_answers_under_its_own_name():
    assert [answer.name for answer in run_checks(estimation_of())] == sorted(CHECKS)


def test_pretrends_is_the_wald_statistic_by_hand():
    # Two independent points, each one standard error from zero twice over: 2^2 + 1^2 = 5 on 2 degrees.
    answer = check("pretrends", event_study=study_of({-3: 0.04, -2: 0.02, 0: 0.3}, np.eye(3) * 0.0004))
    assert answer.statistic == pytest.approx(5)
    assert answer.p_value == pytest.approx(stats.chi2.sf(5, 2))
    assert answer.verdict == "warn"


@pytest.mark.parametrize(("value", "verdict"), [(0.0, "pass"), (0.046, "warn"), (0.08, "fail")])
def test_pretrends_verdict_follows_the_distance_from_zero(value, verdict):
    study = study_of({-3: value, -2: 0.0, 0: 0.3}, np.eye(3) * 0.0004)
    assert check("pretrends", event_study=study).verdict == verdict


def test_pretrends_uses_the_covariance_and_not_only_the_variances():
    covariance = np.array([[1.0, 0.9], [0.9, 1.0]]) * 0.0004
    answer = check("pretrends", event_study=study_of({-3: 0.04, -2: 0.04}, covariance))
    assert answer.statistic == pytest.approx(np.array([0.04, 0.04]) @ np.linalg.inv(covariance) @ [0.04, 0.04])


def test_the_detectable_trend_is_found_with_the_stated_power():
    covariance = np.array([[4.0, 1.0, 0.5], [1.0, 2.0, 0.5], [0.5, 0.5, 1.0]]) * 0.0004
    study = study_of({-4: 0.0, -3: 0.0, -2: 0.0}, covariance)
    slope = dict(check("pretrends", event_study=study).values)["detectable_trend"]
    drawn = np.random.default_rng(1).multivariate_normal(slope * np.array([-3, -2, -1]), covariance, 4_000)
    found = [
        check("pretrends", event_study=study_of(dict(zip((-4, -3, -2), row, strict=True)), covariance)).verdict
        == "fail"
        for row in drawn[:1_500]
    ]
    assert np.mean(found) == pytest.approx(0.80, abs=0.04)


def test_without_years_before_treatment_nothing_is_tested():
    assert check("pretrends", event_study=study_of({0: 0.1}, np.eye(1))).verdict == "not_applicable"


def test_balance_is_the_standardised_difference_by_hand():
    # Means 1 and 0, both variances 1: the difference is one standard deviation.
    answer = check("balance", sample=sample_of([0.0, 1.0, 2.0], [-1.0, 0.0, 1.0]))
    assert answer.statistic == pytest.approx(1.0)
    assert answer.verdict == "warn"
    assert check("balance", sample=sample_of([9.0, 10.0, 11.0], [-1.0, 0.0, 1.0])).verdict == "fail"
    assert check("balance").verdict == "pass"


def test_overlap_counts_the_treated_without_their_like():
    rng = np.random.default_rng(3)
    alike = sample_of(list(rng.normal(0, 1, 500)), list(rng.normal(0, 1, 500)))
    apart = sample_of(list(rng.normal(3, 1, 500)), list(rng.normal(0, 1, 500)))
    separate = sample_of(list(rng.uniform(5, 6, 50)), list(rng.uniform(0, 1, 50)))
    assert check("overlap", sample=alike).verdict == "pass"
    assert check("overlap", sample=apart).verdict == "fail"
    assert check("overlap", sample=separate).statistic == 1.0
    assert sum(row["treated"] + row["comparison"] for row in check("overlap", sample=alike).table) == 1_000


@pytest.mark.parametrize(("treated_left", "verdict"), [(95, "pass"), (88, "warn"), (70, "fail")])
def test_attrition_compares_the_arms(treated_left, verdict):
    flow = SampleFlow(
        (FlowStep("treated_inside_panel", 200, 100, 800), FlowStep("two_years", treated_left + 95, treated_left, 700))
    )
    answer = check("sample_flow", flow=flow)
    assert answer.statistic == pytest.approx(abs((100 - treated_left) / 100 - 0.05))
    assert answer.verdict == verdict


def test_the_minimum_detectable_effect_is_2_8_standard_errors():
    answer = check("power")
    assert answer.statistic == pytest.approx(2.8016 * 0.02, rel=1e-4)
    assert answer.verdict == "pass"
    assert check("power", effect=replace(EFFECT, ci_low=-0.01)).verdict == "warn"


@pytest.mark.parametrize(
    ("treated", "total", "verdict"), [(20, 60, "pass"), (8, 60, "warn"), (20, 30, "warn"), (4, 60, "fail")]
)
def test_few_clusters_are_said(treated, total, verdict):
    sample = sample_of([0.0, 1.0], [0.0, 1.0], cluster_id="K")
    effect = replace(EFFECT, n_clusters=total, n_treated_clusters=treated)
    assert check("few_clusters", sample=sample, effect=effect).verdict == verdict
    assert check("few_clusters", effect=effect).verdict == "not_applicable"
