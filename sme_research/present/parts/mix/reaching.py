"""Who is reached: reach and leakage, shares by title, size and place, and need."""

from __future__ import annotations

from collections.abc import Sequence

from sme_research.policy.targeting import GroupShare, NeedShare, Targeting
from sme_research.present.canvas import AFTER, BEFORE, DASHED, GRID, draw
from sme_research.present.forest import ROW_HEIGHT
from sme_research.present.plotted import Value, counted, tabulate_plotted
from sme_research.present.show import Group, HtmlTable, Picture, Text
from sme_research.present.words import MARK, count, day, join, sentences, share, signed, text, words
from sme_research.tables import area_name

FEWEST = 10
"""A group of fewer eligible enterprises is in the table but has no bar: one of three is no rate."""


_BACKED = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}


def group_name(each: GroupShare, lang: str) -> str:
    """A group in words."""
    if each.by == "city":
        return area_name(each.group, lang)
    return text(lang, f"mix.{each.by}.{each.group}")


def tabulate_reach(found: Sequence[Targeting], lang: str) -> HtmlTable:
    """Every instrument: eligible, reached, recipients, leakage, how unequal the amounts are."""
    rows = [
        (
            each.label[lang],
            count(each.n_eligible),
            share(each.reach),
            count(each.n_recipients),
            share(each.leakage),
            "–" if each.top_share is None else share(each.top_share),
            "–" if each.gini is None else f"{each.gini:.2f}",
        )
        for each in found
    ]
    told = day(found[0].on, lang) if found else ""
    caption = text(lang, "mix.reach_caption", on=told)
    return HtmlTable(caption, words(lang, "mix.reach_head"), rows, text(lang, "mix.reach_note"))


def tabulate_reach_groups(found: Targeting, lang: str) -> HtmlTable:
    """One instrument by title, size and place: shares of the eligible and of the reached."""
    rows: list[Sequence[str] | Group] = []
    before = ""
    for each in found.groups:
        if each.by != before:
            rows.append(Group(text(lang, f"mix.by.{each.by}")))
            before = each.by
        quotient = MARK if each.quotient is None else f"{each.quotient:.2f}"
        rows.append(
            (
                group_name(each, lang),
                count(each.n_eligible),
                count(each.n_reached),
                share(each.share_eligible),
                share(each.share_reached),
                quotient,
                share(each.reach),
            )
        )
    caption = text(lang, "mix.groups_caption", instrument=found.label[lang], on=day(found.on, lang))
    return HtmlTable(caption, words(lang, "mix.groups_head"), rows, text(lang, "mix.groups_note"))


def plot_reach(found: Targeting, lang: str) -> Picture | Text:
    """Share reached of the eligible of each group, the share of all as a line."""
    told = [each for each in found.groups if each.reach is not None and (each.n_eligible or 0) >= FEWEST]
    if not told or found.reach is None:
        return Text(text(lang, "mix.no_reach", instrument=found.label[lang]))
    labels: list[str] = []
    values: list[float | None] = []
    before = ""
    for each in told:
        if each.by != before:
            labels.append(text(lang, f"mix.by.{each.by}"))
            values.append(None)
            before = each.by
        labels.append(f"{group_name(each, lang)}  ")
        values.append(100 * (each.reach or 0.0))
    with draw(0.9 + 0.72 * ROW_HEIGHT * len(labels)) as drawing:
        axes = drawing.one()
        for at, value in enumerate(values):
            if value is not None:
                axes.barh(at, value, color=AFTER, height=0.6)
                axes.text(value, at, f" {value:.0f}", va="center", fontsize=9, bbox=_BACKED)
        axes.axvline(100 * found.reach, color=BEFORE, linestyle=DASHED, linewidth=1.0)
        axes.set_yticks(range(len(labels)), labels, fontsize=10)
        for tick, value in zip(axes.get_yticklabels(), values, strict=True):
            if value is None:
                tick.set_color(BEFORE)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        axes.set_xlim(0, min(108.0, 1.12 * max(value or 0.0 for value in values)))
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color=GRID)
        drawing.label(axes, lang, x=text(lang, "mix.reach_x", all=share(found.reach)))
    high, low = max(told, key=lambda each: each.reach or 0.0), min(told, key=lambda each: each.reach or 0.0)
    facts = {"instrument": found.label[lang], "all": share(found.reach)}
    alt = text(
        lang,
        "mix.reach_alt",
        high=group_name(high, lang),
        high_share=share(high.reach),
        low=group_name(low, lang),
        low_share=share(low.reach),
        **facts,
    )
    data = [(text(lang, f"mix.by.{each.by}"), group_name(each, lang), *_numbers(each)) for each in told]
    table = tabulate_plotted(words(lang, "mix.reach_plotted"), data)
    return Picture(drawing.png, alt, text(lang, "mix.reach_picture", **facts), table)


def _numbers(each: GroupShare) -> tuple[Value, ...]:
    reach = MARK if each.reach is None else 100 * each.reach
    return reach, counted(each.n_eligible), counted(each.n_reached)


def tabulate_needs(found: Sequence[Targeting], lang: str) -> HtmlTable:
    """Newly reached in the year, with and without each sign of need, and the difference."""
    rows: list[Sequence[str] | Group] = []
    for each in found:
        rows.append(Group(each.label[lang]))
        rows += [_need_row(need, lang) for need in each.needs]
    facts = {"since": day(found[0].since, lang), "on": day(found[0].on, lang), "year": found[0].since.year - 1}
    caption = text(lang, "mix.needs_caption", **facts)
    return HtmlTable(caption, words(lang, "mix.needs_head"), rows, text(lang, "mix.needs_note", **facts))


def _need_row(need: NeedShare, lang: str) -> tuple[str, ...]:
    label = text(lang, f"mix.need.{need.name}")
    counts = count(need.n_with), count(need.n_without)
    if need.difference is None or need.low is None or need.high is None:
        return label, *counts, MARK, MARK, MARK
    span = text(lang, "unit.range", low=signed(100 * need.low), high=signed(100 * need.high))
    told = text(lang, "mix.with_range", estimate=signed(100 * need.difference), range=span)
    return label, *counts, share(need.reach_with), share(need.reach_without), told


def describe_needs(found: Sequence[Targeting], lang: str) -> Text:
    """For each instrument, which signs of need go with being reached more, less, or neither as far as can be seen."""
    parts = []
    for each in found:
        told = [need for need in each.needs if need.low is not None and need.high is not None]
        more = [text(lang, f"mix.need.{need.name}") for need in told if (need.low or 0.0) > 0]
        less = [text(lang, f"mix.need.{need.name}") for need in told if (need.high or 0.0) < 0]
        name = each.label[lang]
        said = [text(lang, "mix.need_more", name=name, signs=join(lang, more))] if more else []
        said += [text(lang, "mix.need_less", name=name, signs=join(lang, less))] if less else []
        parts.append("- " + sentences(lang, said or [text(lang, "mix.need_neither", name=name)]))
    return Text("\n".join(parts))
