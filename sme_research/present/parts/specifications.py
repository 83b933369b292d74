"""The specification curve: every way of asking that was fixed in advance, agreeable or not."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from matplotlib.axes import Axes

from sme_research.present.canvas import AFTER, BEFORE, DASHED, GRID, INK, PALE, draw
from sme_research.present.estimates import effect_cells, includes_zero, label_of
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
from sme_research.present.show import HtmlTable, Picture, Text
from sme_research.present.wording import noun, noun_first, noun_of
from sme_research.present.words import amount, count, join, scale, sentences, text, unit_head, words
from sme_research.results import Effect, Finding, Specification

DECLARED: Final = "declared"
BARE: Final = "no_covariates"
_NOT_COUNTED: Final = (DECLARED, "two_way_fixed_effects")
"""The report's own choice, and the older regression that is shown for contrast."""
_ROW: Final = 0.225  # inches a line of the matrix
_UPPER: Final = 2.7


def plot_specifications(finding: Finding, lang: str) -> Picture | Text:
    """Estimates in order of size with their intervals, and below each the choices that made it."""
    known = _known(finding)
    if len(known) < 2:
        return absent(finding, "specifications", lang)
    ranked = sorted(known, key=lambda pair: pair[1].estimate)
    lines = _lines([spec for spec, _ in known])
    with draw(_UPPER + 0.5 + _ROW * len(lines)) as drawing:
        ratios = (_UPPER, 0.3 + _ROW * len(lines))
        upper, lower = drawing.figure.subplots(2, 1, sharex=True, height_ratios=ratios)
        _draw_curve(upper, ranked, lang)
        y = text(lang, "specifications.y", item=item_of(finding, lang), unit=unit_head(finding.effect.unit, lang))
        drawing.label(upper, lang, x="", y=y, part=_UPPER / drawing.figure.get_figheight())
        _draw_matrix(lower, [spec for spec, _ in ranked], lines, lang)
        drawing.label(lower, lang, x=text(lang, "specifications.x"))
    caption = text(
        lang, "specifications.figure_caption", noun_item=noun_of(finding.grade, item_of(finding, lang), lang)
    )
    data = _data(ranked, finding, lang)
    return Picture(drawing.png, _alt(finding, ranked, lang), caption, data, finding.grade.wording)


def _data(ranked: Sequence[tuple[Specification, Effect]], finding: Finding, lang: str) -> Plotted:
    shown = interval_heads(
        lang, finding.effect.unit, finding.effect.level, first=heads(lang, "specification", "choice")
    )
    rows: list[Sequence[Value]] = [
        (
            label_of("specifications", spec.name, lang),
            _choices(spec, lang),
            *effect_values(effect),
            counted(effect.n_treated),
        )
        for spec, effect in ranked
    ]
    return tabulate_plotted([*shown, *heads(lang, "n_treated")], rows)


def _known(finding: Finding) -> list[tuple[Specification, Effect]]:
    return [(spec, spec.effect) for spec in finding.specifications if spec.effect is not None]


def _lines(specifications: Sequence[Specification]) -> list[tuple[str, str]]:
    """Every dimension with its values, the declared one first, in order of first appearance."""
    values: dict[str, list[str]] = {}
    for spec in specifications:
        for dimension, value in spec.choices.items():
            known = values.setdefault(dimension, [DECLARED])
            if value not in known:
                known.append(value)
    return [(dimension, value) for dimension, choices in values.items() for value in choices]


def _draw_curve(axes: Axes, ranked: Sequence[tuple[Specification, Effect]], lang: str) -> None:
    axes.axhline(0, color=INK, linewidth=0.8)
    seen: set[str] = set()
    for place, (spec, effect) in enumerate(ranked):
        low, middle, high = (scale(value, effect.unit) for value in (effect.ci_low, effect.estimate, effect.ci_high))
        kind = "primary" if spec.name == DECLARED else "holds" if effect.ci_low <= 0 <= effect.ci_high else "excludes"
        marker, line, fill, size = _LOOKS[kind]
        axes.errorbar(
            [place], [middle], yerr=[[middle - low], [high - middle]], fmt=marker, color=line,
            markerfacecolor=fill, markersize=size, capsize=2.5, linewidth=1.3,
            label=None if kind in seen else text(lang, f"specifications.{kind}"),
        )  # fmt: skip
        if kind == "primary":
            axes.axhline(middle, color=AFTER, linewidth=0.9, linestyle=DASHED, zorder=0)
        seen.add(kind)
    axes.grid(axis="y", color=GRID)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2, fontsize=9.5)


_LOOKS: Final = {
    "primary": ("D", AFTER, AFTER, 8),
    "excludes": ("o", INK, INK, 5),
    "holds": ("o", BEFORE, "white", 6),
}


def _draw_matrix(axes: Axes, ranked: Sequence[Specification], lines: Sequence[tuple[str, str]], lang: str) -> None:
    for at, (dimension, value) in enumerate(lines):
        axes.plot(range(len(ranked)), [at] * len(ranked), "o", color=PALE, markersize=2.5)
        chosen = [place for place, spec in enumerate(ranked) if spec.choices.get(dimension, DECLARED) == value]
        axes.plot(chosen, [at] * len(chosen), "s", color=AFTER if value != DECLARED else BEFORE, markersize=5.5)
        if value == DECLARED and at:
            axes.axhline(at - 0.5, color=GRID, linewidth=1)
    axes.set_yticks(range(len(lines)), [_line_label(line, lang) for line in lines], fontsize=8.5)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_xlim(-0.6, len(ranked) - 0.4)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _line_label(line: tuple[str, str], lang: str) -> str:
    dimension, value = line
    choice = label_of("specification_value", value, lang)
    if value == DECLARED:
        return text(
            lang, "specifications.line", dimension=label_of("specification_choice", dimension, lang), value=choice
        )
    return choice


def _alt(finding: Finding, ranked: Sequence[tuple[Specification, Effect]], lang: str) -> str:
    unit = finding.effect.unit
    own = next((effect for spec, effect in ranked if spec.name == DECLARED), finding.effect)
    return text(
        lang,
        "specifications.alt",
        n=len(ranked),
        item=item_of(finding, lang),
        lowest=amount(ranked[0][1].estimate, unit, lang),
        lowest_name=label_of("specifications", ranked[0][0].name, lang),
        highest=amount(ranked[-1][1].estimate, unit, lang),
        highest_name=label_of("specifications", ranked[-1][0].name, lang),
        own=amount(own.estimate, unit, lang),
        n_zero=sum(effect.ci_low <= 0 <= effect.ci_high for _, effect in ranked),
    )


def tabulate_specifications(finding: Finding, lang: str) -> HtmlTable | Text:
    """Every specification of the list, with the reason where it has no estimate."""
    if not finding.specifications:
        return absent(finding, "specifications", lang)
    rows = [
        (
            label_of("specifications", spec.name, lang),
            _choices(spec, lang),
            *effect_cells(spec.effect, lang, spec.reason),
        )
        for spec in finding.specifications
    ]
    named = {"noun": noun(finding.grade, lang), "noun_first": noun_first(finding.grade, lang)}
    named |= {"unit": unit_head(finding.effect.unit, lang), "level": f"{finding.effect.level:.0%}"}
    head = words(lang, "specifications.head", **named)
    caption = text(lang, "specifications.caption", **named)
    note = text(lang, "specifications.note")
    return HtmlTable(caption, head, rows, note, finding.grade.wording, kind="dense")


def _choices(spec: Specification, lang: str) -> str:
    told = [
        text(
            lang,
            "specifications.choice",
            dimension=label_of("specification_choice", dimension, lang),
            value=label_of("specification_value", value, lang),
        )
        for dimension, value in spec.choices.items()
    ]
    return join(lang, told) or "–"


def describe_specifications(finding: Finding, lang: str) -> Text:
    """How many ways of asking agree with the declared one, in sign and in telling it from zero."""
    known = _known(finding)
    others = [(spec, effect) for spec, effect in known if spec.name not in _NOT_COUNTED]
    if len(known) < 2 or not others:
        return absent(finding, "specifications", lang)
    own, unit = finding.effect, finding.effect.unit
    estimates = [effect.estimate for _, effect in others]
    facts = {
        "n": len(others),
        "n_asked": sum(spec.name not in _NOT_COUNTED for spec in finding.specifications),
        "n_same_sign": count(sum(value * own.estimate > 0 for value in estimates)),
        "n_zero": count(sum(includes_zero(effect) for _, effect in others)),
        "lowest": amount(min(estimates), unit, lang),
        "highest": amount(max(estimates), unit, lang),
        "median": amount(median(estimates), unit, lang),
    }
    told = [text(lang, "specifications.reading_zero" if includes_zero(own) else "specifications.reading", **facts)]
    bare = find_bare(finding)
    if bare is not None:
        told.append(text(lang, "checks.specification_curve_bare", without_covariates=amount(bare, unit, lang)))
    return Text(sentences(lang, told), finding.grade.wording)


def find_bare(finding: Finding) -> float | None:
    """The report's own method without adjustment, None where it was not estimated in the report's unit."""
    made = {spec.name: spec.effect for spec in finding.specifications}
    effect = made.get(BARE)
    return None if effect is None or effect.unit != finding.effect.unit else effect.estimate
