"""Our estimate beside published ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sme_research.present.canvas import draw, wrap
from sme_research.present.estimates import forest_row
from sme_research.present.forest import ROW_HEIGHT, ForestRow, draw_forest
from sme_research.present.plotted import Value, effect_values, heads, interval_heads, tabulate_plotted
from sme_research.present.sentences import absent, item_of
from sme_research.present.show import HtmlTable, Picture, Text
from sme_research.present.wording import noun_of
from sme_research.present.words import amount, amount_range, quoted, signed, text, texts, words
from sme_research.results import Finding, PublishedEffect

_CHINESE_REFERENCE: Final = (
    (r" \(([0-9, ]+)\)", r"（\1）"),
    (r",? et al\.", " 等"),
    (r" (?:&|and) ", " 与 "),
    (r"; ", "；"),
    (r", ", "、"),
    (r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", ""),
)
"""How a reference changes in Chinese: marks, et al. and the word before the last author."""


def tabulate_literature(finding: Finding, lang: str) -> HtmlTable | Text:
    """Ours first, then what others found, with what was seen in a source and what is from memory."""
    if not finding.literature:
        return absent(finding, "literature", lang)
    effect = finding.effect
    own = (
        text(lang, "literature.ours"),
        text(lang, f"estimator.{effect.estimator}"),
        text(lang, "literature.ours_text", noun_item=noun_of(finding.grade, item_of(finding, lang), lang)),
        f"{amount(effect.estimate, effect.unit, lang)} "
        f"[{amount_range(effect.ci_low, effect.ci_high, effect.unit, lang)}]",
        "–",
    )
    rows = [own, *(_row(published, finding.outcome, lang) for published in finding.literature)]
    caption, note = text(lang, "literature.caption"), text(lang, "literature.note")
    return HtmlTable(caption, words(lang, "literature.head"), rows, note, kind="literature")


def _row(published: PublishedEffect, outcome: str, lang: str) -> tuple[str, ...]:
    return (
        _reference(published.reference, lang),
        _place_design(published, lang),
        published.text[lang],
        _range(published, lang) if _is_comparable(published, outcome) else "–",
        text(lang, "literature.checked" if published.checked else "literature.unchecked"),
    )


def _is_comparable(published: PublishedEffect, outcome: str) -> bool:
    """Whether its number is of the same outcome and was seen in a source."""
    return published.checked and published.outcome == outcome


def _place_design(published: PublishedEffect, lang: str) -> str:
    place, design = (quoted(lang, phrase) if phrase else "" for phrase in (published.place, published.design))
    if place and design:
        return text(lang, "literature.place_design", place=place, design=design)
    return place or design or "–"


def _reference(reference: str, lang: str) -> str:
    """Authors and years as the language writes them; one that the catalogue knows is translated."""
    if lang != "zh" or reference in texts(lang)["phrase"]:
        return quoted(lang, reference)
    for english, chinese in _CHINESE_REFERENCE:
        reference = re.sub(english, chinese, reference)
    return reference


def _range(published: PublishedEffect, lang: str) -> str:
    low, high = published.low, published.high
    if low is None or high is None:
        known = low if high is None else high
        return "–" if known is None else f"{signed(known)}%"
    if low == high:
        return f"{signed(low)}%"
    return text(lang, "unit.range", low=f"{signed(low)}%", high=f"{signed(high)}%")


def plot_literature(finding: Finding, lang: str) -> Picture | Text:
    """Ours with its interval beside published numbers on the same outcome, where it is relative as theirs are."""
    known = [
        entry
        for entry in finding.literature
        if _is_comparable(entry, finding.outcome) and (entry.low is not None or entry.high is not None)
    ]
    if not known or finding.effect.unit != "log points":
        return absent(finding, "literature_figure", lang)
    rows = [
        forest_row(text(lang, "literature.ours"), finding.effect, "own"),
        *(_forest(entry, lang) for entry in known),
    ]
    lines = sum(row.label.count("\n") + 1 for row in rows)
    with draw(1.0 + ROW_HEIGHT * 0.45 * lines + ROW_HEIGHT * 0.55 * len(rows)) as drawing:
        axes = drawing.one()
        draw_forest(axes, rows)
        drawing.label(axes, lang, x=text(lang, "literature.x"))
    told = [
        text(lang, "literature.alt_part", reference=_reference(entry.reference, lang), size=_range(entry, lang))
        for entry in known
    ]
    ours = amount(finding.effect.estimate, finding.effect.unit, lang)
    alt = text(lang, "literature.alt", ours=ours, parts=("；" if lang == "zh" else "; ").join(told))
    effect = finding.effect
    plotted: list[Sequence[Value]] = [
        (text(lang, "literature.ours"), *effect_values(effect)),
        *((_reference(entry.reference, lang), None, entry.low, entry.high) for entry in known),
    ]
    data = tabulate_plotted(interval_heads(lang, effect.unit, effect.level, first=heads(lang, "source")), plotted)
    return Picture(drawing.png, alt, text(lang, "literature.figure_caption"), data)


def _forest(entry: PublishedEffect, lang: str) -> ForestRow:
    label = wrap(_reference(entry.reference, lang), lang, 34)
    low = entry.low if entry.low is not None else entry.high
    high = entry.high if entry.high is not None else low
    if low is None or high is None:
        return ForestRow(label)
    return ForestRow(label, low, low, high, "other" if low == high else "range")
