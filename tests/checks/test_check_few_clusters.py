"""Few clusters: counts, the kind of interval, and whether the tests agree."""

from dataclasses import replace

import pytest
from check_cases import EFFECT, check, sample_of

from sme_research.results import Inference

CLUSTERED = sample_of([0.0, 1.0], [0.0, 1.0], cluster_id="K")


def inference(method: str, p_value: float) -> Inference:
    return Inference(method, 0.05, 0.02, 0.01, 0.09, p_value, 20.0, 30, 12, "log points")


def verdict_of(treated: int, total: int, *inferences: Inference) -> str:
    effect = replace(EFFECT, n_clusters=total, n_treated_clusters=treated)
    return check("few_clusters", sample=CLUSTERED, effect=effect, inferences=inferences).verdict


@pytest.mark.parametrize(
    ("treated", "total", "verdict"), [(20, 60, "pass"), (8, 60, "warn"), (20, 30, "warn"), (4, 60, "fail")]
)
def test_few_clusters_are_said(treated, total, verdict):
    assert verdict_of(treated, total) == verdict


@pytest.mark.parametrize("method", ["cluster_jackknife", "permutation"])
@pytest.mark.parametrize(("treated", "verdict"), [(12, "pass"), (11, "warn"), (5, "warn"), (4, "fail")])
def test_an_interval_made_for_few_needs_enough_treated_clusters_only(method, treated, verdict):
    assert verdict_of(treated, 25, inference(method, 0.2)) == verdict


def test_tests_made_for_few_that_disagree_are_a_doubt():
    assert verdict_of(20, 60, inference("cluster_jackknife", 0.04), inference("permutation", 0.09)) == "warn"
    assert verdict_of(20, 60, inference("cluster_jackknife", 0.04), inference("permutation", 0.01)) == "pass"


def test_the_plain_test_finds_too_much_and_has_no_say():
    both = (inference("cluster_jackknife", 0.2), inference("clustered", 0.001))
    answer = check("few_clusters", sample=CLUSTERED, effect=replace(EFFECT, n_treated_clusters=20), inferences=both)
    assert answer.verdict == "pass"
    assert answer.values["p_clustered"] == 0.001
    assert (answer.values["p_lowest"], answer.values["p_highest"]) == (0.2, 0.2)


def test_enterprises_assigned_one_by_one_have_no_clusters():
    assert check("few_clusters").verdict == "not_applicable"
