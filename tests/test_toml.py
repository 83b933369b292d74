"""TOML files: what an editor may add does no harm, and what cannot be read is one sentence."""

from __future__ import annotations

import pytest

from sme_research.toml import read_toml


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfname = '\xe8\xaf\x95'\n")
    assert read_toml(path) == {"name": "试"}


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"a = ", "Invalid value"),
        ("a = '试'".encode("gb18030"), "is not UTF-8; save the file as UTF-8"),
        (b"a = " + b"[" * 9000, "nested too deeply"),
        (b"a = " + b"9" * 9000, "a number has thousands of digits"),
        (b"a = 1\na = 2", "Cannot overwrite a value"),
        (b"a = 1\n\0", "Invalid statement"),
    ],
)
def test_whatever_is_no_toml_is_one_sentence(tmp_path, raw, told):
    path = tmp_path / "a.toml"
    path.write_bytes(raw)
    with pytest.raises(ValueError, match=told) as fault:
        read_toml(path)
    assert "\n" not in str(fault.value)
