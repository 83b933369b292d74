"""What a perimeter written as text says, read by a small vocabulary in English and Chinese.

The words are data (``data/reference/perimeters.yml``), so that a department
adds its own. An axis on which a text is silent stays open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import yaml

from sme_research.errors import DataError
from sme_research.tables import area_name, reference_path, reporting_units

WORDS: Final = "perimeters.yml"
CHINA: Final = "china"
PROVINCE: Final = "province"
_SEPARATORS: Final = re.compile(r"[;；]")
_PART: Final = re.compile(r"(?:[^;；,，]|,(?=\d))+")
"""A part of a perimeter; the comma within 1,000 parts nothing."""
_READ: Final = "\u241f"
"""Stands for each letter that was read, so that what is left keeps its place."""
_CHINA: Final = re.compile(r"\bChina\b|全国")
_PHASES: Final = re.compile(
    r"\bphases? (\d+)(?: and (\d+))?(?: together)?"
    r"|第([一二三四五六七八九\d]+)(?:[、和至]第?([一二三四五六七八九\d]+))?期"
)
_YEAR: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_DIGITS: Final = {digit: str(number) for number, digit in enumerate("一二三四五六七八九", start=1)}

AXES: Final = {
    "place": ("province", "a reporting unit's code", "china"),
    "xiamen": ("with", "without"),
    "standing": ("in_force", "ever"),
    "nesting": ("nested", "highest"),
    "phase": ("all", "a phase"),
    "span": ("year", "to_date", "cumulative"),
    "year": ("a calendar year",),
    "weighting": ("loan", "amount"),
    "entry": ("lists", "same"),
    "stage": ("matched", "contracted", "drawn"),
    "claim": ("effect",),
    "answer": ("handled", "resolved", "raised"),
    "origin": ("all", "from_srdi"),
    "payer": ("province", "city"),
    "whole": ("above_scale", "accounts", "titled", "srdi"),
}
"""Every axis of a perimeter and its values."""


@cache
def vocabulary() -> tuple[tuple[str, dict[str, str]], ...]:
    """Words with what they mean, the longest first.

    Raises
    ------
    DataError
        An axis or a value of the file is not known.
    """
    entries: list[dict[str, Any]] = yaml.safe_load(reference_path(WORDS).read_text(encoding="utf-8"))
    pairs = []
    for entry in entries:
        for axis, value in entry["means"].items():
            if value not in AXES.get(axis, ()):
                raise DataError(f"data/reference/{WORDS}: {axis}: {value} is not known; see the axes in its head.")
        pairs += [(str(word), dict(entry["means"])) for word in entry["words"]]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


@dataclass(frozen=True, slots=True)
class Perimeter:
    """What a text says by axis, its parts in which nothing was understood, and whether there is more than those."""

    stated: dict[str, str]
    unread: tuple[str, ...]
    understood: bool


def read_perimeter(text: str) -> Perimeter:
    """What a perimeter says; an axis that is not said is not there.

    Parts stand between semicolons or commas. One is understood where any word
    of it is: what else it holds is taken to be in passing.

    Examples
    --------
    >>> read_perimeter("Fujian without Xiamen; phase 2; blah")
    Perimeter(stated={'xiamen': 'without', 'phase': '2'}, unread=('blah',), understood=True)
    """
    stated: dict[str, str] = {}
    rest = text
    for word, means in vocabulary():
        found = _pattern(word).search(rest)
        if found:
            stated = means | stated
            rest = _without(rest, found)
    place, place_at = _place(rest)
    phase, phase_at = _phases(rest)
    year, year_at = _year(rest, stated)
    for found in (place_at, phase_at, year_at):
        rest = _without(rest, found) if found else rest
    parts = [part for part in _PART.finditer(rest) if part[0].strip()]
    unread = tuple(text[part.start() : part.end()].strip() for part in parts if _READ not in part[0])
    return Perimeter(place | stated | phase | year, unread, not unread or len(unread) < len(parts))


def _without(rest: str, found: re.Match[str]) -> str:
    return rest[: found.start()] + _READ * (found.end() - found.start()) + rest[found.end() :]


def _pattern(word: str) -> re.Pattern[str]:
    """A word as a whole where it is English; Chinese has no ends of words."""
    whole = word.isascii()
    return re.compile(rf"(?<![A-Za-z-]){re.escape(word)}(?![A-Za-z])" if whole else re.escape(word), re.IGNORECASE)


def _place(rest: str) -> tuple[dict[str, str], re.Match[str] | None]:
    """The place, with which a perimeter starts, and where it stands; the province's own name says nothing further."""
    head = _SEPARATORS.split(rest)[0]
    if found := _CHINA.search(head):
        return {"place": CHINA}, found
    for code in reporting_units():
        if found := re.search("|".join(map(re.escape, _names(code))), head):
            return {"place": code}, found
    return {}, None


def _names(code: str) -> tuple[str, str]:
    """A reporting unit as it is said in either language, without what kind of unit it is."""
    english, chinese = area_name(code, "en"), area_name(code, "zh")
    return english.removesuffix(" Comprehensive Experimental Area"), re.sub("(综合实验区|市)$", "", chinese)


def _phases(rest: str) -> tuple[dict[str, str], re.Match[str] | None]:
    found = _PHASES.search(rest)
    if not found:
        return {}, None
    phase = ",".join(_DIGITS.get(part, part) for part in found.groups() if part)
    return {"phase": phase}, found


def _year(rest: str, stated: dict[str, str]) -> tuple[dict[str, str], re.Match[str] | None]:
    found = _YEAR.search(rest)
    if not found or "span" in stated:
        return {}, None
    return {"span": "year", "year": found.group(1)}, found
