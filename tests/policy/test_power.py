"""Power by trial agrees with formulas where there are any, finds what was planted, and rests on real paths."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.callaway_santanna import estimate_att
from sme_research.estimators.cluster_inference import jackknife
from sme_research.estimators.kink import estimate_kink
from sme_research.estimators.regression_discontinuity import estimate_jump
from sme_research.policy.evaluation.formulas import (
    design_effect,
    error_of_change,
    mde_of_error,
    measure_correlation,
    multiplier,
    power_of_error,
    power_of_means,
    variance_factor,
)
from sme_research.policy.evaluation.power import (
    ClusterTrial,
    KinkTrial,
    LotTrial,
    Paths,
    ThresholdTrial,
    cut_paths,
    find_mde,
    find_sample_size,
    simulate_power,
)
from sme_research.results import Effect

POOL, RHO = 4_000, 0.6
DRAWS = 600


def effect_of(estimate, error, freedom=None, n=100):
    reach = (stats.norm.ppf(0.975) if freedom is None else stats.t.ppf(0.975, freedom)) * error
    return Effect(
        "x",
        estimate,
        error,
        estimate - reach,
        estimate + reach,
        0.95,
        "log points",
        n,
        n // 2,
        n,
        n,
        n // 2,
        "x",
        "x",
    )


def difference(values, drawn, freedom=None):
    """Difference of means with one variance for both, as the t test has it."""
    one, two = values[drawn], values[~drawn]
    freedom = freedom or len(values) - 2
    pooled = ((one - one.mean()) @ (one - one.mean()) + (two - two.mean()) @ (two - two.mean())) / freedom
    return effect_of(one.mean() - two.mean(), np.sqrt(pooled * (1 / len(one) + 1 / len(two))), freedom)


def wide(frame, n_years):
    """Outcomes by enterprise and year, and who is drawn first."""
    return frame["outcome"].to_numpy().reshape(-1, n_years), frame["cohort"].notna().to_numpy()[::n_years]


@pytest.fixture(scope="module")
def equal():
    """Paths of four years with variance 1 and the same correlation between any two."""
    rng = np.random.default_rng(5)
    shared = rng.standard_normal((POOL, 1))
    values = np.sqrt(RHO) * shared + np.sqrt(1 - RHO) * rng.standard_normal((POOL, 4))
    values -= values.mean(axis=0)
    # Exactly this covariance, so that the formula's inputs are known and not estimated.
    covariance = np.full((4, 4), RHO) + (1 - RHO) * np.eye(4)
    root = np.linalg.cholesky(covariance) @ np.linalg.inv(np.linalg.cholesky(np.cov(values, rowvar=False)))
    return Paths(values @ root.T)


def agrees(point, formula):
    return abs(point.share - formula) < 3 * point.std_error


def test_it_agrees_with_the_t_test_of_two_means(equal):
    trial = LotTrial(equal, 120, n_before=3)
    point = simulate_power(
        trial, 0.5, lambda frame: difference(wide(frame, 4)[0][:, 3], wide(frame, 4)[1]), n_draws=DRAWS
    )
    assert agrees(point, power_of_means(0.5, 1.0, 60, 60))


def test_it_agrees_with_the_formula_of_changes_and_of_ancova(equal):
    def change(frame):
        values, drawn = wide(frame, 4)
        return difference(values[:, 3] - values[:, :3].mean(axis=1), drawn)

    def ancova(frame):
        values, drawn = wide(frame, 4)
        before = values[:, :3].mean(axis=1)
        design = np.column_stack([drawn, before, np.ones(len(drawn))]).astype(float)
        found, rest, *_ = np.linalg.lstsq(design, values[:, 3], rcond=None)
        freedom = len(drawn) - 3
        error = np.sqrt(rest[0] / freedom * np.linalg.inv(design.T @ design)[0, 0])
        return effect_of(found[0], error, freedom)

    trial = LotTrial(equal, 120, n_before=3)
    for estimate, how in ((change, "change"), (ancova, "ancova")):
        sd = np.sqrt(variance_factor(RHO, 3, 1, how))
        point = simulate_power(trial, 0.4, estimate, n_draws=DRAWS)
        assert agrees(point, power_of_means(0.4, sd, 60, 60)), how
        assert not agrees(point, power_of_means(0.4, 1.0, 60, 60)), how


@pytest.fixture(scope="module")
def clustered():
    """200 clusters of 10, of whose change a fifth is shared."""
    rng = np.random.default_rng(6)
    groups = np.repeat(np.arange(200), 10)
    change = np.sqrt(0.2) * rng.standard_normal(200)[groups] + np.sqrt(0.8) * rng.standard_normal(2_000)
    return Paths(np.column_stack([np.zeros(2_000), change]), groups=groups)


def test_whole_clusters_cost_the_design_effect(clustered):
    def by_cluster(frame):
        rows = frame[frame["year"] == 1].groupby("cluster_id")
        return difference(rows["outcome"].mean().to_numpy(), rows["cohort"].first().notna().to_numpy())

    change = clustered.outcomes[:, 1]
    rho = measure_correlation(change, clustered.groups)
    assert rho == pytest.approx(0.2, abs=0.05)
    sd = np.sqrt(change.var() * design_effect(10, rho) / 10)
    point = simulate_power(ClusterTrial(clustered, 40, n_before=1), 0.5, by_cluster, n_draws=300)
    assert agrees(point, power_of_means(0.5, sd, 20, 20))
    assert not agrees(point, power_of_means(0.5, np.sqrt(change.var() / 10), 20, 20))


def test_the_jackknife_over_clusters_keeps_its_level_and_needs_more_than_enterprises_alone(clustered):
    def estimate(frame):
        return jackknife(frame, unit="log points")[0]

    found = find_mde(ClusterTrial(clustered, 40, n_before=1), estimate, n_draws=60, seed=3, curve=(0.0, 1.0))
    naive = mde_of_error(np.sqrt(clustered.outcomes[:, 1].var() * 2 / 200))
    assert found.mde > 1.3 * naive
    assert found.false_alarms.share < 0.05 + 3 * found.false_alarms.std_error


def test_the_detectable_effect_of_a_waiting_list_agrees_with_the_formula(equal):
    def estimate(frame):
        return estimate_att(frame, unit="log points")

    trial = LotTrial(Paths(equal.outcomes[:, 2:]), 200, n_before=1)
    found = find_mde(trial, estimate, n_draws=100, seed=1, curve=(0.0, 1.0))
    covariance = np.cov(trial.paths.outcomes, rowvar=False)
    formula = mde_of_error(error_of_change(covariance, (-1.0, 1.0), 100, 100))
    # A share of 100 trials is known to 0.04, which is a twentieth of the detectable effect; thrice that.
    assert found.mde == pytest.approx(formula, rel=0.15)
    assert abs(found.reached.share - 0.8) <= 3 * found.reached.std_error
    assert [point.effect for point in found.curve] == [0.0, found.mde]


def test_the_number_needed_turns_the_detectable_effect_round(equal):
    trial = LotTrial(Paths(equal.outcomes[:, 2:]), 100, n_before=1)

    def estimate(frame):
        values, drawn = wide(frame, 2)
        return difference(values[:, 1] - values[:, 0], drawn)

    small = find_mde(trial, estimate, n_draws=300)
    half = find_sample_size(trial, estimate, small.mde / 2, mde=small.mde, most=10_000, n_draws=300)
    assert half.n_units == pytest.approx(400, rel=0.25)
    assert abs(half.share - 0.8) <= 3 * half.std_error
    assert find_sample_size(trial, estimate, small.mde / 20, mde=small.mde, most=10_000) is None
    few = find_sample_size(trial, estimate, 10 * small.mde, mde=small.mde, most=10_000, fewest=40)
    assert (few.n_units, few.share > 0.8) == (40, True)


def test_one_odd_enterprise_does_not_lead_the_search_astray():
    rng = np.random.default_rng(8)
    change = rng.standard_normal(2_000) * 0.2
    change[:4] = 8.0
    trial = LotTrial(Paths(np.column_stack([np.zeros(2_000), change])), 200, n_before=1)

    def estimate(frame):
        values, drawn = wide(frame, 2)
        return difference(values[:, 1] - values[:, 0], drawn)

    found = find_mde(trial, estimate, n_draws=200)
    assert abs(found.reached.share - 0.8) <= 3 * found.reached.std_error


def test_more_is_found_of_a_larger_effect_and_take_up_thins_it(equal):
    def estimate(frame):
        values, drawn = wide(frame, 4)
        return difference(values[:, 3], drawn)

    full, part = (LotTrial(equal, 120, n_before=3, take_up=share) for share in (1.0, 0.5))
    shares = [simulate_power(full, effect, estimate, n_draws=100).share for effect in (0.0, 0.2, 0.4, 0.8)]
    assert shares == sorted(shares)
    # The same draws without and with the effect: their difference is what was planted.
    nothing, planted = (simulate_power(full, effect, estimate, n_draws=50).mean for effect in (0.0, 0.4))
    assert planted - nothing == pytest.approx(0.4)
    thin = (
        simulate_power(part, 0.4, estimate, n_draws=200).mean - simulate_power(part, 0.0, estimate, n_draws=200).mean
    )
    assert thin == pytest.approx(0.2, abs=0.02)


def test_without_an_effect_one_in_twenty_is_a_false_alarm(equal):
    point = simulate_power(
        LotTrial(equal, 120, n_before=3), 0.0, lambda frame: difference(wide(frame, 4)[0][:, 3], wide(frame, 4)[1]),
        n_draws=DRAWS,
    )  # fmt: skip
    assert agrees(point, 0.05)


def test_a_jump_and_a_kink_are_found_where_they_were_planted():
    rng = np.random.default_rng(9)
    changes, scores = rng.standard_normal(3_000) * 0.1, rng.normal(60, 10, 3_000)
    jump = simulate_power(
        ThresholdTrial(changes, scores, 1_000, cutoff=60.0), 0.3,
        lambda frame: estimate_jump(frame, cutoff=60.0, unit="log points"), n_draws=20,
    )  # fmt: skip
    assert jump.mean == pytest.approx(0.3, abs=0.03)
    kink = simulate_power(
        KinkTrial(changes, scores, 1_000, cap=60.0), 0.05,
        lambda frame: estimate_kink(frame, kink=60.0, slope_change=-1.0, unit="log points"), n_draws=20,
    )  # fmt: skip
    assert kink.mean == pytest.approx(0.05, abs=0.02)


def test_the_same_seed_gives_the_same_power(equal):
    def estimate(frame):
        values, drawn = wide(frame, 4)
        return difference(values[:, 3], drawn)

    trial = LotTrial(equal, 80, n_before=3)
    assert simulate_power(trial, 0.4, estimate, n_draws=40, seed=4) == simulate_power(
        trial, 0.4, estimate, n_draws=40, seed=4
    )


def test_what_cannot_be_estimated_is_no_finding_and_never_any_is_said(equal):
    def refuse(frame):
        raise IdentificationError("too few.")

    with pytest.raises(IdentificationError, match="no trial of 80 units could be estimated: too few"):
        simulate_power(LotTrial(equal, 80, n_before=3), 0.4, refuse, n_draws=20)
    with pytest.raises(StudyError, match="n_draws is 5"):
        simulate_power(LotTrial(equal, 80, n_before=3), 0.4, refuse, n_draws=5)


def test_three_waves_end_with_one_that_waits(equal):
    frame = LotTrial(equal, 90, n_before=2, waves=3).draw(0.0, np.random.default_rng(0))
    cohorts = frame.drop_duplicates("enterprise_id")["cohort"]
    assert [int(cohorts.isna().sum()), int((cohorts == 2).sum()), int((cohorts == 3).sum())] == [30, 30, 30]


def test_paths_are_the_last_full_years_and_the_lost_are_counted():
    rows = [("a", year, float(year)) for year in range(2020, 2024)]
    rows += [("b", year, 1.0) for year in range(2021, 2024)] + [("c", 2022, 1.0), ("d", 2023, 1.0)]
    sample = pd.DataFrame(rows, columns=["enterprise_id", "year", "outcome"])
    paths = cut_paths(sample, n_before=1, n_after=1)
    assert paths.outcomes.tolist() == [[2022.0, 2023.0], [1.0, 1.0]]
    assert paths.lost == pytest.approx(1 / 3)
    with pytest.raises(IdentificationError, match="4 years, the design needs 5"):
        cut_paths(sample, n_before=3, n_after=2)


def test_formulas_by_hand():
    assert multiplier() == pytest.approx(2.8016, abs=1e-4)
    assert power_of_error(multiplier(), 1.0) == pytest.approx(0.8, abs=1e-4)
    # One year before and one after: 1 + 1 - 2 rho; adjusting for it: 1 - rho squared.
    assert variance_factor(0.5, 1, 1, "change") == pytest.approx(1.0)
    assert variance_factor(0.5, 1, 1, "ancova") == pytest.approx(0.75)
    assert variance_factor(0.5, 1, 2, "after") == pytest.approx(0.75)
    assert design_effect(11, 0.1) == pytest.approx(2.0)
    covariance = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    by_weights = error_of_change(covariance, (-0.5, -0.5, 1.0), 50, 50)
    assert by_weights == pytest.approx(np.sqrt(variance_factor(0.5, 2, 1, "change") * 2 / 50))


def test_clusters_that_are_all_alike_within_correlate_fully():
    groups = np.repeat(np.arange(5), 4)
    assert measure_correlation(groups.astype(float), groups) == pytest.approx(1.0)
    # Within each cluster -1 and 1, no difference between: (0 - 2) / (0 + 1 * 2) = -1.
    assert measure_correlation(np.tile([-1.0, 1.0], 5), np.repeat(np.arange(5), 2)) == pytest.approx(-1.0)
