"""Draws of effects: their moments, their grade, how they move together, their path by years."""

from __future__ import annotations

import numpy as np
import pytest

from sme_research.errors import StudyError
from sme_research.policy.beliefs import Belief, draw_effects, draw_paths

EFFECT = Belief("training", "log_revenue", 0.05, 0.01, "log points", "effect")
ASSOCIATION = Belief("loan_subsidy", "log_revenue", 0.05, 0.01, "log points", "association")
N = 20_000


def test_an_effect_is_drawn_from_its_normal_distribution():
    drawn = draw_effects([EFFECT], N)["training", "log_revenue"]
    assert drawn.mean() == pytest.approx(0.05, abs=4 * 0.01 / N**0.5)
    assert drawn.std() == pytest.approx(0.01, rel=0.03)


def test_what_is_no_effect_is_drawn_evenly_from_a_range_that_includes_zero():
    # 95 % interval 0.0304 to 0.0696, widened to 0: even from 0 to 0.0696, and nothing in a tenth.
    drawn = draw_effects([ASSOCIATION], N)["loan_subsidy", "log_revenue"]
    assert (drawn == 0).mean() == pytest.approx(0.1, abs=0.01)
    some = drawn[drawn != 0]
    assert 0 <= some.min() < 0.001
    assert some.max() == pytest.approx(0.0696, abs=0.0005)
    assert some.mean() == pytest.approx(0.0348, abs=0.0006)
    assert np.quantile(some, 0.25) == pytest.approx(0.0174, abs=0.001)


def test_many_associations_added_up_are_never_clear_of_zero():
    many = [Belief(f"i{at}", "log_revenue", 0.05, 0.01, "log points", "association") for at in range(10)]
    total = draw_effects(many, N).sum(axis=1)
    assert np.quantile(total, 0.025) <= 0
    harmful = [Belief(f"i{at}", "log_revenue", -0.05, 0.01, "log points", "description") for at in range(10)]
    assert np.quantile(draw_effects(harmful, N).sum(axis=1), 0.975) >= 0


def test_errors_move_together_as_told():
    drawn = draw_effects([EFFECT, ASSOCIATION], N, correlation=np.array([[1.0, 0.8], [0.8, 1.0]]))
    assert 0.6 < np.corrcoef(drawn.to_numpy().T)[0, 1] < 0.8
    apart = draw_effects([EFFECT, ASSOCIATION], N)
    assert abs(np.corrcoef(apart.to_numpy().T)[0, 1]) < 0.03


def test_the_path_of_an_effect_keeps_its_means_and_covariance():
    covariance = np.array([[4.0, 1.0, 0.5], [1.0, 9.0, 2.0], [0.5, 2.0, 16.0]]) * 1e-4
    path = Belief("training", "log_revenue", 0.03, 0.01, "log points", "effect", (0.0, 0.02, 0.06), covariance)
    drawn = draw_paths([path], N, 3)[:, 0]
    assert drawn.mean(axis=0) == pytest.approx([0.0, 0.02, 0.06], abs=0.0015)
    assert np.cov(drawn.T) == pytest.approx(covariance, abs=5e-5)


def test_beyond_the_years_seen_the_last_one_holds():
    path = Belief("training", "log_revenue", 0.03, 0.01, "log points", "effect", (0.0, 0.02), np.eye(2) * 1e-4)
    drawn = draw_paths([path], 50, 4)[:, 0]
    assert (drawn[:, 1] == drawn[:, 2]).all()
    assert (drawn[:, 2] == drawn[:, 3]).all()
    assert not (drawn[:, 0] == drawn[:, 1]).any()


def test_a_path_moves_with_the_errors_of_other_effects():
    path = Belief("training", "log_revenue", 0.03, 0.01, "log points", "effect", (0.03, 0.03), np.eye(2) * 1e-4)
    other = Belief("award", "log_revenue", 0.0, 0.01, "log points", "effect")
    drawn = draw_paths([path, other], N, 2, correlation=np.array([[1.0, 0.9], [0.9, 1.0]]))
    assert np.corrcoef(drawn[:, 0].mean(axis=1), drawn[:, 1, 0])[0, 1] == pytest.approx(0.9, abs=0.01)


def test_the_same_seed_draws_the_same():
    assert draw_effects([EFFECT], 5, seed=1).equals(draw_effects([EFFECT], 5, seed=1))
    assert not draw_effects([EFFECT], 5, seed=1).equals(draw_effects([EFFECT], 5, seed=2))


def test_one_effect_twice_or_a_correlation_that_is_none_is_refused():
    with pytest.raises(StudyError, match="training on log_revenue is given twice"):
        draw_effects([EFFECT, EFFECT], 10)
    with pytest.raises(StudyError, match="2 x 2 correlation matrix"):
        draw_effects([EFFECT, ASSOCIATION], 10, correlation=np.array([[1.0, 1.5], [1.5, 1.0]]))
    with pytest.raises(StudyError, match="no number to draw from"):
        Belief("training", "log_revenue", float("nan"), 0.01, "log points", "effect")
