"""Which enterprises get which combinations: an upset picture and its tables."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from sme_research.policy.combinations import Combination, Combinations
from sme_research.present.canvas import AFTER, BEFORE, INK, PALE, WASH, draw
from sme_research.present.plotted import counted, tabulate_plotted
from sme_research.present.show import HtmlTable, Picture, Text
from sme_research.present.words import count, day, join, share, text, words

ROW = 0.30
"""Inches an instrument takes in the matrix."""


def period_of(found: Combinations, lang: str) -> str:
    """The day or the years that the counts are of."""
    if found.since is None:
        return text(lang, "mix.until", on=day(found.until, lang))
    return text(lang, "mix.within", first=found.since.year, last=found.until.year)


def name_of(instruments: Sequence[str], found: Combinations, lang: str) -> str:
    """A combination in words; that of none too."""
    return join(lang, [found.labels[name][lang] for name in instruments]) or text(lang, "mix.none")


def _columns(found: Combinations) -> list[Combination]:
    return [Combination((), found.n_none), *found.combinations]


def plot_combinations(found: Combinations, lang: str) -> Picture | Text:
    """Bars of the most frequent combinations over a matrix of dots that says which instruments they hold."""
    if not found.combinations:
        return Text(text(lang, "mix.no_combination"))
    names, columns = list(found.labels), _columns(found)
    with draw(2.6 + ROW * len(names)) as drawing:
        bars, matrix = drawing.figure.subplots(2, 1, sharex=True, height_ratios=[2.2, ROW * len(names)])
        _draw_bars(bars, columns)
        _draw_matrix(matrix, columns, names)
        matrix.set_yticks(range(len(names)), [_set_label(name, found, lang) for name in names])
        bars.set_ylabel(text(lang, "mix.bars_y"))
    data = tabulate_plotted(
        words(lang, "mix.combinations_head")[:2],
        [(name_of(each.instruments, found, lang), counted(each.n)) for each in columns],
    )
    first = found.combinations[0]
    alt = text(
        lang,
        "mix.combinations_alt",
        period=period_of(found, lang),
        none=count(found.n_none),
        first=name_of(first.instruments, found, lang),
        n=count(first.n),
    )
    return Picture(drawing.png, alt, text(lang, "mix.combinations_caption", period=period_of(found, lang)), data)


def _set_label(name: str, found: Combinations, lang: str) -> str:
    return text(lang, "mix.set", name=found.labels[name][lang], n=count(found.received[name]))


def _draw_bars(axes: Axes, columns: Sequence[Combination]) -> None:
    heights = [each.n or 0 for each in columns]
    colours = [AFTER if each.instruments else PALE for each in columns]
    axes.bar(range(len(columns)), heights, color=colours, width=0.64)
    for at, each in enumerate(columns):
        axes.text(at, each.n or 0, count(each.n), ha="center", va="bottom", fontsize=8.5, color=INK)
    axes.set_ylim(0, 1.12 * max(*heights, 1))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.tick_params(axis="x", length=0, labelbottom=False)


def _draw_matrix(axes: Axes, columns: Sequence[Combination], names: Sequence[str]) -> None:
    for row in range(0, len(names), 2):
        axes.axhspan(row - 0.5, row + 0.5, color=WASH, linewidth=0)
    for at, each in enumerate(columns):
        inside = [row for row, name in enumerate(names) if name in each.instruments]
        outside = [row for row in range(len(names)) if row not in inside]
        axes.plot([at] * len(outside), outside, "o", color=PALE, markersize=4.5)
        axes.plot([at] * len(inside), inside, "o-", color=AFTER, markersize=6.5, linewidth=1.6)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="both", length=0, labelbottom=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(BEFORE)
        axes.spines[side].set_visible(False)


def tabulate_combinations(found: Combinations, lang: str) -> HtmlTable:
    """Enterprises by combination, the most frequent first, and the rest."""
    total = found.n_enterprises
    rows = [(name_of(each.instruments, found, lang), count(each.n), _of(each.n, total)) for each in _columns(found)]
    if found.n_rest_kinds:
        rows.append((text(lang, "mix.rest", n=count(found.n_rest_kinds)), count(found.rest), _of(found.rest, total)))
    caption = text(lang, "mix.combinations_table", period=period_of(found, lang))
    return HtmlTable(caption, words(lang, "mix.combinations_head"), rows, text(lang, "mix.combinations_note"))


def _of(part: int | None, whole: int | None) -> str:
    return share(part / whole if part is not None and whole else None)


def tabulate_numbers(found: Combinations, lang: str) -> HtmlTable:
    """Enterprises by how many instruments they received."""
    rows = [
        (text(lang, "mix.times", n=times), count(n), _of(n, found.n_enterprises))
        for times, n in enumerate(found.by_number)
    ]
    note = text(lang, "mix.outside", n=count(found.n_outside)) if found.n_outside != 0 else ""
    caption = text(lang, "mix.numbers_caption", period=period_of(found, lang))
    return HtmlTable(caption, words(lang, "mix.numbers_head"), rows, note)
