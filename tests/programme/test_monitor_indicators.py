"""Each monitored indicator by hand on a dozen rows, its tiers and units, the straight path, what is published."""

from __future__ import annotations

import pandas as pd
import pytest

from sme_research.lending import loan_caps
from sme_research.programme.monitor import ALL, INDICATORS, PROVINCE, Window, monitor_programme
from sme_research.programme.monitor.preparing import prepare
from sme_research.programme.monitor.protecting import protect_series
from sme_research.tables import tables_from_frames

MONTH = "2024-04"
FIRMS = pd.DataFrame(
    {
        "enterprise_id": ["A", "B", "C", "D", "E"],
        "city_code": ["350100", "350500", "350500", "350100", None],
        "county_code": ["350102", "350502", "350502", "350128", None],
        "industry_code": "39",
        "listed_on": pd.to_datetime(["2020-01-06", "2024-05-08", None, "2019-03-04", None]),
    }
)
RECOGNITIONS = pd.DataFrame(
    [
        # A is renewed in the window; B is new in it; C's title ended in it; D was never SRDI.
        ("A", "srdi", "2021-03-01", "2024-03-01"),
        ("A", "srdi", "2024-02-20", "2027-02-20"),
        ("A", "little_giant", "2023-09-01", "2026-09-01"),
        ("B", "srdi", "2023-06-01", "2026-06-01"),
        ("C", "srdi", "2020-08-01", "2023-08-01"),
        ("D", "innovative", "2022-12-01", "2025-12-01"),
        # No place of E is known: it counts in the province, and in no unit.
        ("E", "innovative", "2024-04-15", "2027-04-15"),
    ],
    columns=["enterprise_id", "tier", "granted_on", "expires_on"],
)
LOANS = pd.DataFrame(
    [
        ("L1", "A", "2024-02-01", 1_500.0, 2.0, 1.0, 360),
        ("L2", "A", "2024-04-01", 500.0, 2.4, 1.0, 90),
        ("L3", "B", "2024-03-01", 400.0, 2.8, 1.0, 360),
        ("L4", "B", "2023-03-01", 300.0, 3.0, 1.0, 360),
    ],
    columns=["loan_id", "enterprise_id", "drawn_on", "amount", "rate", "subsidy_points", "term_days"],
)
ACCOUNTS = pd.DataFrame(
    [("A", 2022, 50.0), ("A", 2023, 100.0), ("B", 2023, 70.0), ("C", 2023, 900.0)],
    columns=["enterprise_id", "year", "loan_balance"],
).assign(revenue=1_000.0, employees=10)
CLUSTERS = pd.DataFrame(
    [
        ("K1", "provincial", "2021-06-01", "350502"),
        ("K2", "national", "2023-10-01", "350502"),
        ("K3", "provincial", "2024-05-20", "350102"),
    ],
    columns=["cluster_id", "level", "designated_on", "county_code"],
)
MEMBERS = pd.DataFrame(
    [
        ("K1", "B", "2021-06-01", None),
        ("K1", "C", "2021-06-01", "2023-12-31"),
        ("K2", "B", "2023-10-01", None),
        ("K3", "A", "2024-05-20", None),
    ],
    columns=["cluster_id", "enterprise_id", "joined_on", "left_on"],
)
TRAINING = pd.DataFrame(
    [
        ("S0", "A", "2023-02-10", 9),
        ("S1", "A", "2023-10-10", 3),
        ("S1", "B", "2023-10-10", 2),
        ("S2", "A", "2024-04-30", 4),
        ("S3", "C", "2024-05-01", 8),
    ],
    columns=["session_id", "enterprise_id", "held_on", "participants"],
)
CONTESTS = pd.DataFrame(
    [
        ("E0", "A", "fifth", "2022-09-01"),
        ("E1", "A", "sixth", "2023-09-01"),
        ("E2", "B", "sixth", "2023-09-01"),
    ],
    columns=["entry_id", "enterprise_id", "contest", "held_on"],
)
COACHING = pd.DataFrame(
    [("G0", "B", "2022-05-01"), ("G1", "D", "2023-05-02")], columns=["coaching_id", "enterprise_id", "started_on"]
)
MATCHING = pd.DataFrame(
    [
        ("P0", "M0", "A", "2023-03-01", 900.0, 90.0, 9.0),
        ("P1", "M1", "A", "2023-07-01", 500.0, 100.0, 40.0),
        ("P2", "M1", "B", "2023-07-01", 300.0, 0.0, 0.0),
        ("P3", "M2", "A", "2024-04-02", 200.0, 50.0, 10.0),
    ],
    columns=[
        "participation_id",
        "event_id",
        "enterprise_id",
        "held_on",
        "matched_amount",
        "contracted_amount",
        "drawn_amount",
    ],
)
APPEALS = pd.DataFrame(
    [
        # Waits for a solution in the window: 10, 20 and 30 days, one open for 30, one open for 40.
        ("Q1", "A", "2023-06-01", "2023-06-05", "2023-06-11"),
        ("Q2", "A", "2023-06-01", "2023-06-02", "2023-06-21"),
        ("Q3", "B", "2023-06-01", "2023-06-11", "2023-07-01"),
        ("Q4", "B", "2024-03-31", "2024-04-10", None),
        ("Q5", "D", "2024-03-21", None, None),
        ("Q6", "C", "2022-01-10", "2022-01-12", None),
        ("Q7", "C", "2024-05-02", None, None),
    ],
    columns=["appeal_id", "enterprise_id", "raised_on", "handled_on", "resolved_on"],
)
AWARDS = pd.DataFrame(
    [
        ("W0", "C", "2022-06-01", 20.0),
        ("W1", "A", "2023-11-01", 50.0),
        ("W2", "A", "2023-12-01", 20.0),
        ("W3", "C", "2024-05-05", 99.0),
    ],
    columns=["award_id", "enterprise_id", "paid_on", "amount"],
)
ACTIONS = pd.DataFrame(
    [
        ("X0", "A", "digital", "2022-06-01", 10.0, 1.0),
        ("X1", "A", "digital", "2023-06-01", 100.0, 20.0),
        ("X2", "B", "quality", "2024-04-15", 60.0, 12.0),
        ("X3", "B", "quality", "2024-05-15", 60.0, 12.0),
    ],
    columns=["participation_id", "enterprise_id", "action", "started_on", "spending", "subsidy"],
)
FRAMES = {
    "enterprises": FIRMS,
    "recognitions": RECOGNITIONS,
    "loans": LOANS,
    "accounts": ACCOUNTS,
    "clusters": CLUSTERS,
    "cluster_members": MEMBERS,
    "training": TRAINING,
    "contests": CONTESTS,
    "coaching": COACHING,
    "matching_events": MATCHING,
    "appeals": APPEALS,
    "awards": AWARDS,
    "special_actions": ACTIONS,
}
BY_HAND = {
    "in_force_innovative": 2,  # D, E
    "granted_innovative": 1,
    "in_force_srdi": 2,  # A, B
    "in_force_little_giant": 1,
    "in_force_champion": 0,
    "granted_srdi": 1,  # B
    "renewed_srdi": 1,  # A
    "lapsed_srdi": 1,  # C
    "granted_little_giant": 1,
    "renewed_little_giant": 0,
    "lapsed_little_giant": 0,
    "listed_srdi": 1,  # A; B is listed in May only, D is no SRDI enterprise
    "loan_firms": 2,
    "loan_amount": 2_400.0,
    "loan_rate": (2.0 + 2.4 + 2.8) / 3,
    "subsidy_spent": 15.0 + 500 * 0.01 * 90 / 360 + 4.0,
    "first_borrowers": 1,  # A; B's first loan was a year before
    "at_the_cap": 1,  # A may draw 2,000 and has drawn that much
    "cap_used": (100.0 + 20.0) / 2,
    "loan_balance": 170.0,  # of A and B at the end of 2023; C's title had lapsed
    "clusters_provincial": 1,
    "clusters_national": 1,
    "cluster_members": 1,  # B, in two clusters; C has left, A joins in May
    "sessions": 2,
    "trained_firms": 2,
    "person_times": 9,
    "contests": 1,
    "contest_entries": 2,
    "coached": 1,
    "matching_events": 2,
    "matching_firms": 2,
    "matched_amount": 1_000.0,
    "contracted_amount": 150.0,
    "drawn_amount": 50.0,
    "appeals_raised": 5,
    "appeals_handled": 4,
    "appeals_resolved": 3,
    "appeals_handled_total": 5,
    "appeals_open": 3,  # Q4 answered and not resolved, Q5 not answered, Q6 of 2022
    "wait_answer": 10.0,  # after 1, 4, 10, 10 days, one open for 40: S = 0.8, 0.6, 0.2
    "wait_solution": 30.0,  # after 10, 20, 30 days, open for 30 and 40: S = 0.8, 0.6, 0.4
    "award_firms": 1,
    "award_amount": 70.0,
    "digital_firms": 1,
    "digital_spending": 100.0,
    "digital_subsidy": 20.0,
    "quality_firms": 1,
    "quality_spending": 60.0,
    "quality_subsidy": 12.0,
}


@pytest.fixture(scope="module")
def found():
    return monitor_programme(tables_from_frames(FRAMES), MONTH, n_months=13)


@pytest.mark.parametrize("name", BY_HAND)
def test_an_indicator_is_what_it_is_by_hand(found, name):
    assert found.at(name, MONTH) == (pytest.approx(BY_HAND[name]), "known")


def test_every_indicator_is_reckoned_by_hand_but_those_that_another_tier_or_action_shows():
    rest = {"renewed_innovative", "lapsed_innovative"}
    rest |= {f"{flow}_champion" for flow in ("granted", "renewed", "lapsed")}
    rest |= {"science_firms", "science_spending", "science_subsidy"}
    assert set(INDICATORS) - set(BY_HAND) == rest


def test_units_stand_by_address_and_clusters_where_they_are(found):
    assert found.at("appeals_open", MONTH, "350128") == (1, "known")
    assert found.at("loan_amount", MONTH, "350500") == (400.0, "known")
    assert sum(found.at("in_force_innovative", MONTH, unit)[0] for unit in found.units) == 1
    assert found.at("clusters_provincial", MONTH, "350500") == (1, "known")
    assert found.at("clusters_provincial", MONTH, "350100") == (0, "known")


def test_tiers_are_those_of_the_month_s_end_and_contain_each_other(found):
    assert found.at("loan_amount", MONTH, tier="srdi") == (2_400.0, "known")
    assert found.at("loan_amount", MONTH, tier="little_giant") == (2_000.0, "known")
    assert found.at("person_times", MONTH, tier="srdi") == (9, "known")
    assert found.at("coached", MONTH, tier="innovative") == (1, "known")
    assert found.at("coached", MONTH, tier="srdi") == (0, "known")
    assert found.at("loan_amount", MONTH, "350100", "little_giant") == (2_000.0, "known")
    assert found.at("loan_rate", MONTH, tier="champion") == (None, "unknown")


def test_a_number_before_the_first_data_is_not_known_and_says_from_when(found):
    # The loans begin in March 2023, so twelve months are first full in February 2024.
    assert found.at("loan_firms", "2024-01") == (None, "unknown")
    gap = found.why("loan_firms", "2024-01")
    assert (gap.reason, gap.details) == ("before_data", "2024-02")
    assert found.at("loan_firms", "2024-02")[1] == "known"


def test_a_column_without_a_value_is_not_known_rather_than_zero():
    frames = FRAMES | {"appeals": APPEALS.assign(resolved_on=pd.NaT), "enterprises": FIRMS.drop(columns="listed_on")}
    found = monitor_programme(tables_from_frames(frames), MONTH, n_months=13)
    for name, place in (("wait_solution", "appeals.resolved_on"), ("listed_srdi", "enterprises.listed_on")):
        assert found.at(name, MONTH) == (None, "unknown")
        assert (found.why(name, MONTH).reason, found.why(name, MONTH).details) == ("no_column", place)
    assert found.at("wait_answer", MONTH) == (10.0, "known")


def test_little_giants_have_a_cap_of_their_own_from_the_third_phase_on():
    assert loan_caps(pd.Timestamp("2023-12-31")) is None
    assert (loan_caps(pd.Timestamp("2024-04-30")).srdi, loan_caps(pd.Timestamp("2024-04-30")).little_giant) == (
        2_000,
        2_000,
    )
    later = loan_caps(pd.Timestamp("2025-07-31"))
    assert (later.since, later.srdi, later.little_giant) == (pd.Timestamp("2024-01-01"), 2_000, 5_000)
    tables = tables_from_frames({"loans": LOANS, "recognitions": RECOGNITIONS})
    prepared = prepare(tables, frozenset(tables))
    caps = INDICATORS["cap_used"].rows(prepared.tables, Window.of("2025-08"))
    assert sorted(caps["value"]) == pytest.approx([20.0, 40.0])  # B, and A with the cap of a little giant


def test_progress_stands_beside_a_straight_path():
    # 9 SRDI enterprises at the end of 2022, target 4,500 by the end of 2025: 486 of 1,096 days are gone.
    titles = pd.DataFrame(
        {
            "enterprise_id": [f"F{at}" for at in range(10)],
            "tier": "srdi",
            "granted_on": ["2022-06-01"] * 9 + ["2024-04-01"],
            "expires_on": "2026-06-01",
        }
    )
    found = monitor_programme(tables_from_frames({"recognitions": titles}), MONTH, n_months=13)
    srdi = next(each for each in found.progress if each.indicator == "srdi")
    assert (srdi.base, srdi.value, srdi.gap) == (9, 10, 4_490)
    assert srdi.path == pytest.approx(9 + (4_500 - 9) * 486 / 1_096)
    assert srdi.pace == pytest.approx(4_490 / (610 / 365.25))
    assert not srdi.confirmed
    provincial = next(each for each in found.progress if each.indicator == "champion_provincial")
    assert provincial.value is None
    assert provincial.least == 330


def row(indicator, value, n, *, unit=PROVINCE, tier=ALL, largest=0.0):
    told = (indicator, MONTH, unit, tier, value, n, largest, "known")
    return dict(
        zip(
            ("indicator", "month", "reporting_unit", "tier", "value", "n_enterprises", "largest", "status"),
            told,
            strict=True,
        )
    )


def published(*rows):
    kept = protect_series(pd.DataFrame(rows), INDICATORS)
    return [
        None if status == "withheld" else value for value, status in zip(kept["value"], kept["status"], strict=True)
    ]


def test_counts_go_out_in_tens_and_few_not_at_all():
    rows = [row("loan_firms", 38.0, 38.0), row("coached", 9.0, 9.0), row("award_firms", 0.0, 0.0)]
    assert published(*rows) == [40, None, 0]


def test_an_amount_that_one_enterprise_dominates_is_withheld():
    rows = [row("loan_amount", 12_345.0, 30.0, largest=0.86), row("award_amount", 12_345.0, 30.0, largest=0.2)]
    assert published(*rows) == [None, 12_300.0]


def test_a_unit_that_could_be_subtracted_takes_the_next_smallest_with_it():
    units = [("350100", 100.0, 50.0), ("350200", 80.0, 40.0), ("350300", 7.0, 5.0), ("350400", 30.0, 20.0)]
    rows = [row("loan_amount", 217.0, 115.0), *(row("loan_amount", v, n, unit=unit) for unit, v, n in units)]
    assert published(*rows) == [217.0, 100.0, 80.0, None, None]


def test_tiers_go_out_of_the_province_only_and_not_where_few_stand_between_two():
    rows = [
        row("loan_amount", 900.0, 90.0),
        row("loan_amount", 850.0, 84.0, tier="srdi"),
        row("loan_amount", 300.0, 30.0, tier="little_giant"),
        row("loan_amount", 200.0, 20.0, unit="350100", tier="srdi"),
    ]
    assert published(*rows) == [900.0, None, 300.0, None]


def test_a_median_goes_out_only_with_enough_on_either_side():
    assert published(row("wait_answer", 7.0, 19.0), row("wait_solution", 30.0, 20.0)) == [None, 30.0]


def test_what_is_announced_one_by_one_is_told_as_it_is_for_the_province():
    rows = [row("sessions", 4.0, 6.0), row("sessions", 4.0, 6.0, unit="350100"), row("clusters_national", 1.0, 3.0)]
    assert published(*rows) == [4, None, 1]


def test_a_subsidy_over_the_cap_is_not_spent_and_a_cap_begins_anew():
    titles = pd.DataFrame(
        [
            ("A", "srdi", "2022-06-01", "2025-06-01"),
            ("A", "srdi", "2025-06-01", "2028-06-01"),
            ("B", "srdi", "2026-04-01", "2029-04-01"),  # the list of titles is kept up to date
        ],
        columns=["enterprise_id", "tier", "granted_on", "expires_on"],
    )
    loans = pd.DataFrame(
        [
            ("L1", "A", "2025-02-10", 1_500.0, 2.0, 1.0, 360),
            ("L2", "A", "2025-08-10", 1_000.0, 2.0, 1.0, 360),  # 500 are left
            ("L3", "A", "2026-04-10", 800.0, 2.0, 1.0, 360),  # phase 4, whose review of 2025 A has passed
        ],
        columns=LOANS.columns,
    )
    found = monitor_programme(tables_from_frames({"loans": loans, "recognitions": titles}), "2026-04", n_months=15)
    spent = {month: found.at("subsidy_spent", month)[0] for month in ("2026-01", "2026-04")}
    assert spent == pytest.approx({"2026-01": 15.0 + 5.0, "2026-04": 5.0 + 8.0})  # each of twelve months
    used = {month: found.at("cap_used", month)[0] for month in ("2025-07", "2025-08", "2026-03", "2026-04")}
    assert used == pytest.approx({"2025-07": 75.0, "2025-08": 100.0, "2026-03": 0.0, "2026-04": 40.0})
    assert [found.at("at_the_cap", month)[0] for month in ("2025-07", "2025-08", "2026-03")] == [0, 1, 0]
