"""The number of enterprises against a Poisson regression, arithmetic by hand and planted truth."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.entry_margin import estimate_entry_margin


def cells_of(places: dict[str, tuple[float, list[int]]], *, first_year: int = 2019) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"cluster_id": name, "year": first_year + at, "cohort": cohort, "n_enterprises": count}
            for name, (cohort, counts) in places.items()
            for at, count in enumerate(counts)
        ]
    )


def drawn(seed: int, *, effect: float = 0.0, treated: int = 8, places: int = 40, years: int = 7) -> pd.DataFrame:
    """Poisson counts around place sizes, a common trend and shocks of each place."""
    rng = np.random.default_rng(seed)
    cohort = rng.permutation(np.append(rng.choice([2018.0, 2019.0], treated), np.full(places - treated, np.nan)))
    calendar = 2015 + np.arange(years)
    log = rng.normal(2.5, 0.6, places)[:, None] + 0.05 * np.arange(years)
    log += np.cumsum(rng.normal(0, 0.05, (places, years)), axis=1) + effect * (calendar >= cohort[:, None])
    counts = rng.poisson(np.exp(log))
    return cells_of({f"C{at:02d}": (cohort[at], list(counts[at])) for at in range(places)}, first_year=2015)


def still(number: int = 10) -> dict[str, tuple[float, list[int]]]:
    """Places that grow from 10 to 12, half of them by one and half by three."""
    return {f"U{at}": (np.nan, [10, 11 if at % 2 else 13]) for at in range(number)}


def test_the_effect_by_hand():
    # Designated: 8 + 10 + 12 = 30 before, 9 + 15 + 30 = 54 after; others grow by 12/10, so 36 expected.
    places = {"A": (2020.0, [8, 9]), "B": (2020.0, [10, 15]), "C": (2020.0, [12, 30])} | still()
    effect = estimate_entry_margin(cells_of(places))
    assert effect.estimate == pytest.approx(np.log(54 / 36))
    assert (effect.n_clusters, effect.n_treated_clusters) == (13, 3)
    assert (effect.n_enterprises, effect.n_treated, effect.n_observations) == (174, 54, 304)


def test_later_cohorts_are_compared_until_their_designation_and_not_with_the_designated():
    # 2020: cohort of 2020 has 20 -> 30, all others (2021's 30 and ten of 10) stand still: 20 expected.
    # 2021: cohort of 2020 has 40, 20 expected; cohort of 2021 goes 30 -> 45, 30 expected. In all 115 of 70.
    places = {f"A{at}": (2020.0, [10, 15, 20]) for at in range(2)}
    places |= {f"B{at}": (2021.0, [15, 15, 22 + at]) for at in range(2)}
    places |= {f"U{at}": (np.nan, [10, 10, 10]) for at in range(10)}
    effect = estimate_entry_margin(cells_of(places))
    assert effect.estimate == pytest.approx(np.log((30 + 40 + 45) / 70))
    assert (effect.n_cells, effect.n_cells_lost) == (3, 0)


def test_one_cohort_and_two_years_are_a_poisson_regression_with_effects_of_place_and_year():
    cells = drawn(1, effect=0.4)
    cells = cells[cells["year"].isin([2017, 2018])].assign(cohort=cells["cohort"].where(cells["cohort"] == 2018))
    design = pd.get_dummies(cells["cluster_id"]).astype(float)
    design["after"] = (cells["year"] == 2018).astype(float)
    design["treated"] = (cells["year"] >= cells["cohort"]).astype(float)
    alive = cells.groupby("cluster_id")["n_enterprises"].transform("sum") > 0
    fitted = sm.GLM(cells.loc[alive, "n_enterprises"], design[alive], family=sm.families.Poisson()).fit(tol=1e-12)
    assert estimate_entry_margin(cells).estimate == pytest.approx(fitted.params["treated"], abs=1e-7)


def test_a_planted_effect_is_found_and_covered():
    effects = [estimate_entry_margin(drawn(seed, effect=0.3)) for seed in range(60)]
    errors = np.array([effect.estimate - 0.3 for effect in effects])
    assert abs(errors.mean()) < 3 * errors.std() / np.sqrt(len(errors)) + 0.01
    assert 0.87 <= np.mean([effect.ci_low < 0.3 < effect.ci_high for effect in effects]) <= 1.0


def test_the_error_is_the_spread_of_leaving_out_each_place():
    cells = drawn(2)
    whole = estimate_entry_margin(cells)
    names = cells["cluster_id"].unique()
    left = [estimate_entry_margin(cells[cells["cluster_id"] != name]).estimate for name in names]
    variance = 39 / 40 * ((np.array(left) - whole.estimate) ** 2).sum()
    assert whole.std_error == pytest.approx(np.sqrt(variance))


def test_empty_places_count_as_none():
    cells = drawn(3)
    nothing = cells.assign(cluster_id="N" + cells["cluster_id"], n_enterprises=0, cohort=np.nan)
    both = estimate_entry_margin(pd.concat([cells, nothing]))
    assert both.estimate == pytest.approx(estimate_entry_margin(cells).estimate)


@settings(max_examples=10, deadline=None)
@given(times=st.integers(2, 9), seed=st.integers(0, 50))
def test_order_names_and_how_many_enterprises_one_counts_do_not_matter(times, seed):
    cells = drawn(seed)
    changed = cells.assign(
        n_enterprises=times * cells["n_enterprises"], cluster_id="Z" + cells["cluster_id"].str[::-1]
    ).sample(frac=1, random_state=seed)
    plain, other = estimate_entry_margin(cells), estimate_entry_margin(changed)
    assert other.estimate == pytest.approx(plain.estimate)
    assert (other.ci_low, other.ci_high) == pytest.approx((plain.ci_low, plain.ci_high))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda rows: rows.drop(columns="n_enterprises"), "lack the column 'n_enterprises'"),
        (lambda rows: pd.concat([rows, rows.iloc[[0]]]), "stands twice"),
        (lambda rows: rows.iloc[1:], "has no row in some year"),
        (lambda rows: rows.assign(n_enterprises=rows["n_enterprises"].mask(rows.index == 3, -1)), "negative"),
        (lambda rows: rows.assign(cohort=rows["cohort"].mask(rows.index == 3, 2017.0)), "changes its cohort"),
    ],
)
def test_what_is_not_a_table_of_places_and_years_is_refused(damage, words):
    with pytest.raises(StudyError, match=words):
        estimate_entry_margin(damage(drawn(4)))


def test_two_designated_places_are_too_few():
    with pytest.raises(IdentificationError, match="only 2 place"):
        estimate_entry_margin(drawn(5, treated=2))


def test_nine_places_are_too_few_to_compare_with():
    places = {f"A{at}": (2020.0, [8, 9 + at]) for at in range(3)} | still(9)
    with pytest.raises(IdentificationError, match="fewer than 10 places"):
        estimate_entry_margin(cells_of(places))


def test_places_designated_from_the_start_are_left_out():
    cells = drawn(6)
    early = cells.assign(cluster_id="A" + cells["cluster_id"], cohort=2015.0)
    assert estimate_entry_margin(pd.concat([cells, early])) == estimate_entry_margin(cells)
