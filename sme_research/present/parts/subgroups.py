"""A few named parts of the sample, and whether they differ: by the interaction, never by split significance."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

from sme_research.present.canvas import draw
from sme_research.present.estimates import effect_cells, forest_row
from sme_research.present.forest import ROW_HEIGHT, ForestRow, draw_forest
from sme_research.present.plotted import (
    Plotted,
    Value,
    counted,
    effect_values,
    heads,
    interval_heads,
    tabulate_plotted,
)
from sme_research.present.sentences import absent, item_of
from sme_research.present.show import Group, HtmlTable, Picture, Text
from sme_research.present.wording import noun, noun_first, noun_of
from sme_research.present.words import (
    amount,
    cell,
    interval,
    join,
    p_value,
    scale,
    sentences,
    text,
    unit_head,
    words,
)
from sme_research.results import Effect, Finding, Interaction, SubgroupEffect

ALPHA = 0.05


def plot_subgroups(finding: Finding, lang: str) -> Picture | Text:
    """Forest of the parts, each variable under its name, the whole sample first."""
    if not any(part.effect for part in finding.subgroups):
        return absent(finding, "subgroups", lang)
    unit, item = finding.effect.unit, item_of(finding, lang)
    rows = [forest_row(text(lang, "subgroups.all"), finding.effect, "own")]
    for parts in _by_variable(finding).values():
        rows.append(ForestRow(parts[0].variable_label[lang]))
        rows += [forest_row(f"{part.part_label[lang]}  ", part.effect) for part in parts if part.effect is not None]
    with draw(1.0 + ROW_HEIGHT * len(rows)) as drawing:
        x = text(lang, "subgroups.x", item=item, unit=unit_head(unit, lang))
        axes = drawing.one()
        draw_forest(axes, rows, reference=scale(finding.effect.estimate, unit))
        drawing.label(axes, lang, x=x)
    told = [
        text(
            lang, "subgroups.alt_part", part=part.part_label[lang], estimate=amount(part.effect.estimate, unit, lang)
        )
        for part in finding.subgroups
        if part.effect is not None
    ]
    whole = amount(finding.effect.estimate, unit, lang)
    alt = text(lang, "subgroups.alt", item=item, whole=whole, parts=join(lang, told))
    caption = text(lang, "subgroups.figure_caption", noun_item=noun_of(finding.grade, item, lang))
    return Picture(drawing.png, alt, caption, _data(finding, lang), finding.grade.wording)


def _data(finding: Finding, lang: str) -> Plotted:
    whole = finding.effect
    rows: list[Sequence[Value]] = [("", text(lang, "subgroups.all"), *effect_values(whole), counted(whole.n_treated))]
    rows += [
        (
            part.variable_label[lang],
            part.part_label[lang],
            *effect_values(part.effect),
            counted(part.effect.n_treated),
        )
        for part in finding.subgroups
        if part.effect is not None
    ]
    shown = interval_heads(lang, whole.unit, whole.level, first=heads(lang, "grouped_by", "part"))
    return tabulate_plotted([*shown, *heads(lang, "n_treated")], rows)


def _by_variable(finding: Finding) -> dict[str, list[SubgroupEffect]]:
    found: dict[str, list[SubgroupEffect]] = {}
    for part in finding.subgroups:
        found.setdefault(part.variable, []).append(part)
    return found


def tabulate_subgroups(finding: Finding, lang: str) -> HtmlTable | Text:
    """Each part's estimate and, under each variable, the difference of its parts with p and q."""
    if not finding.subgroups:
        return absent(finding, "subgroups", lang)
    tests = {test.variable: test for test in finding.interactions}
    rows: list[tuple[str, ...] | Group] = []
    for variable, parts in _by_variable(finding).items():
        rows.append(Group(parts[0].variable_label[lang]))
        rows += [
            (part.part_label[lang], *effect_cells(part.effect, lang, part.reason)[:3], "–", "–") for part in parts
        ]
        if variable in tests:
            rows.append(_interaction_row(tests[variable], finding.effect, lang))
    named = {
        "noun_first": noun_first(finding.grade, lang),
        "noun": noun(finding.grade, lang),
        "unit": unit_head(finding.effect.unit, lang),
        "level": f"{finding.effect.level:.0%}",
    }
    head = words(lang, "subgroups.head", **named)
    caption, note = text(lang, "subgroups.caption", **named), text(lang, "subgroups.note")
    return HtmlTable(caption, head, rows, note, finding.grade.wording)


def _interaction_row(test: Interaction, effect: Effect, lang: str) -> tuple[str, ...]:
    """The difference of the parts with its normal interval at the level of the report."""
    half = NormalDist().inv_cdf((1 + effect.level) / 2) * test.std_error
    return (
        text(lang, "subgroups.between"),
        cell(test.difference, effect.unit),
        interval(test.difference - half, test.difference + half, effect.unit, lang),
        "–",
        p_value(test.p_value),
        p_value(test.q_value),
    )


def describe_subgroups(finding: Finding, lang: str) -> Text:
    """Which variables' parts differ after adjustment; separate significance is not read as a difference."""
    if not finding.interactions:
        return absent(finding, "interactions" if finding.subgroups else "subgroups", lang)
    differing = [test.variable_label[lang] for test in finding.interactions if test.q_value < ALPHA]
    key = "subgroups.differ" if differing else "subgroups.alike"
    smallest = min(test.q_value for test in finding.interactions)
    facts = {"variables": join(lang, differing), "n_tests": len(finding.interactions), "smallest": p_value(smallest)}
    parts = [text(lang, key, **facts), text(lang, "subgroups.warning")]
    return Text(sentences(lang, parts), finding.grade.wording)
