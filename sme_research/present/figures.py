"""Pictures of a report: one calm style, readable without colour, each with its text alternative."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sme_research.present.show import Picture
from sme_research.present.words import count, percent_of, share, signed, signed_percent, text
from sme_research.results import EventStudy, EventTimeEffect, Finding

INK: Final = "#1b2a41"
AFTER: Final = "#0b5394"
BEFORE: Final = "#6b7280"
GRID: Final = "#e3e6ea"
DPI: Final = 160


@cache
def _fonts() -> list[str]:
    """Families for Latin and, where they lack a glyph, for Chinese: the latter from a package, so without root."""
    path = files("mpl_font").joinpath("fonts", "noto", "NotoSansCJKsc-Regular.otf")
    font_manager.fontManager.addfont(str(path))
    return ["DejaVu Sans", font_manager.FontProperties(fname=str(path)).get_name()]


@cache
def _style() -> Any:
    """Matplotlib settings of the house."""
    return {
        "font.family": _fonts(),
        "font.size": 11,
        "axes.unicode_minus": True,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.linewidth": 1.1,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "lines.linewidth": 1.5,
        "lines.solid_capstyle": "round",
        "grid.linewidth": 1.0,
    }


def _png(figure: Figure) -> bytes:
    """Bytes that depend on the picture only, not on the day or the library's version."""
    FigureCanvasAgg(figure)
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=DPI, metadata={"Software": None})
    return target.getvalue()


def plot_event_study(finding: Finding, lang: str) -> Picture:
    """Differences by years since treatment, in percent, with intervals and counts."""
    study = finding.event_study
    item = finding.outcome_label[lang]
    with rc_context(_style()):
        figure = Figure(figsize=(7.6, 4.5), layout="constrained")
        axes = figure.subplots()
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.axvline(-0.5, color=BEFORE, linewidth=0.8, linestyle=(0, (4, 3)))
        before = [point for point in study.points if point.event_time < 0]
        after = [point for point in study.points if point.event_time >= 0]
        _draw_points(axes, before, BEFORE, "s", text(lang, "event_study.before"))
        axes.plot([-1], [0], "D", color="white", markeredgecolor=INK, label=text(lang, "event_study.reference"))
        _draw_points(axes, after, AFTER, "o", text(lang, "event_study.after"))
        _write_counts(axes, study)
        axes.set_xlabel(text(lang, "event_study.x"))
        axes.set_ylabel(text(lang, "event_study.y", item=item))
        axes.grid(axis="y", color=GRID)
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, fontsize=10, borderaxespad=0.2)
        png = _png(figure)
    caption = text(lang, "event_study.caption", instrument=finding.instrument_label[lang], item=item)
    return Picture(png, _event_study_alt(study, item, lang), caption)


def _draw_points(axes: Axes, points: Sequence[EventTimeEffect], colour: str, marker: str, label: str) -> None:
    times = [point.event_time for point in points]
    values = [percent_of(point.estimate) for point in points]
    low = [value - percent_of(point.ci_low) for value, point in zip(values, points, strict=True)]
    high = [percent_of(point.ci_high) - value for value, point in zip(values, points, strict=True)]
    axes.errorbar(times, values, yerr=[low, high], fmt=marker, color=colour, capsize=3, linewidth=1.4, label=label)


def _write_counts(axes: Axes, study: EventStudy) -> None:
    """Under each event time: how many treated enterprises stand behind its point."""
    counts = {point.event_time: f"{point.n_treated:,}" for point in study.points}
    times = sorted({*counts, -1})
    axes.set_xticks(times, [f"{signed(time, 0)}\n{counts.get(time, '')}" for time in times], fontsize=9.5)


def _event_study_alt(study: EventStudy, item: str, lang: str) -> str:
    before = [point.estimate for point in study.points if point.event_time < 0] or [0.0]
    after = [point for point in study.points if point.event_time >= 0]
    first, last = after[0], after[-1]
    return text(
        lang,
        "event_study.alt",
        item=item,
        pre_low=signed_percent(min(before)),
        pre_high=signed_percent(max(before)),
        at_zero=signed_percent(first.estimate),
        last_time=last.event_time,
        at_last=signed_percent(last.estimate),
        last_low=signed_percent(last.ci_low),
        last_high=signed_percent(last.ci_high),
    )


def plot_balance(finding: Finding, lang: str) -> Picture:
    """Standardised differences of the covariates, with the limits of comfort."""
    check = finding.check("balance")
    rows = sorted(check.table, key=lambda row: abs(row["standardised_difference"]))
    labels = [finding.covariate_label[row["covariate"]][lang] for row in rows]
    gaps = [row["standardised_difference"] for row in rows]
    limit = check.values["limit"]
    with rc_context(_style()):
        figure = Figure(figsize=(7.6, 1.1 + 0.42 * len(rows)), layout="constrained")
        axes = figure.subplots()
        for edge in (-limit, limit):
            axes.axvline(edge, color=BEFORE, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.hlines(labels, 0, gaps, color=GRID, linewidth=3)
        axes.plot(gaps, labels, "o", color=AFTER)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlim(min([*gaps, -limit]) - 0.1, max([*gaps, limit]) + 0.1)
        axes.set_xlabel(text(lang, "balance.x"))
        png = _png(figure)
    alt = text(lang, "balance.alt", worst=labels[-1], largest=signed(gaps[-1], 2), limit=f"{limit:.2f}")
    return Picture(png, alt, text(lang, "balance.figure_caption"))


def plot_overlap(finding: Finding, lang: str) -> Picture:
    """Chance of treatment among the treated and the comparison enterprises."""
    check = finding.check("overlap")
    centres = np.array([(row["from"] + row["to"]) / 2 for row in check.table])
    with rc_context(_style()):
        figure = Figure(figsize=(7.6, 3.6), layout="constrained")
        axes = figure.subplots()
        for arm, shift, colour, hatch in (
            ("treated", -0.021, AFTER, ""),
            ("comparison", 0.021, "#c9d1db", "///"),
        ):
            heights = np.array([row[arm] for row in check.table], dtype=float)
            heights *= 100 / heights.sum()
            label = text(lang, f"overlap.{arm}")
            axes.bar(
                centres + shift,
                heights,
                0.04,
                color=colour,
                edgecolor=INK,
                linewidth=0.6,
                hatch=hatch,
                label=label,
            )
        axes.set_xlim(0, 1)
        axes.set_xlabel(text(lang, "overlap.x"))
        axes.set_ylabel(text(lang, "overlap.y"))
        axes.grid(axis="y", color=GRID)
        axes.set_axisbelow(True)
        axes.legend(frameon=False)
        png = _png(figure)
    alt = text(lang, "overlap.alt", share=share(check.values["share_alone"]))
    return Picture(png, alt, text(lang, "overlap.caption"))


def plot_bars(labels: Sequence[str], heights: Sequence[float], *, x: str, y: str, alt: str, caption: str) -> Picture:
    """Counts by category, written above their bars."""
    with rc_context(_style()):
        figure = Figure(figsize=(7.6, 3.4), layout="constrained")
        axes = figure.subplots()
        bars = axes.bar(list(labels), list(heights), color=AFTER, width=0.62)
        axes.bar_label(bars, [count(height) for height in heights], fontsize=9, padding=2)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.grid(axis="y", color=GRID)
        axes.set_axisbelow(True)
        png = _png(figure)
    return Picture(png, alt, caption)
