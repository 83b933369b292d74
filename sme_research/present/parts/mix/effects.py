"""What goes with combinations: cells against none and the sum, interactions with what could have been found."""

from __future__ import annotations

from sme_research.policy.mix import MixFinding, MixInteraction
from sme_research.present.canvas import draw
from sme_research.present.estimates import forest_row
from sme_research.present.forest import ROW_HEIGHT, ForestRow, draw_forest
from sme_research.present.plotted import Plotted, counted, effect_values, interval_heads, tabulate_plotted
from sme_research.present.show import HtmlTable, Picture, Text
from sme_research.present.words import (
    amount,
    amount_range,
    both_ways,
    cell,
    count,
    interval,
    join,
    p_value,
    scale,
    sentences,
    text,
    unit_head,
    words,
)
from sme_research.results import Effect

WORDING = "association"
"""Combinations are chosen, not assigned: never called an effect."""


def _facts(finding: MixFinding, lang: str) -> dict[str, str]:
    return {
        "item": finding.outcome_label[lang],
        "unit": unit_head(finding.unit, lang),
        "level": f"{finding.level:.0%}",
    }


def plot_mix_cells(finding: MixFinding, lang: str) -> Picture | Text:
    """Forest of the combinations against none, each with the sum of its single instruments below it."""
    told = [each for each in finding.cells if each.effect is not None]
    if not told:
        return Text(text(lang, "mix.no_cell"))
    rows, data = [], []
    for each in told:
        label = finding.label(each.instruments, lang)
        rows.append(forest_row(label, each.effect, "own"))
        data.append((label, text(lang, "mix.estimate"), each.effect))
        if each.additive is not None:
            rows.append(forest_row(text(lang, "mix.sum"), each.additive, "other"))
            data.append((label, text(lang, "mix.sum"), each.additive))
    with draw(1.0 + ROW_HEIGHT * len(rows)) as drawing:
        axes = drawing.one()
        draw_forest(axes, rows)
        drawing.label(axes, lang, x=text(lang, "mix.cells_x", **_facts(finding, lang)))
    alts = [
        text(lang, "mix.cell_alt", cell=finding.label(each.instruments, lang), estimate=_amount(each.effect, lang))
        for each in told
    ]
    alt = text(lang, "mix.cells_alt", parts=join(lang, alts), **_facts(finding, lang))
    caption = text(lang, "mix.cells_caption", **_facts(finding, lang))
    return Picture(drawing.png, alt, caption, _plotted(data, finding, lang), WORDING)


def _amount(effect: Effect | None, lang: str) -> str:
    return "–" if effect is None else amount(effect.estimate, effect.unit, lang)


def _plotted(rows: list[tuple[str, str, Effect | None]], finding: MixFinding, lang: str) -> Plotted:
    heads = [*words(lang, "mix.plotted_first"), *interval_heads(lang, finding.unit, finding.level)]
    return tabulate_plotted(
        [*heads, text(lang, "mix.holders")],
        [
            (*names, *effect_values(effect), counted(effect.n_treated))
            for *names, effect in rows
            if effect is not None
        ],
    )


def tabulate_mix_cells(finding: MixFinding, lang: str) -> HtmlTable:
    """The eight combinations: none as the base, the others against it, and what single ones would add up to."""
    rows = [(text(lang, "mix.base"), "–", "–", "–", "–")]
    for each in finding.cells:
        label = finding.label(each.instruments, lang)
        if each.effect is None:
            rows.append((label, text(lang, "mix.too_few"), "–", "–", "–"))
            continue
        single = len(each.instruments) == 1
        rows.append(
            (
                label,
                *_cells(each.effect, lang),
                text(lang, "mix.single") if single else _joined(each.additive, lang),
                count(each.effect.n_treated),
            )
        )
    facts = _facts(finding, lang)
    note = text(lang, "mix.cells_note", n=count(finding.n_population), **facts)
    return HtmlTable(
        text(lang, "mix.cells_table", **facts), words(lang, "mix.cells_head", **facts), rows, note, WORDING
    )


def _cells(effect: Effect, lang: str) -> tuple[str, str]:
    return cell(effect.estimate, effect.unit), interval(effect.ci_low, effect.ci_high, effect.unit, lang)


def _joined(effect: Effect | None, lang: str) -> str:
    if effect is None:
        return "–"
    estimate, span = _cells(effect, lang)
    return text(lang, "mix.with_range", estimate=estimate, range=span)


def plot_interactions(finding: MixFinding, lang: str) -> Picture | Text:
    """Forest of what goes beyond the sum, each with the range in which a true one would mostly stay unseen."""
    told = [each for each in finding.interactions if each.effect is not None and each.detectable is not None]
    if not told:
        return Text(text(lang, "mix.no_interaction"))
    rows, data = [], []
    for each in told:
        label = finding.label(each.instruments, lang)
        rows.append(forest_row(label, each.effect, "own"))
        assert each.detectable is not None
        low, high = scale(-each.detectable, finding.unit), scale(each.detectable, finding.unit)
        rows.append(ForestRow(text(lang, "mix.unseen"), None, low, high, "range"))
        data.append((label, text(lang, "mix.beyond"), each.effect))
    with draw(1.0 + ROW_HEIGHT * len(rows)) as drawing:
        axes = drawing.one()
        draw_forest(axes, rows)
        drawing.label(axes, lang, x=text(lang, "mix.interactions_x", **_facts(finding, lang)))
    alts = [
        text(lang, "mix.cell_alt", cell=finding.label(each.instruments, lang), estimate=_amount(each.effect, lang))
        for each in told
    ]
    alt = text(lang, "mix.interactions_alt", parts=join(lang, alts), **_facts(finding, lang))
    caption = text(lang, "mix.interactions_caption", **_facts(finding, lang))
    return Picture(drawing.png, alt, caption, _plotted(data, finding, lang), WORDING)


def tabulate_interactions(finding: MixFinding, lang: str) -> HtmlTable:
    """What goes beyond the sum of each pair and of all three, with what could have been found and the year before."""
    rows = []
    for each in finding.interactions:
        label = finding.label(each.instruments, lang)
        if each.effect is None or each.detectable is None:
            rows.append((label, text(lang, "mix.verdict.not_estimated"), *["–"] * 6))
            continue
        check = each.checks[0] if each.checks else None
        rows.append(
            (
                label,
                text(lang, f"mix.verdict.{each.verdict}"),
                *_cells(each.effect, lang),
                f"±{abs(scale(each.detectable, finding.unit)):.1f}",
                count(each.effect.n_treated),
                p_value(each.p_adjusted),
                text(lang, f"verdict.{check.verdict}") if check else "–",
            )
        )
    facts = _facts(finding, lang)
    caption, head = text(lang, "mix.interactions_table", **facts), words(lang, "mix.interactions_head", **facts)
    return HtmlTable(caption, head, rows, text(lang, "mix.interactions_note"), WORDING)


def interaction_sentence(finding: MixFinding, each: MixInteraction, lang: str) -> str:
    """One interaction in a sentence, in the words of its verdict; not detected comes with what could have been."""
    facts = {**_facts(finding, lang), "pair": finding.label(each.instruments, lang)}
    if each.effect is None or each.detectable is None:
        return text(lang, "mix.told.not_estimated", **facts)
    effect = each.effect
    facts |= {
        "estimate": amount(effect.estimate, effect.unit, lang),
        "range": amount_range(effect.ci_low, effect.ci_high, effect.unit, lang),
        "mde": both_ways(each.detectable, effect.unit, lang),
        "n": count(effect.n_treated),
    }
    return text(lang, f"mix.told.{each.verdict}", **facts)


def describe_interactions(finding: MixFinding, lang: str) -> Text:
    """Every interaction in a sentence, what the evidence is, and that silence is no proof."""
    told = [f"- {interaction_sentence(finding, each, lang)}" for each in finding.interactions]
    levels = [each.grade.sms_level for each in finding.interactions if each.grade is not None]
    closing = [text(lang, "mix.silence")]
    if levels:
        shown = dict.fromkeys(str(level) for level in (min(levels), max(levels)))
        closing.append(text(lang, "mix.graded", levels="–".join(shown)))
    return Text("\n".join(told) + "\n\n" + sentences(lang, closing), WORDING)
