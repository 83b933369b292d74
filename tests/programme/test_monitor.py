"""Monitoring: every number by hand on small tables, and what is not known is never zero."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from sme_research.cli import cli
from sme_research.errors import StudyError
from sme_research.programme.monitor import (
    ALL,
    INDICATORS,
    PROVINCE,
    median_wait,
    monitor_programme,
    monitoring_to_json,
)
from sme_research.programme.monitor.protecting import protect_series
from sme_research.tables import tables_from_frames

ENTERPRISES = pd.DataFrame(
    {
        "enterprise_id": ["A", "B", "C"],
        "city_code": ["350100", "350100", "350200"],
        "county_code": ["350128", "350102", "350203"],
        "industry_code": "39",
    }
)
LOANS = pd.DataFrame(
    [
        # 1,000 x 1 % x 180 / 360 = 5; 1,200 x 1 % x 360 / 360 = 12, since a longer term is subsidised for a year.
        ("L1", "A", "2023-05-02", 1_000, 2.4, 1.0, 180),
        ("L2", "B", "2024-03-01", 1_200, 2.2, 1.0, 720),
        # A year and a half before April 2024: neither of this year's flows nor a first loan of it.
        ("L3", "A", "2022-10-01", 1_000, 2.6, 1.0, 360),
    ],
    columns=["loan_id", "enterprise_id", "drawn_on", "amount", "rate", "subsidy_points", "term_days"],
)
TITLES = pd.DataFrame(
    [
        ("A", "srdi", "2021-03-01", "2024-03-01"),
        ("B", "srdi", "2022-03-01", "2025-03-01"),
        ("C", "srdi", "2024-04-10", "2027-04-10"),
    ],
    columns=["enterprise_id", "tier", "granted_on", "expires_on"],
)


def known(found, indicator, unit=PROVINCE, month=None, tier=ALL):
    rows = found.frame
    at = (
        (rows["indicator"] == indicator)
        & (rows["tier"] == tier)
        & (rows["reporting_unit"] == unit)
        & (rows["month"] == (month or found.month))
    )
    return rows[at].iloc[0]


@pytest.fixture(scope="module")
def small():
    frames = {"enterprises": ENTERPRISES, "loans": LOANS, "recognitions": TITLES}
    return monitor_programme(tables_from_frames(frames), "2024-03", n_months=13)


def test_loans_of_twelve_months_by_hand(small):
    assert known(small, "loan_firms")["value"] == 2
    assert known(small, "loan_amount")["value"] == 2_200
    assert known(small, "loan_rate")["value"] == pytest.approx((2.4 + 2.2) / 2)
    assert known(small, "subsidy_spent")["value"] == pytest.approx(5 + 12)


def test_a_first_loan_is_the_first_ever_and_the_cap_counts_from_the_first_phase(small):
    assert known(small, "first_borrowers")["value"] == 1  # B; A borrowed in 2022 already
    assert known(small, "at_the_cap")["value"] == 0  # A drew 2,000, but before the first phase opened in 2024
    assert known(small, "cap_used")["value"] == pytest.approx(100 * 1_200 / 2_000)


def test_a_title_counts_while_it_is_in_force(small):
    assert known(small, "in_force_srdi")["value"] == 1  # B; A's ended on 1 March, C's comes in April
    assert known(small, "in_force_srdi", month="2024-02")["value"] == 2
    assert known(small, "lapsed_srdi")["value"] == 1


def test_pingtan_is_a_unit_of_its_own(small):
    assert known(small, "loan_firms", "350128")["value"] == 1
    assert known(small, "loan_firms", "350100")["value"] == 1
    assert known(small, "loan_firms", "350200")["value"] == 0


def test_an_absent_table_is_not_known_and_says_why(small):
    row = known(small, "person_times")
    assert row["status"] == "unknown"
    assert pd.isna(row["value"])
    reasons = {gap.reason for gap in small.unknown if gap.indicator == "person_times"}
    assert reasons == {"no_table"}


def test_a_month_after_the_data_is_not_known():
    frames = {"enterprises": ENTERPRISES, "loans": LOANS, "recognitions": TITLES}
    row = known(monitor_programme(tables_from_frames(frames), "2025-12", n_months=13), "loan_firms")
    assert row["status"] == "unknown"


def test_a_month_that_is_none_is_refused():
    with pytest.raises(StudyError, match="month is '2024-13'"):
        monitor_programme(tables_from_frames({"enterprises": ENTERPRISES}), "2024-13")


def test_open_appeals_are_censored_not_left_out():
    # Ended after 10, 20, 30 days, two open since 40: S = 0.8, 0.6, 0.4 so the median is 30; of the ended alone, 20.
    days, ended = pd.Series([10.0, 20, 30, 40, 40]), pd.Series([True, True, True, False, False])
    assert median_wait(days, ended) == 30
    assert median_wait(days, pd.Series([False] * 5)) is None


def test_the_demo_counts_as_planted(monitored_tables, monitored):
    tables, found = monitored_tables, monitored
    official = tables["official_figures"].set_index("indicator")["value"]
    for tier in ("innovative", "srdi", "little_giant", "champion"):
        assert known(found, f"in_force_{tier}")["value"] == official[f"{tier}_count"]
    of_2023 = tables["training"].query("held_on.dt.year == 2023")["participants"].sum()
    assert known(found, "person_times", month="2023-12")["value"] == of_2023


def test_units_add_up_to_the_province_where_enterprises_are_counted(monitored):
    found = monitored
    rows = found.frame[(found.frame["indicator"] == "in_force_srdi") & (found.frame["month"] == found.month)]
    units = rows[rows["reporting_unit"] != PROVINCE]["value"].sum()
    assert units == rows[rows["reporting_unit"] == PROVINCE]["value"].iloc[0]


def test_the_public_edition_tells_of_no_few(monitored_in_public):
    found = monitored_in_public
    rows = found.frame[found.frame["status"] == "known"]
    assert not rows["n_enterprises"].between(1, 9).any()
    withheld = found.frame[found.frame["status"] == "withheld"]
    assert len(withheld) > 0
    assert withheld["value"].isna().all()


def series_of(sizes, largest=0.2):
    """A month's subsidy by unit: enterprises of each, 100 万元 an enterprise, and the province."""
    units = {f"3501{at:02d}": n for at, n in enumerate(sizes, start=1)}
    rows = [
        ("science_subsidy", "2024-04", ALL, unit, 100.0 * n, n, largest, "known")
        for unit, n in {**units, PROVINCE: sum(sizes)}.items()
    ]
    names = ["indicator", "month", "tier", "reporting_unit", "value", "n_enterprises", "largest", "status"]
    return pd.DataFrame(rows, columns=names)


def withheld_sizes(sizes, largest=0.2):
    frame = series_of(sizes, largest)
    told = protect_series(frame, INDICATORS)
    hidden = (told["status"] == "withheld") & (frame["reporting_unit"] != PROVINCE)
    assert told.loc[frame["reporting_unit"] == PROVINCE, "status"].item() == "known"
    return sorted(frame.loc[hidden, "n_enterprises"])


def test_what_is_withheld_cannot_be_had_by_subtracting():
    # 4 alone, 4 + 4 and 4 + 3 are too few to be told as a sum, so the next unit goes with them; 6 + 5 are enough.
    assert withheld_sizes([4, 20, 40]) == [4, 20]
    assert withheld_sizes([4, 4, 20, 40]) == [4, 4, 20]
    assert withheld_sizes([4, 3, 12, 20, 40]) == [3, 4, 12]
    assert withheld_sizes([6, 5, 20, 40]) == [5, 6]
    assert withheld_sizes([12, 20, 40]) == []


def test_units_without_anybody_protect_nobody():
    assert withheld_sizes([4, 0, 20, 40]) == [4, 20]


def test_the_command_prints_one_object(small_folder):
    done = CliRunner().invoke(cli, ["monitor", str(small_folder), "--json"])
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert {entry["name"] for entry in content["indicators"]} == set(INDICATORS)
    assert content["month"] == "2024-04"


def test_json_has_no_number_that_is_none(small):
    assert "NaN" not in json.dumps(monitoring_to_json(small))
