"""What an outsider can work out, checked by hand and against other ways to work it out."""

import numpy as np
import pandas as pd
import pytest
from outsider import every_table, ranges_in_frame

from sme_research.disclosure import Range, Relation, attack
from sme_research.errors import StudyError

# Fischetti and Salazar (2000), Models and algorithms for optimizing cell suppression in tabular data with linear
# constraints, JASA 95: investment by activity and region, with four cells withheld to protect (II, C).
TEXTBOOK = {
    ("I", "A"): 20, ("I", "B"): 50, ("I", "C"): 10, ("I", "total"): 80,
    ("II", "A"): None, ("II", "B"): 19, ("II", "C"): None, ("II", "total"): 49,
    ("III", "A"): None, ("III", "B"): 32, ("III", "C"): None, ("III", "total"): 61,
    ("total", "A"): 45, ("total", "B"): 101, ("total", "C"): 44, ("total", "total"): 190,
}  # fmt: skip
ROWS, COLUMNS = ("I", "II", "III", "total"), ("A", "B", "C", "total")


def textbook():
    published = {f"{row} {column}": TEXTBOOK[row, column] for row in ROWS for column in COLUMNS}
    relations = [Relation(f"{row} total", tuple(f"{row} {column}" for column in "ABC")) for row in ROWS]
    relations += [Relation(f"total {column}", tuple(f"{row} {column}" for row in ROWS[:-1])) for column in COLUMNS]
    return published, relations


def test_the_range_of_the_textbook_table_is_the_one_worked_out_by_hand():
    # Row II leaves 30 for A and C, row III 29; column A 25, column C 34. So C of II is at most 30, and at
    # least 34 - 29 = 5, where C of III is 29.
    ranges = attack(*textbook(), least=0.0)
    assert ranges["II C"] == Range(5, 30)
    assert ranges["II A"] == Range(0, 25)
    assert ranges["III A"] == Range(0, 25)
    assert ranges["III C"] == Range(4, 29)


def test_who_knows_that_a_mark_hides_somebody_knows_a_little_more():
    assert attack(*textbook())["II C"] == Range(6, 29)


def test_a_single_withheld_cell_is_no_secret():
    published = {"a": 7.0, "b": None, "total": 12.0}
    assert attack(published, [Relation("total", ("a", "b"))]) == {"b": Range(5, 5)}


def test_without_a_relation_nothing_limits_a_cell():
    assert attack({"a": None, "b": 3.0}, []) == {"a": Range(1, np.inf)}


def test_whole_numbers_can_give_away_what_fractions_do_not():
    # x + y, y + z and x + z are even and shown: with whole numbers x is still free, but x + y + z = 9 leaves 3 each.
    published = {"x": None, "y": None, "z": None, "xy": 6.0, "yz": 6.0, "xz": 6.0}
    pairs = [Relation("xy", ("x", "y")), Relation("yz", ("y", "z")), Relation("xz", ("x", "z"))]
    assert attack(published, pairs)["x"] == Range(3, 3)
    # Twice x plus y is 3: a half would do, a whole number of 1 or more is 1.
    twice = attack({"x": None, "y": None, "s": 3.0}, [Relation("s", ("x", "x", "y"))])
    assert twice["x"] == Range(1, 1)
    halves = attack({"x": None, "y": None, "s": 4.5}, [Relation("s", ("x", "x", "y"))], whole=False)
    assert halves["x"] == Range(1, 1.75)


def test_amounts_that_may_be_negative_have_no_end():
    ranges = attack({"a": None, "b": None, "t": 5.0}, [Relation("t", ("a", "b"))], whole=False, least=-np.inf)
    assert ranges["a"] == Range(-np.inf, np.inf)


def test_published_numbers_that_contradict_each_other_are_refused():
    with pytest.raises(StudyError, match="contradict"):
        attack({"a": None, "b": 9.0, "t": 5.0}, [Relation("t", ("a", "b"))])


def test_the_attack_agrees_with_every_table_counted_and_with_the_null_space():
    shown = pd.DataFrame(
        [["*", "*", 12, 20], ["*", "*", 30, 42], [9, 11, 13, 33], [16, 24, 55, 95]],
        index=["a", "b", "c", "total"], columns=["x", "y", "z", "total"], dtype=object,
    )  # fmt: skip
    published = {f"{r} {c}": None if shown.loc[r, c] == "*" else shown.loc[r, c] for r in shown.index for c in shown}
    relations = [Relation(f"{r} total", tuple(f"{r} {c}" for c in "xyz")) for r in shown.index]
    relations += [Relation(f"total {c}", tuple(f"{r} {c}" for r in "abc")) for c in shown]
    tables = list(every_table(shown))
    assert tables
    by_null_space = ranges_in_frame(shown)
    for name, found in attack(published, relations).items():
        cell = tuple(name.split())
        values = [table[cell] for table in tables]
        assert (found.low, found.high) == (min(values), max(values))
        assert by_null_space[cell] == pytest.approx((found.low, found.high))
