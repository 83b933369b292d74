"""The texts of the site's pages, by language and dotted key, and days as readers write them."""

from __future__ import annotations

import calendar
import json
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from sme_research.factory.locale import BEIJING
from sme_research.factory.plan import Language
from sme_research.present.words import has_text, text


@cache
def words(language: Language) -> dict[str, Any]:
    """All texts of one language, by section."""
    content = files("sme_research.factory.site").joinpath("texts", f"{language}.yml").read_text(encoding="utf-8")
    catalogue: dict[str, Any] = yaml.safe_load(content)
    return catalogue


def say(language: Language, key: str, /, **values: Any) -> str:
    """One text by its key, such as ``page.title``, filled in."""
    section, _, name = key.partition(".")
    entry = words(language)[section]
    return str(entry[name] if name else entry).format(**values)


def knows(language: Language, key: str) -> bool:
    """Whether there is such a text."""
    section, _, name = key.partition(".")
    return name in words(language).get(section, {})


def join(language: Language, parts: list[str], *, most: int | None = None) -> str:
    """Several parts as one enumeration; beyond ``most`` they are only counted."""
    shown = parts if most is None or len(parts) <= most else parts[:most]
    told = say(language, "list").join(shown)
    if len(shown) == len(parts):
        return told
    return told + (" " if language == "en" else "") + say(language, "and_more", n=_more(language, parts, shown))


def day(moment: str, language: Language) -> str:
    """The day of a UTC moment, in Beijing."""
    local = datetime.fromisoformat(moment).astimezone(BEIJING)
    names = {
        "year": local.year,
        "month": local.month,
        "day": local.day,
        "month_name": calendar.month_name[local.month],
    }
    return say(language, "day", **names)


def clock(moment: str, language: Language) -> str:
    """Day and time of a UTC moment, in Beijing."""
    local = datetime.fromisoformat(moment).astimezone(BEIJING)
    return f"{day(moment, language)} {local:%H:%M}"


def month(moment: str, language: Language) -> str:
    """The month of a UTC moment, in Beijing."""
    local = datetime.fromisoformat(moment).astimezone(BEIJING)
    return say(language, "month", year=local.year, month=local.month, month_name=calendar.month_name[local.month])


def table_label(name: str, language: Language) -> str:
    """What a table is called."""
    from sme_research.tables import TABLES  # noqa: PLC0415  most runs have no table to name

    table = TABLES.get(name)
    return name if table is None else (table.label_zh if language == "zh" else table.label_en)


def parameter_label(name: str, language: Language) -> str:
    """What a parameter is called."""
    return say(language, f"parameter.{name}") if knows(language, f"parameter.{name}") else name


def parameter_value(name: str, value: Any, language: Language) -> str:
    """A parameter's value in words, where there are words for it."""
    if isinstance(value, str) and has_text(language, f"{name}.{value}"):
        return text(language, f"{name}.{value}")
    plain = "empty" if value in ("", []) else json.dumps(value, ensure_ascii=False).strip('"')
    return say(language, f"value.{plain}") if knows(language, f"value.{plain}") else plain


def role_name(role: str, language: Language) -> str:
    """What a role is called."""
    return say(language, f"role.{role}") if knows(language, f"role.{role}") else role


def _more(language: Language, parts: list[str], shown: list[str]) -> int:
    """Chinese counts all (等 n 项), English those left out."""
    return len(parts) if language == "zh" else len(parts) - len(shown)
