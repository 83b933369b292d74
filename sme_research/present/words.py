"""The catalogue of texts and how numbers are written in each language."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

from sme_research.errors import StudyError

LANGUAGES: Final = ("zh", "en")
MINUS: Final = "−"


@cache
def texts(lang: str) -> dict[str, Any]:
    """The catalogue of one language; StudyError where there is none."""
    if lang not in LANGUAGES:
        raise StudyError(f"lang is {lang!r}; choose one of {', '.join(LANGUAGES)}.")
    content = files("sme_research.present").joinpath("texts", f"{lang}.yml").read_text(encoding="utf-8")
    catalogue: dict[str, Any] = yaml.safe_load(content)
    return catalogue


def text(lang: str, key: str, /, **values: Any) -> str:
    """One text by its dotted key, filled in; KeyError for a key or a value that lacks."""
    entry: Any = texts(lang)
    for part in key.split("."):
        entry = entry[part]
    return str(entry).format(**values)


def words(lang: str, key: str, /, **values: Any) -> list[str]:
    """A list of texts by its dotted key, such as the header of a table."""
    section, name = key.split(".")
    return [str(entry).format(**values) for entry in texts(lang)[section][name]]


def percent_of(log_points: float) -> float:
    """Log points as a percentage change: 0.05 gives 5.127."""
    return math.expm1(log_points) * 100


def signed(number: float, digits: int = 1) -> str:
    """A number with its sign, a true minus, and none on a rounded zero."""
    shown = f"{number:+.{digits}f}"
    if float(shown) == 0:
        return shown[1:]
    return shown.replace("-", MINUS)


def signed_percent(log_points: float) -> str:
    """Log points as a signed percentage for a sentence."""
    return f"{signed(percent_of(log_points))}%"


def share(fraction: float) -> str:
    """A fraction as a percentage for a sentence."""
    return f"{fraction * 100:.1f}%"


def count(number: float) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,.0f}"


def p_value(number: float | None) -> str:
    """A p-value to three digits, never as zero."""
    if number is None:
        return "–"
    return "< 0.001" if number < 0.001 else f"{number:.3f}"
