"""How figures, perimeters and reasons of a reconciliation are said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from sme_research.present.words import MARK, MINUS, count, day, join, money, quoted, share, signed, text
from sme_research.programme.reconcile import Comparison, Evidence, Figure, Trap, find_indicator, is_few
from sme_research.tables import TABLES

IN_WAN: Final = {"万元": 1.0, "亿元": 1e4, "元": 1e-4}
_LARGE: Final = 10.0
REPRODUCED: Final = {(True, True): "both", (True, False): "loan", (False, True): "amount", (False, False): "neither"}


def number_text(value: float | None, unit: str, lang: str) -> str:
    """A number with its unit; the mark where it is withheld."""
    if value is None:
        return MARK
    if unit in IN_WAN:
        return money(value * IN_WAN[unit], lang)
    if unit == "%":
        # Hundredths of a point matter to a rate of interest, not to a growth.
        digits = 2 if abs(value) < _LARGE else 1
        return f"{value:.{digits}f}".rstrip("0").rstrip(".").replace("-", MINUS) + "%"
    if unit in ("fraction", "share"):
        return share(value)
    shown = count(value) if float(value).is_integer() else f"{value:,.2f}"
    return text(lang, "unit.natural", number=shown, unit=quoted(lang, unit))


def figure_text(figure: Figure, lang: str) -> str:
    """The published number with its bound."""
    return text(lang, f"facts.{figure.bound}", value=number_text(figure.value, figure.unit, lang))


def published_text(entry: Comparison, lang: str) -> str:
    """The published number of a comparison; the mark where the public edition withholds a count of few."""
    return MARK if entry.withheld and is_few(entry.figure) else figure_text(entry.figure, lang)


def label_of(figure: Figure, lang: str) -> str:
    """What a figure counts."""
    indicator = find_indicator(figure.indicator)
    return figure.indicator if indicator is None else indicator.label[lang]


def heading_of(figure: Figure, lang: str) -> str:
    """What a figure counts, and its day."""
    return text(lang, "reconcile.figure_day", label=label_of(figure, lang), day=day(figure.as_of, lang))


def difference_text(entry: Comparison, lang: str) -> str:
    """Published less recount: points for percentages, relative for amounts, a number for counts."""
    if entry.difference is None:
        return MARK if entry.withheld else text(lang, "reconcile.no_number")
    unit = entry.figure.unit
    if unit == "%":
        return text(lang, "reconcile.difference_points", number=signed(entry.difference, 2))
    if unit == "fraction":
        return text(lang, "reconcile.difference_points", number=signed(100 * entry.difference, 2))
    if unit in IN_WAN:
        wan = entry.difference * IN_WAN[unit]
        return money(wan, lang, sign=True) if abs(wan) >= 0.5 else "0"
    return signed(entry.difference, 0)


def recount_text(entry: Comparison, lang: str) -> str:
    """Our number in the figure's unit."""
    if entry.recount is None:
        return MARK if entry.withheld else text(lang, "reconcile.no_number")
    return number_text(entry.recount, entry.figure.unit, lang)


def verdict_text(entry: Comparison, lang: str) -> str:
    """The verdict, with the perimeter that explains a figure or the reason why it cannot be checked."""
    told = text(lang, f"reconcile.verdict.{entry.verdict}")
    apart = "：" if lang == "zh" else ": "
    if entry.verdict == "explained_by_perimeter" and entry.reading is not None:
        reading = reading_text({axis: entry.reading[axis] for axis in entry.departs}, lang)
        return text(lang, "reconcile.explained", reading=reading)
    if entry.verdict == "cannot_be_checked":
        return told + apart + reason_text(entry, lang)
    return told


def perimeter_text(entry: Comparison, lang: str) -> str:
    """The perimeter as it is stated, what of it was not understood, and the other one that reproduces the figure."""
    stated = quoted(lang, entry.figure.perimeter)
    if entry.figure.unread:
        parts = join(lang, list(entry.figure.unread))
        stated = text(lang, "reconcile.stated_unread", stated=stated, parts=parts)
    if entry.verdict != "explained_by_perimeter":
        return stated
    return text(lang, "reconcile.stated_but", stated=stated, told=verdict_text(entry, lang))


def reading_text(reading: Mapping[str, str], lang: str) -> str:
    """A perimeter axis by axis in words."""
    return join(lang, [_axis_text(axis, value, lang) for axis, value in reading.items()])


def _axis_text(axis: str, value: str, lang: str) -> str:
    if axis == "phase":
        return text(lang, "reconcile.all_phases") if value == "all" else text(lang, "reconcile.phase", phase=value)
    return text(lang, f"reconcile.axis.{axis}.{value}")


def reason_text(entry: Comparison, lang: str) -> str:
    """Why a figure cannot be checked."""
    return text(lang, f"reconcile.reason.{entry.reason}", details=_details(entry, lang))


def _details(entry: Comparison, lang: str) -> str:
    if entry.reason == "other_place":
        return text(lang, "reconcile.elsewhere")
    return join(lang, [_detail(told, lang) for told in entry.details])


def _detail(told: str, lang: str) -> str:
    """A table by its label, a day as the language writes it, all else as it is."""
    if told in TABLES:
        return TABLES[told].label_zh if lang == "zh" else TABLES[told].label_en
    try:
        return day(date.fromisoformat(told), lang)
    except ValueError:
        return quoted(lang, told)


def trap_title(trap: Trap, lang: str) -> str:
    """The misreading's name."""
    return text(lang, f"reconcile.trap.{trap.name}.title")


def trap_numbers(trap: Trap, lang: str) -> str:
    """What the numbers say of a misreading: found, not found, or why nothing can be said."""
    if trap.verdict == "cannot_be_checked":
        known = f"reconcile.reason.{trap.reason}"
        if trap.reason in ("beyond_data", "no_rows"):
            return heading_of(trap.figures[0], lang) if trap.figures else text(lang, "reconcile.no_number")
        if " " in trap.reason or trap.reason in TABLES:
            names = join(lang, [_detail(name, lang) for name in trap.reason.split(", ")])
            return text(lang, "reconcile.reason.no_table", details=names)
        return text(lang, known, details="")
    if not trap.evidence:
        return text(lang, f"reconcile.trap.{trap.name}.none")
    unpublished = "" if trap.figures else "_unpublished"
    return text(lang, f"reconcile.trap.{trap.name}.{trap.verdict}{unpublished}", **_values(trap, lang))


def _values(trap: Trap, lang: str) -> dict[str, str]:
    values = {entry.name: evidence_text(entry, lang) for entry in trap.evidence}
    if "loan_reproduces" in values:
        by = {entry.name: bool(entry.value) for entry in trap.evidence}
        values["reproduced"] = text(
            lang, f"reconcile.reproduced.{REPRODUCED[by['loan_reproduces'], by['amount_reproduces']]}"
        )
    if trap.figures:
        values["item"] = label_of(trap.figures[0], lang)
    return values


def evidence_text(entry: Evidence, lang: str) -> str:
    """One number behind a misreading."""
    value, unit = entry.value, entry.unit
    if value is None:
        return MARK
    if entry.name.endswith("_change"):
        return money(value, lang, sign=True)
    if unit == "day":
        told = day(date.fromordinal(int(value)), lang)
    elif unit == "ratio":
        told = text(lang, "reconcile.unit_ratio", number=f"{value:.1f}")
    elif unit in ("loans", "days"):
        told = text(lang, f"reconcile.unit_{unit}", number=count(value))
    else:
        told = number_text(value, "person-times" if unit == "times" else unit, lang)
    return told
