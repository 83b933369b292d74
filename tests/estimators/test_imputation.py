"""Imputation against R's etwfe and the library's own errors, arithmetic by hand, planted truth."""

import numpy as np
import pandas as pd
import pytest
from alternative_cases import panel, read_mpdta, sample_of
from diff_diff import ImputationDiD

from sme_research.errors import IdentificationError
from sme_research.estimators.imputation import estimate_both

# R package etwfe (fixest behind it), inst/tinytest/test_etwfe.R and test_emfx.R: coefficients by
# cohort and year without covariates, and averages by event time with lpop. For a linear model with
# all cells, extended two-way fixed effects and imputation are the same numbers (Wooldridge 2021).
ETWFE_CELLS = {
    (2004, 2004): -0.0193723636759116, (2004, 2005): -0.0783190990620529, (2004, 2006): -0.136078114440309,
    (2004, 2007): -0.104707471576594, (2006, 2006): 0.00251386194191313, (2006, 2007): -0.0391927355917248,
    (2007, 2007): -0.0431060328087001,
}  # fmt: skip
ETWFE_WITH_LPOP = {0: -0.0332122037837542, 1: -0.0573456479257483, 2: -0.137870386660852, 3: -0.10953945536511}
ETWFE_AVERAGE_WITH_LPOP = (-0.0506270331228907, 0.0124972546529842)
COHORT_SIZE = {2004: 20, 2006: 40, 2007: 131}
DID2S = (-0.047710, 0.013478)


@pytest.fixture(scope="module")
def mpdta() -> pd.DataFrame:
    return read_mpdta()


def test_the_published_average_is_reproduced_with_the_cohort_that_has_one_year_before_treatment(mpdta):
    # Without counties of one untreated year, the cohort of 2004 vanishes and the average is -0.0337.
    effect, _ = estimate_both(mpdta, unit="log points")
    assert effect.estimate == pytest.approx(DID2S[0], abs=1e-6)
    # did2s has another, also asymptotic, standard error; ours is the paper's conservative leave-one-out one.
    assert effect.std_error == pytest.approx(DID2S[1], abs=2e-5)
    assert (effect.n_treated, effect.n_cells, effect.n_cells_lost) == (191, 7, 0)


def test_the_average_weighs_every_treated_county_and_year_the_same(mpdta):
    effect, _ = estimate_both(mpdta, unit="log points")
    sizes = [COHORT_SIZE[cohort] for cohort, _ in ETWFE_CELLS]
    assert effect.estimate == pytest.approx(np.average(list(ETWFE_CELLS.values()), weights=sizes), abs=1e-10)


def test_estimates_with_a_covariate_are_those_of_the_reference_implementation(mpdta):
    effect, study = estimate_both(mpdta.assign(x_lpop=mpdta["lpop"]), unit="log points")
    after = {point.event_time: point.estimate for point in study.points if point.event_time >= 0}
    assert after == pytest.approx(ETWFE_WITH_LPOP, abs=1e-9)
    assert effect.estimate == pytest.approx(ETWFE_AVERAGE_WITH_LPOP[0], abs=1e-9)
    assert effect.std_error == pytest.approx(ETWFE_AVERAGE_WITH_LPOP[1], rel=0.05)


def test_errors_by_event_time_are_those_that_the_library_publishes(mpdta):
    _, study = estimate_both(mpdta, unit="log points")
    model = ImputationDiD(leave_one_out=True, pretrends=True)
    published = model.fit(mpdta, "outcome", "enterprise_id", "year", "first.treat").aggregate("event_study")
    ours = study.to_frame().set_index("event_time")
    theirs = pd.DataFrame({"estimate": published.att, "std_error": published.se}, index=published.event_time).drop(-1)
    assert list(ours.index) == list(theirs.index)
    assert ours["estimate"].to_numpy() == pytest.approx(theirs["estimate"].to_numpy(), abs=1e-8)
    after, before = ours.index >= 0, ours.index < 0
    assert ours.loc[after, "std_error"].to_numpy() == pytest.approx(theirs.loc[after, "std_error"].to_numpy())
    # The library's factor for degrees of freedom also counts the regressors.
    assert ours.loc[before, "std_error"].to_numpy() == pytest.approx(
        theirs.loc[before, "std_error"].to_numpy(), rel=3e-3
    )


def test_the_joint_covariance_holds_the_error_of_the_average(mpdta):
    effect, study = estimate_both(mpdta, unit="log points")
    share = np.array([point.n_treated if point.event_time >= 0 else 0 for point in study.points], dtype=float)
    share /= share.sum()
    assert np.sqrt(share @ study.covariance @ share) == pytest.approx(effect.std_error)
    assert np.sqrt(np.diag(study.covariance)) == pytest.approx([point.std_error for point in study.points])
    assert np.linalg.eigvalsh(study.covariance).min() > 0


def test_att_by_hand_where_cohorts_differ():
    # Early (2020, 100 enterprises) gain 1 then 3, late (2021, 300) gain 5, nobody else moves.
    sample = sample_of([(2020.0, 100, [0, 1, 3]), (2021.0, 300, [4, 4, 9]), (np.nan, 100, [7, 7, 7])])
    effect, study = estimate_both(sample, unit="log points")
    assert effect.estimate == pytest.approx((100 * 1 + 100 * 3 + 300 * 5) / 500, abs=2e-3)
    by_time = {point.event_time: point.estimate for point in study.points}
    assert by_time == pytest.approx({-2: 0.0, 0: (100 * 1 + 300 * 5) / 400, 1: 3.0}, abs=2e-3)


def test_all_years_before_treatment_are_the_base_not_the_last_alone():
    # Treated 0, 2 before and 4 after; never treated stay: 4 - (0 + 2) / 2 = 3, not 4 - 2.
    effect, _ = estimate_both(sample_of([(2021.0, 50, [0, 2, 4]), (np.nan, 50, [1, 1, 1])]), unit="1")
    assert effect.estimate == pytest.approx(3.0, abs=2e-3)


def test_enterprises_seen_only_when_treated_are_left_out_and_not_counted(mpdta):
    plain, _ = estimate_both(mpdta, unit="log points")
    newcomers = mpdta[mpdta["enterprise_id"].isin(mpdta["enterprise_id"].unique()[:50])].assign(
        cohort=2001.0, enterprise_id=lambda rows: -rows["enterprise_id"], outcome=99.0
    )
    joined, _ = estimate_both(pd.concat([mpdta, newcomers]), unit="log points")
    assert joined.estimate == pytest.approx(plain.estimate)
    assert (joined.n_enterprises, joined.n_treated) == (plain.n_enterprises, plain.n_treated)


def test_a_covariate_mends_what_its_absence_breaks_and_intervals_cover():
    errors, covered = [], 0
    for seed in range(12):
        effect, _ = estimate_both(panel(seed, missing=0.1), unit="log points")
        errors.append(effect.estimate - 0.2)
        covered += effect.ci_low < 0.2 < effect.ci_high
    without, _ = estimate_both(panel(0, missing=0.1).drop(columns="x_trend"), unit="log points")
    assert abs(np.mean(errors)) < 0.015
    assert covered >= 10
    assert without.estimate - 0.2 > 0.1


def test_where_all_are_treated_in_the_end_the_last_cohort_stands_for_the_never_treated_until_its_year():
    sample = sample_of([(2021.0, 50, [0, 0, 1, 1]), (2022.0, 50, [0, 0, 0, 1])])
    effect, study = estimate_both(sample, unit="1")
    assert {point.event_time: point.estimate for point in study.points} == pytest.approx({-2: 0, 0: 1}, abs=2e-3)
    assert (effect.n_treated, effect.n_cells, effect.n_cells_lost) == (50, 1, 2)


def test_a_characteristic_that_only_the_treated_have_cannot_be_adjusted_for():
    sample = sample_of([(2020.0, 50, [0, 1]), (np.nan, 50, [0, 0])])
    marked = sample.assign(x_mark=sample["cohort"].notna().astype(float))
    with pytest.raises(IdentificationError, match="cannot be imputed"):
        estimate_both(marked, unit="1")


def test_a_covariate_that_follows_from_another_changes_nothing():
    sample = panel(3)
    plain, _ = estimate_both(sample, unit="1")
    doubled, _ = estimate_both(sample.assign(x_double=2 * sample["x_trend"] + 1), unit="1")
    assert doubled.estimate == pytest.approx(plain.estimate)
    assert doubled.std_error == pytest.approx(plain.std_error)


def test_clusters_widen_the_interval_where_they_share_shocks():
    sample = panel(5, effect=0.0).drop(columns="x_trend")
    group = sample["enterprise_id"].str[1:].astype(int) % 20
    shocks = np.cumsum(np.random.default_rng(5).normal(0, 0.3, (20, 7)), axis=1)
    sample = sample.assign(
        cohort=np.where(group < 10, 2018.0, np.nan), outcome=sample["outcome"] + shocks[group, sample["year"] - 2015]
    )
    alone, _ = estimate_both(sample, unit="1")
    clustered, study = estimate_both(sample.assign(cluster_id=group.astype(str)), unit="1")
    assert clustered.std_error > 2 * alone.std_error
    assert (clustered.n_clusters, clustered.n_treated_clusters) == (20, 10)
    assert {point.n_treated for point in study.points} == {150}
