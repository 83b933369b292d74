"""How one will know, in words, tables and a picture: the evaluation plan of the next stage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Final

from matplotlib.axes import Axes

from sme_research.disclosure import coarse_count
from sme_research.instruments import INSTRUMENTS
from sme_research.policy.evaluation.designs import Design, Measure, Words
from sme_research.policy.evaluation.records import MeasureStudy, StagePlan
from sme_research.present.canvas import AFTER, BEFORE, DASHED, GRID, WIDTH, draw, wrap
from sme_research.present.plotted import tabulate_plotted
from sme_research.present.show import Group, HtmlTable, Picture, Text
from sme_research.present.words import count, day, has_text, join, scale, sentences, share, size, text, words
from sme_research.quality import Edition

COLUMNS: Final = 3
_PANEL: Final = 1.75  # inches of height a row of small charts
_WAN_IN_MILLION: Final = 100
_DASH: Final = "–"


def describe_evaluation(plan: StagePlan, lang: str) -> Text:
    """How many studies, how many can tell, how that was found, and how lots are drawn."""
    tried = [found for found in plan.studies if found.detectable is not None]
    enough = sum(_is_enough(found) for found in tried)
    facts = {"n": count(len(plan.studies)), "enough": count(enough), "short": count(len(tried) - enough)}
    told = [text(lang, "evaluation.summary", **facts, power=f"{plan.power:.0%}")]
    if len(tried) < len(plan.studies):
        told.append(text(lang, "evaluation.failed", n=count(len(plan.studies) - len(tried))))
    error = 100 * math.sqrt(plan.power * (1 - plan.power) / plan.n_draws)
    told.append(text(lang, "evaluation.how", draws=count(plan.n_draws), error=f"{error:.1f}"))
    ratios = [
        found.detectable.mde / found.by_formula
        for found in tried
        if found.detectable is not None and found.by_formula is not None
    ]
    if ratios:
        told.append(text(lang, "evaluation.formula", low=f"{min(ratios):.2f}", high=f"{max(ratios):.2f}"))
    names = [_stratum(name, lang) for name in plan.strata]
    told.append(text(lang, "evaluation.lot", strata=join(lang, names)))
    return Text(sentences(lang, told))


def describe_registration(plan: StagePlan, fingerprint: str, lang: str) -> Text:
    """Under which fingerprint the plan is registered, and what later reports are held against."""
    del plan  # the fingerprint is its own
    return Text(text(lang, "evaluation.registered", fingerprint=fingerprint))


def tabulate_studies(plan: StagePlan, lang: str, *, edition: Edition = "internal") -> HtmlTable:
    """Measures by design, planned and needed numbers, detectable effects, and when the answer comes."""
    rows = [_study_row(found, lang, edition) for found in plan.studies]
    levels = {"power": f"{plan.power:.0%}", "level": f"{plan.level:.0%}", "alarms": f"{1 - plan.level:.0%}"}
    note = text(lang, "evaluation.studies_note", **levels)
    return HtmlTable(text(lang, "evaluation.studies_caption"), words(lang, "evaluation.studies_head"), rows, note)


def tabulate_threats(plan: StagePlan, lang: str) -> HtmlTable:
    """Each design in use: how it is done, what it assumes, what would spoil it, who estimates it."""
    used = {found.measure.design: found.design for found in plan.studies}
    rows = [
        (
            design.label[lang],
            design.how[lang],
            design.assumption[lang],
            design.threats[lang],
            _estimator(design, lang),
        )
        for design in used.values()
    ]
    return HtmlTable(text(lang, "evaluation.threats_caption"), words(lang, "evaluation.threats_head"), rows)


def tabulate_kept(plan: StagePlan, lang: str) -> HtmlTable:
    """What must be kept from the first day: for all, for each design, for single measures."""
    first = plan.studies[0]
    n_common = len(first.keep) - len(first.design.keep) - len(first.measure.keep)
    rows: list[Sequence[str] | Group] = [
        (text(lang, "evaluation.keep_all"), _lines(first.keep[:n_common], lang)),
    ]
    used = {found.measure.design: found.design for found in plan.studies}
    rows += [(design.label[lang], _lines(design.keep, lang)) for design in used.values()]
    rows += [
        (INSTRUMENTS[found.measure.instrument].label[lang], _lines(found.measure.keep, lang))
        for found in plan.studies
        if found.measure.keep
    ]
    return HtmlTable(
        text(lang, "evaluation.keep_caption"),
        words(lang, "evaluation.keep_head"),
        rows,
        text(lang, "evaluation.keep_note"),
    )


def plot_power(plan: StagePlan, lang: str) -> Picture | Text:
    """Power by planted effect, a small chart a study."""
    tried = [found for found in plan.studies if found.detectable is not None]
    if not tried:
        return Text(text(lang, "evaluation.nothing"))
    n_rows = math.ceil(len(tried) / COLUMNS)
    with draw(_PANEL * n_rows + 0.5) as drawing:
        panels = drawing.figure.subplots(n_rows, COLUMNS, sharey=True, squeeze=False).ravel()
        for axes, found in zip(panels, tried, strict=False):
            _draw_study(axes, found, plan.power, lang)
        for axes in panels[len(tried) :]:
            axes.set_axis_off()
        drawing.figure.supxlabel(text(lang, "evaluation.power_x"), fontsize=10)
        drawing.figure.supylabel(text(lang, "evaluation.power_y"), fontsize=10)
    rows = [
        (*_names(found, lang), shown, 100 * point.share, 100 * point.std_error, point.n_draws)
        for found in tried
        if found.detectable is not None
        for point in found.detectable.curve
        for shown in [_shown(point.effect, found)]
    ]
    told = [
        found.detectable.mde for found in tried if found.detectable is not None and found.measure.design != "cap_kink"
    ] or [0.0]
    power, unit = f"{plan.power:.0%}", tried[0].unit
    alt = text(
        lang,
        "evaluation.power_alt",
        n=count(len(tried)),
        power=power,
        low=size(min(told), unit, lang),
        high=size(max(told), unit, lang),
    )
    data = tabulate_plotted(words(lang, "evaluation.power_head"), rows)
    return Picture(drawing.png, alt, text(lang, "evaluation.power_caption", power=power), data)


def _draw_study(axes: Axes, found: MeasureStudy, power: float, lang: str) -> None:
    assert found.detectable is not None
    points = found.detectable.curve
    axes.errorbar(
        [_shown(point.effect, found) for point in points],
        [100 * point.share for point in points],
        yerr=[100 * point.std_error for point in points],
        color=AFTER,
        marker="o",
        markersize=4,
        capsize=2,
    )
    axes.axhline(100 * power, color=BEFORE, linestyle=DASHED, linewidth=0.9)
    axes.axvline(_shown(found.measure.target, found), color=BEFORE, linestyle=DASHED, linewidth=0.9)
    axes.set_ylim(0, 104)
    axes.set_xlim(left=0)
    axes.grid(color=GRID)
    axes.tick_params(labelsize=9)
    lines = [wrap(name, lang, int(WIDTH / COLUMNS / 0.085)) for name in _names(found, lang)]
    axes.set_title("\n".join(lines), fontsize=9)


def _study_row(found: MeasureStudy, lang: str, edition: Edition) -> tuple[str, ...]:
    instrument, design = _names(found, lang)
    name = text(lang, "evaluation.study", instrument=instrument, design=design)
    clusters = found.measure.design == "cluster_lot"
    planned = count(found.n_units)
    if clusters:
        planned = text(lang, "evaluation.clusters", n=planned)
    elif found.n_kept not in (0, found.n_units):
        planned = text(lang, "evaluation.planned", n=planned, kept=count(found.n_kept))
    needed = _DASH if found.n_needed is None else count(found.n_needed)
    if clusters and found.n_needed is not None:
        needed = text(lang, "evaluation.clusters", n=needed)
    detectable, alarms = _DASH, _DASH
    if found.detectable is not None:
        detectable = _size(found.detectable.mde, found, lang)
        alarms = share(found.detectable.false_alarms.share)
    elif found.reason:
        detectable = text(lang, "evaluation.not_tried")
    pool = found.n_pool if edition == "internal" else coarse_count(found.n_pool)
    return (
        name,
        found.measure.question[lang],
        planned,
        detectable,
        _size(found.measure.target, found, lang),
        needed,
        alarms,
        day(date.fromisoformat(found.answer_on), lang),
        count(pool),
    )


def _is_enough(found: MeasureStudy) -> bool:
    return found.detectable is not None and found.detectable.mde <= found.measure.target


def _names(found: MeasureStudy, lang: str) -> tuple[str, str]:
    """Instrument and design as readers call them."""
    return INSTRUMENTS[found.measure.instrument].label[lang], found.design.label[lang]


def _of(value: float, measure: Measure) -> float:
    """An effect as shown: at a cap that of a million yuan."""
    return value * _WAN_IN_MILLION if measure.design == "cap_kink" else value


def _shown(value: float, found: MeasureStudy) -> float:
    return scale(_of(value, found.measure), found.unit)


def _size(value: float, found: MeasureStudy, lang: str) -> str:
    told = size(_of(value, found.measure), found.unit, lang)
    return text(lang, "evaluation.a_million", size=told) if found.measure.design == "cap_kink" else told


def _lines(kept: Sequence[Words], lang: str) -> str:
    return ("；" if lang == "zh" else "; ").join(entry[lang] for entry in kept)


def _stratum(name: str, lang: str) -> str:
    key = f"evaluation.strata.{name}"
    return text(lang, key) if has_text(lang, key) else name


def _estimator(design: Design, lang: str) -> str:
    """The estimator as readers call it; its name in the code where the texts do not know it."""
    key = f"evaluation.estimators.{design.estimator.partition('.')[0]}"
    return text(lang, key) if has_text(lang, key) else design.estimator
