"""Our estimate beside published ones."""

from __future__ import annotations

from sme_research.present.canvas import draw, wrap
from sme_research.present.estimates import forest_row
from sme_research.present.forest import ROW_HEIGHT, ForestRow, draw_forest
from sme_research.present.sentences import absent, item_of
from sme_research.present.show import HtmlTable, Picture, Text
from sme_research.present.wording import noun_of
from sme_research.present.words import amount, amount_range, join, quoted, signed, text, words
from sme_research.results import Finding, PublishedEffect


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
    rows = [own, *(_row(published, lang) for published in finding.literature)]
    caption, note = text(lang, "literature.caption"), text(lang, "literature.note")
    return HtmlTable(caption, words(lang, "literature.head"), rows, note)


def _row(published: PublishedEffect, lang: str) -> tuple[str, ...]:
    how = [quoted(lang, phrase) for phrase in (published.place, published.design) if phrase]
    return (
        published.reference,
        join(lang, how) or "–",
        published.text[lang],
        _range(published, lang),
        text(lang, "literature.checked" if published.checked else "literature.unchecked"),
    )


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
        if entry.outcome == finding.outcome and (entry.low is not None or entry.high is not None)
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
    told = [text(lang, "literature.alt_part", reference=entry.reference, size=_range(entry, lang)) for entry in known]
    ours = amount(finding.effect.estimate, finding.effect.unit, lang)
    alt = text(lang, "literature.alt", ours=ours, parts=("；" if lang == "zh" else "; ").join(told))
    return Picture(drawing.png, alt, text(lang, "literature.figure_caption"))


def _forest(entry: PublishedEffect, lang: str) -> ForestRow:
    label = entry.reference if entry.checked else text(lang, "literature.unchecked_label", reference=entry.reference)
    label = wrap(label, lang, 34)
    low = entry.low if entry.low is not None else entry.high
    high = entry.high if entry.high is not None else low
    if low is None or high is None:
        return ForestRow(label)
    return ForestRow(label, low, low, high, "other" if low == high else "range")
