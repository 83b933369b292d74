"""A learned rule: found where effects differ, not claimed where they do not, judged on those left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sme_research.errors import IdentificationError
from sme_research.estimators.policy_learning import LEAST_CHANCE, _best, learn_policy

FEATURES = ["x0", "x1"]


def world(seed, slope, n=2_000):
    """Treatment goes with x0, which also moves the outcome; the effect goes with x1."""
    rng = np.random.default_rng(seed)
    known = rng.normal(size=(n, 2))
    treated = rng.random(n) < 1 / (1 + np.exp(1.0 - 0.8 * known[:, 0]))
    effect = 0.05 + slope * known[:, 1]
    change = 0.1 * known[:, 0] + effect * treated + rng.normal(0, 0.25, n)
    rows = pd.DataFrame({"enterprise_id": np.arange(n), "treated": treated, "change": change})
    return rows.assign(x0=known[:, 0], x1=known[:, 1]), effect, treated


def test_a_rule_that_is_there_is_found_and_its_gain_is_near_the_truth():
    gains, truths = [], []
    for seed in range(3):
        rows, effect, treated = world(seed, 0.2)
        found = learn_policy(rows, FEATURES, seed=seed)
        assert found.is_better
        assert found.leaves
        best = effect >= np.quantile(effect, 1 - treated.mean())
        truths.append(float((effect * best).mean() - effect.mean() * treated.mean()))
        gains.append(found.against_random.estimate)
    # A tree of depth two cannot reach all that knowing the effect would gain, nor more than it.
    assert 0.6 * np.mean(truths) < np.mean(gains) < 1.1 * np.mean(truths)


def test_where_effects_do_not_differ_no_rule_is_said_to_be_better():
    # Of 100 worlds one was said to have a rule; of eight, two would be a sign of something wrong.
    found = [learn_policy(world(100 + seed, 0.0)[0], FEATURES, seed=seed) for seed in range(8)]
    assert sum(one.is_better for one in found) <= 1
    covered = [one.against_random.ci_low <= 0 <= one.against_random.ci_high for one in found]
    assert np.mean(covered) >= 0.75


def test_the_gain_over_today_is_unbiased_though_treatment_is_chosen():
    """Today's choice goes with x0, the effect does not: today is as good as lots."""
    found = [learn_policy(world(200 + seed, 0.0)[0], FEATURES, seed=seed) for seed in range(6)]
    mean = np.mean([one.against_today.estimate for one in found])
    error = np.mean([one.against_today.std_error for one in found]) / np.sqrt(6)
    assert abs(mean) < 3 * error


def test_rows_of_one_enterprise_stay_together_and_count_as_one():
    rows = world(1, 0.1)[0]
    twice = learn_policy(pd.concat([rows, rows], ignore_index=True), FEATURES)
    once = learn_policy(rows, FEATURES)
    assert twice.n_enterprises == once.n_enterprises
    # Told twice it is no surer.
    assert twice.against_random.std_error == pytest.approx(once.against_random.std_error, rel=0.15)


def test_leaves_hold_everybody_once():
    found = learn_policy(world(2, 0.1)[0], FEATURES)
    assert sum(leaf.n for leaf in found.leaves) == found.n_enterprises
    assert all(side in ("<=", ">") for leaf in found.leaves for _, side, _ in leaf.conditions)


@pytest.mark.parametrize(
    ("promise", "share", "chosen"),
    [
        ([1.0, 3.0, 2.0, 0.0], 0.5, [0, 1, 1, 0]),
        ([1.0, 1.0, 1.0, 1.0], 0.25, [0.25] * 4),
        ([2.0, 1.0, 1.0, 0.0], 0.5, [1, 0.5, 0.5, 0]),
    ],
)
def test_the_most_promising_are_chosen_first_and_equals_alike(promise, share, chosen):
    assert _best(np.array(promise), share).tolist() == pytest.approx(chosen)


def test_too_few_treated_are_refused():
    rows = world(3, 0.0, n=300)[0]
    with pytest.raises(IdentificationError, match="a rule is learned from 100 of each"):
        learn_policy(rows.assign(treated=rows.index < 50), FEATURES)
    assert 0 < LEAST_CHANCE < 0.1
