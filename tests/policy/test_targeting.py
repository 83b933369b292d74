"""Who is reached: eligibility, leakage, quotients and need by hand; the public edition gives nobody away."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sme_research.policy.targeting import assess_all, assess_targeting, gini, publish_targeting
from sme_research.present.parts.mix import (
    describe_needs,
    plot_reach,
    tabulate_needs,
    tabulate_reach,
    tabulate_reach_groups,
)
from sme_research.synthetic import WorldSpec, make_province
from sme_research.tables import tables_from_frames

ON = "2024-04-30"


@pytest.fixture(scope="module")
def frames():
    return make_province(WorldSpec(n_enterprises=1_200)).tables


@pytest.fixture(scope="module")
def tables(frames):
    return tables_from_frames(frames, made_up=True)


def small(titles, loans, *, cities=None, employees=None):
    """Titles as (who, from, until), loans as (who, day); four enterprises A to D and whoever is in ``cities``."""
    ids = list(cities or dict.fromkeys("ABCD", "350100"))
    frames = {
        "enterprises": pd.DataFrame(
            {
                "enterprise_id": ids,
                "city_code": [(cities or {}).get(name, "350100") for name in ids],
                "industry_code": "39",
            }
        ),
        "accounts": pd.DataFrame(
            [
                {"enterprise_id": name, "year": 2023, "revenue": 100.0, "employees": (employees or {}).get(name, 50)}
                for name in ids
            ]
        ),
        "recognitions": pd.DataFrame(
            [
                {"enterprise_id": who, "tier": "srdi", "granted_on": since, "expires_on": until}
                for who, since, until in titles
            ]
        ),
        "loans": pd.DataFrame(
            [
                {
                    "loan_id": f"L{at}",
                    "enterprise_id": who,
                    "phase": "1",
                    "drawn_on": day,
                    "amount": 100.0,
                    "rate": 2.0,
                }
                for at, (who, day) in enumerate(loans)
            ]
        ),
    }
    return tables_from_frames(frames)


def test_reach_is_of_those_eligible_on_the_day():
    titles = [("A", "2022-01-01", "2025-01-01"), ("B", "2022-01-01", "2025-01-01"), ("C", "2020-01-01", "2023-01-01")]
    found = assess_targeting(small(titles, [("A", "2024-02-01")]), "loan_subsidy", ON)
    # C's title is over, D never had one.
    assert (found.n_eligible, found.n_reached, found.reach) == (2, 1, 0.5)
    assert (found.n_recipients, found.n_leaked, found.leakage) == (1, 0, 0.0)


def test_a_title_that_ends_or_begins_on_the_wrong_side_of_the_loan_is_a_leak():
    titles = [
        ("A", "2024-02-02", "2027-02-02"),
        ("B", "2021-02-01", "2024-01-31"),
        ("C", "2024-02-01", "2027-02-01"),
    ]
    loans = [(who, "2024-02-01") for who in "ABCD"]
    found = assess_targeting(small(titles, loans), "loan_subsidy", ON)
    # A a day too early, B the day after the last of validity, D without any; C on the day of the grant is in time.
    assert (found.n_recipients, found.n_leaked, found.leakage) == (4, 3, 0.75)


def test_a_loan_where_the_scheme_does_not_apply_is_a_leak_and_its_holder_not_eligible():
    titles = [(who, "2022-01-01", "2025-01-01") for who in "AB"]
    tables = small(titles, [("A", "2024-02-01"), ("B", "2024-02-01")], cities={"A": "350100", "B": "350200"})
    found = assess_targeting(tables, "loan_subsidy", ON)
    assert (found.n_eligible, found.n_leaked) == (1, 1)


def test_quotients_by_hand():
    # Six in Fuzhou, two in Quanzhou; two and two are reached: shares 6/8 and 2/8 against 2/4 and 2/4.
    cities = {f"F{n}": "350100" for n in range(6)} | {f"Q{n}": "350500" for n in range(2)}
    titles = [(who, "2022-01-01", "2025-01-01") for who in cities]
    loans = [(who, "2024-02-01") for who in ("F0", "F1", "Q0", "Q1")]
    found = assess_targeting(small(titles, loans, cities=cities), "loan_subsidy", ON)
    by_city = {each.group: each for each in found.groups if each.by == "city"}
    assert by_city["350100"].quotient == pytest.approx(0.5 / 0.75)
    assert by_city["350500"].quotient == pytest.approx(0.5 / 0.25)
    assert by_city["350500"].reach == 1.0


@pytest.mark.parametrize(
    ("employees", "size"), [(19, "micro"), (20, "small"), (299, "small"), (300, "medium"), (1000, "large")]
)
def test_sizes_begin_at_their_lower_bound(employees, size):
    tables = small([("A", "2022-01-01", "2025-01-01")], [("A", "2024-02-01")], employees={"A": employees})
    groups = assess_targeting(tables, "loan_subsidy", ON).groups
    assert [each.group for each in groups if each.by == "size"] == [size]


def test_groups_of_each_kind_sum_to_all(tables):
    for found in assess_all(tables, ON):
        for by in ("tier", "size"):
            mine = [each for each in found.groups if each.by == by]
            assert sum(each.n_eligible for each in mine) == found.n_eligible
            assert sum(each.n_reached for each in mine) == found.n_reached


def test_nobody_in_the_made_up_province_is_reached_against_the_rules(tables):
    """The province draws loans among title holders outside Xiamen, members on their cluster's ground."""
    assert {found.instrument: found.n_leaked for found in assess_all(tables, ON)}["loan_subsidy"] == 0
    assert assess_targeting(tables, "cluster_membership", ON).n_leaked == 0


def test_leaks_that_are_planted_are_counted(frames):
    titles = frames["recognitions"]
    borrowers = frames["loans"]["enterprise_id"].drop_duplicates().head(7)
    without = titles[~titles["enterprise_id"].isin(borrowers)]
    found = assess_targeting(
        tables_from_frames({**frames, "recognitions": without}, made_up=True), "loan_subsidy", ON
    )
    early = frames["loans"].groupby("enterprise_id")["drawn_on"].min() <= pd.Timestamp(ON)
    assert found.n_leaked == int(early[borrowers].sum())


def test_need_counts_those_newly_reached_among_those_who_waited(tables, frames):
    found = assess_targeting(tables, "training", ON)
    small_need = next(need for need in found.needs if need.name == "small")
    trained = frames["training"].groupby("enterprise_id")["held_on"].min()
    accounts = frames["accounts"]
    reports = accounts.loc[accounts["year"].between(2023, 2024), "enterprise_id"].unique()
    waiting = [who for who in reports if not (who in trained.index and trained[who] < pd.Timestamp("2023-05-01"))]
    staff = accounts[accounts["year"] == 2022].set_index("enterprise_id")["employees"].reindex(waiting).dropna()
    few = staff[staff <= staff.median()]
    newly = [who in trained.index and trained[who] <= pd.Timestamp(ON) for who in few.index]
    assert (small_need.n_with, small_need.n_without) == (len(few), len(staff) - len(few))
    assert small_need.reach_with == pytest.approx(np.mean(newly))
    assert small_need.low < small_need.difference < small_need.high


def test_the_interval_of_a_difference_is_newcombes():
    """56/70 against 48/80: 0.2 with 0.0524 to 0.3339 (Newcombe 1998, Statistics in Medicine 17, method 10)."""
    from sme_research.policy.targeting import _compared

    need = _compared("x", (56, 70), (48, 80))
    assert (need.difference, need.low, need.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_gini_by_hand():
    assert gini(np.array([1.0, 1.0, 1.0])) == pytest.approx(0)
    assert gini(np.array([0.0, 0.0, 0.0, 1.0])) == pytest.approx(0.75)
    # Uniform on 0 to 1: a third.
    assert gini(stats.uniform.ppf((np.arange(10_000) + 0.5) / 10_000)) == pytest.approx(1 / 3, abs=1e-4)


def test_the_public_edition_tells_no_few_and_only_tens(tables):
    exact = {each.instrument: each for each in assess_all(tables, ON)}
    for found in assess_all(tables, ON, edition="public"):
        counts = [found.n_eligible, found.n_reached, found.n_recipients, found.n_leaked]
        counts += [number for each in found.groups for number in (each.n_eligible, each.n_reached)]
        counts += [number for need in found.needs for number in (need.n_with, need.n_without)]
        assert not [number for number in counts if number is not None and number % 10]
        for each, own in zip(found.groups, exact[found.instrument].groups, strict=True):
            if 0 < own.n_reached < 10:
                assert (each.n_reached, each.share_reached, each.quotient, each.reach) == (None,) * 4
            if 0 < own.n_eligible - own.n_reached < 10:
                assert each.reach is None
    assert any(0 < each.n_reached < 10 for found in exact.values() for each in found.groups)


def test_public_shares_follow_from_public_counts(tables):
    found = publish_targeting(assess_targeting(tables, "training", ON))
    assert found.reach == found.n_reached / found.n_eligible
    for each in found.groups:
        if each.share_eligible is not None:
            assert each.share_eligible == min(each.n_eligible / found.n_eligible, 1.0)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("edition", ["internal", "public"])
def test_tables_and_pictures_are_made_in_both_languages_and_editions(tables, lang, edition):
    found = assess_all(tables, ON, edition=edition)
    assert len(tabulate_reach(found, lang).rows) == len(found)
    told = [each for each in found if each.instrument in ("loan_subsidy", "training")]
    assert len(tabulate_needs(told, lang).rows) == 2 + sum(len(each.needs) for each in told)
    assert str(describe_needs(told, lang)).count("\n") == 1
    for each in told:
        assert plot_reach(each, lang).alt
        rows = tabulate_reach_groups(each, lang).rows
        assert len(rows) == len(each.groups) + 3
