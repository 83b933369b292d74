"""Pictures of a report's core, each with its text alternative: event study, balance, overlap, bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from sme_research.present.canvas import AFTER, BEFORE, DASHED, GRID, INK, PALE, WASH, draw
from sme_research.present.plotted import Plotted, counted, heads, in_axis, interval_heads, tabulate_plotted
from sme_research.present.sentences import absent, item_of
from sme_research.present.show import Picture, Text
from sme_research.present.wording import noun_of
from sme_research.present.words import amount, amount_range, count, scale, share, signed, text, unit_head
from sme_research.results import EventStudy, EventTimeEffect, Finding


def plot_event_study(finding: Finding, lang: str) -> Picture:
    """Differences by years since treatment, with intervals and counts; years after treatment are shaded."""
    study, item = finding.event_study, item_of(finding, lang)
    with draw(4.5) as drawing:
        axes = drawing.one()
        last = max(point.event_time for point in study.points)
        axes.axvspan(-0.5, max(last, 0) + 0.6, color=WASH, linewidth=0)
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.axvline(-0.5, color=BEFORE, linewidth=0.8, linestyle=DASHED)
        before = [point for point in study.points if point.event_time < 0]
        after = [point for point in study.points if point.event_time >= 0]
        _draw_points(axes, before, study.unit, BEFORE, "s", text(lang, "event_study.before"))
        axes.plot([-1], [0], "D", color="white", markeredgecolor=INK, label=text(lang, "event_study.reference"))
        _draw_points(axes, after, study.unit, AFTER, "o", text(lang, "event_study.after"))
        _write_counts(axes, study)
        axes.set_xlim(min([*(point.event_time for point in before), -1]) - 0.6, max(last, 0) + 0.6)
        y = text(lang, "event_study.y", item=item, unit=unit_head(study.unit, lang))
        known = all(point.n_treated is not None for point in study.points)
        x = text(lang, "event_study.x" if known else "event_study.x_withheld")
        drawing.label(axes, lang, x=x, y=y)
        axes.grid(axis="y", color=GRID)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
    caption = text(
        lang,
        "event_study.caption",
        instrument=finding.instrument_label[lang],
        noun_item=noun_of(finding.grade, item, lang),
    )
    alt, data = _event_study_alt(study, item, lang), _event_study_data(study, lang)
    return Picture(drawing.png, alt, caption, data, finding.grade.wording)


def _event_study_data(study: EventStudy, lang: str) -> Plotted:
    shown = interval_heads(lang, study.unit, study.level, first=heads(lang, "event_time"))
    points = sorted(study.points, key=lambda point: point.event_time)
    return tabulate_plotted(
        [*shown, *heads(lang, "n_treated")],
        [
            (
                point.event_time,
                *in_axis(study.unit, point.estimate, point.ci_low, point.ci_high),
                counted(point.n_treated),
            )
            for point in points
        ],
    )


def _draw_points(
    axes: Axes, points: Sequence[EventTimeEffect], unit: str, colour: str, marker: str, label: str
) -> None:
    times = [point.event_time for point in points]
    values = [scale(point.estimate, unit) for point in points]
    low = [value - scale(point.ci_low, unit) for value, point in zip(values, points, strict=True)]
    high = [scale(point.ci_high, unit) - value for value, point in zip(values, points, strict=True)]
    axes.errorbar(times, values, yerr=[low, high], fmt=marker, color=colour, capsize=3, linewidth=1.4, label=label)


def _write_counts(axes: Axes, study: EventStudy) -> None:
    """Under each event time: how many treated enterprises stand behind its point."""
    counts = {point.event_time: f"{point.n_treated:,}" for point in study.points if point.n_treated is not None}
    times = sorted({*(point.event_time for point in study.points), -1})
    axes.set_xticks(times, [f"{signed(time, 0)}\n{counts.get(time, '')}" for time in times], fontsize=9.5)


def _event_study_alt(study: EventStudy, item: str, lang: str) -> str:
    before = [point.estimate for point in study.points if point.event_time < 0] or [0.0]
    after = [point for point in study.points if point.event_time >= 0]
    first, last = after[0], after[-1]
    return text(
        lang,
        "event_study.alt",
        item=item,
        unit=unit_head(study.unit, lang),
        pre_low=amount(min(before), study.unit, lang),
        pre_high=amount(max(before), study.unit, lang),
        at_zero=amount(first.estimate, study.unit, lang),
        last_time=last.event_time,
        at_last=amount(last.estimate, study.unit, lang),
        last_range=amount_range(last.ci_low, last.ci_high, study.unit, lang),
    )


def plot_balance(finding: Finding, lang: str) -> Picture | Text:
    """Standardised differences of the covariates, with the limits of comfort."""
    check = finding.check("balance")
    shown = [row for row in check.table if row["standardised_difference"] is not None]
    if not shown:
        return absent(finding, "balance", lang)
    rows = sorted(shown, key=lambda row: abs(row["standardised_difference"]))
    labels = [finding.covariate_label[row["covariate"]][lang] for row in rows]
    gaps = [row["standardised_difference"] for row in rows]
    limit = check.values["limit"]
    with draw(1.1 + 0.42 * len(rows)) as drawing:
        axes = drawing.one()
        for edge in (-limit, limit):
            axes.axvline(edge, color=BEFORE, linewidth=0.9, linestyle=DASHED)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.hlines(labels, 0, gaps, color=GRID, linewidth=3)
        axes.plot(gaps, labels, "o", color=AFTER)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlim(min([*gaps, -limit]) - 0.1, max([*gaps, limit]) + 0.1)
        axes.set_xlabel(text(lang, "balance.x"))
    alt = text(lang, "balance.alt", worst=labels[-1], largest=signed(gaps[-1], 2), limit=f"{limit:.2f}")
    data = tabulate_plotted(heads(lang, "characteristic", "standardised"), zip(labels, gaps, strict=True))
    return Picture(drawing.png, alt, text(lang, "balance.figure_caption"), data)


def plot_overlap(finding: Finding, lang: str) -> Picture | Text:
    """Chance of treatment among the treated and the comparison enterprises."""
    check = finding.check("overlap")
    if not check.table:
        return absent(finding, "overlap", lang)
    centres = np.array([(row["from"] + row["to"]) / 2 for row in check.table])
    with draw(3.6) as drawing:
        axes = drawing.one()
        for arm, shift, colour, hatch in (("treated", -0.021, AFTER, ""), ("comparison", 0.021, PALE, "///")):
            heights = np.array([row[arm] for row in check.table], dtype=float)
            heights *= 100 / heights.sum()
            axes.bar(
                centres + shift, heights, 0.04, label=text(lang, f"overlap.{arm}"),
                color=colour, edgecolor=INK, linewidth=0.6, hatch=hatch,
            )  # fmt: skip
        axes.set_xlim(0, 1)
        axes.set_xlabel(text(lang, "overlap.x"))
        axes.set_ylabel(text(lang, "overlap.y"))
        axes.grid(axis="y", color=GRID)
        axes.legend()
    alt = text(lang, "overlap.alt", share=share(check.values["share_alone"]))
    return Picture(drawing.png, alt, text(lang, "overlap.caption"), _overlap_data(check.table, lang))


def _overlap_data(bins: Sequence[Mapping[str, Any]], lang: str) -> Plotted:
    """The share of each arm in each bin, in percent."""
    total = {arm: sum(float(row[arm]) for row in bins) for arm in ("treated", "comparison")}
    return tabulate_plotted(
        heads(lang, "chance_from", "chance_to", "share_treated", "share_comparison"),
        [(row["from"], row["to"], *(100 * row[arm] / total[arm] for arm in total)) for row in bins],
    )


def plot_bars(
    labels: Sequence[str], heights: Sequence[float | None], *, x: str, y: str, alt: str, caption: str
) -> Picture:
    """Counts by category, written above their bars; the mark where one is withheld."""
    with draw(3.4) as drawing:
        axes = drawing.one()
        bars = axes.bar(list(labels), [height or 0.0 for height in heights], color=AFTER, width=0.62)
        axes.bar_label(bars, [count(height) for height in heights], fontsize=9, padding=2)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.grid(axis="y", color=GRID)
    return Picture(
        drawing.png, alt, caption, tabulate_plotted([x, y], zip(labels, map(counted, heights), strict=True))
    )
