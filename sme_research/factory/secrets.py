"""What must never appear in the public edition, and where in a text it does."""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from sme_research.errors import FactoryError
from sme_research.tables import TABLES, Column, Table, load_tables, reference_path

SHOWN_CHARACTERS: Final = 4
_WINDOW: Final = 4
_LONG_CODE: Final = 12
"""Characters from which a code is searched also where spaces or letters touch it; no ordinary text holds it."""
_FEWEST_DIGITS: Final = 6
"""Digits from which a plain number can be told from a figure of a report."""
_TABLE_BITS: Final = 22
_MIXER: Final = np.uint64(0x9E3779B97F4A7C15)
_PUBLIC_CODES: Final = "GB/T"
_OPEN_TABLES: Final = frozenset({"official_figures"})
_GAPS: Final = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+")


@dataclass(frozen=True, slots=True)
class Hit:
    """One identifier found in a text: its kind, as table and column, and as much of it as may be said."""

    kind: str
    hint: str


class Secrets:
    """Identifiers of a data folder, ready to be searched for.

    Parameters
    ----------
    identifiers : mapping of identifier to kind
        As they stand in the tables; kind is ``table.column``.
    ordinary : iterable of str
        Words that are no secret whoever bears them, such as names of places.

    Attributes
    ----------
    n : int
        Distinct identifiers searched for.
    n_ordinary : int
        Names left out because they are ordinary words and tell of nobody.

    Raises
    ------
    FactoryError
        An identifier is a short plain number, which cannot be told from a figure.
    """

    def __init__(self, identifiers: Mapping[str, str], ordinary: Iterable[str] = ()) -> None:
        words = {normalise(word) for word in ordinary}
        given = {normalise(identifier): kind for identifier, kind in identifiers.items()}
        given.pop("", None)
        self.n_ordinary = sum(identifier in words for identifier in given)
        self._kinds = {identifier: kind for identifier, kind in given.items() if identifier not in words}
        self.n = len(self._kinds)
        _refuse_numbers(self._kinds)
        anywhere = {squeeze(text): text for text in self._kinds if _is_long(squeeze(text))}
        tokens = {text: text for text in self._kinds if not _is_long(squeeze(text))}
        self._anywhere = _Windows(anywhere)
        self._tokens = _Windows({text: text for text in tokens if len(text) >= _WINDOW})
        self._short = {text for text in tokens if len(text) < _WINDOW}

    def find(self, text: str, *, noisy: bool = False) -> set[Hit]:
        """Identifiers in a text, however it is spaced, in whichever width and case.

        In a noisy one, which is no text by itself, short identifiers would be found by chance and are left out.
        """
        normal = normalise(text)
        found = {identifier for identifier, _ in self._anywhere.find(squeeze(normal))}
        if noisy:
            return {Hit(self._kinds[identifier], hint_of(identifier)) for identifier in found}
        found |= {identifier for identifier, at in self._tokens.find(normal) if _stands_alone(normal, at, identifier)}
        if self._short:
            found |= self._short.intersection(re.findall(r"\w+", normal))
        return {Hit(self._kinds[identifier], hint_of(identifier)) for identifier in found}


class _Windows:
    """Finds any of many words in a text by their first four characters."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words
        self._lengths: dict[str, set[int]] = defaultdict(set)
        for word in words:
            self._lengths[word[:_WINDOW]].add(len(word))
        self._present = np.zeros(1 << _TABLE_BITS, dtype=bool)
        if words:
            self._present[_hashes("".join(self._lengths))[::_WINDOW]] = True

    def find(self, text: str) -> Iterator[tuple[str, int]]:
        """Each word found, with the place where it begins."""
        if not self._words or len(text) < _WINDOW:
            return
        for at in np.flatnonzero(self._present[_hashes(text)]).tolist():
            for length in self._lengths.get(text[at : at + _WINDOW], ()):
                word = self._words.get(text[at : at + length])
                if word is not None:
                    yield word, at


def _hashes(text: str) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Hash of the four characters at every place of a text."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    last = len(codes) - _WINDOW + 1
    mixed = np.zeros(last, dtype=np.uint64)
    for place in range(_WINDOW):
        mixed = (mixed ^ codes[place : place + last]) * _MIXER
        mixed ^= mixed >> np.uint64(29)
    return (mixed >> np.uint64(64 - _TABLE_BITS)).astype(np.uint64)


def normalise(text: str) -> str:
    """One width and one case, so that a full-width or lower-case spelling is the same word."""
    return unicodedata.normalize("NFKC", text).upper().strip()


def squeeze(text: str) -> str:
    """The text without spaces, line breaks and invisible characters, which layouts put anywhere."""
    return _GAPS.sub("", text)


def hint_of(identifier: str) -> str:
    """At most its first four characters, never more than half, and a hash by which its owner can find it."""
    shown = identifier[: min(SHOWN_CHARACTERS, len(identifier) // 2)]
    return f"{shown}… (SHA-256 {hashlib.sha256(identifier.encode()).hexdigest()[:8]})"


def load_secrets(data: Path) -> Secrets:
    """Every code and name of a folder's tables that stands for one enterprise, act or cluster.

    Codes of public lists, such as places and industries, are none.

    Raises
    ------
    FactoryError
        A table has ids that are short plain numbers.
    DataError
        A table breaks its declaration.
    """
    tables = load_tables(data)
    found: dict[str, str] = {}
    for name in tables:
        table = TABLES[name]
        for column in _identifying(table):
            values: pd.Series[str] = tables[name][column.name].dropna().astype(str)
            kinds = dict.fromkeys(values.unique(), f"{name}.{column.name}")
            # Where an id is the key of one table and stands in others, it is named after the first.
            found = found | kinds if table.key == (column.name,) else kinds | found
    return Secrets(found, _ordinary_words())


def _identifying(table: Table) -> list[Column]:
    if table.name in _OPEN_TABLES:
        return []
    codes = [
        column
        for column in table.columns
        if column.kind == "code" and not (column.references or "").startswith(_PUBLIC_CODES)
    ]
    return codes + [column for column in table.columns if column.kind == "text" and column.name == "name"]


def _ordinary_words() -> set[str]:
    words: set[str] = set()
    for name in ("area_codes.csv", "gbt4754_2017.csv"):
        with reference_path(name).open(encoding="utf-8", newline="") as stream:
            words |= {value for row in csv.DictReader(stream) for value in row.values() if value}
    return words


def _is_long(text: str) -> bool:
    """Whether no ordinary text holds it by chance: a long code, or four characters beyond ASCII letters."""
    return len(text) >= (_LONG_CODE if text.isascii() else _WINDOW)


def _stands_alone(text: str, at: int, word: str) -> bool:
    before = text[at - 1 : at]
    after = text[at + len(word) : at + len(word) + 1]
    return not any(_continues(neighbour, word) for neighbour in (before, after))


def _continues(neighbour: str, word: str) -> bool:
    """Whether a neighbouring character makes another word of it; a Chinese one leaves a code what it is."""
    return neighbour.isalnum() and (neighbour.isascii() or not word.isascii())


def _refuse_numbers(kinds: Mapping[str, str]) -> None:
    for identifier, kind in kinds.items():
        if identifier.isdecimal() and len(identifier) < _FEWEST_DIGITS:
            raise FactoryError(
                f"{kind} has ids that are numbers of {len(identifier)} digits, which cannot be told from the figures "
                f"of a report; put a letter before them, or use {_FEWEST_DIGITS} digits or more."
            )
