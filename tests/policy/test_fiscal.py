"""Outlays by instrument and year by hand; what has no price is not known, and real money needs its year on file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sme_research.errors import DataError, StudyError
from sme_research.instruments import INSTRUMENTS
from sme_research.lending import assess_loans
from sme_research.policy.fiscal import (
    NOBODY,
    UNITS,
    account_costs,
    load_unit_costs,
    spend_on,
    sum_costs,
    to_real,
)
from sme_research.tables import TABLES, tables_from_frames

FIRMS = pd.DataFrame(
    {"enterprise_id": ["A", "B", "C"], "city_code": ["350100", "350500", "350200"], "industry_code": "39"}
)
TITLES = pd.DataFrame(
    [
        ("A", "srdi", "2022-03-01", "2025-03-01"),
        ("A", "srdi", "2025-03-01", "2028-03-01"),
        ("B", "srdi", "2021-03-01", "2024-03-01"),
        ("B", "little_giant", "2023-07-01", "2026-07-01"),
        ("C", "srdi", "2022-05-01", "2025-05-01"),
    ],
    columns=["enterprise_id", "tier", "granted_on", "expires_on"],
)
TRAINING = pd.DataFrame(
    [("S1", "A", "2023-04-01", 5), ("S1", "B", "2023-04-01", 3), ("S2", "A", "2024-04-01", 2)],
    columns=["session_id", "enterprise_id", "held_on", "participants"],
)
AWARDS = pd.DataFrame(
    [
        ("P1", "A", "srdi", "2022-05-01", 20, "province"),
        ("P2", "A", "srdi", "2022-05-01", 10, "city"),
        ("P3", "B", "little_giant", "2023-09-01", 50, "province"),
    ],
    columns=["award_id", "enterprise_id", "tier", "paid_on", "amount", "payer"],
)
ACTIONS = pd.DataFrame(
    [("X1", "A", "digital", "2023-01-05", 100, 30), ("X2", "B", "digital", "2023-01-05", 100, None)],
    columns=["participation_id", "enterprise_id", "action", "started_on", "spending", "subsidy"],
)
LOANS = pd.DataFrame(
    [("L1", "A", "2024-02-01", 1_500, 2.4, 1, 360), ("L2", "A", "2024-06-01", 1_500, 2.4, 1, 180)],
    columns=["loan_id", "enterprise_id", "drawn_on", "amount", "rate", "subsidy_points", "term_days"],
)
CLUSTERS = pd.DataFrame(
    {"cluster_id": ["K1", "K2"], "level": ["provincial", "national"], "designated_on": ["2022-06-01", "2023-06-01"]}
)
MEMBERS = pd.DataFrame(
    [("K1", "A", "2022-06-01"), ("K1", "B", "2022-09-01"), ("K1", "C", "2024-01-01")],
    columns=["cluster_id", "enterprise_id", "joined_on"],
)
FRAMES = {
    "enterprises": FIRMS,
    "recognitions": TITLES,
    "training": TRAINING,
    "awards": AWARDS,
    "special_actions": ACTIONS,
    "loans": LOANS,
    "clusters": CLUSTERS,
    "cluster_members": MEMBERS,
}
HEAD = "instrument,item,unit,cost_10k,from,until,payer,confidence,source\n"


def priced(folder, *rows):
    path = folder / "unit_costs.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return load_unit_costs(path)


@pytest.fixture(scope="module")
def costs():
    return account_costs(tables_from_frames(FRAMES))


def at(frame, **where):
    kept = frame
    for name, value in where.items():
        kept = kept[kept[name] == value]
    assert len(kept) == 1
    return kept.iloc[0]


def test_the_interest_subsidy_is_that_under_the_cap(costs):
    # 1,500 x 1 % = 15; of the second 1,500 only 500 are under the cap: 500 x 1 % / 2 = 2.5.
    row = at(sum_costs(costs), instrument="loan_subsidy", year=2024)
    assert row["cost"] == pytest.approx(17.5)
    assert (row["n_enterprises"], row["n_units"], row["n_unknown"]) == (1, 2, 0)


def test_awards_stand_by_tier_and_payer(costs):
    told = sum_costs(costs, ("instrument", "item", "payer"))
    awards = {(row["item"], row["payer"]): row["cost"] for _, row in told[told["instrument"] == "award"].iterrows()}
    assert awards == {("srdi", "province"): 20, ("srdi", "city"): 10, ("little_giant", "province"): 50}


def test_what_has_no_price_is_not_known_rather_than_zero(costs):
    training = at(sum_costs(costs), instrument="training", year=2023)
    assert np.isnan(training["cost"])
    assert (training["n_units"], training["n_unknown"], training["n_enterprises"]) == (1.0, 1.0, 2)
    assert spend_on(costs, "training") is None
    assert set(costs.outlays.loc[costs.outlays["instrument"] == "training", "reason"]) == {"no_price"}


def test_what_is_known_in_part_says_how_much_is_not(costs):
    row = at(sum_costs(costs), instrument="digital_action", year=2023)
    assert (row["cost"], row["n_units"], row["n_unknown"]) == (30, 2, 1)
    spent = spend_on(costs, "digital_action")
    assert (spent.per_enterprise, spent.n_enterprises, spent.n_unknown) == (30, 1, 1)


def test_real_money_is_that_of_the_base_year_by_hand(costs):
    # Producer prices fell by 3.0 % in 2023 and 2.2 % in 2024: 50 of 2023 are 50 x 0.978 of 2024, those of 2022
    # x 0.97 more.
    told = sum_costs(costs, base_year=2024)
    assert at(told, instrument="award", year=2023)["cost_real"] == pytest.approx(50 * 0.978)
    assert at(told, instrument="award", year=2022)["cost_real"] == pytest.approx(30 * 0.97 * 0.978)
    spent = spend_on(costs, "award", base_year=2024)
    assert spent.per_enterprise == pytest.approx(40)
    assert spent.per_enterprise_real == pytest.approx((50 * 0.978 + 30 * 0.97 * 0.978) / 2)
    assert spent.largest_share == pytest.approx(50 / 80)


def test_a_year_without_prices_has_no_real_money_but_nominal_money():
    late = {**FRAMES, "awards": AWARDS.assign(paid_on=["2022-05-01", "2022-05-01", "2026-01-10"])}
    costs = account_costs(tables_from_frames(late))
    row = at(sum_costs(costs), instrument="award", year=2026)
    assert (row["cost"], np.isnan(row["cost_real"])) == (50, True)
    assert spend_on(costs, "award").per_enterprise_real is None
    assert spend_on(costs, "award", until=2024).per_enterprise_real == pytest.approx(30 * 0.97 * 0.978)
    with pytest.raises(DataError, match="no producer prices for 2031"):
        to_real(pd.Series([1.0]), pd.Series([2022]), 2031)


def test_a_session_that_two_share_costs_each_a_half(tmp_path):
    prices = priced(
        tmp_path,
        "training,,session,4,2020-01-01,2023-12-31,province,B,made up",
        "training,,session,6,2024-01-01,,province,B,made up",
    )
    costs = account_costs(tables_from_frames(FRAMES), prices=prices)
    each = costs.outlays[costs.outlays["instrument"] == "training"].set_index(["enterprise_id", "year"])["cost"]
    assert each.to_dict() == pytest.approx({("A", 2023): 2, ("B", 2023): 2, ("A", 2024): 6})
    assert sum_costs(costs, ("instrument",)).set_index("instrument")["cost"]["training"] == pytest.approx(10)


def test_prices_a_person_time_count_persons(tmp_path):
    costs = account_costs(
        tables_from_frames(FRAMES),
        prices=priced(tmp_path, "training,,person_time,0.1,2020-01-01,,province,B,made up"),
    )
    assert at(sum_costs(costs), instrument="training", year=2023)["cost"] == pytest.approx(0.8)


def test_a_cluster_s_outlay_goes_to_its_members_of_that_year_or_to_nobody(tmp_path):
    prices = priced(
        tmp_path,
        "cluster_membership,,cluster,80,2020-01-01,,province,B,made up",
        "cluster_membership,national,cluster,300,2020-01-01,,state,B,made up",
    )
    costs = account_costs(tables_from_frames(FRAMES), prices=prices)
    rows = costs.outlays[costs.outlays["instrument"] == "cluster_membership"]
    assert rows.set_index("enterprise_id")["cost"].to_dict() == {"A": 40, "B": 40, NOBODY: 300}
    assert at(sum_costs(costs), instrument="cluster_membership", year=2023)["n_enterprises"] == 0
    assert spend_on(costs, "cluster_membership").per_enterprise == 40


def test_without_payments_on_record_first_titles_outside_xiamen_are_priced():
    # A and B are first granted a title each that is priced; B's SRDI of 2021 is before the rule; C sits in Xiamen.
    frames = {name: frame for name, frame in FRAMES.items() if name != "awards"}
    rows = account_costs(tables_from_frames(frames)).outlays
    rows = rows[rows["instrument"] == "award"]
    told = {(row["enterprise_id"], row["item"]): row["cost"] for _, row in rows.iterrows()}
    assert told == pytest.approx({("A", "srdi"): 20, ("B", "srdi"): np.nan, ("B", "little_giant"): 50}, nan_ok=True)
    assert set(rows["basis"]) == {"price"}


def test_instruments_that_no_table_records_are_named(costs):
    assert costs.absent == tuple(name for name in INSTRUMENTS if name in set(costs.absent))
    assert set(costs.absent) == {"coaching", "contest", "matching_event", "quality_action", "science_action"}
    with pytest.raises(StudyError, match="instrument 'loans' is not known"):
        spend_on(costs, "loans")


def test_units_and_money_add_up_on_a_made_up_province(small_province):
    tables = tables_from_frames(small_province.tables, made_up=True)
    costs = account_costs(tables)
    total = sum_costs(costs, ("instrument",)).set_index("instrument")
    frames = small_province.tables
    assert total["cost"]["loan_subsidy"] == pytest.approx(assess_loans(tables)["subsidy"].sum())
    assert total["cost"]["award"] == pytest.approx(frames["awards"]["amount"].sum())
    assert total["n_units"]["training"] == pytest.approx(frames["training"]["session_id"].nunique())
    assert total["n_units"]["cluster_membership"] == pytest.approx(len(frames["clusters"]))
    assert total["n_units"]["coaching"] == pytest.approx(frames["coaching"]["coach_days"].sum())
    by_year = sum_costs(costs).groupby("instrument")["cost"].sum(min_count=1)
    pd.testing.assert_series_equal(by_year, total["cost"])
    assert costs.absent == ()


def test_every_unit_stands_in_a_declared_table():
    assert {kind.table for kind in UNITS.values()} <= set(TABLES)
    assert {name for name, _ in UNITS} <= set(INSTRUMENTS)
    for kind in UNITS.values():
        assert {kind.day, kind.counts, kind.shares} - {""} <= set(TABLES[kind.table].column_names)


def test_the_prices_on_file_say_their_source():
    rows = load_unit_costs()
    assert rows["source"].str.len().min() > 10
    assert rows.loc[rows["cost_10k"].notna(), "confidence"].isin(["A", "B", "C"]).all()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["training,,hour,1,2020-01-01,,province,B,x"], r"row 2: unit is 'hour' of training, must be one of session"),
        (["loans,,loan,1,2020-01-01,,province,B,x"], "no unit that is counted"),
        (["training,,session,-1,2020-01-01,,province,B,x"], "row 2: training: cost_10k is below zero"),
        (
            ["training,,session,1,2020-01-01,,province,B,x", "training,,enterprise,1,2021-01-01,,province,B,x"],
            "two units",
        ),
        (
            ["training,,session,1,2020-01-01,,province,B,x", "training,,session,2,2021-01-01,,province,B,x"],
            "row 3: training: begins before",
        ),
    ],
)
def test_prices_that_cannot_be_used_are_refused_with_their_row(tmp_path, rows, message):
    with pytest.raises(DataError, match=message):
        priced(tmp_path, *rows)
