"""Neighbours, partners, doses and other instruments around a sample, worked out by hand."""

import pandas as pd
import pytest
from test_sample import STUDY, tables_of

from sme_research import Study, load_sample
from sme_research.context import add_context, load_population, load_triple_difference

LINKS = pd.DataFrame({"link_id": ["1", "2"], "leader_id": ["A", "A"], "enterprise_id": ["C", "D"]})


def context_of(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return add_context(load_sample(STUDY, tables), STUDY, tables).set_index(["enterprise_id", "year"])


def test_the_share_of_treated_neighbours_leaves_oneself_out():
    # A (treated 2020), B (2018), C and D are neighbours: of C's three, B counts from 2018, A from 2020.
    rows = context_of(tables_of())
    assert rows.loc[("C", 2019), "neighbours_treated"] == pytest.approx(1 / 3)
    assert rows.loc[("C", 2020), "neighbours_treated"] == pytest.approx(2 / 3)
    assert rows.loc[("A", 2020), "neighbours_treated"] == pytest.approx(1 / 3)


def test_an_enterprise_alone_in_its_cell_has_no_treated_neighbours():
    tables = tables_of()
    tables["enterprises"].loc[2, "county_code"] = "350103"
    assert (context_of(tables).loc["C", "neighbours_treated"] == 0).all()


def test_without_county_codes_exposure_is_missing_not_zero():
    tables = tables_of()
    tables["enterprises"] = tables["enterprises"].drop(columns="county_code")
    assert context_of(tables)["neighbours_treated"].isna().all()


def test_partners_in_the_chain_count_in_both_directions():
    rows = context_of(tables_of() | {"chain_links": LINKS})
    assert rows.loc[("C", 2019), "partners_treated"] == 0
    assert rows.loc[("C", 2020), "partners_treated"] == 1
    assert rows.loc[("A", 2021), "partners_treated"] == 0  # neither C nor D was trained


def test_level_and_dose_are_in_natural_units():
    rows = context_of(tables_of())
    assert rows.loc[("C", 2019), "level"] == 300
    assert rows.loc[("A", 2019), "exposure"] == 2  # sessions attended
    assert rows.loc["C", "exposure"].isna().all()


def test_other_instruments_on_record_are_told_by_first_year():
    loans = pd.DataFrame({"enterprise_id": ["C", "C"], "drawn_on": pd.to_datetime(["2021-01-05", "2019-03-01"])})
    titles = pd.DataFrame({"enterprise_id": [], "tier": [], "granted_on": pd.to_datetime([])})
    rows = context_of(tables_of() | {"loans": loans, "recognitions": titles})
    assert (rows.loc["C", "other_loan_subsidy"] == 2019).all()
    assert rows.loc["D", "other_loan_subsidy"].isna().all()
    assert "other_cluster_membership" not in rows


def test_real_levels_are_in_prices_of_the_last_year():
    tables = tables_of()
    study = STUDY.model_copy(update={"prices": "real"})
    rows = add_context(load_sample(study, tables), study, tables).set_index(["enterprise_id", "year"])
    assert rows.loc[("C", 2021), "level"] == pytest.approx(300)
    # Producer prices rose by 8.1 % in 2021, so 300 of 2020 are worth more in prices of 2021.
    assert rows.loc[("C", 2020), "level"] == pytest.approx(300 * 1.081)


def test_the_population_keeps_rows_whose_outcome_was_not_reported():
    tables = tables_of()
    tables["accounts"].loc[tables["accounts"]["enterprise_id"] == "C", "revenue"] = None
    assert "C" not in set(load_sample(STUDY, tables)["enterprise_id"])
    rows = load_population(STUDY, tables).set_index(["enterprise_id", "year"])
    assert rows.loc["C", "outcome"].isna().all()


def test_places_outside_the_scheme_have_no_scheme_year(small_province):
    study = Study(instrument="loan_subsidy")
    rows = load_triple_difference(study, small_province.tables)
    cities = small_province.tables["enterprises"].set_index("enterprise_id")["city_code"]
    in_xiamen = rows["enterprise_id"].map(cities) == "350200"
    assert rows.loc[in_xiamen, "scheme_year"].isna().all()
    assert (rows.loc[~in_xiamen, "scheme_year"] == 2021).all()
    assert load_triple_difference(STUDY, small_province.tables) is None


def test_context_changes_no_row_and_no_order(small_province):
    study = Study(instrument="loan_subsidy")
    sample = load_sample(study, small_province.tables)
    shuffled = sample.sample(frac=1, random_state=1)
    added = add_context(shuffled, study, small_province.tables)
    pd.testing.assert_frame_equal(added[sample.columns], shuffled)
