"""Reporting units as tiles that stand roughly as their neighbours do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.patches import Rectangle

from sme_research.present.canvas import AFTER, INK, PALE, WASH, draw, wrap
from sme_research.present.parts.monitor.telling import NO_NUMBER, cell, label_with_unit, month_name, place_name
from sme_research.present.plotted import Value, counted, tabulate_plotted
from sme_research.present.show import Picture, Text
from sme_research.present.words import text
from sme_research.programme.monitor import Monitoring

TILES: Final = {
    "350700": (0, 1),  # Nanping
    "350900": (0, 2),  # Ningde
    "350400": (1, 1),  # Sanming
    "350100": (1, 2),  # Fuzhou
    "350128": (1, 3),  # Pingtan
    "350800": (2, 0),  # Longyan
    "350500": (2, 1),  # Quanzhou
    "350300": (2, 2),  # Putian
    "350600": (3, 0),  # Zhangzhou
    "350200": (3, 1),  # Xiamen
}
"""Row and column of each unit, made by hand: north is up, and all tiles that touch are neighbours in truth.

No outlines of a map are needed, and a small unit is as easy to read as a large one.
"""
COLUMNS: Final = 4
SHOWN: Final = ("in_force_srdi", "loan_firms", "trained_firms", "wait_solution")
_SHADES: Final = LinearSegmentedColormap.from_list("house", [WASH, AFTER])
_DARK: Final = 0.55
"""Shade from which letters on it are white."""


def plot_unit_tiles(found: Monitoring, lang: str, *, names: Sequence[str] = SHOWN) -> Picture | Text:
    """Tile grids of several indicators in the month, the darker the more; a text where the tables place nobody."""
    if not found.units:
        return Text(text(lang, "monitor.no_units"))
    places = tile_places(found.units)
    rows = (len(names) + 1) // 2
    height = 0.55 * (max(row for row, _ in places.values()) + 1) + 0.55
    with draw(0.3 + rows * height) as drawing:
        panels = drawing.figure.subplots(rows, 2, squeeze=False).ravel()
        for axes, name in zip(panels, names, strict=False):
            _panel(axes, found, name, places, lang)
        for axes in panels[len(names) :]:
            axes.set_axis_off()
    month = month_name(found.month, lang)
    alt = text(lang, "monitor.tiles_alt", month=month, parts=_parts(found, names, lang))
    heads = [text(lang, "monitor.unit_head"), *(label_with_unit(name, lang) for name in names)]
    data = tabulate_plotted(heads, [_row(found, place, names, lang) for place in found.units])
    return Picture(drawing.png, alt, text(lang, "monitor.tiles_caption", month=month), data)


def tile_places(units: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Where each unit stands; units that have no place by hand follow in rows below."""
    own = {unit: TILES[unit] for unit in units if unit in TILES}
    below = max((row for row, _ in own.values()), default=-1) + 1
    others = [unit for unit in units if unit not in TILES]
    return own | {unit: (below + at // COLUMNS, at % COLUMNS) for at, unit in enumerate(others)}


def _panel(axes: Axes, found: Monitoring, name: str, places: dict[str, tuple[int, int]], lang: str) -> None:
    values = {unit: found.at(name, found.month, unit)[0] for unit in places}
    most = max((value for value in values.values() if value is not None), default=0.0)
    for unit, (row, column) in places.items():
        value = values[unit]
        # By the root, or one large unit would leave all others white.
        shade = 0.0 if value is None or most <= 0 else (max(value, 0.0) / most) ** 0.5
        colour = "white" if value is None else _SHADES(shade)
        axes.add_patch(Rectangle((column, -row), 0.94, 0.94, facecolor=to_rgb(colour), edgecolor=PALE, linewidth=0.8))
        ink = "white" if shade > _DARK else INK
        told = {"ha": "center", "va": "center", "color": ink}
        axes.text(column + 0.47, -row + 0.64, place_name(unit, lang), fontsize=8.5, **told)  # type: ignore[arg-type]
        axes.text(column + 0.47, -row + 0.28, cell(found, name, unit, lang), fontsize=8.5, **told)  # type: ignore[arg-type]
    axes.set_xlim(0, COLUMNS)
    axes.set_ylim(-max(row for row, _ in places.values()), 1)
    axes.set_title(wrap(label_with_unit(name, lang), lang, 38), fontsize=10, loc="left")
    axes.set_axis_off()


def _parts(found: Monitoring, names: Sequence[str], lang: str) -> str:
    """The unit with most and the one with least of each indicator."""
    told = []
    for name in names:
        known = {unit: value for unit in found.units if (value := found.at(name, found.month, unit)[0]) is not None}
        if not known:
            continue
        most, least = max(known, key=lambda unit: known[unit]), min(known, key=lambda unit: known[unit])
        facts = {
            "label": label_with_unit(name, lang),
            "most": place_name(most, lang),
            "most_value": cell(found, name, most, lang),
            "least": place_name(least, lang),
            "least_value": cell(found, name, least, lang),
        }
        told.append(text(lang, "monitor.tiles_part", **facts))
    return ("" if lang == "zh" else " ").join(told)


def _row(found: Monitoring, place: str, names: Sequence[str], lang: str) -> tuple[Value, ...]:
    told: list[Value] = [place_name(place, lang)]
    for name in names:
        value, status = found.at(name, found.month, place)
        told.append(counted(None) if status == "withheld" else NO_NUMBER if value is None else value)
    return tuple(told)
