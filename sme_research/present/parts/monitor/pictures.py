"""Pictures of monitoring: series as small multiples, and what came of the matching events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sme_research.present.canvas import AFTER, BEFORE, GRID, draw, wrap
from sme_research.present.parts.monitor.telling import NO_NUMBER, capital, cell, chosen_unit, month_name, place_name
from sme_research.present.parts.monitor.telling import label_with_unit as labelled
from sme_research.present.plotted import Value, counted, tabulate_plotted
from sme_research.present.show import Picture, Text
from sme_research.present.words import money, share, text, words
from sme_research.programme.monitor import INDICATORS, Monitoring

SHOWN: Final = (
    "in_force_srdi",
    "in_force_little_giant",
    "loan_amount",
    "loan_balance",
    "trained_firms",
    "drawn_amount",
    "appeals_resolved",
    "wait_solution",
)
AXIS: Final = {"zh": 1e4, "en": 1e5}
"""10,000 yuan in the axis's unit: 亿元, billion yuan."""
_TITLE: Final = 40  # letters a line over a panel
STAGES: Final = ("matched_amount", "contracted_amount", "drawn_amount")


def plot_monitor_series(
    found: Monitoring, lang: str, *, unit: str = "", names: Sequence[str] = SHOWN
) -> Picture | Text:
    """Small multiples by month; a gap where a month is not known or withheld."""
    place = chosen_unit(found, unit)
    series = {name: _series(found, name, place, lang) for name in names}
    kept = [name for name, values in series.items() if np.isfinite(values).any()]
    if not kept:
        return Text(text(lang, "monitor.no_series"))
    rows = (len(kept) + 1) // 2
    with draw(0.3 + 1.65 * rows) as drawing:
        panels = drawing.figure.subplots(rows, 2, squeeze=False, sharex=True).ravel()
        for axes, name in zip(panels, kept, strict=False):
            _panel(axes, found, series[name], _title(name, lang), lang)
        for axes in panels[len(kept) :]:
            axes.set_axis_off()
    facts = {"place": place_name(place, lang), "month": month_name(found.month, lang)}
    first = month_name(found.months[0], lang)
    alt = text(lang, "monitor.series_alt", first=first, parts=_parts(found, kept, place, lang), **facts)
    heads = [text(lang, "monitor.month_head"), *(_title(name, lang) for name in kept)]
    data = tabulate_plotted(heads, _rows(found, kept, place, lang))
    return Picture(drawing.png, alt, text(lang, "monitor.series_caption", first=first, **facts), data)


def _title(name: str, lang: str) -> str:
    entry = INDICATORS[name]
    if entry.unit != "money":
        return labelled(name, lang)
    label = capital(entry.label(lang))
    return text(lang, "monitor.labelled", label=label, unit=text(lang, "monitor.axis_money"))


def _scaled(value: float, name: str, lang: str) -> float:
    return value / AXIS[lang] if INDICATORS[name].unit == "money" else value


def _series(found: Monitoring, name: str, place: str, lang: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    told = [found.at(name, month, place)[0] for month in found.months]
    return np.array([np.nan if value is None else _scaled(value, name, lang) for value in told], dtype=np.float64)


def _panel(
    axes: Axes, found: Monitoring, values: np.ndarray[tuple[int], np.dtype[np.float64]], title: str, lang: str
) -> None:
    months = pd.PeriodIndex(found.months, freq="M")
    at = np.arange(len(months))
    axes.plot(at, values, color=AFTER, marker="o", markersize=2.5)
    axes.set_title(wrap(title, lang, _TITLE), fontsize=9.5, loc="left")
    ticks = [position for position, month in enumerate(months) if month.month in (1, 7)]
    axes.set_xticks(
        ticks, [f"{months[position].year}-{months[position].month:02d}" for position in ticks], fontsize=8.5
    )
    axes.set_xlim(-0.5, len(months) - 0.5)
    axes.set_ylim(0, 1.12 * float(np.nanmax(values)) or 1)
    axes.tick_params(axis="y", labelsize=8.5)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axes.grid(axis="y", color=GRID)


def _parts(found: Monitoring, names: Sequence[str], place: str, lang: str) -> str:
    """First and last month of each indicator."""
    told = [
        text(
            lang,
            "monitor.series_part",
            label=labelled(name, lang),
            start=cell(found, name, place, lang, found.months[0]),
            end=cell(found, name, place, lang),
        )
        for name in names
    ]
    return ("" if lang == "zh" else " ").join(told)


def _rows(found: Monitoring, names: Sequence[str], place: str, lang: str) -> list[tuple[Value, ...]]:
    rows = []
    for month in found.months:
        told: list[Value] = [month]
        for name in names:
            value, status = found.at(name, month, place)
            known: Value = NO_NUMBER if value is None else _scaled(value, name, lang)
            told.append(counted(None) if status == "withheld" else known)
        rows.append(tuple(told))
    return rows


def plot_matching(found: Monitoring, lang: str, *, unit: str = "") -> Picture | Text:
    """Matched, contracted and drawn amounts of twelve months, one bar each; a text where one has no number."""
    place = chosen_unit(found, unit)
    amounts = [found.at(name, found.month, place)[0] for name in STAGES]
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(STAGES) or known[0] <= 0:
        return Text(text(lang, "monitor.no_matching"))
    labels = words(lang, "monitor.stages")
    with draw(2.3) as drawing:
        axes = drawing.one()
        at = range(len(STAGES))
        axes.barh(at, [amount / AXIS[lang] for amount in known], color=[BEFORE, AFTER, AFTER], height=0.6)
        for position, amount in enumerate(known):
            told = text(lang, "monitor.stage_told", amount=money(amount, lang), share=share(amount / known[0]))
            axes.annotate(
                told, (amount / AXIS[lang], position), xytext=(5, 0), textcoords="offset points", va="center"
            )
        axes.set_yticks(at, labels)
        axes.invert_yaxis()
        axes.set_xlim(0, known[0] / AXIS[lang] * 1.32)
        axes.grid(axis="x", color=GRID)
        drawing.label(axes, lang, x=text(lang, "monitor.axis_money"))
    facts = {"place": place_name(place, lang), "month": month_name(found.month, lang)}
    told_all = [
        text(lang, "monitor.stage_part", label=label, amount=money(amount, lang), share=share(amount / known[0]))
        for label, amount in zip(labels, known, strict=True)
    ]
    alt = text(lang, "monitor.matching_alt", parts=("" if lang == "zh" else " ").join(told_all), **facts)
    heads = words(lang, "monitor.matching_heads")
    rows = [(label, amount, amount / known[0] * 100) for label, amount in zip(labels, known, strict=True)]
    return Picture(drawing.png, alt, text(lang, "monitor.matching_caption", **facts), tabulate_plotted(heads, rows))
