"""Industries: the codes of GB/T 4754-2017."""

from __future__ import annotations

import csv
from functools import cache

from sme_research.tables.reference import reference_path


@cache
def _names() -> dict[str, str]:
    with reference_path("gbt4754_2017.csv").open(encoding="utf-8", newline="") as stream:
        return {row["code"]: row["name_zh"] for row in csv.DictReader(stream)}


@cache
def _codes() -> frozenset[str]:
    listed = {code for code in _names() if code.isdigit()}
    # The list leaves out the row of a group that has one class only.
    return frozenset(listed | {code[:3] for code in listed if len(code) == 4})


def is_industry(code: str) -> bool:
    """Whether the code is a division, group or class (2 to 4 digits) of the classification."""
    return code in _codes()


def industry_name(code: str) -> str:
    """Chinese name of a section letter, division, group or class; the code itself where unknown."""
    names = _names()
    return names.get(code) or names.get(f"{code}0") or code
