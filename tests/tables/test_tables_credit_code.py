"""Credit codes: the standard's arithmetic, an independent implementation, and what must be caught."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from sme_research.tables import are_valid, check_character, have_shape, make_codes, normalise
from sme_research.tables.credit_code import ALPHABET, UNALLOCATED_AREA

WORKED_EXAMPLE = "91110000600037341L"

bodies = st.builds(
    "".join,
    st.tuples(st.text("0123456789", min_size=8, max_size=8), st.text(ALPHABET, min_size=9, max_size=9)),
)


def test_the_worked_example_of_the_standard_holds():
    # Weighted sum 538, 538 mod 31 = 11, 31 - 11 = 20, and L has the value 20.
    assert check_character([WORKED_EXAMPLE[:-1]]).tolist() == ["L"]
    assert are_valid([WORKED_EXAMPLE]).tolist() == [True]


@given(st.lists(bodies, min_size=1, max_size=20))
def test_check_characters_agree_with_python_stdnum(bodies):
    assert check_character(bodies).tolist() == [uscc.calc_check_digit(body) for body in bodies]


@given(bodies, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_every_change_of_one_character_is_caught(body, place, character):
    code = body + str(check_character([body])[0])
    changed = code[:place] + character + code[place + 1 :]
    assert are_valid([changed]).item() is (changed == code)


@given(bodies, st.integers(0, 16))
def test_every_swap_of_neighbours_is_caught(body, place):
    code = body + str(check_character([body])[0])
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert are_valid([swapped]).item() is (swapped == code)


def test_all_changes_of_the_worked_example_are_caught():
    changed = [
        WORKED_EXAMPLE[:place] + character + WORKED_EXAMPLE[place + 1 :]
        for place in range(18)
        for character in ALPHABET
        if character != WORKED_EXAMPLE[place]
    ]
    assert len(changed) == 18 * 30
    assert not are_valid(changed).any()


@pytest.mark.parametrize(
    "typed",
    [
        "91110000600037341l",
        " 9 1 110000 600037341L",
        "９１１１００００６０００３７３４１Ｌ",
        "91-110000-600037341L",
    ],
)
def test_lower_case_full_width_and_spaces_are_normalised(typed):
    assert normalise(typed) == WORKED_EXAMPLE


@pytest.mark.parametrize("text", ["", "9111000060003734", "91110000600037341I", "company-000000001x", None])
def test_other_texts_have_no_shape_and_are_not_valid(text):
    assert not have_shape([text]).any()
    assert not are_valid([text]).any()


def test_made_codes_hold_for_both_standards():
    codes = make_codes(UNALLOCATED_AREA, np.arange(2000) * 49_999)
    assert are_valid(codes).all()
    assert len(set(codes)) == 2000
    assert all(uscc.is_valid(code) for code in codes[:200])
    assert {code[:8] for code in codes} == {"91350199"}


def test_the_organisation_code_of_the_worked_example_is_rebuilt():
    assert make_codes("110000", ["60003734"]).tolist() == [WORKED_EXAMPLE]


@pytest.mark.parametrize("subjects", [np.array([-1]), np.array([10**8]), ["1234567"], ["1234567I"]])
def test_a_wrong_organisation_body_is_refused(subjects):
    with pytest.raises(ValueError, match="organisation body"):
        make_codes(UNALLOCATED_AREA, subjects)


def test_a_million_codes_take_seconds():
    start = time.perf_counter()
    codes = make_codes(UNALLOCATED_AREA, np.arange(1_000_000))
    assert time.perf_counter() - start < 5
    assert are_valid(codes[::1000]).all()
