"""Estimates with their intervals one below the other: a forest plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from sme_research.present.canvas import AFTER, BEFORE, DASHED, GRID, INK

ROW_HEIGHT = 0.36
"""Inches a row."""


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One line: a heading where ``value`` is missing, else an estimate with its interval, in the axis' unit.

    ``kind`` is ``own`` (filled diamond), ``part`` (filled circle), ``other``
    (open square) or ``range`` (a bar without a point).
    """

    label: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    kind: str = "part"


_LOOKS = {"own": ("D", AFTER, AFTER, 7), "part": ("o", AFTER, AFTER, 6), "other": ("s", BEFORE, "white", 6)}


def draw_forest(axes: Axes, rows: Sequence[ForestRow], *, reference: float | None = None) -> None:
    """Rows from top to bottom with a line at zero and, dashed, at ``reference``."""
    axes.axvline(0, color=INK, linewidth=0.8)
    if reference is not None:
        axes.axvline(reference, color=AFTER, linewidth=0.9, linestyle=DASHED)
    for at, row in enumerate(rows):
        if row.low is None or row.high is None:
            continue
        if row.value is None or row.kind == "range":
            axes.hlines(at, row.low, row.high, color=BEFORE, linewidth=5)
            axes.plot([row.low, row.high], [at, at], "|", color=INK, markersize=11)
            continue
        marker, line, fill, size = _LOOKS[row.kind]
        sides = [[max(row.value - row.low, 0.0)], [max(row.high - row.value, 0.0)]]
        axes.errorbar(
            [row.value], [at], xerr=sides, fmt=marker, color=line, markerfacecolor=fill, capsize=3, markersize=size
        )
    axes.set_yticks(range(len(rows)), [row.label for row in rows])
    for tick, row in zip(axes.get_yticklabels(), rows, strict=True):
        if row.low is None:
            tick.set_color(BEFORE)
            tick.set_fontstyle("normal")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=GRID)
