"""Each known misreading is named where it occurs, with its numbers, and is silent where it does not."""

from datetime import date
from functools import cache

import pandas as pd
import pytest
from reconcile_frames import PROVINCE, accounts, events, loans, official, province, titles, training

from sme_research.programme.reconcile import (
    INDICATORS,
    TRAPS,
    check_public_figures,
    last_known_day,
    prime_rate_on,
    reconcile,
    split_growth,
)
from sme_research.programme.reconcile.asking import Asked
from sme_research.programme.reconcile.comparing import compare, read_figures
from sme_research.synthetic import Traps, WorldSpec, make_province

SMALL = 600
LARGE = 6_000  # enough little giants (over 200) for their shares to be held against each other


@cache
def planted(trap):
    return make_province(WorldSpec(n_enterprises=SMALL, traps=Traps.switched(on=[trap]))).tables


def look_for(name, tables):
    return TRAPS[name](read_figures(tables["official_figures"]), tables)


@pytest.mark.parametrize(
    ("trap", "name"),
    [
        ("summed_tiers", "nested_tiers"),
        ("times_as_firms", "times_as_firms"),
        ("dear_loans", "loan_rate"),
        ("matched_as_lent", "matched_as_lent"),
        ("early_growth", "early_growth"),
    ],
)
def test_a_planted_trap_is_named_and_the_province_without_it_is_silent(small_province, trap, name):
    assert look_for(name, planted(trap)).verdict == "found"
    assert look_for(name, small_province.tables).verdict == "not_found"


def test_a_share_of_an_unlike_whole_is_named_where_it_is_planted_and_the_right_one_is_silent():
    tables = make_province(WorldSpec(seed=1, n_enterprises=LARGE, traps=Traps(unlike_shares=True))).tables
    assert look_for("unlike_shares", tables).verdict == "found"
    figures = tables["official_figures"]
    last = figures["indicator"].eq("little_giant_share_revenue") & figures["as_of"].eq("2023-12-31")
    planted = compare(read_figures(figures[last])[0], tables)
    # The recount names the whole that the share was of.
    assert (planted.verdict, planted.reading["whole"]) == ("explained_by_perimeter", "srdi")
    right = INDICATORS["little_giant_share_revenue"].recount(tables, Asked(pd.Timestamp(2023, 12, 31), {})).value
    honest = figures.assign(value=figures["value"].mask(last, round(right, 1)))
    assert look_for("unlike_shares", {**tables, "official_figures": honest}).verdict == "not_found"


def test_mistakes_of_the_published_figures_change_no_other_table(small_province):
    for trap in ("summed_tiers", "times_as_firms", "matched_as_lent", "early_growth", "unlike_shares"):
        tables = planted(trap)
        changed = {name for name, table in tables.items() if not table.equals(small_province.tables[name])}
        assert changed == {"official_figures"}, trap


def test_growth_of_the_balance_is_split_where_more_are_recognised(small_province):
    trap = look_for("balance_growth", small_province.tables)
    assert trap.verdict == "found"
    assert trap.number("same_firm") < 0.5 * trap.number("published")
    assert trap.number("entrants_change") > trap.number("incumbents_change")


def test_growth_of_the_balance_is_silent_where_nobody_enters(small_province):
    tables = dict(small_province.tables)
    kept, old = tables["accounts"].dropna(subset=["loan_balance"]), tables["recognitions"]
    reported = [set(kept.loc[kept["year"] == year, "enterprise_id"]) for year in (2022, 2023)]
    stays = (old["granted_on"] <= "2022-12-31") & old["enterprise_id"].isin(reported[0] & reported[1])
    tables["recognitions"] = old[stays].assign(expires_on=pd.Timestamp(2030, 1, 1))
    growth = split_growth(tables, 2023).growth
    tables["official_figures"] = official(
        {"indicator": "loan_balance_growth", "value": round(growth, 1), "unit": "%", "perimeter": "Fujian"}
    )
    trap = look_for("balance_growth", tables)
    assert trap.number("entrants") == 0
    assert trap.verdict == "not_found"


def test_growth_that_is_published_for_the_same_enterprises_is_silent(small_province):
    figure = {"indicator": "loan_balance_growth", "unit": "%", "perimeter": "Fujian; same enterprises on both days"}
    same = split_growth(small_province.tables, 2023).same_firm_growth
    tables = {**small_province.tables, "official_figures": official(figure | {"value": round(same, 1)})}
    assert compare(read_figures(tables["official_figures"])[0], tables).verdict == "agrees"
    assert look_for("balance_growth", tables).verdict == "not_found"


def test_the_split_by_hand_adds_up():
    # a stays (100 -> 110), b leaves (50), c comes (200), d is on both lists but reports the start only (40).
    tables = {
        "recognitions": titles(
            ("a", "srdi", "2021-01-01", "2024-12-31"),
            ("b", "srdi", "2021-01-01", "2023-06-30"),
            ("c", "srdi", "2023-03-01", "2026-02-28"),
            ("d", "srdi", "2021-01-01", "2024-12-31"),
        ),
        "accounts": accounts(
            {("a", 2022): 100.0, ("a", 2023): 110.0, ("b", 2022): 50.0, ("b", 2023): 60.0, ("c", 2022): 150.0}
            | {("c", 2023): 200.0, ("d", 2022): 40.0, ("d", 2023): None}
        ),
    }
    split = split_growth(tables, 2023)
    changes = {group.name: (group.n_enterprises, group.start, group.end) for group in split.groups}
    assert changes == {
        "incumbents": (1, 100, 110),
        "unreported": (1, 40, 0),
        "entrants": (1, 0, 200),
        "leavers": (1, 50, 0),
    }
    assert split.growth == pytest.approx((310 / 190 - 1) * 100)
    assert split.same_firm_growth == pytest.approx(10)


TOTAL = {"indicator": "recognised_total", "as_of": "2023-12-31"}


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (7, "found"),  # innovative 3 + SRDI 3 + little giant 1
        (6, "found"),  # innovative 3 + SRDI 3
        (4, "found"),  # SRDI 3 + little giant 1, while distinct enterprises are 3
        (3, "not_found"),
        (5, "not_found"),  # wrong, but not by adding up
    ],
)
def test_a_total_over_tiers_is_held_against_every_sum_of_them(value, verdict):
    trap = reconcile(province(TOTAL | {"value": value})).trap("nested_tiers")
    assert trap.verdict == verdict
    assert trap.number("distinct") == 3


def test_sessions_read_as_enterprises_are_named_too():
    rows = training(("s1", "a", "2023-05-01", 1), ("s2", "a", "2023-06-01", 1), ("s1", "b", "2023-05-01", 3))
    figure = {"indicator": "training_enterprises", "as_of": "2023-12-31"}
    verdicts = {
        value: reconcile(province(figure | {"value": value}, training=rows)).trap("times_as_firms").verdict
        for value in (5, 3, 2)
    }
    assert verdicts == {5: "found", 3: "found", 2: "not_found"}


def test_the_prime_rate_is_that_of_the_day_and_unknown_beyond_the_table():
    days = pd.Series(pd.to_datetime(["2019-01-01", "2024-07-21", "2024-07-22", "2025-05-20"]))
    assert prime_rate_on(days).tolist()[1:] == [3.45, 3.35, 3.0]
    assert pd.isna(prime_rate_on(days)[0])
    edge = pd.Series([last_known_day(), last_known_day() + pd.Timedelta(days=1)])
    assert prime_rate_on(edge).isna().tolist() == [False, True]


RATE = {"indicator": "loan_average_rate", "as_of": "2024-07-31", "value": 2.41, "unit": "%", "perimeter": "Fujian"}


def rate_trap(*rows, **figure):
    return reconcile(province(RATE | figure, loans=loans(*rows))).trap("loan_rate")


def test_a_loan_is_held_against_the_prime_rate_of_its_own_day():
    # Ceilings: 2.45 until 21 July 2024, 2.35 from 22 July on.
    dear = rate_trap(("a", "1", "2024-07-21", 100.0, 2.45), ("b", "1", "2024-07-22", 300.0, 2.36))
    assert (dear.verdict, dear.number("over"), dear.number("amount_over")) == ("found", 1, 300)
    fair = rate_trap(("a", "1", "2024-07-21", 100.0, 2.45), ("b", "1", "2024-07-22", 300.0, 2.25), value=2.35)
    assert (fair.verdict, fair.number("over")) == ("not_found", 0)
    assert fair.number("by_loan") == pytest.approx(2.35)
    assert fair.number("by_amount") == pytest.approx(2.3)
    assert (fair.number("loan_reproduces"), fair.number("amount_reproduces")) == (1, 0)


def test_loans_are_held_against_their_ceiling_though_no_mean_is_published():
    held = {**PROVINCE, "loans": loans(("a", "1", "2024-07-21", 100.0, 2.46), ("b", "1", "2024-07-20", 100.0, 2.45))}
    trap = look_for("loan_rate", {**held, "official_figures": official({})})
    assert (trap.verdict, trap.figures, trap.number("over")) == ("found", (), 1)


def test_a_published_mean_over_the_mean_ceiling_is_named_without_any_dear_loan():
    trap = rate_trap(("a", "1", "2024-07-21", 100.0, 2.2), value=2.9)
    assert (trap.verdict, trap.number("over")) == ("found", 0)


def test_a_day_that_the_table_of_prime_rates_does_not_know_is_counted_apart():
    beyond = (last_known_day() + pd.Timedelta(days=40)).date().isoformat()
    trap = rate_trap(("a", "1", "2024-07-21", 100.0, 2.4), ("b", "1", beyond, 300.0, 9.0), as_of=beyond, value=5.7)
    assert (trap.verdict, trap.number("unknown_day"), trap.number("over")) == ("not_found", 1, 0)
    alone = rate_trap(("b", "1", beyond, 300.0, 9.0), as_of=beyond, value=9.0)
    assert (alone.verdict, alone.reason) == ("cannot_be_checked", "prime_rate")


MATCHED = events(("m1", "a", "2023-05-01", 1000.0, 100.0, 50.0), ("m1", "b", "2023-05-01", 500.0, 20.0, 10.0))


@pytest.mark.parametrize(
    ("indicator", "value", "perimeter", "verdict"),
    [
        ("matching_lent", 1500, "Fujian; 2023", "found"),
        ("matching_lent", 60, "Fujian; 2023", "not_found"),
        ("matching_amount", 1500, "Fujian; 2023; intentions, not loans", "not_found"),
        ("matching_amount", 1500, "福建；2023年；放款", "found"),
    ],
)
def test_the_amount_matched_is_named_where_it_is_called_lending(indicator, value, perimeter, verdict):
    figure = {"indicator": indicator, "value": value, "unit": "万元", "perimeter": perimeter}
    assert reconcile(province(figure, matching_events=MATCHED)).trap("matched_as_lent").verdict == verdict


def test_lending_that_follows_matching_in_full_is_no_misreading():
    drawn = MATCHED.assign(drawn_amount=MATCHED["matched_amount"])
    figure = {"indicator": "matching_lent", "value": 1500, "unit": "万元", "perimeter": "Fujian; 2023"}
    assert reconcile(province(figure, matching_events=drawn)).trap("matched_as_lent").verdict == "not_found"


@pytest.mark.parametrize(
    ("as_of", "perimeter", "verdict"),
    [
        ("2022-12-31", "Fujian; effect of the loans of phase 1", "found"),
        ("2022-12-31", "福建；第一期；贷款带动", "found"),
        ("2022-12-31", "Fujian; lists of both days", "not_found"),
        ("2023-06-30", "Fujian; effect of the loans of phase 1", "not_found"),
        ("2023-06-30", "Fujian; effect of the loans of phase 2", "found"),
        ("2023-06-30", "Fujian; effect of the loans of phase 7", "cannot_be_checked"),
    ],
)
def test_growth_before_the_first_loan_is_not_its_effect(as_of, perimeter, verdict):
    figure = {"indicator": "loan_balance_growth", "as_of": as_of, "value": 50, "unit": "%", "perimeter": perimeter}
    assert reconcile(province(figure)).trap("early_growth").verdict == verdict


def shares(*rows):
    names = {"n": "little_giant_share_number", "r": "little_giant_share_revenue", "c": "little_giant"}
    return [
        {"indicator": names[kind], "as_of": f"{year}-12-31", "value": value, "unit": "%" if kind != "c" else "家"}
        for kind, year, value in rows
    ]


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        # Twice the relative size within a year.
        ([("n", 2021, 3.1), ("r", 2021, 6.2), ("n", 2022, 3.1), ("r", 2022, 12.4)], "found"),
        # The group doubled, and with it its share.
        ([("n", 2021, 3.1), ("r", 2021, 6.2), ("n", 2022, 6.2), ("r", 2022, 12.4)], "not_found"),
        ([("c", 2021, 1000), ("r", 2021, 6.2), ("c", 2022, 2000), ("r", 2022, 12.4)], "not_found"),
        ([("c", 2021, 1000), ("r", 2021, 6.2), ("c", 2022, 1000), ("r", 2022, 12.4)], "found"),
        # The same doubling spread over eight years.
        ([("n", 2014, 3.1), ("r", 2014, 6.2), ("n", 2022, 3.1), ("r", 2022, 12.4)], "not_found"),
        # Rounded to whole percents, 1 % and 2 % may be 1.49 % and 1.51 %.
        ([("n", 2021, 3.1), ("r", 2021, 1), ("n", 2022, 3.1), ("r", 2022, 2)], "not_found"),
        ([("r", 2021, 6.2), ("r", 2022, 12.4)], "cannot_be_checked"),
        ([("c", 2021, 30), ("r", 2021, 6.2), ("c", 2022, 30), ("r", 2022, 12.4)], "cannot_be_checked"),
        ([("r", 2021, 6.2)], "not_found"),
    ],
)
def test_two_shares_are_held_against_how_far_an_average_member_can_outgrow_the_whole(rows, verdict):
    assert reconcile({"official_figures": official(*shares(*rows))}).trap("unlike_shares").verdict == verdict


def test_the_public_shares_of_2024_and_2025_cannot_be_of_one_whole():
    trap = check_public_figures()
    assert trap.verdict == "found"
    assert [figure.as_of for figure in trap.figures] == [date(2024, 12, 31), date(2025, 12, 31)]
    assert trap.number("relative_first") == pytest.approx(2.0)
    assert trap.number("relative_last") == pytest.approx(2.74, abs=0.01)
    # Least growth by hand: (9.55 / 6.5) / (17,650 / 14,550) - 1 = 21.1 %.
    assert trap.number("least_growth") == pytest.approx(21.1, abs=0.1)


FAIR = loans(("a", "1", "2023-02-01", 100.0, 2.6), ("b", "1", "2023-11-30", 300.0, 2.2))


def test_nothing_is_found_and_nothing_fails_where_no_figure_invites_a_misreading():
    assert {trap.verdict for trap in reconcile(province({}, loans=FAIR)).traps} == {"not_found"}


def test_a_misreading_whose_table_is_absent_says_so():
    growth = {"indicator": "loan_balance_growth", "value": 50, "unit": "%"}
    trap = reconcile({**PROVINCE, "official_figures": official(growth)}).trap("balance_growth")
    assert (trap.verdict, trap.reason) == ("cannot_be_checked", "accounts")
