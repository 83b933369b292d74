"""The estimator against R's `did`, arithmetic by hand, and properties it must have."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.callaway_santanna import (
    estimate_aggregates,
    estimate_att,
    estimate_both,
    estimate_cells,
    estimate_event_study,
)

GOLDEN = Path(__file__).parents[1] / "golden"
COMPARISONS = {"never_treated": "nevertreated", "not_yet_treated": "notyettreated"}
ADJUSTMENTS = {"doubly_robust": "dr", "outcome_regression": "reg"}


@pytest.fixture(scope="module")
def mpdta() -> pd.DataFrame:
    counties = pd.read_csv(GOLDEN / "mpdta.csv").rename(columns={"countyreal": "enterprise_id", "lemp": "outcome"})
    return counties.assign(cohort=counties["first.treat"].replace(0, np.nan))


def with_covariate(sample: pd.DataFrame, formula: str) -> pd.DataFrame:
    return sample if formula == "~1" else sample.assign(x_lpop=sample["lpop"])


def reference(**wanted: str) -> pd.DataFrame:
    rows = pd.concat([pd.read_csv(GOLDEN / name) for name in ("mpdta_reference.csv", "mpdta_reference_reg.csv")])
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows


def sample_of(
    paths: dict[int, tuple[float, list[float]]], *, first_year: int = 2019, copies: int = 1
) -> pd.DataFrame:
    """Rows from cohort and yearly outcomes by enterprise; copies stand for like enterprises."""
    return pd.DataFrame(
        [
            {"enterprise_id": f"{key}-{copy}", "year": first_year + at, "cohort": cohort, "outcome": value}
            for key, (cohort, values) in paths.items()
            for copy in range(copies)
            for at, value in enumerate(values)
        ]
    )


def noisy(sample: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """A little noise, so that standard errors exist."""
    noise = np.random.default_rng(seed).normal(0, 1e-3, len(sample))
    return sample.assign(outcome=sample["outcome"] + noise)


def test_published_average_of_mpdta_is_reproduced(mpdta):
    effect = estimate_att(mpdta, unit="log points", comparison="never_treated")
    assert round(effect.estimate, 4) == -0.0400
    assert round(effect.std_error, 4) == 0.0120


def asked_of(comparison: str, adjustment: str, formula: str, base_period: str = "varying") -> dict[str, str]:
    return {
        "control_group": COMPARISONS[comparison],
        "est_method": ADJUSTMENTS[adjustment],
        "xformla": formula,
        "base_period": base_period,
    }


@pytest.mark.parametrize("formula", ["~1", "~lpop"])
@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
@pytest.mark.parametrize("comparison", COMPARISONS)
def test_averages_and_errors_are_those_of_the_reference_implementation(mpdta, comparison, adjustment, formula):
    sample = with_covariate(mpdta, formula)
    effect = estimate_att(sample, unit="log points", comparison=comparison, adjustment=adjustment)
    aggregates = estimate_aggregates(sample, unit="log points", comparison=comparison, adjustment=adjustment)
    assert aggregates["simple"] == effect
    rows = reference(**asked_of(comparison, adjustment, formula), kind="overall").set_index("type")
    for name, aggregate in aggregates.items():
        assert aggregate.estimate == pytest.approx(rows.loc[name, "estimate"], abs=2e-6)
        assert aggregate.std_error == pytest.approx(rows.loc[name, "se"], abs=2e-6)


def test_published_group_and_dynamic_averages_of_mpdta_are_reproduced(mpdta):
    aggregates = estimate_aggregates(mpdta, unit="log points", comparison="never_treated")
    assert {name: (round(a.estimate, 4), round(a.std_error, 4)) for name, a in aggregates.items()} == {
        "simple": (-0.0400, 0.0120),
        "group": (-0.0310, 0.0124),
        "dynamic": (-0.0772, 0.0200),
    }


@pytest.mark.parametrize("base_period", ["varying", "universal"])
@pytest.mark.parametrize("formula", ["~1", "~lpop"])
@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
@pytest.mark.parametrize("comparison", COMPARISONS)
def test_every_cohort_and_year_is_that_of_the_reference_implementation(
    mpdta, comparison, adjustment, formula, base_period
):
    sample = with_covariate(mpdta, formula)
    cells = estimate_cells(sample, comparison=comparison, adjustment=adjustment, base_period=base_period)
    rows = reference(**asked_of(comparison, adjustment, formula, base_period), kind="att_gt")
    rows = rows[rows["se"] > 0].sort_values(["g", "t"])
    assert list(zip(cells["cohort"], cells["year"], strict=True)) == list(zip(rows["g"], rows["t"], strict=True))
    assert list(cells["estimate"]) == pytest.approx(list(rows["estimate"]), abs=1e-5)
    assert list(cells["std_error"]) == pytest.approx(list(rows["se"]), abs=1e-5)
    assert dict(zip(cells["cohort"], cells["n_treated"], strict=True)) == {2004: 20, 2006: 40, 2007: 131}


@pytest.mark.parametrize("base_period", ["varying", "universal"])
@pytest.mark.parametrize("formula", ["~1", "~lpop"])
@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
@pytest.mark.parametrize("comparison", COMPARISONS)
def test_event_study_is_that_of_the_reference_implementation(mpdta, comparison, adjustment, formula, base_period):
    study = estimate_event_study(
        with_covariate(mpdta, formula),
        unit="log points",
        comparison=comparison,
        base_period=base_period,
        adjustment=adjustment,
    )
    rows = reference(**asked_of(comparison, adjustment, formula, base_period), kind="aggregate", type="dynamic")
    rows = rows[rows["se"] > 0].set_index("e")
    assert [point.event_time for point in study.points] == list(rows.index)
    assert [point.estimate for point in study.points] == pytest.approx(list(rows["estimate"]), abs=1e-5)
    assert [point.std_error for point in study.points] == pytest.approx(list(rows["se"]), abs=1e-5)


def test_variances_of_the_event_study_are_the_diagonal_of_its_covariance(mpdta):
    study = estimate_event_study(mpdta, unit="log points")
    assert np.sqrt(np.diag(study.covariance)) == pytest.approx([point.std_error for point in study.points])


def test_att_equals_the_difference_in_differences_by_hand():
    # Treated grow 1.0 -> 1.5, never treated 2.0 -> 2.2, so ATT = 0.5 - 0.2.
    paths = {1: (2020.0, [1.0, 1.5]), 2: (np.nan, [2.0, 2.2])}
    effect = estimate_att(noisy(sample_of(paths, copies=400)), unit="log points")
    assert effect.estimate == pytest.approx(0.3, abs=5e-4)


def test_att_weighs_cohorts_by_size_and_never_compares_with_the_treated():
    # Early (2020, 100 enterprises) gain 1 then 3, late (2021, 300) gain 5; nobody else moves.
    # Cells: early at 2020 = 1, early at 2021 = 3, late at 2021 = 5; ATT = (100*1 + 100*3 + 300*5) / 500.
    early = sample_of({1: (2020.0, [0.0, 1.0, 3.0])}, copies=100)
    late = sample_of(
        {2: (2021.0, [0.0, 0.0, 5.0]), 3: (2021.0, [4.0, 4.0, 9.0]), 4: (2021.0, [1.0, 1.0, 6.0])}, copies=100
    )
    never = sample_of({5: (np.nan, [7.0, 7.0, 7.0])}, copies=100)
    effect = estimate_att(noisy(pd.concat([early, late, never])), unit="log points")
    assert effect.estimate == pytest.approx(1900 / 500, abs=2e-3)
    assert (effect.n_enterprises, effect.n_treated, effect.n_observations) == (500, 400, 1500)


def panel(seed: int, *, effect: float = 0.2, missing: float = 0.0) -> pd.DataFrame:
    """An unbalanced panel whose trend depends on a covariate that also drives treatment."""
    rng = np.random.default_rng(seed)
    n, years = 300, np.arange(2015, 2022)
    x = rng.normal(size=n)
    cohort = np.where(x + rng.normal(size=n) > 0.3, rng.choice([2018.0, 2019.0], n), np.nan)
    path = np.cumsum(rng.normal(0, 0.1, (n, len(years))), axis=1) + 0.1 * x[:, None] * (years - 2015)
    path += effect * (years >= cohort[:, None])
    frame = pd.DataFrame(
        {
            "enterprise_id": np.repeat([f"E{i:03d}" for i in range(n)], len(years)),
            "year": np.tile(years, n),
            "cohort": np.repeat(cohort, len(years)),
            "outcome": path.ravel(),
            "x_trend": np.repeat(x, len(years)),
        }
    )
    return frame[rng.random(len(frame)) >= missing]


def test_the_right_covariate_mends_what_its_absence_breaks():
    errors = {"with": [], "without": []}
    for seed in range(12):
        sample = panel(seed, missing=0.05)
        errors["with"].append(estimate_att(sample, unit="log points").estimate - 0.2)
        errors["without"].append(estimate_att(sample.drop(columns="x_trend"), unit="log points").estimate - 0.2)
    assert abs(np.mean(errors["with"])) < 0.03
    assert np.mean(errors["without"]) > 0.10


@settings(max_examples=8, deadline=None)
@given(shift=st.floats(-5, 5), scale=st.floats(0.1, 10), seed=st.integers(0, 50))
def test_units_order_and_names_do_not_matter(shift, scale, seed):
    sample = panel(seed, missing=0.1)
    plain = estimate_att(sample, unit="log points")
    names = dict(zip(sample["enterprise_id"].unique(), np.random.default_rng(seed).permutation(10_000), strict=False))
    changed = sample.assign(
        outcome=shift + scale * sample["outcome"],
        enterprise_id=sample["enterprise_id"].map(names).astype(str),
    ).sample(frac=1, random_state=seed)
    other = estimate_att(changed, unit="log points")
    assert other.estimate == pytest.approx(scale * plain.estimate, rel=1e-6, abs=1e-9)
    assert other.std_error == pytest.approx(scale * plain.std_error, rel=1e-6)


def test_treatment_after_the_last_year_is_no_treatment():
    sample = panel(1)
    late = sample.assign(cohort=sample["cohort"].fillna(2030.0))
    assert estimate_att(late, unit="log points").estimate == pytest.approx(
        estimate_att(sample, unit="log points").estimate
    )


def test_clusters_widen_the_interval_where_they_share_shocks():
    rng = np.random.default_rng(5)
    sample = panel(5, effect=0.0)
    group = sample["enterprise_id"].str[1:].astype(int) % 20
    shocks = np.cumsum(rng.normal(0, 0.3, (20, 7)), axis=1)
    sample = sample.assign(
        cohort=np.where(group < 10, 2018.0, np.nan),
        outcome=sample["outcome"] + shocks[group, sample["year"] - 2015],
    )
    clustered = estimate_att(sample.assign(cluster_id=group.astype(str)), unit="log points")
    alone = estimate_att(sample, unit="log points")
    assert clustered.std_error > 2 * alone.std_error
    assert (clustered.n_clusters, clustered.n_treated_clusters) == (20, 10)


def test_the_frame_given_is_not_written_to():
    sample = panel(2)
    before = sample.copy(deep=True)
    estimate_att(sample, unit="log points")
    pd.testing.assert_frame_equal(sample, before)


def test_one_treated_enterprise_is_no_basis_for_an_interval():
    paths = {1: (2020.0, [1.0, 1.5])} | {key: (np.nan, [1.0, 1.0]) for key in range(2, 40)}
    with pytest.raises(IdentificationError, match="only 1 treated"):
        estimate_att(noisy(sample_of(paths)), unit="log points")


def test_nobody_to_compare_with_is_an_identification_error():
    with pytest.raises(IdentificationError, match="not yet treated"):
        estimate_att(noisy(sample_of({1: (2020.0, [1.0, 1.5])}, copies=50)), unit="log points")


def test_a_single_treated_cluster_is_an_identification_error():
    paths = {1: (2020.0, [1.0, 1.5]), 2: (np.nan, [1.0, 1.0])}
    sample = noisy(sample_of(paths, copies=30))
    with pytest.raises(IdentificationError, match="1 cluster is treated"):
        estimate_att(sample.assign(cluster_id=sample["enterprise_id"].str[0]), unit="log points")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda rows: rows.drop(columns="cohort"), "lacks the column 'cohort'"),
        (lambda rows: pd.concat([rows, rows.iloc[[0]]]), "stands twice"),
        (lambda rows: rows.assign(cohort=rows["cohort"].mask(rows.index == 3, 1999.0)), "changes its cohort"),
        (
            lambda rows: rows.assign(outcome=rows["outcome"].mask(rows.index == 3)),
            "missing or infinite values in outcome",
        ),
        (lambda rows: rows.assign(x_trend=np.inf), "missing or infinite values in x_trend"),
        (
            lambda rows: rows.assign(enterprise_id=rows["enterprise_id"].mask(rows.index == 3)),
            "without enterprise_id",
        ),
    ],
)
def test_what_the_library_would_silently_accept_is_refused(damage, words):
    with pytest.raises(StudyError, match=words):
        estimate_att(damage(panel(3).reset_index(drop=True)), unit="log points")


def test_years_in_which_a_handful_is_left_to_compare_with_are_left_out_and_counted():
    # Treated in 2018 (100) and 2019 (200), one never: from 2019 on that one alone would be the comparison.
    rng = np.random.default_rng(8)
    cohorts = [2018.0] * 100 + [2019.0] * 200 + [np.nan]
    sample = pd.DataFrame(
        [
            {"enterprise_id": f"E{at}", "year": year, "cohort": cohort, "outcome": rng.normal()}
            for at, cohort in enumerate(cohorts)
            for year in range(2015, 2022)
        ]
    )
    effect = estimate_att(sample, unit="log points")
    assert effect.n_treated == 100
    assert (effect.n_cells, effect.n_cells_lost) == (1, 6)


def test_a_constant_covariate_changes_nothing():
    sample = panel(4)
    constant = sample.assign(x_constant=np.log(7))
    assert estimate_att(constant, unit="log points") == estimate_att(sample, unit="log points")


def test_never_treated_comparison_needs_never_treated_enterprises():
    sample = panel(6)
    everybody = sample.assign(cohort=sample["cohort"].fillna(2021.0))
    with pytest.raises(IdentificationError, match="only 0 enterprise"):
        estimate_att(everybody, unit="log points", comparison="never_treated")


def test_an_outcome_that_never_changes_has_no_standard_error():
    with pytest.raises(IdentificationError, match="never changes"):
        estimate_att(panel(7).assign(outcome=1.0), unit="log points")


def test_anticipation_moves_the_base_year_back_and_does_not_count_as_treatment():
    # Treated move by 1 in the year before treatment and by 3 in all; from 2018 the effect is 3, from 2019 only 2.
    paths = {1: (2020.0, [0.0, 0.0, 1.0, 3.0]), 2: (np.nan, [5.0, 5.0, 5.0, 5.0])}
    sample = noisy(sample_of(paths, first_year=2017, copies=300))
    assert estimate_att(sample, unit="log points").estimate == pytest.approx(2.0, abs=1e-3)
    effect, study = estimate_both(sample, unit="log points", anticipation=1)
    assert effect.estimate == pytest.approx(3.0, abs=1e-3)
    assert effect.std_error == pytest.approx(1e-3 * np.sqrt(2 * 2 / 300), rel=0.1)
    assert {p.event_time: round(p.estimate, 2) for p in study.points} == {-3: 0.0, -1: 1.0, 0: 3.0}


@pytest.mark.parametrize("anticipation", [-1, 0.5, True])
def test_anticipation_must_be_a_number_of_years(anticipation):
    with pytest.raises(StudyError, match="must be a whole number of years"):
        estimate_att(panel(3), unit="log points", anticipation=anticipation)


def test_an_unknown_adjustment_is_refused():
    with pytest.raises(StudyError, match="adjustment is 'none'"):
        estimate_att(panel(3), unit="log points", adjustment="none")


def test_clustering_changes_the_error_and_not_the_estimate():
    sample = panel(9, missing=0.2)
    clustered = sample.assign(cluster_id=sample["enterprise_id"].str[-2:])
    alone, alone_study = estimate_both(sample, unit="log points")
    together, study = estimate_both(clustered, unit="log points")
    assert together.estimate == pytest.approx(alone.estimate, abs=1e-12)
    assert together.std_error != pytest.approx(alone.std_error, rel=1e-3)
    assert [p.estimate for p in study.points] == pytest.approx([p.estimate for p in alone_study.points], abs=1e-12)


def test_errors_of_the_group_average_follow_clusters():
    # Every enterprise its own cluster: the same influence, times the correction for the number of clusters.
    sample = panel(10)
    alone = estimate_aggregates(sample, unit="log points")["group"]
    own = estimate_aggregates(sample.assign(cluster_id=sample["enterprise_id"]), unit="log points")["group"]
    assert own.std_error == pytest.approx(alone.std_error * np.sqrt(300 / 299), rel=1e-9)
