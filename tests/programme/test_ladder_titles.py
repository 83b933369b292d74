"""Grants become titles: a new grant near the expiry renews, one far later is a return, one far earlier repeats."""

from datetime import date

import pandas as pd
import pytest
from ladder_cases import grants

from sme_research.errors import StudyError
from sme_research.programme.ladder import Tolerance, chain_titles, count_renewals

DAY = date(2024, 12, 31)
TOLERANCE = Tolerance(before=365, after=100)


def fates(*rows):
    titles = chain_titles(grants(*rows), data_day=DAY, tolerance=TOLERANCE)
    return [tuple(row) for row in titles.frame[["spell", "turn", "fate"]].itertuples(index=False)]


@pytest.mark.parametrize(
    ("second", "wanted"),
    [
        ("2021-03-01", [(0, 0, "renewed"), (0, 1, "lapsed")]),
        ("2021-06-09", [(0, 0, "renewed"), (0, 1, "lapsed")]),  # the hundredth day after the expiry
        ("2021-06-10", [(0, 0, "lapsed"), (1, 0, "lapsed")]),
        ("2020-03-01", [(0, 0, "renewed"), (0, 1, "lapsed")]),  # 365 days before it
        ("2020-02-29", [(0, 0, "lapsed")]),  # repeats the title and extends it
    ],
)
def test_a_grant_renews_within_the_tolerance_to_the_day(second, wanted):
    assert fates(("A", "srdi", "2018-03-01", None), ("A", "srdi", second, None)) == wanted


def test_a_title_that_expired_lately_is_open_until_a_renewal_can_come_no_more():
    # Expiry and a hundred days of grace: 22 September is over on 31 December, 23 September is not.
    assert fates(("A", "srdi", "2021-09-22", None)) == [(0, 0, "lapsed")]
    assert fates(("A", "srdi", "2021-09-23", None)) == [(0, 0, "open")]


def test_a_list_published_twice_makes_no_second_title():
    titles = chain_titles(grants(("A", "srdi", "2022-03-01", None), ("A", "srdi", "2022-05-01", None)), data_day=DAY)
    assert len(titles.frame) == 1
    assert titles.n_repeats == 1
    assert titles.frame["expires_on"][0] == pd.Timestamp("2025-05-01")


def test_a_title_without_an_end_gets_three_years_and_is_counted():
    rows = grants(("A", "srdi", "2022-03-01", None)).assign(expires_on=pd.NaT)
    titles = chain_titles(rows, data_day=DAY)
    assert titles.n_assumed == 1
    assert titles.frame["expires_on"][0] == pd.Timestamp("2025-03-01")


def test_tiers_and_enterprises_are_chained_apart():
    rows = [("A", "srdi", "2018-03-01", None), ("A", "little_giant", "2021-03-01", None)]
    assert fates(*rows, ("B", "srdi", "2021-03-01", None)) == [(0, 0, "lapsed"), (0, 0, "lapsed"), (0, 0, "lapsed")]


def test_renewal_counts_full_terms_whose_fate_is_known():
    # Four granted in 2018: renewed, lapsed, ended early, and one granted so late that it is still pending.
    titles = chain_titles(
        grants(
            ("A", "srdi", "2018-03-01", None),
            ("A", "srdi", "2021-03-05", None),
            ("B", "srdi", "2018-03-01", None),
            ("C", "srdi", "2018-03-01", "2019-07-01"),
            ("D", "srdi", "2021-11-01", None),
        ),
        data_day=DAY,
        tolerance=TOLERANCE,
    )
    rows = {(row.cohort): row for row in count_renewals(titles)}
    assert (rows[2018].due, rows[2018].renewed, rows[2018].ended_early) == (2, 1, 1)
    assert rows[2018].share == 0.5
    # Clopper-Pearson of 1 in 2: 1 - sqrt(0.975) to sqrt(0.975).
    assert rows[2018].ci_low == pytest.approx(1 - 0.975**0.5)
    assert rows[2018].ci_high == pytest.approx(0.975**0.5)
    assert (rows[2021].due, rows[2021].pending) == (1, 1)


@pytest.mark.parametrize("days", [-1, 3 * 365])
def test_a_tolerance_without_sense_is_refused(days):
    with pytest.raises(StudyError, match=f"after is {days} days"):
        Tolerance(after=days)


def test_a_day_before_the_first_grant_is_refused():
    with pytest.raises(StudyError, match="no grant up to 2017-12-31"):
        chain_titles(grants(("A", "srdi", "2018-03-01", None)), data_day=date(2017, 12, 31))
