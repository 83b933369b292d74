"""More of the instrument: what goes with a larger dose."""

from __future__ import annotations

import math
from typing import Final

from sme_research.present.canvas import AFTER, GRID, INK, PALE, draw
from sme_research.present.plotted import in_axis, interval_heads, tabulate_plotted
from sme_research.present.sentences import absent, item_of
from sme_research.present.show import HtmlTable, Picture, Text
from sme_research.present.wording import noun, noun_first, noun_of
from sme_research.present.words import (
    amount,
    amount_range,
    cell,
    count,
    interval,
    scale,
    text,
    unit_head,
    words,
)
from sme_research.results import DoseResponse, Finding

_LARGER: Final = {"万元": "亿元", "10,000 yuan": "100 million yuan"}
_IN_LARGER: Final = 10_000


def plot_dose(finding: Finding, lang: str) -> Picture | Text:
    """The estimate by dose with its band."""
    dose = finding.dose
    if dose is None:
        return absent(finding, "dose", lang)
    unit, item = finding.effect.unit, item_of(finding, lang)
    doses = [point.dose for point in dose.points]
    low, middle, high = (
        [scale(getattr(point, name), unit) for point in dose.points] for name in ("ci_low", "estimate", "ci_high")
    )
    with draw(3.8) as drawing:
        axes = drawing.one()
        axes.fill_between(doses, low, high, color=PALE, alpha=0.55, linewidth=0, label=text(lang, "dose.band"))
        axes.plot(doses, middle, "o-", color=AFTER, markersize=4.5, label=text(lang, "dose.line"))
        axes.axhline(0, color=INK, linewidth=0.8)
        x = text(lang, "dose.x", dose=dose.dose_label[lang], unit=dose.dose_unit[lang])
        drawing.label(axes, lang, x=x, y=text(lang, "dose.y", item=item, unit=unit_head(unit, lang)))
        axes.grid(axis="y", color=GRID)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    noun_item = noun_of(finding.grade, item, lang)
    caption = text(lang, "dose.caption", noun_item=noun_item, dose=dose.dose_label[lang])
    data = tabulate_plotted(
        interval_heads(lang, unit, dose.slope.level, first=[x]),
        [(point.dose, *in_axis(unit, point.estimate, point.ci_low, point.ci_high)) for point in dose.points],
    )
    return Picture(drawing.png, _alt(dose, unit, item, lang), caption, data, finding.grade.wording)


def _alt(dose: DoseResponse, unit: str, item: str, lang: str) -> str:
    first, last = dose.points[0], dose.points[-1]
    return text(
        lang,
        "dose.alt",
        item=item,
        dose=dose.dose_label[lang],
        unit=dose.dose_unit[lang],
        first_dose=_dose(first.dose),
        first=amount(first.estimate, unit, lang),
        last_dose=_dose(last.dose),
        last=amount(last.estimate, unit, lang),
        last_range=amount_range(last.ci_low, last.ci_high, unit, lang),
    )


def _dose(value: float) -> str:
    return count(value) if float(value).is_integer() else f"{value:,.1f}"


def tabulate_dose(finding: Finding, lang: str) -> HtmlTable | Text:
    """The dose picture as numbers."""
    dose = finding.dose
    if dose is None:
        return absent(finding, "dose", lang)
    unit = finding.effect.unit
    rows = [
        (_dose(point.dose), cell(point.estimate, unit), interval(point.ci_low, point.ci_high, unit, lang))
        for point in dose.points
    ]
    named = {"noun": noun(finding.grade, lang), "noun_first": noun_first(finding.grade, lang)}
    named |= {"dose": dose.dose_label[lang], "dose_unit": dose.dose_unit[lang]}
    named |= {"unit": unit_head(unit, lang), "level": f"{dose.slope.level:.0%}"}
    caption = text(lang, "dose.table_caption", **named)
    note = text(lang, "dose.note")
    return HtmlTable(caption, words(lang, "dose.head", **named), rows, note, finding.grade.wording)


def _step(dose: DoseResponse) -> float:
    """The largest of 1, 10, 100 and so on within the span of doses: a step that enterprises do differ by."""
    span = dose.points[-1].dose - dose.points[0].dose
    return float(10 ** max(math.floor(math.log10(span)), 0)) if span > 0 else 1.0


def _told_step(step: float, unit: str) -> dict[str, str]:
    """The step with its unit; ten thousand times 10,000 yuan are told as 100 million."""
    small = next((word for word in _LARGER if unit.startswith(word)), None)
    if small is None or step < _IN_LARGER:
        return {"step": count(step), "unit": unit}
    return {"step": count(step / _IN_LARGER), "unit": unit.replace(small, _LARGER[small], 1)}


def describe_dose(finding: Finding, lang: str) -> Text:
    """What one more unit of dose goes with, and why that is not yet a reason to give more."""
    dose = finding.dose
    if dose is None:
        return absent(finding, "dose", lang)
    slope, unit = dose.slope, finding.effect.unit
    flat = slope.ci_low <= 0 <= slope.ci_high
    step = _step(dose)
    low, middle, high = (step * value for value in (slope.ci_low, slope.estimate, slope.ci_high))
    facts = {
        "dose": dose.dose_label[lang],
        **_told_step(step, dose.dose_unit[lang]),
        "item": item_of(finding, lang),
        "estimate": amount(middle, unit, lang),
        "range": amount_range(low, high, unit, lang),
        "level": f"{slope.level:.0%}",
        "n_treated": count(dose.n_treated),
    }
    key = "dose.flat" if flat else "dose.sloped"
    if dose.n_treated is None:
        key += "_withheld"
    return Text(text(lang, key, **facts), finding.grade.wording)
