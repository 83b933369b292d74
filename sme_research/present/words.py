"""The catalogue of texts and how numbers are written in each language."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, Final

import yaml

from sme_research.errors import StudyError

LANGUAGES: Final = ("zh", "en")
MINUS: Final = "−"
MARK: Final = "*"
"""Stands for a number that the public edition withholds, as `sme_research.disclosure` has it."""
_PERCENT: Final = "log points"
_POINTS: Final = ("share", "log points a year")
_CHINESE_GAP: Final = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
"""Chinese sets no space between characters; one is left where a number with its unit was filled in."""
_WAN_IN_YI: Final = 10_000  # 万元 in 亿元
_WAN_IN_MILLION: Final = 100  # 万元 in a million yuan
_WAN_IN_BILLION: Final = 100_000


@cache
def texts(lang: str) -> dict[str, Any]:
    """The catalogue of one language; StudyError where there is none."""
    if lang not in LANGUAGES:
        raise StudyError(f"lang is {lang!r}; choose one of {', '.join(LANGUAGES)}.")
    folder = files("sme_research.present").joinpath("texts")
    # One file a subject: `zh.yml` of the effect reports, `zh-ladder.yml` of the ladder's.
    parts = sorted((part for part in folder.iterdir() if part.name.startswith((f"{lang}.", f"{lang}-"))), key=str)
    catalogue: dict[str, Any] = {}
    for part in parts:
        sections: dict[str, Any] = yaml.safe_load(part.read_text(encoding="utf-8"))
        assert not catalogue.keys() & sections.keys(), f"{part.name} repeats a section"
        catalogue |= sections
    return catalogue


def text(lang: str, key: str, /, **values: Any) -> str:
    """One text by its dotted key, filled in; KeyError for a key or a value that lacks."""
    entry: Any = texts(lang)
    for part in key.split("."):
        entry = entry[part]
    # A p-value that is only known to be small brings its own sign: p = < 0.001 is p < 0.001.
    filled = str(entry).format(**values).replace("= <", "<")
    return _CHINESE_GAP.sub("", filled) if lang == "zh" else filled


def fields(lang: str, key: str) -> set[str]:
    """Names of the values that a text has to be filled in with."""
    entry: Any = texts(lang)
    for part in key.split("."):
        entry = entry[part]
    return {name for _, name, _, _ in Formatter().parse(str(entry)) if name}


def words(lang: str, key: str, /, **values: Any) -> list[str]:
    """A list of texts by its dotted key, such as the header of a table."""
    section, name = key.split(".")
    return [str(entry).format(**values) for entry in texts(lang)[section][name]]


def has_text(lang: str, key: str) -> bool:
    """Whether the catalogue holds that dotted key."""
    entry: Any = texts(lang)
    for part in key.split("."):
        if not isinstance(entry, Mapping) or part not in entry:
            return False
        entry = entry[part]
    return True


def quoted(lang: str, phrase: str) -> str:
    """A short phrase from the data, such as a unit, in the report's language where the catalogue knows it."""
    known = texts(lang)["phrase"]
    if phrase in known:
        return str(known[phrase])
    return ("；" if lang == "zh" else "; ").join(str(known.get(part, part)) for part in phrase.split("; "))


def join(lang: str, parts: list[str]) -> str:
    """Several words as one enumeration."""
    return ("、" if lang == "zh" else ", ").join(parts)


def sentences(lang: str, parts: list[str]) -> str:
    """Several sentences as one paragraph."""
    return ("" if lang == "zh" else " ").join(parts)


def percent_of(log_points: float) -> float:
    """Log points as a percentage change: 0.05 gives 5.127."""
    return math.expm1(log_points) * 100


def scale(value: float, unit: str) -> float:
    """A difference as axes and table cells show it: percent for log points, percentage points for all else.

    Raises
    ------
    KeyError
        The unit is not one of an outcome's.
    """
    if unit == _PERCENT:
        return percent_of(value)
    if unit in _POINTS:
        return value * 100
    raise KeyError(unit)


def digits_of(unit: str) -> int:
    """Decimals that a difference is shown with."""
    return 1 if unit == _PERCENT else 2


def amount(value: float, unit: str, lang: str, digits: int | None = None) -> str:
    """A difference with its sign and its unit, for a sentence: +5.1% or +1.20 percentage points."""
    return _with_unit(cell(value, unit, digits), unit, lang)


def size(value: float, unit: str, lang: str) -> str:
    """The same without its sign, for a sentence that says the direction."""
    return _with_unit(f"{abs(scale(value, unit)):.{digits_of(unit)}f}", unit, lang)


def cell(value: float, unit: str, digits: int | None = None) -> str:
    """A difference with its sign, for a table whose head says the unit."""
    return signed(scale(value, unit), digits_of(unit) if digits is None else digits)


def fine_digits(value: float, unit: str) -> int:
    """Decimals that leave a small rate, such as one a unit of dose, two digits that say something."""
    shown = abs(scale(value, unit))
    return digits_of(unit) if shown == 0 else max(digits_of(unit), 1 - math.floor(math.log10(shown)))


def unit_head(unit: str, lang: str) -> str:
    """The unit as a table's head or an axis says it."""
    return text(lang, f"unit.head.{unit}")


def amount_range(low: float, high: float, unit: str, lang: str, digits: int | None = None) -> str:
    """An interval for a sentence."""
    if unit == _PERCENT:
        return text(lang, "unit.range", low=amount(low, unit, lang, digits), high=amount(high, unit, lang, digits))
    return _with_unit(interval(low, high, unit, lang, digits), unit, lang)


def interval(low: float, high: float, unit: str, lang: str, digits: int | None = None) -> str:
    """An interval for a table whose head says the unit."""
    return text(lang, "unit.range", low=cell(low, unit, digits), high=cell(high, unit, digits))


def both_ways(value: float, unit: str, lang: str) -> str:
    """A size as the rise and the fall it stands for, which differ in percent."""
    if unit == _PERCENT:
        up, down = f"{percent_of(value):.1f}", f"{abs(percent_of(-value)):.1f}"
        return text(lang, "unit.both_ways", up=up, down=down)
    return text(lang, "unit.points_both_ways", number=f"{abs(value) * 100:.2f}")


def _with_unit(number: str, unit: str, lang: str) -> str:
    if unit == _PERCENT:
        return f"{number}%"
    return text(lang, "unit.points", number=number)


def natural(value: float, unit: Mapping[str, str], lang: str, *, sign: bool = True) -> str:
    """An amount in natural units: money in the size that readers use, all else with its unit."""
    if unit["zh"] == "万元":
        return money(value, lang, sign=sign)
    number = signed(value, 2) if sign else f"{value:,.2f}"
    return text(lang, "unit.natural", number=number, unit=unit[lang])


def money(wan: float | None, lang: str, *, sign: bool = False) -> str:
    """10,000 yuan as 万元 or 亿元, and in English as yuan or million yuan; the mark where it is withheld."""
    if wan is None:
        return MARK
    write = _signed_short if sign else _plain
    if lang == "zh":
        if abs(wan) >= _WAN_IN_YI:
            return f"{write(wan / _WAN_IN_YI, 2)} 亿元"
        return f"{write(wan, 1)} 万元"
    if abs(wan) >= _WAN_IN_BILLION:
        return f"{write(wan / _WAN_IN_BILLION, 2)} billion yuan"
    if abs(wan) >= _WAN_IN_MILLION:
        return f"{write(wan / _WAN_IN_MILLION, 2)} million yuan"
    return f"{write(round(wan, 2) * 10_000, 0)} yuan"


def _plain(number: float, digits: int) -> str:
    return _short(f"{number:,.{digits}f}".replace("-", MINUS))


def _signed_short(number: float, digits: int) -> str:
    return _short(signed(number, digits))


def _short(shown: str) -> str:
    """Without decimals that are all zero."""
    return re.sub(r"\.0+$", "", shown)


def signed(number: float, digits: int = 1) -> str:
    """A number with its sign, a true minus, and none on a rounded zero."""
    shown = f"{number:+,.{digits}f}"
    if float(shown.replace(",", "")) == 0:
        return shown[1:]
    return shown.replace("-", MINUS)


def share(fraction: float | None) -> str:
    """A fraction as a percentage for a sentence; the mark where it is withheld."""
    if fraction is None:
        return MARK
    return f"{fraction * 100:.1f}%".replace("-", MINUS)


def day(moment: date, lang: str) -> str:
    """A day as the language writes it."""
    return (
        f"{moment.year}年{moment.month}月{moment.day}日"
        if lang == "zh"
        else f"{moment.day} {moment:%B} {moment.year}"
    )


def count(number: float | None) -> str:
    """A whole number with its thousands apart; the mark where it is withheld."""
    return MARK if number is None else f"{number:,.0f}"


def p_value(number: float | None) -> str:
    """A p-value to three digits, never as zero."""
    if number is None:
        return "–"
    return "< 0.001" if number < 0.001 else f"{number:.3f}"
