"""Code lists that a column may refer to: which of the distinct codes are known, and the rule in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sme_research.tables.areas import is_county, is_prefecture
from sme_research.tables.credit_code import are_valid, have_shape
from sme_research.tables.industries import is_industry


@dataclass(frozen=True, slots=True)
class CodeList:
    """One code list.

    ``are_known`` takes the distinct codes of a whole column at once, because
    whether an id is a credit code depends on its neighbours.
    """

    are_known: Callable[[Sequence[str]], list[bool]]
    rule: str
    advice: str


def _each(is_known: Callable[[str], bool]) -> Callable[[Sequence[str]], list[bool]]:
    return lambda codes: [is_known(code) for code in codes]


def _are_credit_codes_or_opaque(ids: Sequence[str]) -> list[bool]:
    if not have_shape(ids).any():
        return [True] * len(ids)
    return [bool(valid) for valid in are_valid(ids)]


CODE_LISTS: Final[dict[str, CodeList]] = {
    "GB 32100": CodeList(
        _are_credit_codes_or_opaque,
        "must be a unified social credit code whose check character holds (GB 32100-2015)",
        "Correct the mistyped character; opaque ids are accepted where no cell has a credit code.",
    ),
    "GB/T 2260 prefecture": CodeList(
        _each(is_prefecture),
        "must be a prefecture-level code of GB/T 2260, e.g. 350100",
        "Use the city of the enterprise's address.",
    ),
    "GB/T 2260 county": CodeList(
        _each(is_county),
        "must be a county-level code of GB/T 2260, e.g. 350582",
        "Use the county of the address, or leave the cell blank.",
    ),
    "GB/T 4754": CodeList(
        _each(is_industry),
        "must be a division, group or class of GB/T 4754-2017, e.g. 39 or 3912",
        "Look the code up in data/reference/gbt4754_2017.csv; leading zeros belong to it.",
    ),
}
