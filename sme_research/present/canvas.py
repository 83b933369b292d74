"""The calm style that all pictures share: colours, faces, and bytes that depend on the picture only."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from importlib.resources import files
from typing import Any, Final

from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK: Final = "#1b2a41"
AFTER: Final = "#0b5394"
BEFORE: Final = "#6b7280"
GRID: Final = "#e3e6ea"
PALE: Final = "#c9d1db"
WASH: Final = "#f1f4f8"
DPI: Final = 160
WIDTH: Final = 7.6
MARGIN: Final = 4.0  # dots
DASHED: Final = (0, (4, 3))
LAST_NARROW: Final = 0x2E7F
"""Letters up to this one are as wide as Latin ones, Chinese ones twice that."""
_LETTER: Final = 0.1  # inches a letter, with room for ticks


@cache
def _fonts() -> list[str]:
    """Families for Latin and, where they lack a glyph, for Chinese: the latter from a package, so without root."""
    path = files("mpl_font").joinpath("fonts", "noto", "NotoSansCJKsc-Regular.otf")
    font_manager.fontManager.addfont(str(path))
    return ["DejaVu Sans", font_manager.FontProperties(fname=str(path)).get_name()]


@cache
def style() -> Any:
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
        "hatch.linewidth": 0.6,
        "legend.frameon": False,
        "legend.fontsize": 10,
    }


class Drawing:
    """A figure under way: ``axes`` to draw on, ``png`` when the block has ended."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.png = b""

    def one(self) -> Axes:
        """The only axes of the figure."""
        return self.figure.subplots()

    def label(self, axes: Axes, lang: str, *, x: str, y: str = "", part: float = 1.0) -> None:
        """Names of the axes, in lines that fit; ``part`` is how much of the figure's height the axes take."""
        axes.set_xlabel(wrap(x, lang, int(WIDTH / _LETTER)))
        if y:
            axes.set_ylabel(wrap(y, lang, int(part * self.figure.get_figheight() / _LETTER)))


@contextmanager
def draw(height: float) -> Iterator[Drawing]:
    """A figure of the house's width and style; its bytes are made at the end of the block."""
    with rc_context(style()):
        drawing = Drawing(Figure(figsize=(WIDTH, height), layout="constrained"))
        yield drawing
        drawing.png = _png(drawing.figure)


def _png(figure: Figure) -> bytes:
    """Bytes that depend on the picture only, not on the day or the library's version."""
    FigureCanvasAgg(figure)
    figure.set_dpi(DPI)
    # Laid out here: savefig would draw the whole figure once more for it.
    layout = figure.get_layout_engine()
    assert layout is not None
    layout.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        _keep_inside(axes)
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=DPI, metadata={"Software": None})
    return target.getvalue()


def _keep_inside(axes: Axes) -> None:
    """Move the name below narrow axes to the left, as far as it would be cut off at the figure's right edge."""
    name = axes.xaxis.label
    beyond = name.get_window_extent().x1 + MARGIN - axes.figure.bbox.x1
    if name.get_text() and beyond > 0:
        name.set_x(name.get_position()[0] - beyond / axes.bbox.width)


def wrap(label: str, lang: str, width: int) -> str:
    """A label in even lines of at most ``width`` Latin letters or half as many Chinese characters."""
    narrow = lang == "en" or all(ord(character) <= LAST_NARROW for character in label)
    break_up = partial(textwrap.wrap, break_long_words=False) if narrow else _wrap_wide
    fewest = len(break_up(label, width))
    evenest = next(size for size in range(1, width + 1) if size == width or len(break_up(label, size)) <= fewest)
    return "\n".join(break_up(label, evenest))


def _wrap_wide(label: str, width: int) -> list[str]:
    """Lines of a Chinese label: no closing mark begins a line, no opening one ends it."""
    lines, line = [], ""
    # Latin words and numbers stay whole.
    for part in re.findall(r"[!-~]+ ?|.", label):
        if line and _wide(line + part.rstrip()) > width and part not in "，。；：、）”’%":
            kept = line.rstrip("（“‘") or line
            lines.append(kept.rstrip())
            line = line[len(kept) :]
        line += part
    return [*lines, line] if line else lines


def _wide(label: str) -> int:
    """Width in Latin letters."""
    return sum(2 if ord(character) > LAST_NARROW else 1 for character in label)
