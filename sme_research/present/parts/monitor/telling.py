"""How monitored numbers are written: months, places, values with their unit, changes on a year before."""

from __future__ import annotations

from typing import Final

import pandas as pd

from sme_research.errors import StudyError
from sme_research.present.words import MARK, count, join, money, signed, text
from sme_research.programme.monitor import ALL, INDICATORS, PROVINCE, Monitoring
from sme_research.tables import TABLES, area_name
from sme_research.tables.areas import PINGTAN

NO_NUMBER: Final = "–"
"""Stands for what is not known; the mark stands for what is withheld."""
WAN_IN_MILLION: Final = 100
TIMES: Final = 3.0
"""Growth from which a change is told as so many times what was before."""
SHOWN_DIGITS: Final = {"percent": 2, "days": 0}
"""Decimals by unit; all else is counted."""


def month_name(month: str, lang: str) -> str:
    """A month such as 2024-04 as the language writes it."""
    day = pd.Period(month, "M").to_timestamp()
    return f"{day.year}年{day.month}月" if lang == "zh" else f"{day:%B} {day.year}"


def place_name(unit: str, lang: str) -> str:
    """A reporting unit, or the whole province."""
    if unit in (PROVINCE, PINGTAN):
        return text(lang, "monitor.province" if unit == PROVINCE else "monitor.pingtan")
    return area_name(unit, lang)


def chosen_unit(found: Monitoring, unit: str) -> str:
    """The unit asked for, the province where blank.

    Raises
    ------
    StudyError
        The tables have no such unit.
    """
    if unit in ("", PROVINCE):
        return PROVINCE
    if unit not in found.units:
        choice = ", ".join(found.units)
        raise StudyError(f"unit is {unit!r}, must be blank for the province or one of {choice}.")
    return unit


def label_with_unit(name: str, lang: str) -> str:
    """An indicator's label with the unit of its cells, where the label does not say it already."""
    entry = INDICATORS[name]
    label, unit = capital(entry.label(lang)), text(lang, f"monitor.unit.{entry.unit}")
    return text(lang, "monitor.labelled", label=label, unit=unit) if unit else label


def capital(label: str) -> str:
    """A label as it begins a line."""
    return label[:1].upper() + label[1:]


def write_value(value: float, unit: str, lang: str) -> str:
    """A number in its unit's own digits, for a cell whose head says the unit."""
    if unit == "money":
        return count(value) if lang == "zh" else f"{value / WAN_IN_MILLION:,.2f}"
    return count(value) if unit not in SHOWN_DIGITS else f"{value:,.{SHOWN_DIGITS[unit]}f}"


def cell(found: Monitoring, name: str, unit: str, lang: str, month: str = "", *, tier: str = ALL) -> str:
    """An indicator's number in a month: the mark where it is withheld, a dash where it is not known."""
    value, status = found.at(name, month or found.month, unit, tier)
    if value is None:
        return MARK if status == "withheld" else NO_NUMBER
    return write_value(value, INDICATORS[name].unit, lang)


def change(found: Monitoring, name: str, unit: str, lang: str) -> str:
    """Change on the same month a year before: percent or times for money, else in the indicator's unit."""
    now, before = (found.at(name, month, unit)[0] for month in (found.month, found.year_before))
    if now is None or before is None:
        return NO_NUMBER
    kind = INDICATORS[name].unit
    if kind == "money":
        if before and now / before >= TIMES:
            return text(lang, "monitor.times", n=f"{now / before:.1f}")
        return f"{signed((now / before - 1) * 100, 1)}%" if before else NO_NUMBER
    return signed(now - before, SHOWN_DIGITS.get(kind, 0))


def with_unit(found: Monitoring, name: str, unit: str, lang: str) -> str | None:
    """An indicator's number for a sentence, None where it is not known."""
    value, status = found.at(name, found.month, unit)
    kind = INDICATORS[name].unit
    if value is None:
        return text(lang, "monitor.withheld") if status == "withheld" else None
    if kind == "money":
        return money(value, lang)
    return text(lang, f"monitor.amount.{kind}", n=write_value(value, kind, lang))


def detail_names(details: str, lang: str) -> str:
    """Tables or columns, as table.column, by the labels that data owners know."""
    return join(lang, [_labelled(place, lang) for place in details.split(", ") if place])


def _labelled(place: str, lang: str) -> str:
    name, _, column = place.partition(".")
    table = TABLES[name]
    own = f"label_{lang}"
    if not column:
        return str(getattr(table, own))
    label = next(getattr(each, own) for each in table.columns if each.name == column)
    return text(lang, "monitor.column", table=getattr(table, own), column=label)
