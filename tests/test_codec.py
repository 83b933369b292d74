"""Records come back from bytes as they went in, and nothing else does."""

from __future__ import annotations

import json
import math
import zipfile
from dataclasses import replace
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sme_research.codec import decode, encode, same
from sme_research.results import Effect

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.text(), st.integers()), inner)
    ),
    max_leaves=20,
)


@given(PLAIN)
def test_any_nesting_of_plain_values_comes_back_with_its_types(value):
    assert same(decode(encode(value)), value)


@given(st.lists(st.floats() | st.floats(width=32), max_size=6))
def test_arrays_and_scalars_come_back_bit_for_bit(values):
    array = np.array(values, dtype="float64")
    found = decode(encode({"array": array, "one": [np.float64(item) for item in values]}))
    assert found["array"].tobytes() == array.tobytes() or np.isnan(array).any()
    assert all(type(item) is np.float64 for item in found["one"])
    assert same(found["array"], array)


def test_frames_come_back_with_their_column_types():
    frame = pd.DataFrame(
        {
            "id": pd.array(["a", None, "c"], dtype="string"),
            "year": [2020, 2021, 2022],
            "cohort": pd.array([2021, None, 2022], dtype="Int64"),
            "x": [0.1, math.nan, -0.0],
        }
    )
    found = decode(encode((frame, 1)))
    pd.testing.assert_frame_equal(found[0], frame)
    assert same(found, (frame, 1))


def test_equal_values_make_equal_bytes():
    assert encode({"a": (1, 2.5), "b": None}) == encode({"a": (1, 2.5), "b": None})


def test_types_that_are_not_known_are_refused_both_ways():
    with pytest.raises(TypeError, match=r"builtins\.object cannot be written"):
        encode([object()])
    with pytest.raises(TypeError, match="set cannot be written"):
        encode({1, 2})
    crafted = BytesIO()
    with zipfile.ZipFile(crafted, "w") as archive:
        archive.writestr("value.json", json.dumps({"\0kind": "os.system", "fields": {"command": "true"}}))
    with pytest.raises(ValueError, match="no value that can be read"):
        decode(crafted.getvalue())


def test_bytes_that_are_something_else_are_refused():
    for content in (b"", b"nonsense", encode(1)[:-5]):
        with pytest.raises(ValueError, match="no value that can be read"):
            decode(content)


def test_same_sees_differences_of_type_order_and_value():
    assert not same(1, 1.0)
    assert not same((1,), [1])
    assert not same({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert not same(np.float64(1), 1.0)
    assert same(math.nan, math.nan)
    effect = Effect("ATT", 0.1, 0.02, 0.06, 0.14, 0.95, "log points", 10, 5, 90, 10, 5, "e", "never_treated")
    assert same(decode(encode(effect)), effect)
    assert not same(replace(effect, estimate=0.2), effect)
