"""Combinations of instruments by hand, their sums, and what the public edition withholds."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from sme_research.errors import StudyError
from sme_research.policy.combinations import count_combinations
from sme_research.present.parts.mix import plot_combinations, tabulate_combinations, tabulate_numbers
from sme_research.present.show import Picture
from sme_research.tables import tables_from_frames


def small(loans, training, n=6, **more):
    """``n`` enterprises E0, E1 …; who borrowed and who trained on which day."""
    ids = [f"E{number}" for number in range(n)]
    titles = [{"enterprise_id": name, "tier": "srdi", "granted_on": "2019-01-01"} for name in ids]
    accounts = [
        {"enterprise_id": name, "year": year, "revenue": 100.0, "employees": 50}
        for name in ids
        for year in (2022, 2023)
    ]
    frames = {
        "enterprises": pd.DataFrame({"enterprise_id": ids, "city_code": "350100", "industry_code": "39"}),
        "accounts": pd.DataFrame(accounts),
        "recognitions": pd.DataFrame(titles),
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
        "training": pd.DataFrame(
            [
                {"session_id": f"T{at}", "enterprise_id": who, "held_on": day, "participants": 1}
                for at, (who, day) in enumerate(training)
            ]
        ),
    }
    return tables_from_frames({**frames, **more})


LOANS = [("E0", "2023-03-01"), ("E1", "2023-05-01"), ("E1", "2023-06-01"), ("E2", "2024-06-01")]
TRAINING = [("E0", "2020-03-01"), ("E1", "2023-05-01"), ("E3", "2023-01-01"), ("E9", "2023-01-01")]


def told(found):
    return {each.instruments: each.n for each in found.combinations}


def test_each_enterprise_is_in_one_combination_by_the_day():
    found = count_combinations(
        small(LOANS, TRAINING, n=10), on="2024-04-30", instruments=("loan_subsidy", "training")
    )
    both = next(names for names in told(found) if len(names) == 2)
    assert set(both) == {"loan_subsidy", "training"}
    assert told(found) == {both: 2, ("training",): 2}
    assert (found.n_enterprises, found.n_none, found.by_number) == (10, 6, (6, 2, 2))
    assert found.received == {"training": 4, "loan_subsidy": 2}


def test_a_receipt_after_the_day_does_not_count_and_one_on_it_does():
    tables = small(LOANS, TRAINING, n=10)
    assert count_combinations(tables, on=date(2024, 6, 1)).received["loan_subsidy"] == 3
    assert count_combinations(tables, on=date(2024, 5, 31)).received["loan_subsidy"] == 2


def test_over_years_only_what_was_received_within_them_counts():
    found = count_combinations(small(LOANS, TRAINING, n=10), years=(2023, 2023))
    # E0 trained in 2020 only.
    assert found.received == {"training": 3, "loan_subsidy": 2}
    assert found.by_number == (6, 3, 1)


def test_who_received_but_does_not_report_is_told_apart():
    found = count_combinations(small(LOANS, TRAINING, n=10), on="2026-04-30")
    # Nobody has accounts of 2025 or 2026; E0 to E3 and E9 had received something.
    assert (found.n_enterprises, found.n_outside) == (0, 5)
    assert found.combinations == ()


def test_combinations_sum_to_all_and_the_rest_is_what_is_not_told():
    found = count_combinations(small(LOANS, TRAINING, n=10), on="2024-04-30", shown=1)
    assert found.n_none + sum(told(found).values()) + found.rest == found.n_enterprises
    assert (len(found.combinations), found.n_rest_kinds) == (1, 1)


def test_the_public_edition_tells_no_few_and_counts_in_tens():
    loans = [(f"E{number}", "2023-03-01") for number in range(33)]
    training = [(f"E{number}", "2023-03-01") for number in range(28, 60)]
    found = count_combinations(small(loans, training, n=99), on="2024-04-30", edition="public")
    # 28 borrowed only, 5 both, 27 trained only.
    assert told(found) == {("loan_subsidy",): 30, ("training",): 30}
    assert (found.rest, found.n_rest_kinds) == (None, 1)
    # 39 none, 55 one (an even ten is nearest to 5.5 tens), 5 both.
    assert found.by_number == (40, 60, None)
    assert found.received == {"loan_subsidy": 30, "training": 30}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "either a day"),
        ({"on": "2024-04-30", "years": (2020, 2021)}, "either a day"),
        ({"on": "soon"}, "must be a day"),
        ({"years": (2022, 2020)}, "begin before they end"),
        ({"on": "2024-04-30", "instruments": ("tea",)}, "not known"),
        ({"on": "2024-04-30", "instruments": ("coaching",)}, "do not record 'coaching'"),
    ],
)
def test_what_cannot_be_counted_is_refused(asked, message):
    with pytest.raises(StudyError, match=message):
        count_combinations(small(LOANS, TRAINING), **asked)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("edition", ["internal", "public"])
def test_picture_and_tables_are_made_in_both_languages_and_editions(lang, edition):
    loans = [(f"E{number}", "2023-03-01") for number in range(30)]
    tables = small(loans, [*TRAINING, ("E7", "2023-01-01")], n=40)
    found = count_combinations(tables, on="2024-04-30", edition=edition)
    picture = plot_combinations(found, lang)
    assert isinstance(picture, Picture)
    assert picture.png.startswith(b"\x89PNG")
    assert len(picture.data) == len(found.combinations) + 1
    for table in (tabulate_combinations(found, lang), tabulate_numbers(found, lang)):
        assert all(len(row) == len(table.head) for row in table.rows)
    assert ("*" in tabulate_numbers(found, lang)._repr_html_()) == (edition == "public")
