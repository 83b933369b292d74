"""Interactions of instruments: by hand, against planted truth, and silent where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.interaction import detectable_interaction, estimate_cells, estimate_interaction

YEARS = range(2016, 2024)
PROFILE = np.array([0.03, 0.05, 0.06])


def two_years(groups):
    """``groups``: (first year by a, first year by b) to changes from 2019 to 2020, one an enterprise."""
    rows, number = [], 0
    for (a, b), changes in groups.items():
        for change in changes:
            number += 1
            for year, outcome in ((2019, 1.0 * number), (2020, 1.0 * number + change)):
                rows.append((number, year, outcome, a, b))
    return pd.DataFrame(rows, columns=["enterprise_id", "year", "outcome", "first_a", "first_b"])


def spread(mean, n=12):
    return mean + np.linspace(-0.1, 0.1, n)


def world(seed, *, n=450, size=0.0, grows=False, clusters=False):
    """Effects that unfold and shrink with x, receipt that goes with x, growth that goes with x, a random walk."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    first = np.full((n, 2), np.inf)
    for at in range(2):
        for year in range(2018, 2024):
            comes = (rng.random(n) < 0.13 * np.exp(0.4 * x)) & np.isinf(first[:, at])
            first[comes, at] = year
    years = np.array(YEARS)
    path = 5 + np.cumsum(rng.normal(0.03, 0.1, (n, len(years))) + 0.02 * x[:, None], axis=1)
    since = years - first[:, :, None]
    for at in range(2):
        path += np.where(
            since[:, at] >= 0, (1 - 0.2 * x)[:, None] * PROFILE[np.clip(since[:, at], 0, 2).astype(int)], 0
        )
    both = since.min(axis=1)
    gain = size * (1 + 0.5 * np.clip(both, 0, 2)) if grows else np.full(both.shape, size)
    path += np.where(both >= 0, gain, 0)
    panel = pd.DataFrame(
        {
            "enterprise_id": np.repeat(np.arange(n), len(years)),
            "year": np.tile(years, n),
            "outcome": path.ravel(),
            "first_a": np.repeat(np.where(np.isinf(first[:, 0]), np.nan, first[:, 0]), len(years)),
            "first_b": np.repeat(np.where(np.isinf(first[:, 1]), np.nan, first[:, 1]), len(years)),
            "x_x": np.repeat(x, len(years)),
        }
    )
    if clusters:
        panel["cluster_id"] = (panel["enterprise_id"] % 40).astype(str)
    return panel


def weighted_truth(panel, size):
    """Mean planted size over those who come to hold both and whose comparison stays clean, as the estimand weighs."""
    firms = panel.drop_duplicates("enterprise_id")
    first = firms[["first_a", "first_b"]].to_numpy()
    newest = first[~np.isnan(first).any(axis=1)].max(axis=1)
    held = [
        size * (1 + 0.5 * min(year - newest_year, 2))
        for newest_year in newest
        for year in YEARS
        if year >= newest_year
    ]
    return float(np.mean(held))


def test_an_interaction_is_the_triple_difference_by_hand():
    # Both 0.9, a before and no b 0.2, b alone 0.4, none 0.1: 0.9 - 0.2 - 0.4 + 0.1 = 0.4.
    groups = {
        (2018, 2020): spread(0.9),
        (2018, np.nan): spread(0.2),
        (np.nan, 2020): spread(0.4),
        (np.nan, np.nan): spread(0.1),
    }
    effect = estimate_interaction(two_years(groups), ("a", "b"), unit="log points")
    assert effect.estimate == pytest.approx(0.4)
    # Residuals of twelve each, left out one by one: r / (1 - 1/12) / 12 = r / 11, of 48 independent enterprises.
    assert effect.std_error == pytest.approx(np.sqrt(4 * ((spread(0.0) / 11) ** 2).sum() * 47 / 48), rel=1e-6)
    assert (effect.n_treated, effect.n_enterprises, effect.n_clusters) == (12, 48, 48)


def test_both_at_once_count_as_well_as_one_after_the_other():
    groups = {
        (2020, 2020): spread(0.9),
        (2020, np.nan): spread(0.2),
        (np.nan, 2020): spread(0.4),
        (np.nan, np.nan): spread(0.1),
    }
    assert estimate_interaction(two_years(groups), ("a", "b"), unit="share").estimate == pytest.approx(0.4)


def test_the_order_of_the_pair_and_of_the_rows_changes_nothing():
    panel = world(1)
    first = estimate_interaction(panel, ("a", "b"), unit="log points")
    other = estimate_interaction(panel.sample(frac=1, random_state=1), ("b", "a"), unit="log points")
    assert (other.estimate, other.std_error) == pytest.approx((first.estimate, first.std_error))


def test_a_constant_planted_interaction_moves_the_estimate_by_itself():
    plain, planted = (
        estimate_interaction(world(2, size=size), ("a", "b"), unit="log points") for size in (0.0, 0.02)
    )
    assert planted.estimate - plain.estimate == pytest.approx(0.02)
    assert planted.std_error == pytest.approx(plain.std_error)


def test_a_first_instrument_that_unfolds_is_no_interaction():
    """Without noise: a grows for years after it came, b comes meanwhile, and nothing goes beyond the sum."""
    rows = []
    for number in range(160):
        a = 2017 + number % 3 if number % 2 else np.nan
        b = 2019 + number % 3 if number % 4 < 2 else np.nan
        for year in YEARS:
            grown = 0.1 * max(year - a, 0) ** 2 if year >= a else 0.0
            grown += 0.2 if year >= b else 0.0
            rows.append((number, year, grown + 1e-6 * ((number * 7 + year * 13) % 11), a, b))
    panel = pd.DataFrame(rows, columns=["enterprise_id", "year", "outcome", "first_a", "first_b"])
    assert estimate_interaction(panel, ("a", "b"), unit="log points").estimate == pytest.approx(0, abs=1e-5)


@pytest.fixture(scope="module")
def null_worlds():
    return [estimate_interaction(world(seed), ("a", "b"), unit="log points") for seed in range(100, 140)]


def test_where_none_is_planted_none_is_told_in_about_nineteen_of_twenty(null_worlds):
    silent = sum(effect.ci_low <= 0 <= effect.ci_high for effect in null_worlds)
    assert silent >= stats.binom.ppf(0.01, len(null_worlds), 0.95)
    assert abs(np.mean([e.estimate for e in null_worlds])) < 3 * np.std([e.estimate for e in null_worlds]) / 40**0.5
    # Errors are neither too small nor too large.
    assert 0.75 < np.std([e.estimate / e.std_error for e in null_worlds]) < 1.3


def test_an_interaction_that_grows_is_told_without_bias():
    worlds = [world(seed, size=0.04, grows=True) for seed in range(200, 224)]
    found = [estimate_interaction(panel, ("a", "b"), unit="log points") for panel in worlds]
    truths = np.array([weighted_truth(panel, 0.04) for panel in worlds])
    errors = np.array([effect.estimate for effect in found]) - truths
    assert abs(errors.mean()) < 3 * errors.std() / np.sqrt(len(errors))
    covered = sum(effect.ci_low <= truth <= effect.ci_high for effect, truth in zip(found, truths, strict=True))
    assert covered >= stats.binom.ppf(0.01, len(found), 0.95)
    assert np.mean([effect.ci_low > 0 for effect in found]) > 0.3


def test_what_is_detectable_is_found_four_times_in_five(null_worlds):
    mde = float(np.mean([detectable_interaction(effect) for effect in null_worlds]))
    found = np.mean([effect.estimate + mde > effect.ci_high - effect.estimate for effect in null_worlds])
    assert 0.65 < found < 0.93
    assert detectable_interaction(null_worlds[0]) == pytest.approx(2.8016 * null_worlds[0].std_error, rel=1e-3)


def test_the_year_before_shows_no_interaction_though_one_comes_later():
    found = [estimate_interaction(world(s, size=0.3), ("a", "b"), unit="log points", placebo=True) for s in range(12)]
    assert sum(effect.ci_low <= 0 <= effect.ci_high for effect in found) >= 10


def test_by_cluster_the_interval_is_students_and_counts_clusters():
    effect = estimate_interaction(world(3, clusters=True), ("a", "b"), unit="log points")
    assert effect.n_clusters == 40
    half = stats.t.ppf(0.975, effect.n_treated_clusters - 1) * effect.std_error
    assert effect.ci_high - effect.estimate == pytest.approx(half)


def test_fewer_than_ten_have_no_interval():
    groups = {
        (2018, 2020): spread(0.9, 9),
        (2018, np.nan): spread(0.2),
        (np.nan, 2020): spread(0.4),
        (np.nan, np.nan): spread(0),
    }
    with pytest.raises(IdentificationError, match="9 enterprises came to hold a and b"):
        estimate_interaction(two_years(groups), ("a", "b"), unit="log points")


def test_without_anybody_who_has_the_second_alone_there_is_no_interaction():
    groups = {(2018, 2020): spread(0.9), (2018, np.nan): spread(0.2), (np.nan, np.nan): spread(0.1)}
    with pytest.raises(IdentificationError, match="0 enterprises"):
        estimate_interaction(two_years(groups), ("a", "b"), unit="log points")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda panel: panel.drop(columns="outcome"), "column 'outcome' is not there"),
        (lambda panel: panel.drop(columns="first_b"), "two instruments"),
        (lambda panel: pd.concat([panel, panel.head(1)]), "twice"),
    ],
)
def test_a_frame_that_is_no_panel_is_refused(spoil, message):
    with pytest.raises(StudyError, match=message):
        estimate_interaction(spoil(world(4, n=60)), ("a", "b"), unit="log points")


@pytest.mark.parametrize("together", [("a",), ("a", "a"), ("a", "c")])
def test_what_is_no_pair_of_the_panels_instruments_is_refused(together):
    with pytest.raises(StudyError, match="must be two or three"):
        estimate_interaction(world(4, n=60), together, unit="log points")


def test_cells_and_their_sum_by_hand():
    # Against none (0.1): a 0.3, b 0.2, both 0.9; single ones would add up to 0.5.
    groups = {
        (2020, 2020): spread(1.0),
        (2020, np.nan): spread(0.4),
        (np.nan, 2020): spread(0.3),
        (np.nan, np.nan): spread(0.1),
    }
    cells = estimate_cells(two_years(groups), ("a", "b"), unit="log points")
    assert list(cells) == [("a",), ("b",), ("a", "b")]
    assert [effect.estimate for effect, _ in cells.values()] == pytest.approx([0.3, 0.2, 0.9])
    both, additive = cells["a", "b"]
    assert additive.estimate == pytest.approx(0.5)
    assert additive.std_error > both.std_error
    assert cells["a",][1] is None


def test_the_sum_is_of_single_instruments_held_for_as_long():
    """Effects that unfold add up exactly where they are the same function of years held."""
    rows = []
    for number in range(240):
        a = 2018 + number % 2 if number % 4 in (1, 3) else np.nan
        b = 2018 + (number // 4) % 3 if number % 4 in (2, 3) else np.nan
        for year in YEARS:
            path = sum(0.1 * (year - c + 1) for c in (a, b) if year >= c)
            rows.append((number, year, path + 1e-6 * ((number * 7 + year * 5) % 9), a, b))
    panel = pd.DataFrame(rows, columns=["enterprise_id", "year", "outcome", "first_a", "first_b"])
    both, additive = estimate_cells(panel, ("a", "b"), unit="log points")["a", "b"]
    assert both.estimate == pytest.approx(additive.estimate, abs=1e-4)
    assert both.estimate > 0.4


def test_cells_cover_the_truth_of_no_effect_at_all():
    covered = []
    for seed in range(40):
        panel = world(seed, n=500)
        rng = np.random.default_rng(seed)
        noise = np.cumsum(rng.normal(0, 0.1, (500, len(YEARS))), axis=1)
        panel["outcome"] = noise.ravel() + 0.02 * panel["x_x"] * (panel["year"] - 2016)
        for pair in estimate_cells(panel, ("a", "b"), unit="log points").values():
            covered += [effect.ci_low <= 0 <= effect.ci_high for effect in pair if effect is not None]
    assert np.mean(covered) > 0.90


def test_a_combination_of_fewer_than_ten_has_no_cell():
    groups = {(2020, 2020): spread(1.0, 5), (2020, np.nan): spread(0.4), (np.nan, np.nan): spread(0.1, 20)}
    cells = estimate_cells(two_years(groups), ("a", "b"), unit="log points")
    assert cells["a", "b"] == (None, None)
    assert cells["b",] == (None, None)
    assert cells["a",][0] is not None
