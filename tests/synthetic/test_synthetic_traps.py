"""Each trap changes what it says and nothing else; worlds with few clusters and with instruments that do nothing."""

import numpy as np
import pandas as pd
import pytest

from sme_research.errors import StudyError
from sme_research.instruments import INSTRUMENTS
from sme_research.synthetic import Traps, WorldSpec, make_province

N = 2_000
MONEY = {"accounts", "official_figures"}
"""Tables that follow from revenue: the balance of loans is an official figure."""


@pytest.fixture(scope="module")
def clean():
    return make_province(WorldSpec(n_enterprises=N))


def trapped(*names, **asked):
    return make_province(WorldSpec(n_enterprises=N, traps=Traps.switched(on=names), **asked))


def changed(one, other):
    return {name for name in one.tables if not one.tables[name].equals(other.tables[name])}


def revenue_change(world, clean):
    """Log change of reported revenue against the clean world, by enterprise and year."""
    keys = ["enterprise_id", "year"]
    both = [province.tables["accounts"].set_index(keys)["revenue"] for province in (world, clean)]
    return np.log(both[0] / both[1]).dropna()


def first_years(name, tables):
    first = INSTRUMENTS[name].first_treated(tables)
    return pd.Series(first["first_on"].dt.year.to_numpy(), index=first["enterprise_id"])


@pytest.mark.parametrize(
    ("trap", "tables"),
    [
        ("anticipation", MONEY),
        ("spillovers", MONEY),
        ("attrition", MONEY),
        ("bundle", {*MONEY, "training", "intellectual_property"}),
    ],
)
def test_a_trap_changes_the_tables_that_it_names_and_no_other(clean, trap, tables):
    assert "accounts" in changed(trapped(trap), clean) <= tables


def test_revenue_is_held_back_four_points_in_the_year_before_each_treatment(clean):
    change = revenue_change(trapped("anticipation"), clean)
    ids, years = change.index.get_level_values(0), change.index.get_level_values(1)
    times = sum(
        (ids.map(first_years(name, clean.tables)) == years + 1).astype(int) for name in INSTRUMENTS if name != "award"
    )
    # Bunched revenue is moved by its own rule, so a few accounts differ by a hair more.
    assert np.median(np.abs(change - -0.04 * times)) < 1e-4
    assert (np.abs(change - -0.04 * times) < 0.001).mean() > 0.97


def test_spillovers_take_from_those_whose_neighbours_are_treated_in_proportion(clean):
    change = revenue_change(trapped("spillovers"), clean)
    people = clean.tables["enterprises"].set_index("enterprise_id")
    cell = people["county_code"] + people["industry_code"].str[:2]
    lost = pd.Series(0.0, index=change.index)
    for name in ("loan_subsidy", "training", "cluster_membership"):
        first = first_years(name, clean.tables).reindex(people.index)
        for year in range(2016, 2025):
            at = change.index.get_level_values(1) == year
            treated = (first <= year).astype(float)
            others = cell.map(cell.value_counts()) - 1
            share = ((treated.groupby(cell).transform("sum") - treated) / others.clip(lower=1)).where(others > 0, 0.0)
            if name == "cluster_membership":
                share = share.where(first.isna(), 0.0)
            lost[at] += -0.12 * share.reindex(change.index.get_level_values(0)[at]).to_numpy()
    assert (np.abs(change - lost) < 0.001).mean() > 0.97
    assert change.min() < -0.05


def test_only_the_unsupported_stop_reporting_and_only_after_shrinking(clean):
    world = trapped("attrition")
    kept, all_rows = (province.tables["accounts"].set_index(["enterprise_id", "year"]) for province in (world, clean))
    assert kept.index.isin(all_rows.index).all()
    same = all_rows.loc[kept.index].drop(columns="loan_balance")
    assert kept.drop(columns="loan_balance").equals(same)
    gone = all_rows.index.difference(kept.index)
    silent = set(gone.get_level_values(0))
    supported = set().union(
        *(first_years(name, clean.tables).index for name in ("loan_subsidy", "training", "cluster_membership"))
    )
    assert silent
    assert not silent & supported
    first = gone.to_frame(index=False).groupby("enterprise_id")["year"].min()
    growth = all_rows["revenue"] / all_rows["revenue"].groupby(level=0).shift() - 1
    at = growth.reindex(pd.MultiIndex.from_arrays([first.index, first])).dropna()
    adjacent = at[at < 0]
    assert len(adjacent) > 0.9 * len(at)
    assert (adjacent < -0.05).mean() > 0.9


def test_half_of_the_shrinking_unsupported_stay(clean):
    world = trapped("attrition")
    accounts = clean.tables["accounts"].set_index(["enterprise_id", "year"])["revenue"]
    supported = set().union(
        *(first_years(name, clean.tables).index for name in ("loan_subsidy", "training", "cluster_membership"))
    )
    growth = accounts / accounts.groupby(level=0).shift() - 1
    shrank = growth[(growth < -0.11) & ~growth.index.get_level_values(0).isin(supported)]
    # The first such year of each: later ones are seen only of those who stayed.
    first = shrank.reset_index().groupby("enterprise_id")["year"].min()
    reported = pd.MultiIndex.from_arrays([first.index, first]).isin(
        world.tables["accounts"].set_index(["enterprise_id", "year"]).index
    )
    assert 0.4 < reported.mean() < 0.6


def test_few_clusters_are_designated_where_few_are_asked_for(clean):
    few = make_province(WorldSpec(n_enterprises=N, designated=5))
    assert len(few.tables["clusters"]) == 5
    assert few.truth["planted"]["designated"] == 5
    assert changed(few, clean) <= {*MONEY, "clusters", "cluster_members"}


@pytest.mark.parametrize("designated", [1, 29, 55])
def test_any_number_of_places_up_to_all_can_be_designated(designated):
    world = make_province(WorldSpec(n_enterprises=N, designated=designated))
    assert len(world.tables["clusters"]) == designated


def test_every_prefecture_keeps_places_to_compare_with(clean):
    clusters = clean.tables["clusters"]
    by_city = clusters["county_code"].str[:4].value_counts()
    assert by_city["3502"] <= 12
    assert by_city["3505"] <= 9


@pytest.mark.parametrize("name", ["training", "cluster_membership", "loan_subsidy"])
def test_an_instrument_named_null_does_nothing_and_the_others_the_same(clean, name):
    world = make_province(WorldSpec(n_enterprises=N, null=(name,)))
    assert changed(world, clean) <= {*MONEY, "intellectual_property"}
    for outcome in ("log_revenue", "log_employees", "patents"):
        assert world.truth[name][outcome]["att"] == 0.0
    other = "contest"
    assert world.truth[other] == clean.truth[other]
    assert world.truth["planted"]["null"] == [name]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"designated": 0}, "must be 1 to 60"),
        ({"designated": 61}, "no more places"),
        ({"null": ("lottery",)}, "choose from loan_subsidy"),
    ],
)
def test_an_impossible_design_is_refused_with_its_reason(asked, words):
    with pytest.raises(StudyError, match=words):
        WorldSpec(**asked)
