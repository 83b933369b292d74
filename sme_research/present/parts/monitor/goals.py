"""The plan's targets beside the stocks: table and picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sme_research.present.canvas import AFTER, BEFORE, DASHED, GRID, draw
from sme_research.present.parts.monitor.telling import NO_NUMBER, capital, month_name
from sme_research.present.plotted import Value, tabulate_plotted
from sme_research.present.show import HtmlTable, Picture, Text
from sme_research.present.words import MARK, count, day, sentences, signed, text, words
from sme_research.programme.monitor import Monitoring, Progress


def tabulate_targets(found: Monitoring, lang: str) -> HtmlTable:
    """The plan's targets, where the stocks stand, the gap and the pace it takes."""
    rows = [_row(each, found, lang) for each in found.progress]
    told = []
    if found.progress:
        first = found.progress[0]
        told.append(text(lang, "monitor.targets_note", since=day(first.since, lang)))
        told.append(text(lang, "monitor.source", source=first.source[lang]))
    if not all(each.confirmed for each in found.progress):
        told.append(text(lang, "monitor.draft_short"))
    caption = text(lang, "monitor.targets_caption", month=month_name(found.month, lang))
    return HtmlTable(caption, words(lang, "monitor.targets_head"), rows, sentences(lang, told))


def _row(each: Progress, found: Monitoring, lang: str) -> tuple[str, ...]:
    goal = (
        capital(text(lang, f"monitor.tier.{each.indicator}")),
        text(lang, "monitor.target_cell", year=each.by.year, least=count(each.least)),
    )
    base, path = _number(each.base), _number(each.path)
    if each.value is None:
        withheld = found.at(f"in_force_{each.indicator}", found.month)[1] == "withheld"
        absent = MARK if withheld else text(lang, "monitor.not_in_tables")
        return (*goal, base, path, absent, *[NO_NUMBER] * 4)
    recent = NO_NUMBER if each.recent is None else signed(each.recent, 0)
    return (*goal, base, path, count(each.value), _number(each.gap), _number(each.pace), recent, _verdict(each, lang))


def _number(value: float | None) -> str:
    return NO_NUMBER if value is None else count(value)


def _verdict(each: Progress, lang: str) -> str:
    if each.gap == 0:
        return text(lang, "monitor.verdict.met")
    if each.pace is None:
        return text(lang, "monitor.verdict.missed")
    if each.path is None or each.value is None:
        return NO_NUMBER
    return text(lang, "monitor.verdict.ahead" if each.value >= each.path else "monitor.verdict.behind")


def plot_targets(found: Monitoring, lang: str) -> Picture | Text:
    """Small multiples by tier: stocks by month, the straight path and the target."""
    shown = [each for each in found.progress if each.value is not None and each.base is not None]
    if not shown:
        return Text(text(lang, "monitor.no_targets"))
    with draw(0.4 + 1.7 * len(shown)) as drawing:
        panels = drawing.figure.subplots(len(shown), 1, squeeze=False, sharex=True)[:, 0]
        for axes, each in zip(panels, shown, strict=True):
            _panel(axes, each, found, lang)
    parts = [_part(each, lang) for each in shown]
    joined = ("" if lang == "zh" else " ").join(parts)
    alt = text(lang, "monitor.targets_alt", month=month_name(found.month, lang), parts=joined)
    data = tabulate_plotted(words(lang, "monitor.targets_heads"), _data(shown, found, lang))
    caption = text(lang, "monitor.targets_picture", since=day(shown[0].since, lang))
    return Picture(drawing.png, alt, caption, data)


def _stocks(each: Progress, found: Monitoring) -> list[float | None]:
    return [found.at(f"in_force_{each.indicator}", month)[0] for month in found.months]


def _at(month: str | pd.Timestamp) -> float:
    """A month's place on the axis, in years."""
    period = pd.Period(month, "M")
    return float(period.year + period.month / 12)


def _panel(axes: Axes, each: Progress, found: Monitoring, lang: str) -> None:
    since, by = _at(pd.Timestamp(each.since)), _at(pd.Timestamp(each.by))
    axes.plot([since, by], [each.base or 0.0, each.least], color=BEFORE, linestyle=DASHED)
    axes.plot([by], [each.least], "D", color="white", markeredgecolor=BEFORE, markersize=8, clip_on=False)
    stocks = [np.nan if value is None else value for value in _stocks(each, found)]
    axes.plot([_at(month) for month in found.months], stocks, color=AFTER, marker="o", markersize=2.5)
    axes.set_title(capital(text(lang, f"monitor.tier.{each.indicator}")), fontsize=10.5, loc="left")
    first, last = int(np.floor(_at(found.months[0]))), int(np.ceil(by))
    axes.set_xticks(range(first, last + 1))
    axes.set_ylim(0, 1.12 * max(each.least, each.value or 0.0))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(axis="y", color=GRID)


def _part(each: Progress, lang: str) -> str:
    label = capital(text(lang, f"monitor.tier.{each.indicator}"))
    facts = {"value": count(each.value), "path": _number(each.path), "least": count(each.least)}
    return text(lang, "monitor.targets_part", label=label, **facts)


def _data(shown: Sequence[Progress], found: Monitoring, lang: str) -> list[tuple[Value, ...]]:
    rows: list[tuple[Value, ...]] = []
    for each in shown:
        label = capital(text(lang, f"monitor.tier.{each.indicator}"))
        for month, value in zip(found.months, _stocks(each, found), strict=True):
            path: Value = each.path if month == found.month and each.path is not None else NO_NUMBER
            rows.append((label, month, MARK if value is None else value, path))
        rows.append((label, f"{each.by:%Y-%m}", NO_NUMBER, each.least))
    return rows
