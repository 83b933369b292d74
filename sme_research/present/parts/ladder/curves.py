"""The one picture: who climbed and whose title lapsed, by years since entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sme_research.present.canvas import AFTER, BEFORE, DASHED, GRID, draw
from sme_research.present.parts.ladder.telling import Edition, tell_points, tier_name, told_count
from sme_research.present.plotted import Value, counted, tabulate_plotted
from sme_research.present.show import Picture, Text
from sme_research.present.words import count, sentences, share, text, words
from sme_research.programme.ladder import Incidence, Ladder, Point, estimate_incidence

QUARTERS: Final = 4
"""Points a year of the internal edition's curve; the public one has whole years only."""
FEWEST_FOLLOWED: Final = 10
"""A curve ends where fewer are still followed: beyond, one enterprise is a visible step."""


def plot_incidence(ladder: Ladder, tier: str, lang: str, *, edition: Edition = "internal") -> Picture | Text:
    """Cumulative incidence of promotion and of lapse with intervals, and how many are still followed."""
    rows = ladder.of(tier)
    if rows.empty:
        return Text(text(lang, "ladder.curve_absent", tier=tier_name(tier, lang)))
    found = estimate_incidence(rows["years"], rows["status"])
    times = _times(found, edition)
    if len(times) < 2 or not found.enough:
        return Text(text(lang, "ladder.curve_absent", tier=tier_name(tier, lang)))
    curves = {cause: tell_points(found, cause, times, edition) for cause in ("promotion", "lapse")}
    with draw(4.6) as drawing:
        axes = drawing.one()
        for cause, colour, line in (("promotion", AFTER, "-"), ("lapse", BEFORE, DASHED)):
            points = curves[cause]
            at = [point.years for point in points]
            shares = 100 * np.array([[p.estimate, p.ci_low, p.ci_high] for p in points])
            axes.fill_between(at, shares[:, 1], shares[:, 2], step="post", color=colour, alpha=0.15, linewidth=0)
            label = text(lang, f"ladder.curve_{cause}")
            axes.plot(at, shares[:, 0], color=colour, linestyle=line, drawstyle="steps-post", label=label)
        whole = [time for time in times if float(time).is_integer()]
        axes.set_xticks(
            whole, [f"{time:g}\n{count(_followed(found, time, edition))}" for time in whole], fontsize=9.5
        )
        axes.set_ylim(bottom=0)
        axes.set_xlim(0, times[-1])
        drawing.label(axes, lang, x=text(lang, "ladder.curve_x"), y=text(lang, "ladder.curve_y"))
        axes.grid(axis="y", color=GRID)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    caption = text(lang, "ladder.curve_caption", tier=tier_name(tier, lang), level=f"{found.level:.0%}")
    rows_told = _rows(found, curves, times, edition)
    return Picture(
        drawing.png,
        _alt(curves, times, tier, lang),
        caption,
        tabulate_plotted(words(lang, "ladder.curve_heads"), rows_told),
    )


def _times(found: Incidence, edition: Edition) -> list[float]:
    """Times at which the curve is drawn: as long as enough are followed."""
    step = 1 if edition == "public" else QUARTERS
    grid = np.arange(0, int(found.times[-1] * step) + 1) / step
    at_risk = [found.at(time, "promotion") for time in grid]
    return [
        float(time) for time, point in zip(grid, at_risk, strict=True) if point and point.n_at_risk >= FEWEST_FOLLOWED
    ]


def _followed(found: Incidence, time: float, edition: Edition) -> float | None:
    point = found.at(time, "promotion")
    if point is None:
        return 0
    return told_count(found.n_enterprises if time == 0 else point.n_at_risk, edition)


def _rows(
    found: Incidence, curves: dict[str, list[Point]], times: Sequence[float], edition: Edition
) -> list[tuple[Value, ...]]:
    """Curves as rows: a time at which the edition tells nothing has empty cells."""
    by_time = {cause: {point.years: point for point in points} for cause, points in curves.items()}
    told: list[tuple[Value, ...]] = []
    for time in times:
        cells: list[Value] = []
        for cause in curves:
            point = by_time[cause].get(time)
            cells += [100 * x for x in (point.estimate, point.ci_low, point.ci_high)] if point else [None] * 3
        told.append((time, *cells, counted(_followed(found, time, edition))))
    return told


def _alt(curves: dict[str, list[Point]], times: Sequence[float], tier: str, lang: str) -> str:
    last = {cause: points[-1] for cause, points in curves.items()}
    part = text(
        lang,
        "ladder.curve_alt_part",
        years=f"{times[-1]:g}",
        promotion=share(last["promotion"].estimate),
        lapse=share(last["lapse"].estimate),
    )
    return text(lang, "ladder.curve_alt", tier=tier_name(tier, lang), parts=sentences(lang, [part]))
