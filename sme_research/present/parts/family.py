"""The same question asked of every outcome of the family, adjusted for asking often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sme_research.present.canvas import draw
from sme_research.present.checking import find_check
from sme_research.present.estimates import forest_row, reason_in
from sme_research.present.forest import ROW_HEIGHT, draw_forest
from sme_research.present.plotted import Plotted, Value, counted, effect_values, heads, tabulate_plotted
from sme_research.present.sentences import absent
from sme_research.present.show import Group, HtmlTable, Picture, Text
from sme_research.present.wording import noun, noun_first
from sme_research.present.words import amount, amount_range, join, p_value, text, unit_head, words
from sme_research.results import Finding, OutcomeEffect


def tabulate_family(finding: Finding, lang: str) -> HtmlTable | Text:
    """Each outcome's estimate in its own unit, with its p-value before and after adjustment."""
    if not finding.family:
        return absent(finding, "family", lang)
    tests = _tests(finding)
    rows: list[tuple[str, ...] | Group] = []
    for family, entries in _by_family(finding).items():
        rows.append(Group(text(lang, f"family.{family}")))
        rows += [_row(entry, tests.get(entry.outcome, {}), finding, lang) for entry in entries]
    level = f"{finding.effect.level:.0%}"
    head = words(lang, "family.head", noun_first=noun_first(finding.grade, lang), level=level)
    caption = text(lang, "family.caption", noun=noun(finding.grade, lang))
    return HtmlTable(caption, head, rows, text(lang, "family.note"), finding.grade.wording)


def _tests(finding: Finding) -> dict[str, Mapping[str, Any]]:
    """Rows of the multiplicity check by outcome."""
    check = find_check(finding, "multiplicity")
    return {row["outcome"]: row for row in check.table} if check else {}


def _by_family(finding: Finding) -> dict[str, list[OutcomeEffect]]:
    found: dict[str, list[OutcomeEffect]] = {}
    for entry in finding.family:
        found.setdefault(entry.family, []).append(entry)
    return found


def _row(entry: OutcomeEffect, test: Mapping[str, Any], finding: Finding, lang: str) -> tuple[str, ...]:
    label = entry.label[lang]
    if entry.outcome == finding.outcome:
        label = text(lang, "family.primary", item=label)
    if entry.effect is None:
        return (label, "–", reason_in(entry.reason, lang), "–", "–", "–")
    effect, unit = entry.effect, entry.effect.unit
    adjusted = [p_value(test.get(name)) for name in ("p_value", "q_value", "p_holm")]
    estimate = amount(effect.estimate, unit, lang)
    return (label, estimate, amount_range(effect.ci_low, effect.ci_high, unit, lang), *adjusted)


def plot_family(finding: Finding, lang: str) -> Picture | Text:
    """Outcomes by unit: those in percent above, those in percentage points below."""
    known = [entry for entry in finding.family if entry.effect is not None]
    if not known:
        return absent(finding, "family", lang)
    in_percent = [entry for entry in known if entry.effect and entry.effect.unit == "log points"]
    in_points = [entry for entry in known if entry not in in_percent]
    panels = [(entries, unit) for entries, unit in ((in_percent, "log points"), (in_points, "share")) if entries]
    with draw(0.7 + sum(0.55 + ROW_HEIGHT * len(entries) for entries, _ in panels)) as drawing:
        heights = [len(entries) + 0.6 for entries, _ in panels]
        axes = drawing.figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
        for panel, (entries, unit) in zip(axes, panels, strict=True):
            rows = [
                forest_row(entry.label[lang], entry.effect, "own" if entry.outcome == finding.outcome else "part")
                for entry in entries
            ]
            x = text(lang, "family.x", noun_first=noun_first(finding.grade, lang), unit=unit_head(unit, lang))
            draw_forest(panel, rows)
            drawing.label(panel, lang, x=x)
    told = [text(lang, "family.alt_part", item=entry.label[lang], estimate=_told(entry, lang)) for entry in known]
    caption = text(lang, "family.figure_caption", noun=noun(finding.grade, lang))
    alt = text(lang, "family.alt", parts=join(lang, told))
    return Picture(drawing.png, alt, caption, _data(known, finding.effect.level, lang), finding.grade.wording)


def _data(known: Sequence[OutcomeEffect], level: float, lang: str) -> Plotted:
    """Every outcome in its own unit, which a column says."""
    rows: list[Sequence[Value]] = [
        (
            entry.label[lang],
            unit_head(entry.effect.unit, lang),
            *effect_values(entry.effect),
            counted(entry.effect.n_treated),
        )
        for entry in known
        if entry.effect is not None
    ]
    names = ("outcome", "unit", "plain_estimate", "plain_low", "plain_high", "n_treated")
    return tabulate_plotted(heads(lang, *names, level=f"{level:.0%}"), rows)


def _told(entry: OutcomeEffect, lang: str) -> str:
    return amount(entry.effect.estimate, entry.effect.unit, lang) if entry.effect else "–"
