"""The interest subsidy by a worksheet by hand, by properties, and at the edges of what the tables know."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sme_research.errors import DataError
from sme_research.lending import last_known_day, load_phases, load_prime_rates, loan_caps, prime_rate_on
from sme_research.lending.subsidy import (
    RENEWED_AFTER,
    RENEWED_BEFORE,
    TITLE_YEARS,
    XIAMEN,
    assess_loans,
    find_ceilings,
    find_reviewed,
)
from sme_research.programme.ladder.titles import TITLE_YEARS as LADDER_YEARS
from sme_research.programme.ladder.titles import Tolerance
from sme_research.tables import reference_path

SHEET = yaml.safe_load((Path(__file__).parent / "ten_loans.yml").read_text(encoding="utf-8"))
SINCE = pd.Timestamp("2024-01-01")


def loans_of(rows):
    """A frame of loans from (loan, enterprise, day, amount, points, days)."""
    frame = pd.DataFrame(
        rows, columns=["loan_id", "enterprise_id", "drawn_on", "amount", "subsidy_points", "term_days"]
    )
    numbers = dict.fromkeys(("amount", "subsidy_points", "term_days"), "float64")
    return frame.assign(drawn_on=pd.to_datetime(frame["drawn_on"])).astype(numbers)


def titles_of(rows):
    frame = pd.DataFrame(rows, columns=["enterprise_id", "tier", "granted_on", "expires_on"])
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in ("granted_on", "expires_on")})


TITLES = titles_of(SHEET["titles"])
LOANS = loans_of(
    [
        tuple(row[name] for name in ("loan", "enterprise", "drawn_on", "amount", "points", "days"))
        for row in SHEET["loans"]
    ]
)
HELD = titles_of([("A", "srdi", "2023-01-01", "2029-01-01")])


@pytest.fixture(scope="module")
def found():
    assessed = assess_loans({"loans": LOANS, "recognitions": TITLES})
    return assessed.join(find_ceilings(assessed)).set_index("loan_id")


@pytest.mark.parametrize("row", SHEET["loans"], ids=lambda row: row["loan"])
def test_every_loan_of_the_worksheet_agrees(found, row):
    told = found.loc[row["loan"]]
    assert (told["tier"], told["cut_by"]) == (row["tier"], row["cut_by"])
    columns = {
        "cap": "cap",
        "room": "room",
        "eligible": "eligible_amount",
        "subsidy": "subsidy",
        "prime_rate": "prime_rate",
        "ceiling": "ceiling",
    }
    for name, column in columns.items():
        wanted = np.nan if row[name] is None else row[name]
        assert told[column] == pytest.approx(wanted, nan_ok=True), name


def test_what_the_worksheet_leaves_unknown_says_what_for(found):
    assert found["unknown_for"].to_dict() == {
        row["loan"]: "term" if row["loan"] == "L12" else "" for row in SHEET["loans"]
    }
    assert found["points_from"].eq("phase").sum() == 1
    assert found.loc["L09", "points_from"] == "phase"


def test_the_order_of_rows_changes_nothing(found):
    turned = assess_loans({"loans": LOANS.iloc[::-1], "recognitions": TITLES}).set_index("loan_id")
    pd.testing.assert_frame_equal(turned.loc[found.index], found[turned.columns])


def test_a_place_that_a_phase_excludes_earns_nothing_and_one_that_it_does_not_does():
    register = pd.DataFrame({"enterprise_id": ["A"], "city_code": [XIAMEN]})
    loans = loans_of([("1", "A", "2025-08-01", 100, 1, 360), ("2", "A", "2026-03-20", 100, 1, 360)])
    told = assess_loans({"loans": loans, "recognitions": HELD, "enterprises": register})
    assert told["cut_by"].tolist() == ["place", ""]
    assert told["subsidy"].tolist() == [0.0, 1.0]


def test_a_loan_without_a_subsidy_uses_up_no_cap():
    loans = loans_of([("1", "A", "2024-02-01", 1_500, 0, 360), ("2", "A", "2024-03-01", 2_000, 1, 360)])
    told = assess_loans({"loans": loans, "recognitions": HELD})
    assert told["eligible_amount"].tolist() == [0.0, 2_000.0]
    assert told["cut_by"].tolist() == ["points", ""]


def test_who_did_not_pass_the_review_of_2025_has_the_cap_run_on():
    loans = loans_of([("1", "A", "2024-02-01", 1_500, 1, 360), ("2", "A", "2026-03-20", 2_000, 1, 360)])
    reviewed = titles_of([("A", "srdi", "2022-05-01", "2025-05-01"), ("A", "srdi", "2025-05-01", None)])
    for titles, room in ((HELD, 500.0), (reviewed, 2_000.0)):
        assert assess_loans({"loans": loans, "recognitions": titles})["room"].tolist() == [2_000.0, room]
        numbered = [frame.assign(enterprise_id=7) for frame in (loans, titles)]  # as estimators have their tables
        told = assess_loans(dict(zip(("loans", "recognitions"), numbered, strict=True)))
        assert told["room"].tolist() == [2_000.0, room]


def test_a_return_long_after_a_lapse_is_no_review():
    again = ("A", "srdi", "2025-05-01", "2028-05-01")
    assert list(find_reviewed(titles_of([("A", "srdi", "2020-05-01", "2023-05-01"), again]), 2025)) == []
    assert list(find_reviewed(titles_of([("A", "srdi", "2022-05-01", None), again]), 2025)) == ["A"]


def test_a_review_is_what_the_ladder_calls_a_renewal():
    assert (Tolerance().before, Tolerance().after, LADDER_YEARS) == (RENEWED_BEFORE, RENEWED_AFTER, TITLE_YEARS)


AMOUNTS = st.integers(1, 3_000)
DRAWDOWNS = st.lists(
    st.tuples(st.integers(0, 900), AMOUNTS, st.sampled_from([0.5, 1.0, 2.0]), st.integers(1, 800)),
    min_size=1,
    max_size=8,
)
STEPS = titles_of([("A", "srdi", "2022-06-01", "2025-06-01"), ("A", "little_giant", "2025-03-01", "2028-03-01")])


def drawn(rows):
    return loans_of(
        [
            (f"{at:02d}", "A", SINCE + pd.Timedelta(days=day), amount, points, days)
            for at, (day, amount, points, days) in enumerate(rows)
        ]
    )


@given(DRAWDOWNS)
@settings(max_examples=60, deadline=None)
def test_the_subsidy_is_never_over_that_of_the_cap(rows):
    told = assess_loans({"loans": drawn(rows), "recognitions": STEPS})
    assert told["eligible_amount"].sum() <= 5_000 + 1e-6
    early = told[told["tier"] != "little_giant"]
    assert early["eligible_amount"].sum() <= 2_000 + 1e-6
    assert (told["eligible_amount"] <= told["amount"] + 1e-9).all()
    assert (told["subsidy"] <= told["eligible_amount"] * told["points"] / 100 + 1e-9).all()
    assert (told["subsidy"] >= 0).all()


@given(DRAWDOWNS, st.integers(0, 7), st.floats(0.05, 0.95))
@settings(max_examples=60, deadline=None)
def test_splitting_a_loan_into_two_drawdowns_of_its_day_changes_nothing(rows, which, part):
    at = which % len(rows)
    day, amount, points, days = rows[at]
    # The second half comes last in the table, behind other loans of the day.
    split = [
        *rows[:at],
        (day, amount * part, points, days),
        *rows[at + 1 :],
        (day, amount * (1 - part), points, days),
    ]
    one, two = (assess_loans({"loans": drawn(each), "recognitions": STEPS}) for each in (rows, split))
    assert two["subsidy"].sum() == pytest.approx(one["subsidy"].sum())
    assert two["eligible_amount"].iloc[[at, -1]].sum() == pytest.approx(one["eligible_amount"].iloc[at])


@pytest.mark.parametrize("day", ["2019-08-19", (last_known_day() + pd.Timedelta(days=1)).date().isoformat()])
def test_a_day_beyond_the_table_of_prime_rates_is_refused(day):
    told = assess_loans({"loans": loans_of([("1", "A", day, 100, 1, 360)]), "recognitions": HELD})
    with pytest.raises(DataError, match=rf"the first {day}; it knows 2019-08-20 to {last_known_day().date()}"):
        find_ceilings(told)


def test_a_rate_over_the_ceiling_is_told():
    told = assess_loans({"loans": loans_of([("1", "A", "2024-02-01", 100, 1, 360)] * 2), "recognitions": HELD})
    assert find_ceilings(told.assign(rate=[2.45, 2.46]))["over_ceiling"].tolist() == [False, True]


def appended(folder, rows):
    lines = reference_path("lpr_history.csv").read_text(encoding="utf-8").splitlines()
    path = folder / "lpr_history.csv"
    path.write_text("\n".join([*lines, *rows]) + "\n", encoding="utf-8")
    return path


def test_an_appended_change_leaves_the_days_between_unknown_until_they_are_confirmed(tmp_path):
    history = load_prime_rates(appended(tmp_path, ["2026-12-21,2027-01-19,2.9,3.4,A,made up"]))
    days = pd.Series(
        pd.to_datetime(["2026-05-19", "2026-05-20", "2026-12-20", "2026-12-21", "2027-01-19", "2027-01-20"])
    )
    assert prime_rate_on(days, history=history).tolist() == pytest.approx(
        [3.0, np.nan, np.nan, 2.9, 2.9, np.nan], nan_ok=True
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2026-12-21,,2.9,3.4,A,x", "known_until"),
        ("2025-05-20,2026-12-31,2.9,3.4,A,x", "later than the row before"),
        ("2026-12-21,2026-12-01,2.9,3.4,A,x", "within the row's own days"),
        ("2026-12-21,2027-01-19,290,3.4,A,x", "percent"),
    ],
)
def test_a_prime_rate_that_is_none_is_refused_with_its_row(tmp_path, row, message):
    with pytest.raises(DataError, match=rf"lpr_history.csv, row 1[67].*{message}"):
        load_prime_rates(appended(tmp_path, [row]))


def test_phases_are_read_in_order_and_a_phase_without_a_cap_is_refused(tmp_path):
    assert [phase.name for phase in load_phases()] == ["1", "2", "3", "4-5"]
    assert loan_caps(pd.Timestamp("2023-12-31")) is None
    lines = reference_path("loan_phases.csv").read_text(encoding="utf-8").replace(",1,2000,2000,", ",1,,2000,")
    (tmp_path / "phases.csv").write_text(lines, encoding="utf-8")
    with pytest.raises(DataError, match=r"phases\.csv, row 2"):
        load_phases(tmp_path / "phases.csv")
