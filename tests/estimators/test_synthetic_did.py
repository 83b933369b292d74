"""Synthetic difference-in-differences against an independent solution, arithmetic by hand and planted truth."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.synthetic_did import estimate_synthetic_did

FIRST_YEAR = 2016


def panel(
    seed: int, *, n_comparison: int = 14, cohorts: tuple[float, ...] = (2020.0,), effect: float = 0.0, years: int = 8
) -> pd.DataFrame:
    """Clusters whose paths follow two common factors; members have levels of their own."""
    rng = np.random.default_rng(seed)
    cohort = np.append(cohorts, np.full(n_comparison, np.nan))
    factors = np.cumsum(rng.normal(0, 0.2, (2, years)), axis=1)
    path = rng.normal(1, 0.5, (len(cohort), 2)) @ factors + rng.normal(0, 0.03, (len(cohort), years))
    path += effect * (FIRST_YEAR + np.arange(years) >= cohort[:, None])
    rows = [
        {
            "cluster_id": f"C{cluster:02d}",
            "enterprise_id": f"E{cluster:02d}-{member}",
            "year": FIRST_YEAR + at,
            "cohort": cohort[cluster],
            "outcome": path[cluster, at] + level,
        }
        for cluster in range(len(cohort))
        for member, level in enumerate(rng.normal(size=6))
        for at in range(years)
    ]
    return pd.DataFrame(rows)


def means_of(sample: pd.DataFrame) -> pd.DataFrame:
    return sample.pivot_table(index="cluster_id", columns="year", values="outcome")


def on_simplex(matrix: np.ndarray, target: np.ndarray, penalty: float) -> np.ndarray:
    """Weights that sum to one and bring the centred columns closest to the centred target."""
    matrix, target = matrix - matrix.mean(axis=0), target - target.mean()
    start = np.full(matrix.shape[1], 1 / matrix.shape[1])
    solved = optimize.minimize(
        lambda w: ((matrix @ w - target) ** 2).sum() + penalty * (w**2).sum(),
        start,
        jac=lambda w: 2 * matrix.T @ (matrix @ w - target) + 2 * penalty * w,
        bounds=[(0, 1)] * len(start),
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-15, "maxiter": 2000},
    )
    return solved.x


def test_the_effect_is_that_of_the_paper_solved_by_another_optimiser():
    # Arkhangelsky et al. (2021), equations 4 to 6 and the penalty below them, one treated cluster.
    sample = panel(1, effect=0.3)
    means = means_of(sample)
    treated, others = means.iloc[0].to_numpy(), means.iloc[1:].to_numpy()
    before = np.asarray(means.columns) < 2020
    n_before, n_after = before.sum(), (~before).sum()
    noise = np.diff(others[:, before], axis=1).std(ddof=1)
    omega = on_simplex(others[:, before].T, treated[before], n_before * (n_after**0.25 * noise) ** 2)
    lam = on_simplex(others[:, before], others[:, ~before].mean(axis=1), len(others) * (1e-6 * noise) ** 2)
    gap = treated - omega @ others
    found = estimate_synthetic_did(sample, unit="log points")[0].effect
    assert found.estimate == pytest.approx(gap[~before].mean() - lam @ gap[before], abs=2e-3)


def test_with_comparison_clusters_all_alike_the_effect_is_the_difference_in_differences():
    # Others stand still at 0, so any weights give 0; the cluster moves from 1 to 1.5 in its first treated year.
    sample = panel(2)
    rng = np.random.default_rng(0)
    path = np.where(sample["cluster_id"] == "C00", np.where(sample["year"] >= 2020, 1.5, 1.0), 0.0)
    still = sample.assign(outcome=path + rng.normal(0, 1e-6, len(sample)))
    effect = estimate_synthetic_did(still, unit="log points")[0].effect
    assert effect.estimate == pytest.approx(0.5, abs=1e-4)


def test_planted_effects_lie_in_their_intervals():
    errors, covered = [], []
    for seed in range(8):
        for found in estimate_synthetic_did(panel(seed, cohorts=(2020.0, 2021.0), effect=0.2), unit="log points"):
            errors.append(found.effect.estimate - 0.2)
            covered.append(found.effect.ci_low < 0.2 < found.effect.ci_high)
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors))
    assert np.mean(covered) >= 0.8


def test_entry_and_exit_of_members_do_not_pass_for_growth():
    sample = panel(3, effect=0.2)
    high = sample["outcome"] + 5 * (sample["enterprise_id"].str[-1] == "0")
    sample = sample.assign(outcome=high)
    # The largest member of the designated cluster closes at designation, that of another opens then.
    gone = (sample["enterprise_id"] == "E00-0") & (sample["year"] >= 2020)
    not_yet = (sample["enterprise_id"] == "E03-0") & (sample["year"] < 2020)
    whole = estimate_synthetic_did(sample, unit="log points")[0].effect
    part = estimate_synthetic_did(sample[~gone & ~not_yet], unit="log points")[0].effect
    assert part.estimate == pytest.approx(whole.estimate, abs=1e-6)


def test_order_names_of_enterprises_and_units_do_not_matter():
    sample = panel(4, effect=0.1)
    plain = estimate_synthetic_did(sample, unit="u", seed=5)[0].effect
    changed = sample.assign(
        outcome=100 * sample["outcome"], enterprise_id="Z" + sample["enterprise_id"].str[::-1]
    ).sample(frac=1, random_state=0)
    other = estimate_synthetic_did(changed, unit="u", seed=5)[0].effect
    assert other.estimate == pytest.approx(100 * plain.estimate, rel=1e-4)
    assert other.std_error == pytest.approx(100 * plain.std_error, rel=1e-3)


def test_counts_are_of_the_cluster_and_those_it_is_compared_with():
    found = estimate_synthetic_did(panel(5, cohorts=(2020.0, 2021.0)), unit="log points")
    assert [one.cluster_id for one in found] == ["C00", "C01"]
    effect = found[1].effect
    assert (effect.n_treated, effect.n_enterprises, effect.n_observations) == (6, 90, 720)
    assert (effect.n_clusters, effect.n_treated_clusters) == (15, 1)
    assert 0 < found[1].fit_p_value <= 1


def test_a_cluster_unlike_all_others_is_told_by_its_fit():
    sample = panel(6)
    wild = np.where(sample["cluster_id"] == "C00", 3.0 * (sample["year"] % 2), 0.0)
    assert estimate_synthetic_did(sample.assign(outcome=sample["outcome"] + wild), unit="u")[0].fit_p_value <= 0.05


def test_what_cannot_be_estimated_is_told_with_its_reason():
    sample = panel(7, cohorts=(2018.0, 2020.0, 2020.0))
    sample = sample[(sample["cluster_id"] != "C01") | (sample["year"] != 2019)]
    early, gap, fine = estimate_synthetic_did(sample, unit="log points")
    assert (early.effect, early.reason) == (None, "only 2 year(s) before 2018 are seen, 3 are needed")
    assert (gap.effect, gap.reason) == (None, "no member is seen in 2019")
    assert fine.effect is not None
    assert fine.reason == ""


def test_too_few_never_designated_clusters_are_refused():
    with pytest.raises(IdentificationError, match="only 9 cluster"):
        estimate_synthetic_did(panel(8, n_comparison=9), unit="log points")


def test_nobody_designated_is_refused():
    with pytest.raises(IdentificationError, match="no cluster is designated"):
        estimate_synthetic_did(panel(9, cohorts=()), unit="log points")


def test_a_sample_without_clusters_is_refused():
    with pytest.raises(StudyError, match="must have cluster_id"):
        estimate_synthetic_did(panel(10).drop(columns="cluster_id"), unit="log points")
