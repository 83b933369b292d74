"""The contract of every declared instrument: complete in both languages, tied to tables, countable on the demo."""

import re
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
import yaml

from sme_research.covariates import COVARIATES
from sme_research.instruments import INSTRUMENTS
from sme_research.outcomes import OUTCOMES
from sme_research.synthetic import WorldSpec, make_province
from sme_research.tables import TABLES, load_tables, reference_path
from sme_research.tables.declared.recognitions import TIERS

THREATS = {
    "pretrends", "honest_did", "anticipation", "placebo_date", "placebo_outcome", "placebo_group", "balance",
    "overlap", "sample_flow", "attrition", "above_scale", "spillovers", "manipulation", "bundle", "composition",
    "influence", "power", "multiplicity", "specification_curve", "cohort_years", "few_clusters",
}  # fmt: skip
SENTENCES = ("treatment", "population", "comparison", "selection", "mechanism")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")

every_instrument = pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=list(INSTRUMENTS))


@pytest.fixture(scope="module")
def tables():
    return make_province(WorldSpec()).tables


@pytest.fixture(scope="module")
def official():
    return load_tables(reference_path("official_figures.csv").parent, ["official_figures"])["official_figures"]


def words_of(instrument):
    """Every text of an instrument that a reader may see, by where it stands."""
    found = {name: getattr(instrument, name) for name in ("label", *SENTENCES)}
    for part in ("dose", "cost"):
        declared = getattr(instrument, part)
        if declared is not None:
            found[part] = declared.label
    if instrument.dose is not None:
        found["dose unit"] = instrument.dose.unit
    found |= {fact.indicator: fact.label for fact in instrument.facts}
    steps = zip(instrument.steps["zh"], instrument.steps["en"], strict=True)
    return found | {f"step {number}": {"zh": zh, "en": en} for number, (zh, en) in enumerate(steps)}


def test_all_ten_instruments_of_the_programme_are_declared():
    assert set(INSTRUMENTS) == {
        "loan_subsidy", "training", "cluster_membership", "award", "coaching", "contest", "matching_event",
        "digital_action", "science_action", "quality_action",
    }  # fmt: skip


@every_instrument
def test_every_text_is_there_in_both_languages_and_in_that_language_only(instrument):
    for place, words in words_of(instrument).items():
        assert set(words) == {"zh", "en"}, place
        assert CHINESE.search(words["zh"]), place
        assert not LATIN_WORD.search(words["zh"]), place
        assert words["en"], place
        assert not CHINESE.search(words["en"]), place


def test_no_two_instruments_have_the_same_label():
    for language in ("zh", "en"):
        assert len({instrument.label[language] for instrument in INSTRUMENTS.values()}) == len(INSTRUMENTS)


@every_instrument
def test_steps_are_a_short_chain_that_ends_in_growth(instrument):
    assert 3 <= len(instrument.steps["zh"]) <= 5
    assert len(instrument.steps["zh"]) == len(instrument.steps["en"])
    assert max(map(len, instrument.steps["zh"])) <= 12
    assert max(map(len, instrument.steps["en"])) <= 40
    assert "收入" in instrument.steps["zh"][-1]


@every_instrument
def test_tables_columns_covariates_titles_and_outcomes_exist(instrument):
    assert set(instrument.tables) <= set(TABLES)
    assert TABLES[instrument.tables[0]].column(instrument.timing).kind == "date"
    needed = [*instrument.columns]
    for part in (instrument.dose, instrument.cost):
        needed += part.columns if part is not None else ()
    for place in needed:
        table, column = place.split(".")
        assert column in TABLES[table].column_names
    assert set(instrument.covariates) <= set(COVARIATES)
    assert set(instrument.eligible_tiers) <= set(TIERS)
    assert instrument.placebo_outcome in OUTCOMES


@every_instrument
def test_titles_are_read_only_where_the_table_of_titles_is_named(instrument):
    assert not instrument.eligible_tiers or "recognitions" in instrument.tables


@every_instrument
def test_threats_are_known_checks_and_fit_the_design(instrument):
    assert set(instrument.threats) <= THREATS
    assert len(set(instrument.threats)) == len(instrument.threats)
    assert ("few_clusters" in instrument.threats) == (instrument.assigned_by == "cluster")
    assert ("placebo_group" in instrument.threats) == bool(instrument.excluded_cities)
    assert "pretrends" in instrument.threats


@every_instrument
def test_first_treatment_is_the_earliest_date_on_record(instrument, tables):
    first = instrument.first_treated(tables)
    assert first["enterprise_id"].is_unique
    assert first["first_on"].notna().all()
    record = tables[instrument.tables[0]]
    earliest = record.groupby("enterprise_id")[instrument.timing].min().reindex(first["enterprise_id"]).to_numpy()
    assert (earliest <= first["first_on"].to_numpy()).all()


@every_instrument
def test_dose_and_cost_are_positive_one_row_an_enterprise_and_of_the_treated(instrument, tables):
    treated = set(instrument.first_treated(tables)["enterprise_id"])
    for part, column in ((instrument.dose, "dose"), (instrument.cost, "cost")):
        if part is None:
            continue
        measured = part.measure(tables)
        assert list(measured.columns) == ["enterprise_id", column]
        assert measured["enterprise_id"].is_unique
        assert set(measured["enterprise_id"]) <= treated
        assert len(measured) > 0.9 * len(treated)
        assert np.isfinite(measured[column]).all()
        assert (measured[column] > 0).all()


@every_instrument
def test_measuring_changes_no_table(instrument, tables):
    before = {name: tables[name].copy() for name in instrument.tables}
    frozen = MappingProxyType(tables)
    instrument.first_treated(frozen)
    for part in (instrument.dose, instrument.cost):
        if part is not None:
            part.measure(frozen)
    for name, table in before.items():
        pd.testing.assert_frame_equal(tables[name], table)


@every_instrument
def test_facts_name_published_figures_and_the_demo_recounts_them(instrument, tables, official):
    printed = tables["official_figures"].set_index("indicator")["value"]
    for fact in instrument.facts:
        assert fact.indicator in set(official["indicator"])
        recount = fact.recount(tables)
        assert recount == pytest.approx(printed[fact.indicator], rel=0.05), fact.indicator


@every_instrument
def test_figures_of_the_demo_have_the_unit_and_place_of_the_published_ones(instrument, tables, official):
    ours = tables["official_figures"].drop_duplicates("indicator").set_index("indicator")
    theirs = (
        official[official["perimeter"].str.startswith("Fujian")].drop_duplicates("indicator").set_index("indicator")
    )
    for fact in instrument.facts:
        assert ours.loc[fact.indicator, "unit"] == theirs.loc[fact.indicator, "unit"]
        assert ours.loc[fact.indicator, "perimeter"].startswith("Fujian")


def loan_tables(**columns):
    rows = {"enterprise_id": ["a", "a", "b"], "amount": [1_000.0, 600.0, 2_000.0], "term_days": [180, 720, 360]}
    days = pd.to_datetime(["2024-02-01", "2024-08-01", "2024-02-01"])
    held = {"enterprise_id": ["a", "b"], "tier": "srdi", "granted_on": pd.Timestamp("2022-06-01")}
    return {
        "loans": pd.DataFrame(
            {"loan_id": [1, 2, 3], "drawn_on": days, **rows, "subsidy_points": 1.0, "phase": "1", **columns}
        ),
        "recognitions": pd.DataFrame({**held, "expires_on": pd.Timestamp("2025-05-31")}),
    }


def test_loan_dose_is_amount_times_months_and_no_month_counts_beyond_a_year():
    # 1,000 x 6 + 600 x 12 = 13,200; 2,000 x 12 = 24,000.
    dose = INSTRUMENTS["loan_subsidy"].dose.measure(loan_tables()).set_index("enterprise_id")["dose"]
    assert dose.to_dict() == pytest.approx({"a": 13_200.0, "b": 24_000.0})


def test_caps_are_on_the_amount_asked_for():
    instrument = INSTRUMENTS["loan_subsidy"]
    tables = loan_tables(applied_amount=[1_000.0, 1_500.0, 7_000.0])
    assert instrument.asked.measure(tables).set_index("enterprise_id")["dose"].to_dict() == {
        "a": 2_500.0,
        "b": 7_000.0,
    }
    assert instrument.caps == {"srdi": 2_000.0, "little_giant": 5_000.0}


def test_interest_subsidy_is_amount_times_points_times_part_of_the_year():
    # 1,000 x 1 % x 180/360 + 600 x 1 % x 1 = 5 + 6; 2,000 x 1 % x 1 = 20, the most an SRDI enterprise can get.
    cost = INSTRUMENTS["loan_subsidy"].cost.measure(loan_tables()).set_index("enterprise_id")["cost"]
    assert cost.to_dict() == pytest.approx({"a": 11.0, "b": 20.0})


def test_what_was_drawn_over_the_cap_or_without_a_title_costs_nothing():
    over = loan_tables(amount=[1_500.0, 1_000.0, 2_000.0], term_days=360)  # 500 are left of a's cap at the second
    over["recognitions"] = over["recognitions"].iloc[:1]
    cost = INSTRUMENTS["loan_subsidy"].cost.measure(over).set_index("enterprise_id")["cost"]
    assert cost.to_dict() == pytest.approx({"a": 20.0})


def test_a_loan_without_a_term_counts_nothing_and_is_not_taken_for_a_year():
    dose = INSTRUMENTS["loan_subsidy"].dose.measure(loan_tables(term_days=[180, np.nan, np.nan]))
    assert dose.set_index("enterprise_id")["dose"].to_dict() == {"a": 6_000.0}


def test_the_three_special_actions_share_a_table_and_no_row(tables):
    counts = [
        INSTRUMENTS[name].dose.measure(tables)["dose"].sum()
        for name in ("digital_action", "science_action", "quality_action")
    ]
    assert sum(counts) == pytest.approx(tables["special_actions"]["spending"].sum())


def test_repeated_programmes_say_that_treatment_comes_again():
    again = {name for name, instrument in INSTRUMENTS.items() if not instrument.absorbing}
    assert again == {"loan_subsidy", "training", "contest", "matching_event"}


def test_published_effects_name_declared_instruments_and_known_outcomes():
    entries = yaml.safe_load(reference_path("literature.yml").read_text(encoding="utf-8"))
    assert {name for entry in entries for name in entry["instruments"]} == set(INSTRUMENTS)
    for entry in entries:
        assert entry["outcome"] in {"", *OUTCOMES}, entry["ref"]
        assert entry["checked"] in {"V", "M"}, entry["ref"]
        assert ("low" in entry) == ("high" in entry), entry["ref"]
        assert "low" not in entry or (entry["outcome"] and entry["low"] <= entry["high"]), entry["ref"]
        for part in ("effect", "lesson"):
            assert CHINESE.search(entry[part]["zh"]), entry["ref"]
            assert not CHINESE.search(entry[part]["en"]), entry["ref"]


def test_producer_prices_are_on_file_for_every_year_of_the_demo_and_say_where_from():
    prices = pd.read_csv(reference_path("deflators.csv"))
    assert prices["year"].tolist() == list(range(2015, 2025))
    # 2015-2024 as yearly changes: the index fell 5.2 % and 3.0 % in its worst years and rose 8.1 % in 2021.
    assert prices.set_index("year").loc[[2015, 2021, 2023], "ppi_change_percent"].tolist() == [-5.2, 8.1, -3.0]
    assert prices["source"].notna().all()
    assert set(prices["confidence"]) == {"C"}
