"""Other inferences, cohorts and other designs beside the estimate."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sme_research.present.estimates import effect_cells, includes_zero, label_of, told_effect
from sme_research.present.parts.specifications import find_bare
from sme_research.present.sentences import absent, item_of, opposite
from sme_research.present.show import HtmlTable, Text
from sme_research.present.wording import noun, noun_first, noun_of
from sme_research.present.words import (
    amount,
    cell,
    count,
    fine_digits,
    has_text,
    interval,
    p_value,
    sentences,
    share,
    text,
    unit_head,
    words,
)
from sme_research.results import Contrast, Effect, Finding, Inference

WAN_IN_MILLION: Final = 100


def _named(finding: Finding, lang: str) -> dict[str, str]:
    """What every caption and head of this report may name."""
    return {
        "noun": noun(finding.grade, lang),
        "noun_first": noun_first(finding.grade, lang),
        "unit": unit_head(finding.effect.unit, lang),
        "level": f"{finding.effect.level:.0%}",
        "item": item_of(finding, lang),
        "noun_item": noun_of(finding.grade, item_of(finding, lang), lang),
    }


def tabulate_inferences(finding: Finding, lang: str) -> HtmlTable | Text:
    """Every inference on the same estimate; the first is the one that the report stands on."""
    if not finding.inferences:
        return absent(finding, "inferences", lang)
    rows = [_inference_row(inference, lang, primary=at == 0) for at, inference in enumerate(finding.inferences)]
    named = _named(finding, lang)
    head = words(lang, "inferences.head", **named)
    caption, note = text(lang, "inferences.caption", **named), text(lang, "inferences.note")
    return HtmlTable(caption, head, rows, note, finding.grade.wording)


def _inference_row(inference: Inference, lang: str, *, primary: bool) -> tuple[str, ...]:
    label = text(lang, f"inferences.{inference.method}")
    freedom = inference.degrees_of_freedom
    normal = text(lang, "inferences.normal") if inference.method == "clustered" else "–"
    known = inference.ci_low is not None and inference.ci_high is not None
    return (
        text(lang, "inferences.primary", method=label) if primary else label,
        cell(inference.estimate, inference.unit),
        interval(inference.ci_low, inference.ci_high, inference.unit, lang) if known else "–",  # type: ignore[arg-type]
        p_value(inference.p_value),
        normal if freedom is None else f"{freedom:.1f}",
        f"{count(inference.n_clusters)} ({count(inference.n_treated_clusters)})",
    )


def tabulate_cohorts(finding: Finding, lang: str) -> HtmlTable | Text:
    """The estimate by first treated year."""
    if not finding.cohorts:
        return absent(finding, "cohorts", lang)
    rows = [(str(year), *effect_cells(effect, lang)) for year, effect in finding.cohorts]
    named = _named(finding, lang)
    head = words(lang, "cohorts.head", **named)
    caption, note = text(lang, "cohorts.caption", **named), text(lang, "cohorts.note", **named)
    return HtmlTable(caption, head, rows, note, finding.grade.wording)


def tabulate_contrast(finding: Finding, lang: str) -> HtmlTable | Text:
    """Two-way fixed effects beside the estimate, with the comparisons they average and their weights."""
    contrast = finding.contrast
    if contrast is None:
        return absent(finding, "contrast", lang)
    unit = contrast.effect.unit
    rows = [
        (text(lang, "contrast.ours"), "–", *effect_cells(finding.effect, lang)[:2]),
        (text(lang, "contrast.two_way"), share(1.0), *effect_cells(contrast.effect, lang)[:2]),
    ]
    rows += [
        (text(lang, f"contrast.{part['kind']}"), share(part["weight"]), cell(part["estimate"], unit), "–")
        for part in contrast.parts
    ]
    named = _named(finding, lang)
    head = words(lang, "contrast.head", **named)
    caption, notes = text(lang, "contrast.caption"), [text(lang, "contrast.note")]
    steady = {part["n_enterprises"] for part in contrast.parts if "n_enterprises" in part}
    if steady:
        notes.append(text(lang, "contrast.note_parts", n_enterprises=count(max(steady))))
    return HtmlTable(caption, head, rows, sentences(lang, notes), finding.grade.wording)


def describe_contrast(finding: Finding, lang: str) -> Text:
    """How far the older regression is off, and how much of it rests on forbidden comparisons."""
    contrast = finding.contrast
    if contrast is None:
        return absent(finding, "contrast", lang)
    facts = {
        "ours": amount(finding.effect.estimate, finding.effect.unit, lang),
        "theirs": amount(contrast.effect.estimate, contrast.effect.unit, lang),
        "share": share(_forbidden(contrast)),
    }
    told, bare = [text(lang, "contrast.reading", **facts)], find_bare(finding)
    if bare is not None:
        told.append(text(lang, "contrast.bare", bare=amount(bare, finding.effect.unit, lang)))
    return Text(sentences(lang, told), finding.grade.wording)


def _forbidden(contrast: Contrast) -> float:
    """Weight of the comparisons in which enterprises already treated stand for the untreated."""
    return float(sum(part["weight"] for part in contrast.parts if part["kind"] == "later_vs_earlier"))


def describe_triple_difference(finding: Finding, lang: str) -> Text:
    """The triple difference, beside which the main estimate can be read."""
    effect = finding.triple_difference
    if effect is None:
        return absent(finding, "triple_difference", lang)
    told = _told(finding, "triple_difference.reading", effect, lang)
    contrary = opposite(finding, "triple_difference", lang)
    parts = [told.markdown, contrary] if contrary else [told.markdown]
    return Text(sentences(lang, parts), finding.grade.wording)


def describe_entry_margin(finding: Finding, lang: str) -> Text:
    """Whether there are more enterprises, beside whether those there are have grown."""
    effect = finding.entry_margin
    if effect is None:
        return absent(finding, "entry_margin", lang)
    noun_item = noun_of(finding.grade, text(lang, "entry_margin.item"), lang)
    return _told(finding, "entry_margin.reading", effect, lang, noun_item=noun_item)


def _told(finding: Finding, key: str, effect: Effect, lang: str, **more: str) -> Text:
    zero = text(lang, "effect.zero_inside" if includes_zero(effect) else "effect.zero_outside")
    facts = {**_named(finding, lang), **told_effect(effect, lang, fine_digits(effect.estimate, effect.unit))}
    facts |= {"zero": zero, **more}
    if effect.n_treated is None and has_text(lang, f"{key}_withheld"):
        key += "_withheld"
    return Text(text(lang, key, **facts), finding.grade.wording)


def tabulate_single_clusters(finding: Finding, lang: str) -> HtmlTable | Text:
    """Every cluster by itself, against a weighted mix of places without one."""
    if not finding.single_clusters:
        return absent(finding, "single_clusters", lang)
    in_order = sorted(finding.single_clusters.items())
    rows = [(name, *effect_cells(effect, lang)[:2]) for name, effect in in_order]
    named = _named(finding, lang)
    head = words(lang, "single_clusters.head", **named)
    caption, note = text(lang, "single_clusters.caption", **named), text(lang, "single_clusters.note")
    return HtmlTable(caption, head, rows, note, finding.grade.wording)


def _for_a_million(effect: Effect) -> Effect:
    """An effect a 10,000 yuan of loan as one a million yuan."""
    parts = {name: getattr(effect, name) * WAN_IN_MILLION for name in ("estimate", "std_error", "ci_low", "ci_high")}
    return replace(effect, **parts)


def describe_threshold(finding: Finding, lang: str) -> Text:
    """The jump at the pass mark and the kinks at ceilings, where the rules have them."""
    lines = []
    if finding.threshold_jump is not None:
        lines.append(_told(finding, "threshold.jump", finding.threshold_jump, lang).markdown)
    for name, effect in finding.kinks.items():
        cap = label_of("cap", name, lang)
        lines.append(_told(finding, "threshold.kink", _for_a_million(effect), lang, cap=cap).markdown)
    if not lines:
        return absent(finding, "threshold", lang)
    return Text("\n\n".join([*lines, text(lang, "threshold.local")]), finding.grade.wording)
