"""The dose response: arithmetic by hand, planted truth, and properties it must have."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.dose_response import estimate_dose_response

LABEL = {"zh": "贷款额", "en": "amount of the loan"}
UNIT = {"zh": "万元", "en": "10,000 yuan"}
YEARS = np.arange(2016, 2023)


def panel(seed: int, *, n: int = 600, slope: float = 0.2, cohorts: tuple[float, ...] = (2019.0, 2020.0)):
    """Random walks; the effect of a dose d is 0.1 + slope x d in every treated year."""
    rng = np.random.default_rng(seed)
    cohort = rng.choice([np.nan, *cohorts], n)
    dose = np.where(np.isnan(cohort), np.nan, rng.uniform(1, 3, n))
    effect = np.where(cohort[:, None] <= YEARS, 0.1 + slope * np.nan_to_num(dose)[:, None], 0.0)
    outcome = rng.normal(size=(n, 1)) + rng.normal(0, 0.1, (n, len(YEARS))).cumsum(axis=1) + effect
    return pd.DataFrame(
        {
            "enterprise_id": np.repeat([f"E{at:04d}" for at in range(n)], len(YEARS)),
            "year": np.tile(YEARS, n),
            "cohort": np.repeat(cohort, len(YEARS)),
            "exposure": np.repeat(dose, len(YEARS)),
            "outcome": outcome.ravel(),
        }
    )


def response(sample: pd.DataFrame, **options):
    return estimate_dose_response(sample, unit="log points", dose_label=LABEL, dose_unit=UNIT, **options)


def two_years(doses: np.ndarray, changes: np.ndarray, never: np.ndarray) -> pd.DataFrame:
    """Enterprises seen in 2019 and 2020, the treated in 2020, with given changes between."""
    change = np.concatenate([changes, never])
    n = len(change)
    cohort = np.where(np.arange(n) < len(doses), 2020.0, np.nan)
    dose = np.concatenate([doses, np.full(len(never), np.nan)])
    first = pd.DataFrame({"enterprise_id": np.arange(n).astype(str), "cohort": cohort, "exposure": dose})
    return pd.concat([first.assign(year=2019, outcome=1.0), first.assign(year=2020, outcome=1.0 + change)])


def test_slope_and_points_of_two_years_are_those_of_a_regression_by_hand():
    # Changes 0.5 + 0.3 d, alternately 0.01 too high and too low in a way that is orthogonal to d; never treated 0.2.
    doses = np.repeat(np.arange(1.0, 11.0), 4)
    wiggle = np.tile([0.01, -0.01, -0.01, 0.01], 10)
    found = response(two_years(doses, 0.5 + 0.3 * doses + wiggle, np.tile([0.19, 0.21], 20)))
    assert found.slope.estimate == pytest.approx(0.3)
    # White's error of a slope: root of the sum of (d - mean)^2 e^2, over the sum of (d - mean)^2; here 0.01 / root.
    spread = ((doses - doses.mean()) ** 2).sum()
    assert found.slope.std_error == pytest.approx(0.01 / np.sqrt(spread))
    assert [point.estimate for point in found.points] == pytest.approx([0.3 + 0.3 * p.dose for p in found.points])
    assert [point.dose for point in found.points] == pytest.approx(
        np.unique(np.quantile(doses, np.arange(0.1, 0.95, 0.1), method="nearest"))
    )
    assert (found.slope.n_enterprises, found.n_treated, found.slope.n_observations) == (80, 40, 160)


def test_intervals_cover_a_planted_slope():
    slopes = [response(panel(seed, n=300)).slope for seed in range(40)]
    assert np.mean([slope.estimate for slope in slopes]) == pytest.approx(0.2, abs=0.02)
    assert np.mean([slope.ci_low <= 0.2 <= slope.ci_high for slope in slopes]) >= 0.85


def test_a_dose_that_does_not_matter_has_no_slope():
    found = response(panel(1, n=2000, slope=0.0))
    assert found.slope.ci_low <= 0 <= found.slope.ci_high
    assert abs(found.slope.estimate) < 0.02
    assert [point.estimate for point in found.points] == pytest.approx([0.1] * 9, abs=0.03)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 30), scale=st.floats(1e-3, 1e4), money=st.floats(1e-3, 1e3))
def test_scaling_the_dose_scales_the_slope_inversely(seed, scale, money):
    sample = panel(seed, n=300)
    shuffled = sample.sample(frac=1, random_state=seed)
    names = shuffled["enterprise_id"].str.replace("E", "Z")
    other = shuffled.assign(
        enterprise_id=names, exposure=scale * shuffled["exposure"], outcome=money * shuffled["outcome"]
    )
    one, two = response(sample), response(other)
    assert two.slope.estimate * scale / money == pytest.approx(one.slope.estimate, rel=1e-6)
    assert two.slope.std_error * scale / money == pytest.approx(one.slope.std_error, rel=1e-6)
    assert [p.estimate / money for p in two.points] == pytest.approx([p.estimate for p in one.points], rel=1e-6)
    assert [p.dose / scale for p in two.points] == pytest.approx([p.dose for p in one.points], rel=1e-6)


def test_covariates_take_out_what_goes_with_the_dose_by_way_of_them():
    # Larger enterprises grow faster and, where treated, have larger doses.
    sample = panel(2, n=2000)
    firms = sample["enterprise_id"].unique()
    size = sample["enterprise_id"].map(
        dict(zip(firms, np.random.default_rng(0).uniform(0, 2, len(firms)), strict=True))
    )
    effect = 0.2 * size * (sample["year"] >= sample["cohort"])
    grown = sample["outcome"] + effect + 0.05 * size * (sample["year"] - 2016)
    confounded = sample.assign(outcome=grown, exposure=sample["exposure"] + size)
    assert response(confounded).slope.ci_low > 0.2
    assert response(confounded.assign(x_size=size)).slope.estimate == pytest.approx(0.2, abs=0.02)


def test_errors_are_clustered_where_the_sample_says_so():
    sample = panel(3)
    group = (sample["enterprise_id"].str[1:].astype(int) // 10).astype(str)
    clustered = response(sample.assign(cluster_id=group)).slope
    plain = response(sample).slope
    alone = response(sample.assign(cluster_id=sample["enterprise_id"])).slope
    assert clustered.estimate == pytest.approx(plain.estimate)
    assert clustered.n_clusters == 60
    assert clustered.std_error != pytest.approx(plain.std_error, rel=1e-3)
    # A cluster an enterprise is the same error but for the factor n / (n - 1).
    assert alone.std_error == pytest.approx(plain.std_error * np.sqrt(600 / 599), rel=1e-6)


def test_enterprises_with_a_missing_year_leave_and_are_not_counted():
    sample = panel(4)
    gap = sample[~((sample["enterprise_id"] == "E0001") & (sample["year"] == 2021))]
    # Years before the last one before the first treatment are not needed.
    early = gap[~((gap["enterprise_id"] == "E0002") & (gap["year"] == 2016))]
    assert response(gap).slope.n_enterprises == 599
    assert response(early) == response(gap)


def test_a_thin_cohort_leaves_and_its_years_are_counted_as_lost():
    sample = panel(5)
    treated = sample.loc[sample["cohort"] == 2019, "enterprise_id"].unique()[:20]
    early = sample["enterprise_id"].isin(set(treated))
    thin = sample.assign(cohort=sample["cohort"].mask(early, 2018.0))
    found = response(thin).slope
    without = response(sample[~early]).slope
    assert found.estimate == pytest.approx(without.estimate)
    assert (found.n_cells, found.n_cells_lost) == (without.n_cells, 5)


def test_cohorts_of_one_dose_give_no_slope():
    sample = panel(6)
    same = sample.assign(exposure=sample["exposure"].where(sample["cohort"].isna(), 2.0))
    with pytest.raises(IdentificationError, match="no cohort has 30 treated enterprises of different doses"):
        response(same)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda s: s.drop(columns="exposure"), "column 'exposure'"),
        (lambda s: s.assign(exposure=-s["exposure"]), "a dose must be above 0"),
        (lambda s: s.assign(exposure=s["exposure"] * s["year"]), "changes its exposure"),
        (lambda s: s.assign(cluster_id="a", x_size=1.0), "only without covariates"),
        (lambda s: pd.concat([s, s.iloc[:1]]), "stands twice"),
    ],
)
def test_what_is_no_sample_with_doses_is_refused(spoil, said):
    with pytest.raises(StudyError, match=said):
        response(spoil(panel(7)))


def test_treated_enterprises_without_a_dose_leave_and_do_not_become_comparison():
    sample = panel(8)
    unknown = set(sample.loc[sample["cohort"] == 2020, "enterprise_id"].unique()[:15])
    holes = sample.assign(exposure=sample["exposure"].mask(sample["enterprise_id"].isin(unknown)))
    assert response(holes) == response(sample[~sample["enterprise_id"].isin(unknown)])
