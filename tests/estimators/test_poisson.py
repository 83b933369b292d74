"""Ratios of counts by hand, against two other implementations, and against planted truth with many zeros."""

import numpy as np
import pandas as pd
import pyfixest
import pytest
import statsmodels.api as sm
from alternative_cases import counts, read_mpdta, sample_of
from diff_diff import WooldridgeDiD

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.poisson import estimate_both

UNIT = "log points"


def test_two_by_two_is_the_log_ratio_of_ratios_by_hand():
    # Treated 2 -> 9 on average (half of them 0 -> 6, half 4 -> 12), others 3 -> 4.
    groups = [(2020.0, 30, [0, 6]), (2020.0, 30, [4, 12]), (np.nan, 20, [0, 2]), (np.nan, 20, [6, 6])]
    effect, study = estimate_both(sample_of(groups, noise=0), unit=UNIT)
    assert effect.estimate == pytest.approx(np.log((9 / 2) / (4 / 3)), abs=1e-7)
    assert [point.estimate for point in study.points] == pytest.approx([effect.estimate])


def test_the_average_is_the_ratio_of_sums_so_that_large_counts_weigh_more():
    # Nobody else moves. Counts 10 become 20, counts 1 become 5: log of (20 + 5) over (10 + 1).
    groups = [(2020.0, 30, [8, 20]), (2020.0, 30, [12, 20]), (2021.0, 30, [1, 1, 4]), (2021.0, 30, [1, 1, 6])]
    sample = sample_of([*groups, (np.nan, 30, [3, 3, 3]), (np.nan, 30, [2, 2, 2])], noise=0)
    sample = sample[(sample["year"] < 2021) | ~sample["enterprise_id"].str.match("[01]-")]
    effect, _ = estimate_both(sample, unit=UNIT)
    assert effect.estimate == pytest.approx(np.log(25 / 11), abs=1e-7)


def test_cohort_years_are_those_of_a_poisson_regression_with_cohort_dummies_on_a_balanced_panel():
    sample = counts(1).drop(columns="x_trend")
    effect, study = estimate_both(sample, unit=UNIT)
    cells = sample["cohort"].where(sample["year"] >= sample["cohort"]).astype(str) + sample["year"].astype(str)
    treated = sample["year"] >= sample["cohort"]
    design = pd.concat(
        [
            pd.get_dummies(cells[treated]).reindex(sample.index, fill_value=False),
            pd.get_dummies(sample["year"], prefix="year"),
            pd.get_dummies(sample["cohort"].fillna(0), prefix="cohort", drop_first=True),
        ],
        axis=1,
    ).astype(float)
    fit = sm.GLM(sample["outcome"], design, family=sm.families.Poisson()).fit()
    without = np.exp(design.drop(columns=cells[treated].unique()) @ fit.params.drop(cells[treated].unique()))
    assert effect.estimate == pytest.approx(
        np.log(sample["outcome"][treated].sum() / without[treated].sum()), abs=1e-6
    )
    time = sample["year"] - sample["cohort"]
    for point in (point for point in study.points if point.event_time >= 0):
        at = time == point.event_time
        assert point.estimate == pytest.approx(np.log(sample["outcome"][at].sum() / without[at].sum()), abs=1e-6)


def test_average_on_a_balanced_panel_is_that_of_the_other_library():
    sample = read_mpdta().assign(outcome=lambda rows: np.exp(rows["outcome"]))
    effect, _ = estimate_both(sample, unit=UNIT)
    theirs = WooldridgeDiD(method="poisson").fit(sample, "outcome", "enterprise_id", "year", "first.treat")
    mean = sample.loc[sample["year"] >= sample["cohort"], "outcome"].mean()
    assert effect.estimate == pytest.approx(np.log(mean / (mean - theirs.att)), abs=1e-6)


def test_with_one_treated_cell_error_is_that_of_the_regression_coefficient():
    sample = counts(2)[lambda rows: rows["year"].isin([2017, 2018])].drop(columns="x_trend")
    sample = sample.assign(cohort=sample["cohort"].replace(2019.0, 2018.0))
    effect, _ = estimate_both(sample, unit=UNIT)
    rows = sample.assign(treated=(sample["year"] >= sample["cohort"]).astype(float))
    fit = pyfixest.fepois("outcome ~ treated | enterprise_id + year", rows, vcov={"CRV1": "enterprise_id"})
    assert effect.estimate == pytest.approx(fit.coef()["treated"], abs=1e-7)
    assert effect.std_error == pytest.approx(fit.se()["treated"], rel=5e-3)


def test_planted_ratio_is_found_and_covered_with_many_zeros_and_gaps():
    found, zeros = [], []
    for seed in range(8):
        sample = counts(seed, n=400, ratio=1.5, level=-1.2, missing=0.1)
        zeros.append((sample["outcome"] == 0).mean())
        found.append(estimate_both(sample, unit=UNIT)[0])
    assert np.mean(zeros) > 0.6
    assert np.mean([effect.estimate for effect in found]) == pytest.approx(np.log(1.5), abs=0.06)
    assert sum(effect.ci_low < np.log(1.5) < effect.ci_high for effect in found) >= 6


def test_before_treatment_nothing_is_found_where_nothing_is_and_errors_cover():
    _, study = estimate_both(counts(3, n=600), unit=UNIT)
    before = [point for point in study.points if point.event_time < 0]
    assert [point.event_time for point in before] == [-4, -3, -2]
    assert all(abs(point.estimate) < 3 * point.std_error for point in before)
    assert np.sqrt(np.diag(study.covariance)) == pytest.approx([point.std_error for point in study.points])


def test_enterprises_that_come_and_go_are_not_taken_for_change():
    # Large enterprises of the treated leave before treatment: cohort means fall, no enterprise changes.
    groups = [(2021.0, 60, [50, 50, 50]), (2021.0, 60, [2, 2, 2]), (np.nan, 60, [5, 5, 5]), (np.nan, 60, [1, 1, 1])]
    sample = sample_of(groups, noise=0)
    rng = np.random.default_rng(0)
    sample = sample.assign(outcome=rng.poisson(sample["outcome"]).astype(float))
    leavers = sample["enterprise_id"].str.match("0-[0-4]") & (sample["year"] == 2021)
    effect, _ = estimate_both(sample[~leavers], unit=UNIT)
    assert abs(effect.estimate) < 3 * effect.std_error < 0.3


def test_enterprises_that_never_count_change_nothing_and_are_not_counted():
    sample = counts(4)
    idle = sample.assign(enterprise_id="idle" + sample["enterprise_id"], outcome=0.0)
    plain, _ = estimate_both(sample, unit=UNIT)
    joined, _ = estimate_both(pd.concat([sample, idle]), unit=UNIT)
    assert joined.estimate == pytest.approx(plain.estimate, abs=0.02)
    assert (joined.n_enterprises, joined.n_treated) == (plain.n_enterprises, plain.n_treated)
    without = [
        estimate_both(rows.drop(columns="x_trend"), unit=UNIT)[0] for rows in (sample, pd.concat([sample, idle]))
    ]
    assert without[0].estimate == pytest.approx(without[1].estimate)


def test_a_year_in_which_a_cohort_counts_nothing_is_in_the_average():
    # One cohort: 4 before, then 2 and 0; the others stay at 2. Over both years 2 are counted where 8 were expected.
    groups = [(2020.0, 30, [3, 2, 0]), (2020.0, 30, [5, 2, 0]), (np.nan, 30, [1, 2, 1]), (np.nan, 30, [3, 2, 3])]
    effect, _ = estimate_both(sample_of(groups, noise=0), unit=UNIT)
    assert effect.estimate == pytest.approx(np.log(2 / 8), abs=1e-6)
    assert effect.n_cells == 2


def test_a_cohort_without_counts_before_treatment_has_no_ratio_and_is_counted_as_lost():
    groups = [(2020.0, 30, [0, 2]), (np.nan, 30, [1, 2])]
    with pytest.raises(IdentificationError, match="without bound"):
        estimate_both(sample_of(groups, noise=0), unit=UNIT)
    groups = [(2021.0, 20, [0, 0, 2]), (2020.0, 30, [1, 2, 2]), (2020.0, 30, [3, 2, 2]), (np.nan, 40, [1, 2, 1])]
    effect, _ = estimate_both(sample_of(groups, noise=0), unit=UNIT)
    assert (effect.n_cells, effect.n_cells_lost, effect.n_treated) == (2, 1, 60)


def test_what_is_no_count_is_refused():
    with pytest.raises(StudyError, match="must be 0 or more"):
        estimate_both(counts(5).assign(outcome=-1.0), unit=UNIT)
    with pytest.raises(StudyError, match="a ratio of counts is in 'log points'"):
        estimate_both(counts(5), unit="patents")


def test_a_year_without_any_count_of_the_untreated_is_an_identification_error():
    sample = counts(6)
    silent = (sample["year"] == 2020) & sample["cohort"].isna()
    with pytest.raises(IdentificationError, match="in 2020"):
        estimate_both(sample.assign(outcome=sample["outcome"].mask(silent, 0.0)), unit=UNIT)
