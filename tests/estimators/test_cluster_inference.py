"""Inference for designated clusters against refits, enumeration, arithmetic by hand and planted truth."""

import itertools

import numpy as np
import pandas as pd
import pytest
from diff_diff import CallawaySantAnna
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.callaway_santanna import estimate_both
from sme_research.estimators.cluster_inference import infer, jackknife, permutation, wild_bootstrap

COMPARISONS = ["not_yet_treated", "never_treated"]
FIRST_YEAR = 2016


def clustered(
    seed: int,
    *,
    cohorts: list[float],
    n_clusters: int,
    effect: float = 0.0,
    members: tuple[int, int] = (4, 12),
    years: int = 7,
) -> pd.DataFrame:
    """Clusters of unequal size on random walks of their own; ``cohorts`` fall to some of them by lot."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(*members, n_clusters)
    cohort = rng.permutation(np.append(cohorts, np.full(n_clusters - len(cohorts), np.nan)))
    cluster = np.repeat(np.arange(n_clusters), sizes)
    walk = np.cumsum(rng.normal(0, 0.1, (n_clusters, years)), axis=1)
    outcome = walk[cluster] + rng.normal(0, 0.2, (len(cluster), years)) + rng.normal(size=len(cluster))[:, None]
    calendar = FIRST_YEAR + np.arange(years)
    outcome += effect * (calendar >= cohort[cluster][:, None])
    return pd.DataFrame(
        {
            "enterprise_id": np.repeat([f"E{at:05d}" for at in range(len(cluster))], years),
            "year": np.tile(calendar, len(cluster)),
            "cohort": np.repeat(cohort[cluster], years),
            "cluster_id": np.repeat([f"C{at:03d}" for at in cluster], years),
            "outcome": outcome.ravel(),
        }
    )


def hard_sample(seed: int = 3) -> pd.DataFrame:
    """Unbalanced, with covariates, late joiners, and a place that one comparison cluster alone shares."""
    rng = np.random.default_rng(seed)
    sample = clustered(seed, cohorts=[2019.0] * 6 + [2020.0] * 5 + [2021.0] * 3, n_clusters=24, effect=0.3)
    members = sample.drop_duplicates("enterprise_id").set_index("enterprise_id")
    late = members.index[(members["cohort"] == 2019) & (rng.random(len(members)) < 0.2)]
    size = pd.Series(rng.normal(5, 2, len(members)), index=members.index)
    alone = members.loc[members["cohort"].isna(), "cluster_id"].iloc[0]
    place = (members["cluster_id"] == alone) | (members["cohort"].notna() & (rng.random(len(members)) < 0.2))
    sample = sample.assign(
        cohort=sample["cohort"].mask(sample["enterprise_id"].isin(late), 2021.0),
        x_size=sample["enterprise_id"].map(size),
        x_place=sample["enterprise_id"].map(place.astype(float)),
    )
    sample["outcome"] += 0.02 * sample["x_size"] * (sample["year"] - FIRST_YEAR)
    return sample[rng.random(len(sample)) > 0.1].reset_index(drop=True)


def refit(sample: pd.DataFrame, comparison: str, anticipation: int = 0) -> pd.Series:
    """Average and event times by the library, without clusters: the reference for each sample left."""
    frame = sample.assign(id=pd.factorize(sample["enterprise_id"])[0], cohort=sample["cohort"].fillna(0).astype(int))
    covariates = [name for name in frame if name.startswith("x_")] or None
    model = CallawaySantAnna(
        control_group=comparison,
        estimation_method="reg",
        base_period="universal",
        anticipation=anticipation,
        rank_deficient_action="silent",
    )
    results = model.fit(frame, "outcome", "id", "year", "cohort", covariates=covariates)
    study = results.aggregate("event_study")
    cells = [
        (c, cell) for c, cell in results.group_time_effects.items() if c[1] >= c[0] and np.isfinite(cell["effect"])
    ]
    average = np.average([cell["effect"] for _, cell in cells], weights=[cell["n_treated"] for _, cell in cells])
    return pd.Series([average, *study.att], index=["average", *(int(time) for time in study.event_time)])


@pytest.mark.filterwarnings("ignore:Unbalanced panel")
@pytest.mark.parametrize(
    ("comparison", "anticipation"), [("not_yet_treated", 0), ("never_treated", 0), ("not_yet_treated", 1)]
)
def test_the_jackknife_is_that_of_refitting_the_library_without_each_cluster(comparison, anticipation):
    sample = hard_sample()
    effect, study, inference = jackknife(sample, unit="u", comparison=comparison, anticipation=anticipation)
    full = refit(sample, comparison, anticipation)
    names = ["average", *(point.event_time for point in study.points)]
    assert len(study.points) >= 6
    assert [effect.estimate, *(p.estimate for p in study.points)] == pytest.approx(list(full[names]), abs=1e-8)
    left = pd.DataFrame(
        {
            name: refit(sample[sample["cluster_id"] != name], comparison, anticipation)[names]
            for name in sample["cluster_id"].unique()
        }
    )
    away = left.sub(full[names], axis=0).to_numpy()
    covariance = 23 / 24 * away @ away.T
    assert effect.std_error == pytest.approx(np.sqrt(covariance[0, 0]), abs=1e-8)
    assert study.covariance == pytest.approx(covariance[1:, 1:], abs=1e-8)
    assert inference.std_error == effect.std_error
    assert (inference.ci_low, inference.ci_high) == (effect.ci_low, effect.ci_high)


@pytest.mark.parametrize("comparison", COMPARISONS)
@pytest.mark.parametrize("anticipation", [0, 1])
def test_estimates_are_those_of_outcome_regression(comparison, anticipation):
    options = {"comparison": comparison, "adjustment": "outcome_regression", "anticipation": anticipation}
    ours, our_study, _ = jackknife(hard_sample(), unit="u", **options)
    theirs, their_study = estimate_both(hard_sample(), unit="u", **options)
    assert ours.estimate == pytest.approx(theirs.estimate, abs=1e-9)
    assert (ours.n_cells, ours.n_cells_lost, ours.n_treated) == (
        theirs.n_cells,
        theirs.n_cells_lost,
        theirs.n_treated,
    )
    assert [(p.event_time, p.n_treated) for p in our_study.points] == [
        (p.event_time, p.n_treated) for p in their_study.points
    ]
    assert [p.estimate for p in our_study.points] == pytest.approx([p.estimate for p in their_study.points], abs=1e-9)


@pytest.mark.parametrize("designated", ["few", "many"])
def test_jackknife_and_its_degrees_of_freedom_by_hand(designated):
    # Mean changes are 3 and 1. Without a cluster the mean of n moves by (mean - own) / (n - 1): by 1, .5, -1.5 of
    # three, by 1/3, 1/3, 0, -2/3 of four.
    three, four = [1.0, 2.0, 6.0], [0.0, 0.0, 1.0, 3.0]
    changes = {"T": three, "U": four} if designated == "few" else {"T": four, "U": three}
    rows = [
        {"cluster_id": f"{kind}{at}", "enterprise_id": f"{kind}{at}-{copy}", "year": year, "outcome": gain * after}
        for kind, gains in changes.items()
        for at, gain in enumerate(gains)
        for copy in range(5)
        for year, after in ((2019, 0), (2020, 1))
    ]
    sample = pd.DataFrame(rows)
    sample["cohort"] = np.where(sample["cluster_id"].str[0] == "T", 2020.0, np.nan)
    effect, _, inference = jackknife(sample, unit="u")
    of_three, of_four = 1 + 0.25 + 2.25, (1 + 1 + 0 + 4) / 9
    error = np.sqrt(6 / 7 * (of_three + of_four))
    satterthwaite = (of_three + of_four) ** 2 / (of_three**2 / 2 + of_four**2 / 3)
    freedom = 2 if designated == "few" else satterthwaite
    assert 2 < satterthwaite < 3
    assert effect.estimate == pytest.approx(2.0 if designated == "few" else -2.0)
    assert effect.std_error == pytest.approx(error)
    assert inference.degrees_of_freedom == pytest.approx(freedom)
    assert effect.ci_high - effect.estimate == pytest.approx(stats.t.ppf(0.975, freedom) * error)
    assert inference.p_value == pytest.approx(2 * stats.t.sf(2 / error, freedom))


def test_a_true_null_is_rejected_as_often_as_said_with_five_clusters_of_thirty():
    rejected = {"cluster_jackknife": 0, "clustered": 0}
    for seed in range(50):
        sample = clustered(seed, cohorts=[2018.0, 2018.0, 2020.0, 2020.0, 2021.0], n_clusters=30, members=(3, 30))
        rejected["cluster_jackknife"] += jackknife(sample, unit="u")[2].p_value < 0.05
        effect = estimate_both(sample, unit="u", adjustment="outcome_regression")[0]
        rejected["clustered"] += effect.ci_low > 0 or effect.ci_high < 0
    # Two standard errors of the simulation above 8 %; what we leave behind rejects far more often.
    assert rejected["cluster_jackknife"] <= 50 * 0.08 + 2 * np.sqrt(50 * 0.08 * 0.92)
    assert rejected["clustered"] > rejected["cluster_jackknife"]


def test_a_planted_effect_is_found():
    samples = [clustered(seed, cohorts=[2019.0] * 10, n_clusters=40, effect=0.5) for seed in range(20)]
    effects = [jackknife(sample, unit="u")[0] for sample in samples]
    errors = np.array([effect.estimate for effect in effects]) - 0.5
    assert abs(errors.mean()) < 3 * errors.std() / np.sqrt(20)
    assert np.mean([effect.ci_low < 0.5 < effect.ci_high for effect in effects]) >= 0.8
    assert all(inference.p_value < 0.05 for inference in infer(samples[0], unit="u", draws=199)[2])


def small_design(seed: int = 4) -> pd.DataFrame:
    return clustered(seed, cohorts=[2020.0] * 3, n_clusters=8, effect=0.1, members=(5, 9), years=6)


def test_permutation_is_full_enumeration_where_few_assignments_exist():
    sample = small_design()
    means = sample.assign(after=sample["year"] >= 2020)
    means = means[(means["year"] == 2019) | means["after"]]
    # With one cohort, no covariates and a balanced panel the average is a difference in mean changes.
    wide = means.pivot_table(index=["cluster_id", "enterprise_id"], columns="after", values="outcome", aggfunc="mean")
    change = (wide[True] - wide[False]).rename("change").reset_index()
    observed = set(sample.loc[sample["cohort"].notna(), "cluster_id"])
    names = sorted(sample["cluster_id"].unique())

    def statistic(chosen: set[str]) -> float:
        on = change["cluster_id"].isin(chosen)
        groups = {True: change.loc[on, "change"].mean(), False: change.loc[~on, "change"].mean()}
        own = (change["change"] - on.map(groups)) / np.where(on, on.sum(), (~on).sum())
        return abs(groups[True] - groups[False]) / np.sqrt((own.groupby(change["cluster_id"]).sum() ** 2).sum())

    all_of_them = [statistic(set(chosen)) for chosen in itertools.combinations(names, 3)]
    result = permutation(sample, unit="u", draws=999, seed=1)
    assert len(all_of_them) == 56
    assert result.p_value == pytest.approx(np.mean(np.array(all_of_them) >= statistic(observed) * (1 - 1e-9)))
    assert result.p_value == permutation(sample, unit="u", draws=56, seed=2).p_value
    assert result.p_value != permutation(sample, unit="u", draws=55, seed=2).p_value


def test_permutation_enumerates_each_distinct_assignment_of_several_cohorts_once():
    sample = clustered(5, cohorts=[2018.0, 2019.0, 2019.0], n_clusters=6, members=(5, 9))
    # 6! / (1! 2! 3!) = 60 ways; a p-value is a multiple of 1/60.
    p_value = permutation(sample, unit="u", draws=60).p_value
    assert p_value * 60 == pytest.approx(round(p_value * 60))


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_the_permutation_interval_holds_what_the_test_does_not_reject(comparison):
    sample = clustered(6, cohorts=[2018.0, 2019.0, 2019.0, 2020.0], n_clusters=20, effect=0.2)
    treated = (sample["year"] >= sample["cohort"]).astype(float)
    asked = {"unit": "u", "comparison": comparison, "draws": 199, "seed": 3}
    result = permutation(sample, **asked)
    width = result.ci_high - result.ci_low
    for edge, inwards in ((result.ci_low, 1), (result.ci_high, -1)):
        for shift, inside in ((inwards * 0.01 * width, True), (-inwards * 0.01 * width, False)):
            moved = sample.assign(outcome=sample["outcome"] - (edge + shift) * treated)
            assert (permutation(moved, **asked).p_value > 0.05) == inside
    assert result.ci_low < result.estimate < result.ci_high


def test_permutation_counts_late_joiners_with_their_cluster():
    sample = clustered(7, cohorts=[2019.0] * 4, n_clusters=14)
    late = sample["enterprise_id"].str[-1] == "3"
    joined = sample.assign(cohort=sample["cohort"].mask(late, sample["cohort"] + 1))
    assert permutation(joined, unit="u", draws=99) == permutation(sample, unit="u", draws=99)


@pytest.mark.parametrize("covariate", [False, True])
def test_the_wild_bootstrap_is_full_enumeration_by_hand(covariate):
    rng = np.random.default_rng(9)
    sample = clustered(8, cohorts=[2019.0] * 3, n_clusters=8, effect=0.05, members=(5, 8), years=5)
    sample = sample[rng.random(len(sample)) > 0.1]
    if covariate:
        names = sample["enterprise_id"].unique()
        sizes = dict(zip(names, rng.normal(size=len(names)), strict=True))
        sample = sample.assign(x_size=sample["enterprise_id"].map(sizes))
    years = pd.get_dummies(sample["year"], drop_first=True).to_numpy(dtype=float)
    full = [
        (sample["year"] >= sample["cohort"]).to_numpy(dtype=float)[:, None],
        pd.get_dummies(sample["enterprise_id"]).to_numpy(dtype=float),
        years,
        *([years * sample["x_size"].to_numpy()[:, None]] if covariate else []),
    ]
    design, outcome = np.hstack(full), sample["outcome"].to_numpy()
    cluster = pd.factorize(sample["cluster_id"])[0]
    inverse = np.linalg.pinv(design)
    influence = inverse[0]

    def t_of(values: np.ndarray) -> float:
        left = values - design @ (inverse @ values)
        scores = np.bincount(cluster, influence * left)
        return (inverse @ values)[0] / np.sqrt((scores**2).sum())

    null = design[:, 1:] @ (np.linalg.pinv(design[:, 1:]) @ outcome)
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=8)))
    drawn = np.array([t_of(null + sign[cluster] * (outcome - null)) for sign in signs])
    result = wild_bootstrap(sample, unit="u", draws=256, weights="rademacher")
    assert result.estimate == pytest.approx((inverse @ outcome)[0], abs=1e-9)
    # The observed signs and their mirror tie with the observed statistic; they are not counted.
    assert result.p_value == pytest.approx(np.mean(np.abs(drawn) > abs(t_of(outcome)) * (1 + 1e-9)))
    scores = np.bincount(cluster, influence * (outcome - design @ (inverse @ outcome)))
    rows, rank = len(sample), np.linalg.matrix_rank(design) - sample["enterprise_id"].nunique()
    correction = 8 / 7 * (rows - 1) / (rows - rank)
    assert result.std_error == pytest.approx(np.sqrt(correction * (scores**2).sum()), rel=1e-9)


def test_the_primary_inference_follows_the_number_of_treated_clusters():
    few = clustered(12, cohorts=[2019.0] * 2, n_clusters=16, members=(8, 20))
    effect, _, inferences = infer(few, unit="u", draws=199)
    assert [i.method for i in inferences] == ["permutation", "cluster_jackknife", "wild_bootstrap", "clustered"]
    assert (effect.ci_low, effect.ci_high) == (inferences[0].ci_low, inferences[0].ci_high)
    more = clustered(12, cohorts=[2019.0] * 3, n_clusters=16, members=(8, 20))
    effect, _, inferences = infer(more, unit="u", draws=199)
    assert [i.method for i in inferences] == ["cluster_jackknife", "permutation", "wild_bootstrap", "clustered"]
    assert (effect.ci_low, effect.ci_high) == (inferences[0].ci_low, inferences[0].ci_high)
    assert {(i.n_clusters, i.n_treated_clusters, i.unit) for i in inferences} == {(16, 3, "u")}


def test_many_clusters_need_no_resampling():
    sample = clustered(13, cohorts=[2018.0] * 80, n_clusters=201, members=(1, 3), years=3)
    assert [i.method for i in infer(sample, unit="u")[2]] == ["cluster_jackknife", "clustered"]


@settings(max_examples=8, deadline=None)
@given(shift=st.floats(-5, 5), scale=st.floats(0.1, 10), seed=st.integers(0, 50))
def test_units_order_and_names_do_not_matter(shift, scale, seed):
    sample = hard_sample(seed)
    names = dict(zip(sample["enterprise_id"].unique(), np.random.default_rng(seed).permutation(10_000), strict=False))
    changed = sample.assign(
        outcome=shift + scale * sample["outcome"],
        enterprise_id=sample["enterprise_id"].map(names).astype(str),
        x_size=1000 * sample["x_size"] - 7,
    ).sample(frac=1, random_state=seed)
    plain, other = jackknife(sample, unit="u")[0], jackknife(changed, unit="u")[0]
    assert other.estimate == pytest.approx(scale * plain.estimate, rel=1e-6, abs=1e-9)
    assert other.std_error == pytest.approx(scale * plain.std_error, rel=1e-6)
    by_lot = [permutation(rows, unit="u", draws=49, seed=1) for rows in (sample, changed)]
    assert by_lot[0].p_value == by_lot[1].p_value
    assert by_lot[1].ci_high == pytest.approx(scale * by_lot[0].ci_high, rel=1e-5, abs=1e-6 * scale)
    wild = [wild_bootstrap(rows, unit="u", draws=49, seed=1) for rows in (sample, changed)]
    assert wild[0].p_value == wild[1].p_value
    assert wild[1].std_error == pytest.approx(scale * wild[0].std_error, rel=1e-6)


def test_the_frame_given_is_not_written_to():
    sample = hard_sample()
    before = sample.copy(deep=True)
    infer(sample, unit="u", draws=19)
    pd.testing.assert_frame_equal(sample, before)


@pytest.mark.parametrize("estimate", [infer, jackknife, permutation, wild_bootstrap])
def test_a_sample_without_clusters_is_refused(estimate):
    sample = hard_sample()
    with pytest.raises(StudyError, match="must have cluster_id in every row"):
        estimate(sample.drop(columns="cluster_id"), unit="u")
    with pytest.raises(StudyError, match="must have cluster_id in every row"):
        estimate(sample.assign(cluster_id=sample["cluster_id"].mask(sample["enterprise_id"] == "E00003")), unit="u")


def test_the_chance_of_designation_is_not_modelled():
    with pytest.raises(StudyError, match="must be 'outcome_regression' for clusters"):
        jackknife(hard_sample(), unit="u", adjustment="doubly_robust")
    plain = hard_sample().drop(columns=["x_size", "x_place"])
    assert jackknife(plain, unit="u", adjustment="doubly_robust") == jackknife(plain, unit="u")


def test_a_single_treated_cluster_is_no_basis_for_an_interval():
    sample = clustered(14, cohorts=[2019.0], n_clusters=20, members=(12, 15))
    with pytest.raises(IdentificationError, match="1 cluster is treated"):
        infer(sample, unit="u")


def test_an_average_that_rests_on_one_cluster_has_no_jackknife():
    # The second designated cluster is seen only after its designation.
    sample = clustered(15, cohorts=[2019.0, 2019.0], n_clusters=20, members=(12, 15))
    second = sample.loc[sample["cohort"].notna(), "cluster_id"].iloc[-1]
    sample = sample[(sample["cluster_id"] != second) | (sample["year"] >= 2019)]
    with pytest.raises(IdentificationError, match="without one cluster nobody is left"):
        jackknife(sample, unit="u")


def test_too_few_ways_to_designate_leave_no_interval():
    # 2 of 5 clusters: 10 ways, so no test at 5 % can reject.
    sample = clustered(16, cohorts=[2019.0] * 2, n_clusters=5, members=(12, 15), effect=5.0)
    result = permutation(sample, unit="u")
    assert (result.p_value, result.ci_low, result.ci_high) == (pytest.approx(0.1), None, None)
    with pytest.raises(IdentificationError, match="2 of 5 clusters are treated"):
        infer(sample, unit="u")


def test_draws_must_be_one_or_more():
    with pytest.raises(StudyError, match="draws is 0"):
        permutation(small_design(), unit="u", draws=0)


def test_an_outcome_that_never_changes_has_no_standard_error():
    with pytest.raises(IdentificationError, match="the outcome never changes"):
        jackknife(hard_sample().assign(outcome=1.0), unit="u")
