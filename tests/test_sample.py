"""From tables and a study to the rows an estimator may use, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from sme_research import DataError, IdentificationError, Study, estimate_att, load_sample
from sme_research.sample import trace_sample

YEARS = range(2018, 2022)


def tables_of(n: int = 4, **changes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Enterprises A, B, C, ... with accounts in every year; A is trained in 2020, B in 2018."""
    ids = [chr(ord("A") + at) for at in range(n)]
    accounts = pd.DataFrame(
        [
            {
                "enterprise_id": name,
                "year": year,
                "revenue": 100.0 * (at + 1),
                "employees": 10 + at,
                "rd_expense": 5.0,
            }
            for at, name in enumerate(ids)
            for year in YEARS
        ]
    )
    enterprises = pd.DataFrame(
        {"enterprise_id": ids, "city_code": "350100", "county_code": "350102", "industry_code": "3610"}
    )
    training = pd.DataFrame(
        {
            "session_id": ["s1", "s2", "s3"],
            "enterprise_id": ["A", "A", "B"],
            "held_on": pd.to_datetime(["2021-05-01", "2020-03-01", "2018-06-01"]),
            "participants": 3,
        }
    )
    return {"accounts": accounts, "enterprises": enterprises, "training": training} | changes


STUDY = Study(instrument="training", covariates=())


def test_columns_are_those_of_the_contract():
    sample = load_sample(Study(instrument="training", covariates=["size"]), tables_of())
    assert list(sample.columns) == ["enterprise_id", "year", "cohort", "event_time", "outcome", "x_size"]


def test_the_first_treatment_makes_the_cohort():
    sample = load_sample(STUDY, tables_of()).set_index(["enterprise_id", "year"])
    assert sample.loc[("A", 2020), "cohort"] == 2020
    assert sample.loc[("A", 2018), "event_time"] == -2
    assert sample.loc["C", "cohort"].isna().all()


def test_who_was_treated_in_its_first_year_leaves_and_is_counted():
    sample, flow = trace_sample(STUDY, tables_of())
    assert set(sample["enterprise_id"]) == {"A", "C", "D"}
    steps = {step.name: (step.n_enterprises, step.n_treated) for step in flow.steps}
    assert steps["accounts"] == (4, 2)
    assert steps["treated_inside_panel"] == (3, 1)


def test_outcome_is_the_logarithm_and_zero_is_missing():
    tables = tables_of()
    tables["accounts"].loc[8, "revenue"] = 0.0
    tables["accounts"].loc[9, "revenue"] = np.nan
    sample = load_sample(STUDY, tables).set_index(["enterprise_id", "year"])
    assert sample.loc[("A", 2018), "outcome"] == pytest.approx(np.log(100))
    assert [year for year in YEARS if ("C", year) in sample.index] == [2020, 2021]


def test_covariates_are_those_of_the_first_year_and_never_later():
    tables = tables_of()
    tables["accounts"].loc[tables["accounts"]["year"] > 2018, "employees"] = 999
    sample = load_sample(Study(instrument="training", covariates=["size", "rd_intensity"]), tables)
    assert sample.groupby("enterprise_id")["x_size"].nunique().eq(1).all()
    of_a = sample[sample["enterprise_id"] == "A"].iloc[0]
    assert of_a["x_size"] == pytest.approx(np.log(10))
    assert of_a["x_rd_intensity"] == pytest.approx(5 / 100)


def test_a_missing_covariate_takes_the_enterprise_out_and_is_counted():
    tables = tables_of()
    tables["accounts"].loc[8, "rd_expense"] = np.nan
    sample, flow = trace_sample(Study(instrument="training", covariates=["rd_intensity"]), tables)
    assert "C" not in set(sample["enterprise_id"])
    assert {step.name: step.n_enterprises for step in flow.steps}["covariates_observed"] == 2


def test_cities_of_little_weight_stand_together_and_a_single_city_says_nothing():
    cities = ["350100"] * 12 + ["350500"] * 7 + ["350700"]
    tables = tables_of(20)
    tables["enterprises"]["city_code"] = cities
    study = Study(instrument="training", covariates=["city"])
    assert [name for name in load_sample(study, tables) if name.startswith("x_")] == [
        "x_city_350100",
        "x_city_350500",
    ]
    tables["enterprises"]["city_code"] = "350100"
    assert not [name for name in load_sample(study, tables) if name.startswith("x_")]


def loans_and_titles() -> dict[str, pd.DataFrame]:
    loans = pd.DataFrame({"loan_id": ["1"], "enterprise_id": ["A"], "drawn_on": pd.to_datetime(["2020-02-01"])})
    titles = pd.DataFrame(
        {
            "enterprise_id": ["A", "B", "C", "D"],
            "tier": ["srdi", "srdi", "innovative", "little_giant"],
            "granted_on": pd.to_datetime(["2019-01-01"] * 3 + ["2022-01-01"]),
        }
    )
    return {"loans": loans, "recognitions": titles}


def test_only_who_could_have_had_a_loan_is_compared():
    # B holds the title but sits in Xiamen; C holds a lower title; D gets its title after the panel.
    tables = tables_of(5, **loans_and_titles())
    tables["enterprises"].loc[1, "city_code"] = "350200"
    assert set(load_sample(Study(instrument="loan_subsidy", covariates=()), tables)["enterprise_id"]) == {"A"}
    everybody = Study(instrument="loan_subsidy", covariates=(), population="all")
    assert set(load_sample(everybody, tables)["enterprise_id"]) == set("ABCDE")


def test_places_are_the_clusters_and_unlisted_neighbours_are_no_comparison():
    tables = tables_of(16)
    tables["enterprises"]["county_code"] = ["350102"] * 6 + ["350104"] * 7 + ["350105"] * 3
    tables["clusters"] = pd.DataFrame(
        {
            "cluster_id": ["K"],
            "designated_on": pd.to_datetime(["2020-09-01"]),
            "county_code": ["350102"],
            "industry_code": ["361"],
        }
    )
    tables["cluster_members"] = pd.DataFrame(
        {"cluster_id": "K", "enterprise_id": ["A", "B"], "joined_on": pd.to_datetime(["2019-01-01", "2021-01-01"])}
    )
    sample = load_sample(Study(instrument="cluster_membership", covariates=()), tables)
    cohort = sample.groupby("enterprise_id")["cohort"].first()
    # A is treated when its cluster is designated, B when it joins; C to F are unlisted; N, O, P are too few.
    assert cohort["A"] == 2020
    assert cohort["B"] == 2021
    assert set(sample["enterprise_id"]) == set("AB") | set("GHIJKLM")
    assert set(sample["cluster_id"]) == {"K", "350104-361"}


def test_a_table_or_column_that_the_question_needs_is_named_when_absent():
    tables = tables_of()
    with pytest.raises(DataError, match="table accounts has no value in column rd_expense"):
        load_sample(
            Study(instrument="training", covariates=["rd_intensity"]),
            tables_of(accounts=tables["accounts"].assign(rd_expense=np.nan)),
        )


def test_nobody_left_says_at_which_step():
    tables = tables_of(2)
    tables["training"]["held_on"] = pd.Timestamp("2017-01-01")
    with pytest.raises(IdentificationError, match="before or in their first account year"):
        load_sample(STUDY, tables)


def test_the_order_of_rows_does_not_matter():
    tables = tables_of(6)
    shuffled = {name: table.sample(frac=1, random_state=1) for name, table in tables.items()}
    pd.testing.assert_frame_equal(load_sample(STUDY, tables), load_sample(STUDY, shuffled))


def test_places_are_told_apart_only_as_deep_as_every_code_goes():
    tables = tables_of(12)
    tables["enterprises"]["county_code"] = ["350102"] * 6 + ["350104"] * 6
    tables["enterprises"]["industry_code"] = "36"
    tables["clusters"] = pd.DataFrame(
        {
            "cluster_id": ["K"],
            "designated_on": pd.to_datetime(["2020-09-01"]),
            "county_code": ["350102"],
            "industry_code": ["361"],
        }
    )
    tables["cluster_members"] = pd.DataFrame(
        {"cluster_id": "K", "enterprise_id": ["A", "B"], "joined_on": pd.to_datetime(["2019-01-01"] * 2)}
    )
    sample = load_sample(Study(instrument="cluster_membership", covariates=()), tables)
    assert set(sample["enterprise_id"]) == set("AB") | set("GHIJKL")


def test_a_cluster_effect_without_places_is_refused():
    tables = tables_of(12)
    tables["enterprises"]["county_code"] = None
    with pytest.raises(DataError, match="column county_code, which instrument 'cluster_membership' needs"):
        load_sample(Study(instrument="cluster_membership", covariates=()), tables)


@pytest.mark.parametrize("instrument", ["loan_subsidy", "training", "cluster_membership"])
def test_the_flow_ends_with_the_treated_that_the_estimator_counts(small_province, instrument):
    sample, flow = trace_sample(Study(instrument=instrument), small_province.tables)
    effect = estimate_att(sample, unit="log points")
    assert (flow.steps[-1].n_enterprises, flow.steps[-1].n_treated) == (effect.n_enterprises, effect.n_treated)
