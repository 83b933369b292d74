"""Triple differences by hand, against a regression with three interactions, and against planted truth."""

import itertools

import numpy as np
import pandas as pd
import pyfixest
import pytest
from diff_diff import TripleDifference

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.triple_difference import estimate_triple_difference

START = 2019


def province(
    seed: int = 0, *, n: int = 400, years=range(2016, 2022), effect: float = 0.2, noise: float = 0.1, missing=0.0
) -> pd.DataFrame:
    """Titled and others, in places with and without the scheme, each with a path of its own."""
    rng = np.random.default_rng(seed)
    eligible, titled = rng.random(n) < 0.7, rng.random(n) < 0.4
    rows = pd.DataFrame(
        [(f"E{i:03d}", year, eligible[i], titled[i]) for i in range(n) for year in years],
        columns=["enterprise_id", "year", "eligible", "titled"],
    )
    since = rows["year"] - years[0]
    outcome = rng.normal(size=n).repeat(len(years)) + noise * rng.normal(size=len(rows)) + 0.03 * since
    outcome += (
        0.10 * since * rows["titled"] - 0.07 * since * rows["eligible"] + 0.5 * rows["eligible"] * rows["titled"]
    )
    outcome += effect * rows["eligible"] * rows["titled"] * (rows["year"] >= START)
    rows = rows.assign(
        outcome=outcome,
        cohort=np.nan,
        scheme_year=np.where(rows["eligible"], float(START), np.nan),
        eligible=rows["eligible"].astype(int),
        titled=rows["titled"].astype(int),
    )
    return rows[rng.random(len(rows)) >= missing]


def two_by_two_by_two(noise: float = 1e-6) -> pd.DataFrame:
    """Twenty enterprises in each group; before, after: (1, 5), (2, 3), (4, 5.5), (0, 1)."""
    means = {(1, 1): (1, 5), (1, 0): (2, 3), (0, 1): (4, 5.5), (0, 0): (0, 1)}
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        [
            {"enterprise_id": f"{e}{t}-{copy}", "year": START - 1 + after, "eligible": e, "titled": t,
             "outcome": means[e, t][after] + noise * rng.normal(), "cohort": np.nan,
             "scheme_year": START if e else np.nan}
            for (e, t), copy, after in itertools.product(means, range(20), (0, 1))
        ]
    )  # fmt: skip


def test_the_estimate_is_the_difference_of_differences_of_differences_by_hand():
    # Where the scheme exists (5 - 1) - (3 - 2) = 3, where not (5.5 - 4) - (1 - 0) = 0.5.
    effect = estimate_triple_difference(two_by_two_by_two(), unit="log points")
    assert effect.estimate == pytest.approx(2.5, abs=1e-5)
    assert (effect.n_enterprises, effect.n_treated, effect.n_observations, effect.estimand) == (80, 20, 160, "ITT")


def test_with_two_years_it_is_the_coefficient_of_the_three_interactions():
    sample = province(1, years=range(2018, 2020))
    effect = estimate_triple_difference(sample, unit="log points")
    rows = sample.assign(post=(sample["year"] >= START).astype(int))
    fit = pyfixest.feols("outcome ~ eligible * titled * post", rows, vcov={"CRV1": "enterprise_id"})
    assert effect.estimate == pytest.approx(fit.coef()["eligible:titled:post"], abs=1e-9)
    assert effect.std_error == pytest.approx(fit.se()["eligible:titled:post"], rel=0.01)


def test_on_a_balanced_panel_it_is_the_triple_difference_of_the_library_in_means():
    sample = province(2)
    effect = estimate_triple_difference(sample, unit="log points")
    rows = sample.assign(post=(sample["year"] >= START).astype(int))
    theirs = TripleDifference(estimation_method="reg").fit(rows, "outcome", "eligible", "titled", "post")
    assert effect.estimate == pytest.approx(theirs.att, abs=1e-9)


def test_planted_truth_is_found_and_covered_where_years_are_missing():
    found = [estimate_triple_difference(province(seed, missing=0.15), unit="log points") for seed in range(25)]
    assert np.mean([effect.estimate for effect in found]) == pytest.approx(0.2, abs=0.01)
    assert sum(effect.ci_low < 0.2 < effect.ci_high for effect in found) >= 21


def test_what_befalls_all_titled_or_all_of_a_place_does_not_move_the_estimate():
    sample = province(3, missing=0.1)
    after = sample["year"] >= START
    moved = sample.assign(outcome=sample["outcome"] + 3 * after * sample["titled"] - 2 * after * sample["eligible"])
    plain = estimate_triple_difference(sample, unit="1")
    assert estimate_triple_difference(moved, unit="1").estimate == pytest.approx(plain.estimate, abs=1e-7)


def test_who_took_part_order_names_and_money_do_not_matter():
    sample = province(4, missing=0.1)
    plain = estimate_triple_difference(sample, unit="1")
    names = dict(zip(sample["enterprise_id"].unique(), np.random.default_rng(0).permutation(10_000), strict=False))
    changed = sample.assign(
        outcome=7 + 3 * sample["outcome"],
        cohort=np.where(sample["titled"] == 1, 2020.0, np.nan),
        enterprise_id=sample["enterprise_id"].map(names).astype(str),
    ).sample(frac=1, random_state=1)
    other = estimate_triple_difference(changed.set_axis([0] * len(changed)), unit="1")
    assert other.estimate == pytest.approx(3 * plain.estimate)
    assert other.std_error == pytest.approx(3 * plain.std_error)


def test_a_covariate_with_its_own_trend_is_taken_out():
    sample = province(5, n=600, noise=0.02)
    size = np.random.default_rng(9).normal(size=600) + sample.drop_duplicates("enterprise_id").eval(
        "eligible * titled"
    ).to_numpy(dtype=float)
    sized = sample.assign(x_size=np.repeat(size, 6))
    sized["outcome"] += 0.1 * sized["x_size"] * (sized["year"] - 2016)
    with_it = estimate_triple_difference(sized, unit="1").estimate
    assert with_it == pytest.approx(0.2, abs=0.02)
    assert estimate_triple_difference(sized.drop(columns="x_size"), unit="1").estimate > 0.3


def test_clusters_are_those_of_the_column_cluster_id():
    sample = province(6)
    effect = estimate_triple_difference(sample.assign(cluster_id=sample["enterprise_id"].str[2:]), unit="1")
    assert effect.n_clusters == 100


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda rows: rows.drop(columns="titled"), "lacks the column 'titled'"),
        (lambda rows: rows.assign(titled=rows["titled"] * 2), "titled is 2, must be 0 or 1"),
        (lambda rows: rows.assign(titled=(rows["year"] > 2018).astype(int)), "changes its titled"),
        (lambda rows: rows.assign(scheme_year=float(START)), "just where the scheme exists"),
        (
            lambda rows: rows.assign(scheme_year=rows["scheme_year"] + rows["titled"]),
            "starts in 2 different years",
        ),
    ],
)
def test_a_scheme_that_the_columns_do_not_tell_is_refused(damage, words):
    with pytest.raises(StudyError, match=words):
        estimate_triple_difference(damage(province(7)), unit="1")


def test_each_of_the_four_groups_must_be_seen_before_and_after():
    sample = province(8)
    lone = (sample["eligible"] == 0) & (sample["titled"] == 1)
    kept = sample[~lone | sample["enterprise_id"].isin(sample.loc[lone, "enterprise_id"].unique()[:9])]
    with pytest.raises(IdentificationError, match=r"only 9 enterprise\(s\) with eligible 0 and titled 1"):
        estimate_triple_difference(kept, unit="1")
