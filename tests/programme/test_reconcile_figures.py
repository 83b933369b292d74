"""Each figure meets its recount on the perimeter that it states, and a verdict says which one reproduces it."""

import pytest
from reconcile_frames import accounts, province

from sme_research.errors import DataError
from sme_research.programme.reconcile import INDICATORS, find_indicator, public_figures, read_perimeter, reconcile
from sme_research.programme.reconcile.bounds import reproduces


def verdict(figure, **tables):
    return reconcile(province(figure, **tables)).comparisons[0]


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Fujian", {}),
        ("Fujian without Xiamen; phase 2", {"xiamen": "without", "phase": "2"}),
        ("福建不含厦门；第二期", {"xiamen": "without", "phase": "2"}),
        ("全省，含厦门；有效期内", {"xiamen": "with", "standing": "in_force"}),
        ("Fujian; in force, with Xiamen", {"xiamen": "with", "standing": "in_force"}),
        ("福建；累计认定", {"standing": "ever"}),
        ("Quanzhou", {"place": "350500"}),
        ("泉州；有效期内", {"place": "350500", "standing": "in_force"}),
        ("平潭", {"place": "350128"}),
        ("Pingtan", {"place": "350128"}),
        ("China; 100 counties", {"place": "china"}),
        ("Fujian; 100 nationwide", {}),
        ("Fujian; phases 4 and 5 together", {"phase": "4,5"}),
        ("Fujian; designated in 2025", {"span": "year", "year": "2025"}),
        (
            "Fujian; matched in 2023: intention, not disbursement",
            {"stage": "matched", "span": "year", "year": "2023"},
        ),
        ("Fujian; 2023; intentions, not loans", {"stage": "matched", "span": "year", "year": "2023"}),
        ("福建；2023年；放款", {"stage": "drawn", "span": "year", "year": "2023"}),
        ("Fujian; cumulative status, contains srdi", {"nesting": "nested"}),
        ("Fujian; Xiamen included or not is not said", {}),
        ("Fujian; cumulative", {"standing": "ever", "span": "cumulative", "phase": "all"}),
    ],
)
def test_a_perimeter_is_read_in_both_languages(text, stated):
    assert read_perimeter(text).stated == stated


@pytest.mark.parametrize(
    ("text", "unread", "understood"),
    [
        ("Fujian; in force, with Xiamen", (), True),
        ("Fujian; lists of both days, so with entrants", (), True),
        ("Fujian; province, an enterprise", (), True),
        ("全省，含厦门；有效期内", (), True),
        ("福建；第一、二期", (), True),
        ("", (), True),
        ("Fujian; blah, in force; foo", ("blah", "foo"), True),
        ("泉州；有效期内，甲乙丙", ("甲乙丙",), True),
        ("Zhejiang; in force", ("Zhejiang",), True),
        ("Fujian; cumulative; 2023", ("2023",), True),  # a stock has no calendar year
        ("some 1,000 of them; foo", ("some 1,000 of them", "foo"), False),
        ("blah; foo", ("blah", "foo"), False),
        ("甲乙；丙", ("甲乙", "丙"), False),
    ],
)
def test_parts_of_a_perimeter_that_are_not_understood_are_kept(text, unread, understood):
    read = read_perimeter(text)
    assert (read.unread, read.understood) == (unread, understood)


@pytest.mark.parametrize(
    ("value", "bound", "kind", "recount", "fits"),
    [
        (626, "exact", "count", 626, True),
        (626, "exact", "count", 627, False),
        (2.29, "exact", "percent", 2.2949, True),
        (2.29, "exact", "percent", 2.2951, False),
        (63.9, "exact", "percent", 63.95, True),
        (63.9, "exact", "percent", 63.96, False),
        (10_495_000, "exact", "money", 10_495_499, True),  # printed as 1,049.5 亿元
        (10_495_000, "exact", "money", 10_495_501, False),
        (20, "exact", "money", 20.5, True),
        (20, "exact", "money", 20.6, False),
        (6300, "at_least", "count", 6300, True),
        (6300, "at_least", "count", 6299, False),
        (6300, "at_least", "count", 6930, True),  # a tenth above
        (6300, "at_least", "count", 6931, False),
        (100, "at_least", "count", 200, True),
        (100, "at_least", "count", 201, False),
        (100, "about", "count", 90, True),
        (100, "about", "count", 89, False),
        (800_000, "about", "money", 750_000, True),
        (800_000, "about", "money", 749_999, False),
        (0, "exact", "count", 0, True),
    ],
)
def test_a_figure_reaches_as_far_as_its_digits_and_its_bound_say(value, bound, kind, recount, fits):
    assert reproduces(value, bound, kind, recount) is fits


def test_titles_in_force_with_xiamen_are_what_a_silent_perimeter_means():
    found = verdict({"value": 3})
    assert (found.verdict, found.recount, found.difference, found.departs) == ("agrees", 3, 0, ())


@pytest.mark.parametrize(
    ("value", "perimeter", "reading", "departs"),
    [
        (2, "Fujian", {"xiamen": "without"}, ("xiamen",)),
        (4, "Fujian", {"standing": "ever"}, ("standing",)),
        (4, "Fujian; in force", {"standing": "ever"}, ("standing",)),
    ],
)
def test_another_perimeter_that_reproduces_a_figure_is_named(value, perimeter, reading, departs):
    found = verdict({"value": value, "perimeter": perimeter})
    assert found.verdict == "explained_by_perimeter"
    assert found.departs == departs
    assert reading.items() <= found.reading.items()


def test_what_is_left_open_is_filled_in_before_what_is_stated_is_doubted():
    # Of "without Xiamen", 3 SRDI were ever recognised; with Xiamen, 3 are in force.
    found = verdict({"value": 3, "perimeter": "Fujian without Xiamen"})
    assert (found.verdict, found.departs) == ("explained_by_perimeter", ("standing",))


@pytest.mark.parametrize(
    ("perimeter", "value"),
    [
        ("Fujian without Xiamen; in force", 2),
        ("福建，不含厦门；有效期内", 2),
        ("福建；累计认定", 4),
        ("Quanzhou", 1),
        ("厦门", 1),
    ],
)
def test_a_stated_perimeter_is_the_one_that_is_counted(perimeter, value):
    assert verdict({"value": value, "perimeter": perimeter}).verdict == "agrees"


def test_a_figure_that_no_perimeter_reproduces_contradicts():
    found = verdict({"value": 17})
    assert (found.verdict, found.recount, found.difference) == ("contradicts", 3, 14)


@pytest.mark.parametrize(
    ("figure", "tables", "reason"),
    [
        ({"perimeter": "China"}, {}, "other_place"),
        ({"value": 3, "perimeter": "blah; foo"}, {}, "perimeter"),
        ({"indicator": "pandas"}, {}, "unknown_indicator"),
        ({"indicator": "award_share_of_fund", "unit": "fraction"}, {}, "no_recount"),
        ({}, {"recognitions": None}, "no_table"),
        ({"perimeter": "Quanzhou"}, {"enterprises": None}, "no_table"),
        ({"unit": "万元"}, {}, "unit"),
        ({"unit": "万家"}, {}, "unit"),
        ({"unit": "bananas"}, {}, "unit"),
        ({"indicator": "loan_balance", "unit": "enterprises"}, {"accounts": accounts({("a", 2023): 1.0})}, "unit"),
        ({"as_of": "2025-06-30"}, {}, "beyond_data"),
        ({"as_of": "2015-06-30"}, {}, "beyond_data"),
        ({"indicator": "loan_beneficiaries", "perimeter": "Fujian; phase 9"}, {}, "no_rows"),
        ({"indicator": "listed"}, {}, "no_rows"),
        (
            {"indicator": "loan_balance", "unit": "万元", "as_of": "2023-06-30"},
            {"accounts": accounts({("a", 2023): 1.0})},
            "no_year_end",
        ),
    ],
)
def test_what_cannot_be_checked_says_why(figure, tables, reason):
    found = verdict(figure, **tables)
    assert (found.verdict, found.reason) == ("cannot_be_checked", reason)
    assert found.recount is None


def test_a_figure_is_compared_by_what_was_understood_of_its_perimeter_and_keeps_the_rest():
    found = verdict({"value": 3, "perimeter": "Fujian; in force; blah"})
    assert (found.verdict, found.figure.unread, found.details) == ("agrees", ("blah",), ())
    found = verdict({"value": 3, "perimeter": "blah; foo"})
    assert (found.figure.unread, found.details) == (("blah", "foo"), ("blah", "foo"))


def test_a_perimeter_without_xiamen_is_not_tried_where_places_are_not_known():
    found = verdict({"value": 2}, enterprises=None)  # a and b hold no higher title
    assert found.departs == ("nesting",)


def test_loans_are_counted_by_phase_and_weighted_as_stated():
    rate = {"indicator": "loan_average_rate", "unit": "%", "as_of": "2023-12-31"}
    by_loan = verdict({**rate, "value": 2.4, "perimeter": "Fujian; phase 1, mean over loans"})
    by_yuan = verdict({**rate, "value": 2.3, "perimeter": "福建；第一期；按金额加权"})  # (260 + 660) / 400
    assert (by_loan.verdict, by_yuan.verdict) == ("agrees", "agrees")
    assert verdict({**rate, "value": 2.3, "perimeter": "Fujian; phase 1"}).departs == ("weighting",)
    borrowers = {"indicator": "loan_beneficiaries", "value": 3, "perimeter": "Fujian; phase 1"}
    assert verdict(borrowers).departs == ("phase",)


def test_amounts_may_be_printed_in_yi_and_shares_as_fractions():
    figure = {"indicator": "loan_facility_scale", "as_of": "2023-12-31", "value": 0.09, "unit": "亿元"}
    assert verdict(figure).verdict == "agrees"
    share = {"indicator": "loan_reach_share", "value": 1.0, "unit": "fraction"}
    assert verdict(share).verdict == "agrees"


def test_names_of_the_demo_and_of_the_public_figures_are_one():
    assert find_indicator("srdi_count") is find_indicator("srdi") is INDICATORS["srdi"]
    assert all(find_indicator(figure.indicator) is not None for figure in public_figures())


def test_every_planted_figure_of_the_demo_agrees(small_province):
    found = reconcile(small_province.tables)
    assert len(found.comparisons) == len(small_province.tables["official_figures"]) > 20
    assert {entry.figure.indicator for entry in found.comparisons if entry.verdict != "agrees"} == set()


def test_without_official_figures_there_is_nothing_to_reconcile():
    with pytest.raises(DataError, match="no table official_figures"):
        reconcile({})
