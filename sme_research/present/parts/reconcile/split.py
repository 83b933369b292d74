"""The growth of the loan balance, split: picture and table."""

from __future__ import annotations

from typing import Final

from sme_research.present.canvas import AFTER, BEFORE, GRID, INK, draw, wrap
from sme_research.present.plotted import Plotted, tabulate_plotted
from sme_research.present.show import HtmlTable, Picture, Text
from sme_research.present.words import MARK, count, day, money, signed, text, words
from sme_research.programme.reconcile import Group, GrowthSplit, Reconciliation

AXIS: Final = {"zh": 1e4, "en": 1e5}
"""10,000 yuan in the axis's unit: 亿元, billion yuan."""
_LABEL: Final = 14  # letters a line under a bar
Step = tuple[str, float, float]


def plot_growth_split(found: Reconciliation, lang: str) -> Picture | Text:
    """Steps from the balance at the start to that at the end; a text where they are withheld or not known."""
    split = found.split
    if split is None:
        return Text(text(lang, "reconcile.split_absent"))
    if not _is_known(split):
        return Text(text(lang, "reconcile.split_withheld"))
    steps = _steps(split, lang)
    with draw(4.3) as drawing:
        axes = drawing.one()
        for at, (_, low, high) in enumerate(steps):
            is_whole = at in (0, len(steps) - 1)
            axes.bar(at, high - low, bottom=low, width=0.62, color=BEFORE if is_whole else AFTER)
            shown = f"{high:,.1f}" if is_whole else signed(_changes(split, lang)[at - 1], 1)
            axes.annotate(shown, (at, max(low, high)), xytext=(0, 4), textcoords="offset points", ha="center")
        for at in range(len(steps) - 1):
            level = _level_after(split, at, lang)
            axes.plot([at + 0.31, at + 0.69], [level, level], color=INK, linewidth=0.8)
        axes.set_xticks(range(len(steps)), [step[0] for step in steps], fontsize=9.5)
        axes.margins(y=0.12)
        axes.grid(axis="y", color=GRID)
        drawing.label(axes, lang, x="", y=text(lang, "reconcile.split_y"))
    return Picture(drawing.png, _alt(split, lang), text(lang, "reconcile.split_caption"), _data(split, lang))


def _is_known(split: GrowthSplit) -> bool:
    return all(group.start is not None and group.end is not None for group in split.groups)


def _total(split: GrowthSplit, end: str, lang: str = "") -> float:
    """Balance of all groups at one end, 10,000 yuan, or in the axis's unit."""
    total = sum(float(getattr(group, end) or 0.0) for group in split.groups)
    return total / AXIS[lang] if lang else total


def _change(group: Group) -> float:
    return (group.end or 0.0) - (group.start or 0.0)


def _changes(split: GrowthSplit, lang: str) -> list[float]:
    return [_change(group) / AXIS[lang] for group in split.groups]


def _level_after(split: GrowthSplit, at: int, lang: str) -> float:
    """Height at which the step after bar ``at`` begins."""
    return _total(split, "start", lang) + sum(_changes(split, lang)[:at])


def _steps(split: GrowthSplit, lang: str) -> list[Step]:
    """Label, foot and top of each bar."""
    start, end = _total(split, "start", lang), _total(split, "end", lang)
    first, last = day(split.first, lang), day(split.last, lang)
    steps: list[Step] = [(text(lang, "reconcile.split_start", day=_broken(first, lang)), 0.0, start)]
    for at, group in enumerate(split.groups):
        foot = _level_after(split, at, lang)
        top = foot + _change(group) / AXIS[lang]
        steps.append((_broken(text(lang, f"reconcile.group.{group.name}"), lang), min(foot, top), max(foot, top)))
    return [*steps, (text(lang, "reconcile.split_end", day=_broken(last, lang)), 0.0, end)]


def _broken(label: str, lang: str) -> str:
    return wrap(label, lang, _LABEL)


def _alt(split: GrowthSplit, lang: str) -> str:
    parts = [
        text(
            lang,
            "reconcile.split_part",
            name=text(lang, f"reconcile.group.{group.name}"),
            change=money(_change(group), lang, sign=True),
        )
        for group in split.groups
    ]
    return text(
        lang,
        "reconcile.split_alt",
        first=day(split.first, lang),
        start=money(_total(split, "start"), lang),
        last=day(split.last, lang),
        end=money(_total(split, "end"), lang),
        parts=("，" if lang == "zh" else ", ").join(parts),
    )


def _data(split: GrowthSplit, lang: str) -> Plotted:
    heads = [text(lang, "reconcile.part_head"), text(lang, "reconcile.change_head")]
    rows = [(text(lang, f"reconcile.group.{group.name}"), _change(group)) for group in split.groups]
    return tabulate_plotted(heads, rows)


def describe_growth_split(found: Reconciliation, lang: str) -> Text:
    """The growth of the balance beside that of the same enterprises; empty where it is not known."""
    split = found.split
    if split is None or split.growth is None or split.same_firm_growth is None:
        return Text("")
    growth, same = (f"{value:.1f}%" for value in (split.growth, split.same_firm_growth))
    return Text(text(lang, "reconcile.split_said", growth=growth, same=same))


def tabulate_growth_split(found: Reconciliation, lang: str) -> HtmlTable | Text:
    """Enterprises and balances of each part, and of the whole."""
    split = found.split
    if split is None:
        return Text(text(lang, "reconcile.split_absent"))
    rows = [_row(group, lang) for group in split.groups]
    if _is_known(split):
        start, end = _total(split, "start"), _total(split, "end")
        whole = (money(start, lang), money(end, lang), money(end - start, lang, sign=True))
        rows.append((text(lang, "reconcile.split_total"), text(lang, "reconcile.no_number"), *whole))
    caption, note = text(lang, "reconcile.split_caption"), text(lang, "reconcile.split_note")
    return HtmlTable(caption, words(lang, "reconcile.split_head"), rows, note)


def _row(group: Group, lang: str) -> tuple[str, ...]:
    known = group.start is not None and group.end is not None
    change = money(_change(group), lang, sign=True) if known else MARK
    name = text(lang, f"reconcile.group.{group.name}")
    return (name, count(group.n_enterprises), money(group.start, lang), money(group.end, lang), change)
