"""How far trends may diverge until the estimate can no longer be told from zero (Rambachan and Roth 2023)."""

from __future__ import annotations

from collections.abc import Sequence

from sme_research.present.canvas import AFTER, BEFORE, GRID, INK, draw
from sme_research.present.estimates import includes_zero
from sme_research.present.plotted import Plotted, Value, effect_values, in_axis, interval_heads, tabulate_plotted
from sme_research.present.sentences import absent, item_of
from sme_research.present.show import HtmlTable, Picture, Text
from sme_research.present.wording import noun_of
from sme_research.present.words import (
    amount,
    amount_range,
    count,
    interval,
    scale,
    sentences,
    signed,
    text,
    unit_head,
    words,
)
from sme_research.results import EventStudy, Finding, Sensitivity

RELATIVE = "relative_magnitudes"
BASE = -1
"""The year before treatment, at which the gap is zero by definition."""


def plot_sensitivity(finding: Finding, lang: str) -> Picture | Text:
    """Bounds by how far trends may diverge, the original interval first; relative magnitudes where there are any."""
    chosen = _chosen(finding)
    if chosen is None:
        return absent(finding, "sensitivity", lang)
    effect, unit = finding.effect, finding.effect.unit
    lows = [scale(bound["low"], unit) for bound in chosen.bounds]
    highs = [scale(bound["high"], unit) for bound in chosen.bounds]
    places = range(1, len(lows) + 1)
    with draw(3.9) as drawing:
        axes = drawing.one()
        axes.axhline(0, color=INK, linewidth=0.8)
        middle, low, high = (scale(value, unit) for value in (effect.estimate, effect.ci_low, effect.ci_high))
        label = text(lang, "sensitivity.original", level=f"{effect.level:.0%}")
        axes.errorbar(
            [0], [middle], yerr=[[middle - low], [high - middle]], fmt="D", label=label,
            color=AFTER, capsize=5, linewidth=2.2, markersize=7,
        )  # fmt: skip
        axes.vlines(places, lows, highs, color=BEFORE, linewidth=1.8, label=text(lang, "sensitivity.bounds"))
        for ends in (lows, highs):
            axes.plot(places, ends, "_", color=BEFORE, markersize=11, markeredgewidth=1.8)
        ticks = [text(lang, "sensitivity.original_short"), *(_size(chosen, bound["size"]) for bound in chosen.bounds)]
        axes.set_xticks([0, *places], ticks, fontsize=9.5)
        y = text(lang, "sensitivity.y", item=item_of(finding, lang), unit=unit_head(unit, lang))
        drawing.label(axes, lang, x=text(lang, f"sensitivity.x_{chosen.method}"), y=y)
        axes.grid(axis="y", color=GRID)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    caption = text(lang, "sensitivity.caption", noun_item=noun_of(finding.grade, item_of(finding, lang), lang))
    data = _data(finding, chosen, lang)
    return Picture(drawing.png, _alt(finding, chosen, lang), caption, data, finding.grade.wording)


def _data(finding: Finding, chosen: Sensitivity, lang: str) -> Plotted:
    effect, unit = finding.effect, finding.effect.unit
    first = [text(lang, f"sensitivity.x_{chosen.method}")]
    rows: list[Sequence[Value]] = [(text(lang, "sensitivity.original_short"), *effect_values(effect))]
    rows += [
        (_size(chosen, bound["size"]), None, *in_axis(unit, bound["low"], bound["high"])) for bound in chosen.bounds
    ]
    return tabulate_plotted(interval_heads(lang, unit, effect.level, first=first), rows)


def _chosen(finding: Finding) -> Sensitivity | None:
    return next(
        (found for found in finding.sensitivity if found.method == RELATIVE),
        finding.sensitivity[0] if finding.sensitivity else None,
    )


def _size(found: Sensitivity, size: float) -> str:
    """Multiples as they are; changes of slope in the unit's hundredths."""
    return f"{size:.2f}" if found.method == RELATIVE else f"{size * 100:.2f}"


def _alt(finding: Finding, chosen: Sensitivity, lang: str) -> str:
    effect, last = finding.effect, chosen.bounds[-1]
    return text(
        lang,
        "sensitivity.alt",
        original=amount_range(effect.ci_low, effect.ci_high, effect.unit, lang),
        last_size=_size(chosen, last["size"]),
        last=amount_range(last["low"], last["high"], effect.unit, lang),
        breakdown=_breakdown(chosen, lang),
    )


def tabulate_sensitivity(finding: Finding, lang: str) -> HtmlTable | Text:
    """The bounds as numbers, both ways of letting trends diverge."""
    if not finding.sensitivity:
        return absent(finding, "sensitivity", lang)
    effect, unit = finding.effect, finding.effect.unit
    first = text(lang, "sensitivity.original", level=f"{effect.level:.0%}")
    rows = [(first, "–", interval(effect.ci_low, effect.ci_high, unit, lang))]
    rows += [
        (
            text(lang, f"sensitivity.{found.method}"),
            _size(found, bound["size"]),
            interval(bound["low"], bound["high"], unit, lang),
        )
        for found in finding.sensitivity
        for bound in found.bounds
    ]
    head = words(lang, "sensitivity.head", unit=unit_head(unit, lang))
    caption, note = text(lang, "sensitivity.table_caption"), text(lang, "sensitivity.note")
    return HtmlTable(caption, head, rows, note, finding.grade.wording)


def describe_sensitivity(finding: Finding, lang: str) -> Text:
    """How much divergence the estimate bears, by either measure."""
    if not finding.sensitivity:
        return absent(finding, "sensitivity", lang)
    if includes_zero(finding.effect):
        return Text(text(lang, "sensitivity.holds_zero"), finding.grade.wording)
    told = [_breakdown(found, lang) for found in finding.sensitivity]
    if any(found.method == RELATIVE for found in finding.sensitivity):
        told.append(_yardstick(finding.event_study, lang))
    return Text(sentences(lang, told), finding.grade.wording)


def _yardstick(study: EventStudy, lang: str) -> str:
    """The largest change of the gap between neighbouring years before treatment, the base year at zero."""
    gaps = {point.event_time: (point.estimate, point.n_treated) for point in study.points if point.event_time < 0}
    known = {**{time: gap for time, (gap, _) in gaps.items()}, BASE: 0.0}
    changes = {time: known[time + 1] - known[time] for time in gaps if time + 1 in known}
    start = max(changes, key=lambda time: abs(changes[time]))
    known_treated = gaps[start][1] is not None
    return text(
        lang,
        "sensitivity.yardstick" if known_treated else "sensitivity.yardstick_withheld",
        change=amount(changes[start], study.unit, lang),
        start=signed(start, 0),
        end=signed(start + 1, 0),
        n_treated=count(gaps[start][1]),
    )


def _breakdown(found: Sensitivity, lang: str) -> str:
    if found.breakdown is None:
        return text(lang, f"sensitivity.{found.method}_none")
    largest = max(bound["size"] for bound in found.bounds)
    if found.method != RELATIVE:
        size = text(lang, "unit.points", number=f"{found.breakdown * 100:.2f}")
        return text(lang, "sensitivity.smoothness_some", size=size)
    # Beyond the largest multiple nothing was tried.
    kind = "some" if found.breakdown < largest else "all"
    return text(lang, f"sensitivity.{RELATIVE}_{kind}", size=f"{min(found.breakdown, largest):.2f}")
