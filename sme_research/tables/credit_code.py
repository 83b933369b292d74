"""Unified social credit codes (GB 32100-2015) and the organisation codes inside (GB 11714-1997).

A code has 18 characters: registering department, kind of entity, six digits
for the area of first registration, nine for the organisation (eight and their
own check digit) and one check character over all before.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Codes = Sequence[str] | NDArray[Any] | pd.Series

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
UNALLOCATED_AREA: Final = "350199"
"""Area code that no place has, so a made-up code can never be a real enterprise's."""

_LENGTH: Final = 18
_UNKNOWN: Final = -1000
_WEIGHTS: Final = np.array([pow(3, place, 31) for place in range(_LENGTH - 1)])
_ORGANISATION_WEIGHTS: Final = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_LETTERS: Final = np.array(list(ALPHABET), dtype="S1")
_ORGANISATION_CHECKS: Final = np.array(list("0123456789X"), dtype="S1")


def _values_by_byte(alphabet: str) -> NDArray[np.int64]:
    values = np.full(256, _UNKNOWN, dtype=np.int64)
    values[np.frombuffer(alphabet.encode(), dtype=np.uint8)] = np.arange(len(alphabet))
    return values


_VALUES: Final = _values_by_byte(ALPHABET)
_ORGANISATION_VALUES: Final = _values_by_byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _characters(codes: Codes, length: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Bytes, n x length, and whether the code has that length and is ASCII; other rows are all zero."""
    texts = np.asarray(codes, dtype=object)
    fits = np.fromiter(
        (isinstance(text, str) and len(text) == length and text.isascii() for text in texts), bool, len(texts)
    )
    joined = "".join(texts[fits]).encode()
    characters = np.zeros((len(texts), length), dtype=np.uint8)
    characters[fits] = np.frombuffer(joined, dtype=np.uint8).reshape(-1, length)
    return characters, fits


def _check_values(values: NDArray[np.int64]) -> NDArray[np.int64]:
    remainders: NDArray[np.int64] = (31 - (values @ _WEIGHTS) % 31) % 31
    return remainders


def check_character(bodies: Codes) -> NDArray[np.str_]:
    """Check character of every 17-character body.

    Parameters
    ----------
    bodies : n texts
        First 17 characters, in upper case.

    Returns
    -------
    array of n one-character texts

    Raises
    ------
    ValueError
        A body has another length or a character outside the alphabet.
    """
    characters, fits = _characters(bodies, _LENGTH - 1)
    values = _VALUES[characters]
    bad = ~fits | (values < 0).any(axis=1)
    if bad.any():
        position = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{np.asarray(bodies, dtype=object)[position]!r} is no body of 17 characters of {ALPHABET}")
    return _LETTERS[_check_values(values)].astype("U1")


def _shapes(codes: Codes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    characters, fits = _characters(codes, _LENGTH)
    values = _VALUES[characters]
    has_area = (values[:, 2:8] < 10).all(axis=1)
    return values, fits & (values >= 0).all(axis=1) & has_area


def have_shape(codes: Codes) -> NDArray[np.bool_]:
    """Whether each text has 18 characters of the alphabet with digits for the area."""
    return _shapes(codes)[1]


def are_valid(codes: Codes) -> NDArray[np.bool_]:
    """Whether each text is a credit code whose check character holds.

    Parameters
    ----------
    codes : n texts
        In upper case; see `normalise`. Missing values are not valid.

    Returns
    -------
    array of n bool

    References
    ----------
    GB 32100-2015, appendix A.
    """
    values, shaped = _shapes(codes)
    valid: NDArray[np.bool_] = shaped & (_check_values(values[:, :-1]) == values[:, -1])
    return valid


def normalise(code: str) -> str:
    """Return the code in half-width upper case without spaces and hyphens."""
    return unicodedata.normalize("NFKC", code).upper().replace(" ", "").replace("-", "")


def _organisation_characters(subjects: Codes) -> NDArray[np.uint8]:
    numbers = np.asarray(subjects)
    if np.issubdtype(numbers.dtype, np.integer):
        places = 10 ** np.arange(7, -1, -1)
        digits = (numbers[:, None] // places) % 10
        fits = (numbers >= 0) & (numbers < 10**8)
        characters = (digits + ord("0")).astype(np.uint8)
    else:
        characters, fits = _characters(subjects, 8)
        fits &= (_VALUES[characters] >= 0).all(axis=1)
    if not fits.all():
        position = int(np.flatnonzero(~fits)[0])
        raise ValueError(f"{numbers[position]!r} is no organisation body of 8 characters of {ALPHABET}")
    return characters


def make_codes(area: str, subjects: Codes) -> NDArray[np.str_]:
    """Make valid credit codes of enterprises registered in one area.

    Parameters
    ----------
    area : str
        Six digits; `UNALLOCATED_AREA` for made-up enterprises.
    subjects : n whole numbers below 10**8, or n texts of 8 characters
        Organisation bodies; equal bodies give equal codes.

    Returns
    -------
    array of n texts of 18 characters
        Entity kind 91 (enterprise), with both check characters holding.
    """
    if len(area) != 6 or not (area.isascii() and area.isdigit()):
        raise ValueError(f"area {area!r} must be six digits")
    organisations = _organisation_characters(subjects)
    sums = _ORGANISATION_VALUES[organisations] @ _ORGANISATION_WEIGHTS
    characters = np.empty((len(organisations), _LENGTH), dtype=np.uint8)
    characters[:, :8] = np.frombuffer(f"91{area}".encode(), dtype=np.uint8)
    characters[:, 8:16] = organisations
    characters[:, 16] = _ORGANISATION_CHECKS[(11 - sums % 11) % 11].view(np.uint8)
    characters[:, 17] = _LETTERS[_check_values(_VALUES[characters[:, :-1]])].view(np.uint8)
    return characters.view(f"S{_LENGTH}").ravel().astype(f"U{_LENGTH}")
