"""The bounds against R's HonestDiD, a linear programme, arithmetic by hand, and properties they must have."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from sme_research.errors import StudyError
from sme_research.estimators.sensitivity import (
    Coefficients,
    _least_favourable,
    _moments,
    bound_event_study,
    relative_magnitudes_bound,
    smoothness_bound,
)
from sme_research.results import EventStudy, EventTimeEffect

GOLDEN = Path(__file__).parents[1] / "golden"
REFERENCE = pd.read_csv(GOLDEN / "honestdid_ehec.csv")
TARGETS = {"post period 1": [1.0, 0.0], "post period 2": [0.0, 1.0], "mean of 2 post": [0.5, 0.5]}


def ehec(target: str) -> Coefficients:
    estimates = pd.read_csv(GOLDEN / "ehec_event_study_beta.csv")["betahat"].to_numpy()
    covariance = pd.read_csv(GOLDEN / "ehec_event_study_vcov.csv").to_numpy()
    return Coefficients(estimates, covariance, 5, np.array(TARGETS[target]))


def rows(delta: str, method: str) -> list:
    chosen = REFERENCE[(REFERENCE["Delta"] == delta) & (REFERENCE["method"] == method)]
    return [pytest.param(row, id=f"{row.target}-{row.param}") for row in chosen.itertuples()]


def study_of(
    estimates: dict[int, float], covariance: np.ndarray, *, counts: dict[int, int] | None = None
) -> EventStudy:
    errors = np.sqrt(np.diag(covariance))
    points = tuple(
        EventTimeEffect(time, value, float(error), value - 2 * error, value + 2 * error, (counts or {}).get(time, 50))
        for (time, value), error in zip(sorted(estimates.items()), errors, strict=True)
    )
    return EventStudy(points, covariance, 0.95, "log points", "callaway_santanna", "not_yet_treated")


def made_up(seed: int, *, before: int = 4, after: int = 3, effect: float = 0.15) -> EventStudy:
    rng = np.random.default_rng(seed)
    n = before + after
    factor = rng.normal(size=(n, n))
    covariance = 4e-4 * (0.4 * np.ones((n, n)) + 0.4 * np.eye(n) + 0.2 * factor @ factor.T / n)
    times = [*range(-before - 1, -1), *range(after)]
    values = rng.multivariate_normal([0.0] * before + [effect] * after, covariance)
    return study_of(
        dict(zip(times, map(float, values), strict=True)), covariance, counts={time: 90 - 10 * time for time in times}
    )


@pytest.mark.parametrize("row", rows("DeltaRM", "Conditional"))
def test_relative_magnitudes_are_those_of_the_reference_implementation_to_a_step_of_its_grid(row):
    # HonestDiD tests 1,000 averages over 40 standard errors: its interval ends up to a step inside the exact one.
    coefficients = ehec(row.target)
    low, high = relative_magnitudes_bound(coefficients, 0.95, hybrid=False)(row.param)
    step = 40 * coefficients.std_error / 999
    assert -0.01 * step <= row.lb - low <= 1.01 * step
    assert -0.01 * step <= high - row.ub <= 1.01 * step


@pytest.mark.parametrize("row", rows("DeltaRM", "C-LF"))
def test_hybrid_bounds_are_those_of_the_reference_implementation_up_to_its_simulation(row):
    # The reference simulates the first stage's critical value from 1,000 draws.
    coefficients = ehec(row.target)
    low, high = relative_magnitudes_bound(coefficients, 0.95)(row.param)
    step = 40 * coefficients.std_error / 999
    assert (low, high) == pytest.approx((row.lb, row.ub), abs=1.5 * step)


@pytest.mark.parametrize("row", rows("DeltaSD", "FLCI"))
def test_smoothness_bounds_are_those_of_the_reference_implementation(row):
    coefficients = ehec(row.target)
    scale = 1 / coefficients.std_error
    low, high = smoothness_bound(coefficients.scaled(scale), 0.95)(row.param * scale)
    assert (low / scale, high / scale) == pytest.approx((row.lb, row.ub), abs=5e-5)


def linear_programme(coefficients: Coefficients, average: float, which: int, sign: float, size: float) -> float:
    """Least standardised violation over all post-treatment effects with that average, by brute force."""
    n_before, n_after = coefficients.n_before, len(coefficients.weights)
    n = n_before + n_after
    differences = np.diff(np.insert(np.eye(n), n_before, 0.0, axis=0), axis=0)
    after, before = differences[n_before:], size * sign * differences[which]
    moments = np.vstack([after - before, -after - before])
    errors = np.sqrt(np.diag(moments @ coefficients.covariance @ moments.T))
    # Unknown: the violation, and the effects after treatment.
    upper = np.column_stack([-errors, -moments[:, n_before:]])
    found = optimize.linprog(
        [1.0] + [0.0] * n_after,
        A_ub=upper,
        b_ub=-moments @ coefficients.estimates,
        A_eq=[[0.0, *coefficients.weights]],
        b_eq=[average],
        bounds=(None, None),
    )
    return float(found.fun)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    before=st.integers(1, 5),
    after=st.integers(1, 5),
    size=st.floats(0.01, 3),
    distance=st.floats(-6, 6),
)
def test_the_largest_form_is_the_value_of_the_linear_programme(seed, before, after, size, distance):
    rng = np.random.default_rng(seed)
    n = before + after
    factor = rng.normal(size=(n, n))
    coefficients = Coefficients(
        rng.normal(size=n), factor @ factor.T + 0.1 * np.eye(n), before, rng.dirichlet(np.ones(after))
    )
    which, sign = int(rng.integers(before)), float(rng.choice([-1, 1]))
    average = coefficients.average + distance * coefficients.std_error
    moments = _moments(coefficients, which, sign, size)
    largest = float((moments.forms @ [moments.average - average, moments.change]).max())
    assert largest == pytest.approx(linear_programme(coefficients, average, which, sign, size), abs=1e-6)


def test_the_least_favourable_value_is_exceeded_as_often_as_asked():
    moments = _moments(ehec("mean of 2 post"), 1, 1.0, 1.0)
    critical = _least_favourable(moments, 0.005)
    draws = np.random.default_rng(0).multivariate_normal([0, 0], moments.covariance, 400_000)
    assert ((draws @ moments.forms.T).max(axis=1) > critical).mean() == pytest.approx(0.005, abs=5e-4)


def test_without_a_change_of_slope_one_year_each_side_is_a_line_carried_on_by_hand():
    # Before: -0.1 at -2, so a slope of 0.1 a year; after: 0.5 at 0, of which the line explains 0.1.
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    smooth = bound_event_study(study_of({-2: -0.1, 0: 0.5}, covariance))[0]
    # Variance of after + before: 0.09 + 2 * 0.01 + 0.04 = 0.15.
    half = 1.959964 * np.sqrt(0.15)
    assert smooth.bounds[0] == pytest.approx({"size": 0, "low": 0.4 - half, "high": 0.4 + half}, abs=1e-5)


def test_a_change_of_slope_adds_a_bias_of_its_size_by_hand():
    # With one year each side the only honest estimator is that line: off by at most M, so the half-length h solves
    # P(|N(M / s, 1)| < h / s) = 0.95.
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    low, high = smoothness_bound(Coefficients(np.array([-0.1, 0.5]), covariance, 1, np.array([1.0])), 0.95)(0.3)
    error = np.sqrt(0.15)
    assert (low + high) / 2 == pytest.approx(0.4)
    assert stats.foldnorm.cdf((high - low) / 2 / error, 0.3 / error) == pytest.approx(0.95)


def test_the_first_change_before_treatment_counts_like_the_others():
    # Known almost for certain: the largest change is 0.05, from -4 to -3; after treatment 0.06 at 0 and 1.
    covariance = 1e-10 * np.eye(5)
    study = study_of({-4: -0.05, -3: 0.0, -2: 0.001, 0: 0.06, 1: 0.06}, covariance)
    relative = bound_event_study(study)[1]
    at_one = next(row for row in relative.bounds if row["size"] == 1.0)
    # Trends may have moved by 0.05 and 0.10: the average of 0.06 holds between -0.015 and 0.135.
    assert (at_one["low"], at_one["high"]) == pytest.approx((-0.015, 0.135), abs=1e-4)
    # 0.06 = size * 0.05 * 1.5, to a 128th of the step of 0.25.
    assert relative.breakdown == pytest.approx(0.8, abs=0.25 / 128)


def test_size_zero_of_relative_magnitudes_is_the_plain_interval():
    study = made_up(3)
    relative = bound_event_study(study)[1]
    weights = np.array([point.n_treated for point in study.points[4:]], dtype=float)
    weights /= weights.sum()
    average = float(weights @ [point.estimate for point in study.points[4:]])
    half = 1.959964 * float(np.sqrt(weights @ study.covariance[4:, 4:] @ weights))
    assert (relative.bounds[0]["low"], relative.bounds[0]["high"]) == pytest.approx(
        (average - half, average + half), abs=2e-3 * half
    )


def test_bounds_cover_the_truth_where_trends_go_on_as_they_were():
    # Trends move by 0.02 a year before and after; the effect is 0.1 from the first year on.
    # At event times -4, -3, -2, 0 and 1.
    truth = np.array([-0.06, -0.04, -0.02, 0.12, 0.14])
    covariance = 1e-4 * (0.5 * np.eye(5) + 0.5)
    held = {"smoothness": [], "relative_magnitudes": []}
    for values in np.random.default_rng(0).multivariate_normal(truth, covariance, 100):
        coefficients = Coefficients(values, covariance, 3, np.array([0.5, 0.5]))
        scale = 1 / coefficients.std_error
        straight = smoothness_bound(coefficients.scaled(scale), 0.95)(0.0)
        held["smoothness"].append(straight[0] <= 0.1 * scale <= straight[1])
        as_before = relative_magnitudes_bound(coefficients, 0.95)(1.0)
        held["relative_magnitudes"].append(as_before[0] <= 0.1 <= as_before[1])
    assert 0.9 <= np.mean(held["smoothness"]) <= 0.99
    assert np.mean(held["relative_magnitudes"]) >= 0.93


@pytest.mark.parametrize("seed", range(4))
def test_intervals_widen_with_the_size_and_hold_zero_just_beyond_the_breakdown(seed):
    for sensitivity in bound_event_study(made_up(seed)):
        widths = [row["high"] - row["low"] for row in sensitivity.bounds]
        assert np.all(np.diff(widths) > 0)
        holds = [row["low"] <= 0 <= row["high"] for row in sensitivity.bounds]
        sizes = [row["size"] for row in sensitivity.bounds]
        assert not holds[0]
        assert sensitivity.breakdown is not None
        for size, zero in zip(sizes, holds, strict=True):
            assert zero == (size > sensitivity.breakdown)


def test_an_interval_that_holds_zero_from_the_start_has_no_breakdown():
    assert [one.breakdown for one in bound_event_study(made_up(0, effect=0.0))] == [None, None]


def test_the_sign_of_the_effect_does_not_matter():
    study = made_up(5)
    mirrored = study_of(
        {point.event_time: -point.estimate for point in study.points},
        study.covariance,
        counts={point.event_time: point.n_treated for point in study.points},
    )
    for one, two in zip(bound_event_study(study), bound_event_study(mirrored), strict=True):
        assert two.breakdown == pytest.approx(one.breakdown, rel=0.02)
        assert [-row["high"] for row in two.bounds] == pytest.approx([row["low"] for row in one.bounds], abs=1e-3)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-6, 1e6))
def test_the_unit_of_the_outcome_does_not_matter(seed, scale):
    study = made_up(seed)
    other = study_of(
        {point.event_time: scale * point.estimate for point in study.points},
        scale**2 * study.covariance,
        counts={point.event_time: point.n_treated for point in study.points},
    )
    for one, two, unit in zip(bound_event_study(study), bound_event_study(other), (scale, 1.0), strict=True):
        assert [row["low"] / scale for row in two.bounds] == pytest.approx(
            [row["low"] for row in one.bounds], rel=1e-3
        )
        assert [row["size"] / unit for row in two.bounds] == pytest.approx([row["size"] for row in one.bounds])
        assert two.breakdown == pytest.approx(one.breakdown * unit if one.breakdown else None, rel=0.02)


def test_points_beyond_a_gap_are_left_out():
    study = made_up(6, before=4)
    kept = [at for at, point in enumerate(study.points) if point.event_time >= -3]
    near = EventStudy(
        tuple(study.points[at] for at in kept), study.covariance[np.ix_(kept, kept)], 0.95, study.unit, "a", "b"
    )
    gap = [at for at, point in enumerate(study.points) if point.event_time != -4]
    far = EventStudy(
        tuple(study.points[at] for at in gap), study.covariance[np.ix_(gap, gap)], 0.95, study.unit, "a", "b"
    )
    assert bound_event_study(far) == bound_event_study(near)


@pytest.mark.parametrize("times", [(-2,), (0, 1), (-3, 0), (-2, 1)])
def test_without_a_point_next_to_the_reference_on_both_sides_there_are_no_bounds(times):
    study = study_of(dict.fromkeys(times, 0.1), 0.01 * np.eye(len(times)))
    assert bound_event_study(study) == ()


def test_a_covariance_of_less_than_full_rank_gives_no_smoothness_bounds():
    # Seven points from four clusters.
    factor = np.random.default_rng(1).normal(size=(7, 4)) / 50
    study = study_of(dict(zip([-5, -4, -3, -2, 0, 1, 2], [0.0] * 4 + [0.2] * 3, strict=True)), factor @ factor.T)
    assert [one.method for one in bound_event_study(study)] == ["relative_magnitudes"]


def test_a_nearly_singular_covariance_is_survived():
    covariance = 4e-4 * np.ones((7, 7)) + 1e-9 * np.eye(7)
    study = study_of(dict(zip([-5, -4, -3, -2, 0, 1, 2], [0.0] * 4 + [0.2] * 3, strict=True)), covariance)
    found = bound_event_study(study)
    assert all(np.isfinite(list(row.values())).all() and row["low"] < 0.2 < row["high"] for row in found[-1].bounds)
    assert found[-1].method == "relative_magnitudes"


def test_an_event_study_with_a_varying_base_is_refused():
    study = study_of({-2: 0.0, -1: 0.0, 0: 0.1}, 0.01 * np.eye(3))
    with pytest.raises(StudyError, match="base_period='universal'"):
        bound_event_study(study)
