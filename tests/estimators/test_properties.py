"""What must hold of every estimator of the average effect, whatever the sample."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from alternative_cases import counts, panel
from hypothesis import given, settings
from hypothesis import strategies as st

from sme_research.errors import StudyError
from sme_research.estimators import ESTIMATORS

NAMES = sorted(ESTIMATORS)
LINEAR = [name for name in NAMES if name != "wooldridge_poisson"]


def sample_for(name: str, seed: int, missing: float = 0.1) -> pd.DataFrame:
    if name == "wooldridge_poisson":
        return counts(seed, n=100, level=1.0, missing=missing)
    return panel(seed, n=100, missing=missing)


def assert_same(one, other, scale: float = 1.0) -> None:
    (effect, study), (effect_2, study_2) = one, other
    for name in ("estimate", "std_error"):
        assert getattr(effect_2, name) == pytest.approx(scale * getattr(effect, name), rel=1e-5, abs=1e-7 * scale)
    assert (effect.n_enterprises, effect.n_treated, effect.n_cells) == (
        effect_2.n_enterprises,
        effect_2.n_treated,
        effect_2.n_cells,
    )
    left, right = study.to_frame(), study_2.to_frame()
    assert list(left["event_time"]) == list(right["event_time"])
    assert right["estimate"].to_numpy() == pytest.approx(
        scale * left["estimate"].to_numpy(), rel=1e-5, abs=1e-6 * scale
    )
    assert study_2.covariance == pytest.approx(scale**2 * study.covariance, rel=1e-4, abs=1e-9 * scale**2)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 50))
def test_order_names_and_index_of_the_rows_do_not_matter(name, seed):
    sample = sample_for(name, seed)
    rng = np.random.default_rng(seed)
    names = dict(zip(sample["enterprise_id"].unique(), rng.permutation(10_000), strict=False))
    changed = sample.assign(enterprise_id=sample["enterprise_id"].map(names).astype(str)).sample(
        frac=1, random_state=seed
    )
    changed = changed.set_axis(rng.integers(0, 5, len(changed)))
    estimate = ESTIMATORS[name]
    assert_same(estimate(sample, unit="log points"), estimate(changed, unit="log points"))


@pytest.mark.parametrize("name", LINEAR)
@settings(max_examples=2, deadline=None)
@given(shift=st.floats(-5, 5), scale=st.floats(0.1, 10), seed=st.integers(0, 50))
def test_estimates_scale_with_the_outcome(name, shift, scale, seed):
    sample = sample_for(name, seed)
    estimate = ESTIMATORS[name]
    scaled = sample.assign(outcome=shift + scale * sample["outcome"])
    assert_same(estimate(sample, unit="log points"), estimate(scaled, unit="log points"), scale)


@settings(max_examples=2, deadline=None)
@given(scale=st.floats(0.1, 10), seed=st.integers(0, 50))
def test_a_ratio_does_not_depend_on_what_is_counted_by_the_dozen(scale, seed):
    sample = sample_for("wooldridge_poisson", seed)
    estimate = ESTIMATORS["wooldridge_poisson"]
    scaled = sample.assign(outcome=scale * sample["outcome"])
    assert_same(estimate(sample, unit="log points"), estimate(scaled, unit="log points"))


@pytest.mark.parametrize("name", NAMES)
def test_units_of_a_covariate_do_not_matter(name):
    sample = sample_for(name, 7)
    estimate = ESTIMATORS[name]
    other = sample.assign(x_trend=1e4 + 1e3 * sample["x_trend"])
    assert_same(estimate(sample, unit="log points"), estimate(other, unit="log points"))


@pytest.mark.parametrize("name", NAMES)
def test_the_frame_given_is_not_written_to(name):
    sample = sample_for(name, 3)
    before = sample.copy(deep=True)
    ESTIMATORS[name](sample, unit="log points")
    pd.testing.assert_frame_equal(sample, before)


@pytest.mark.parametrize("name", NAMES)
def test_a_wider_level_gives_a_wider_interval_around_the_same_estimate(name):
    sample = sample_for(name, 4)
    narrow, _ = ESTIMATORS[name](sample, unit="log points", level=0.8)
    wide, study = ESTIMATORS[name](sample, unit="log points", level=0.99)
    assert wide.ci_low < narrow.ci_low < narrow.estimate == wide.estimate < narrow.ci_high < wide.ci_high
    assert (wide.level, study.level, wide.estimator, study.estimator) == (0.99, 0.99, name, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_row_that_stands_twice_is_refused(name):
    sample = sample_for(name, 5)
    with pytest.raises(StudyError, match="stands twice"):
        ESTIMATORS[name](pd.concat([sample, sample.iloc[[0]]]), unit="log points")


@pytest.mark.parametrize("name", NAMES)
def test_treatment_after_the_last_year_is_no_treatment(name):
    sample = sample_for(name, 6)
    late = sample.assign(cohort=sample["cohort"].fillna(2030.0))
    assert_same(ESTIMATORS[name](sample, unit="log points"), ESTIMATORS[name](late, unit="log points"))


def test_naming_the_estimators_does_not_load_the_regression_library():
    code = "import sys; from sme_research.estimators import ESTIMATORS; assert 'pyfixest' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
