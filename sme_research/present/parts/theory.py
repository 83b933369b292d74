"""The theory of change as boxes and arrows: assumed, not found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from sme_research.present.canvas import AFTER, INK, WASH, WIDTH, draw, wrap
from sme_research.present.plotted import heads, tabulate_plotted
from sme_research.present.sentences import absent, within_sentence
from sme_research.present.show import Picture, Text
from sme_research.present.words import text
from sme_research.results import Finding

MOST_IN_A_ROW = 5
_GAP = 0.28
_LINE = 0.22  # inches a line of text
_BETWEEN = 0.45  # inches between two rows
_ARROW: Final = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.3, "shrinkA": 0, "shrinkB": 0}


def plot_theory(finding: Finding, lang: str) -> Picture | Text:
    """The mechanism as a chain of boxes, instrument first; an assumption, so in no finding's words."""
    steps = list(finding.steps.get(lang, ()))
    if not steps:
        return absent(finding, "theory", lang)
    rows = _rows(steps)
    wide = (WIDTH - 0.2 - _GAP * (len(rows[0]) - 1)) / len(rows[0])
    labels = [[wrap(step, lang, int(wide / 0.088)) for step in row] for row in rows]
    heights = [0.3 + _LINE * max(label.count("\n") + 1 for label in row) for row in labels]
    height = sum(heights) + _BETWEEN * (len(rows) - 1) + 0.2
    with draw(height) as drawing:
        axes = drawing.one()
        axes.set_axis_off()
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(height, 0)
        _draw_chain(axes, labels, heights, wide)
    alt = text(lang, "theory.alt", steps=" → ".join(steps), n_steps=len(steps))
    caption = text(lang, "theory.caption", instrument=within_sentence(finding.instrument_label[lang]))
    return Picture(
        drawing.png, alt, caption, tabulate_plotted(heads(lang, "step", "content"), enumerate(steps, start=1))
    )


def _rows(steps: Sequence[str]) -> list[list[str]]:
    if len(steps) <= MOST_IN_A_ROW:
        return [list(steps)]
    half = (len(steps) + 1) // 2
    return [list(steps[:half]), list(steps[half:])]


def _draw_chain(axes: Axes, rows: list[list[str]], heights: list[float], wide: float) -> None:
    """Boxes row by row; the line from the end of a row turns below it to the start of the next."""
    top, last = 0.1, (len(rows) - 1, len(rows[-1]) - 1)
    for at, (row, height) in enumerate(zip(rows, heights, strict=True)):
        middle = top + height / 2
        for place, label in enumerate(row):
            left = 0.1 + place * (wide + _GAP)
            _draw_box(axes, (left, top, wide, height), label, marked=(at, place) in {(0, 0), last})
            if place + 1 < len(row):
                axes.annotate("", (left + wide + _GAP, middle), (left + wide, middle), arrowprops=_ARROW)
        if at + 1 < len(rows):
            first, end = 0.1 + wide / 2, 0.1 + (len(row) - 1) * (wide + _GAP) + wide / 2
            below, turn = top + height, top + height + _BETWEEN / 2
            axes.plot([end, end, first], [below, turn, turn], color=INK, linewidth=1.3)
            axes.annotate("", (first, below + _BETWEEN), (first, turn), arrowprops=_ARROW)
        top += height + _BETWEEN


def _draw_box(axes: Axes, place: tuple[float, float, float, float], label: str, *, marked: bool) -> None:
    left, top, wide, height = place
    axes.add_patch(
        FancyBboxPatch(
            (left, top), wide, height, boxstyle="round,pad=0,rounding_size=0.06",
            facecolor="white" if marked else WASH,
            edgecolor=AFTER if marked else INK, linewidth=2.0 if marked else 1.0,
        )
    )  # fmt: skip
    axes.text(left + wide / 2, top + height / 2, label, ha="center", va="center", fontsize=10, linespacing=1.35)
