"""The one picture: where each input stands among peers, and where the thresholds of the next title lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sme_research.present.canvas import AFTER, BEFORE, GRID, PALE, draw
from sme_research.present.parts.diagnosis.summary import Edition
from sme_research.present.parts.diagnosis.wording import rules_name, tell, tier_name
from sme_research.present.plotted import Plotted, Value, tabulate_plotted
from sme_research.present.show import Picture, Text
from sme_research.present.words import join, share, text, words
from sme_research.programme.diagnosis import Diagnosis, Standing, TierStatus, next_tier
from sme_research.programme.diagnosis.levers import leaves

LINE: Final = 0.36
"""Inches of height for one input."""
HEAD: Final = 1.5
FEWEST: Final = 2


@dataclass(frozen=True, slots=True)
class _Strip:
    """One input with its share of peers bettered, and the same of each threshold."""

    standing: Standing
    own: float
    thresholds: tuple[tuple[float, float], ...]


def plot_standing(diagnosis: Diagnosis | None, lang: str, *, edition: Edition = "internal") -> Picture | Text:
    """Percentile strip of the inputs that the next title measures, with its thresholds."""
    if diagnosis is None:
        return Text(text(lang, "diagnosis.absent" if edition == "public" else "diagnosis.absent_example"))
    found = _tier_shown(diagnosis)
    strips = _strips(diagnosis, found)
    if len(strips) < FEWEST:
        return Text(text(lang, "diagnosis.picture_absent"))
    with draw(HEAD + LINE * len(strips)) as drawing:
        axes = drawing.one()
        at = np.arange(len(strips))[::-1]
        axes.hlines(at, 0, 100, color=PALE, linewidth=5, zorder=1)
        marks = [(100 * place, y) for strip, y in zip(strips, at, strict=True) for _, place in strip.thresholds]
        own = [100 * strip.own for strip in strips]
        axes.scatter(own, at, s=70, color=AFTER, zorder=3, label=text(lang, "diagnosis.picture_own"))
        if marks:
            x, y = zip(*marks, strict=True)
            label = text(lang, "diagnosis.picture_threshold")
            axes.scatter(x, y, s=190, marker="|", color=BEFORE, linewidths=2.4, zorder=2, label=label)
        names = [f"{one.standing.metric.label[lang]}  {_value(one, lang)}" for one in strips]
        axes.set_yticks(at, names, fontsize=9.5)
        axes.set_xlim(-2, 102)
        axes.set_ylim(-0.7, len(strips) - 0.3)
        axes.grid(axis="x", color=GRID)
        axes.tick_params(axis="y", length=0)
        drawing.label(axes, lang, x=text(lang, "diagnosis.picture_x"))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    names_of = {"tier": tier_name(found.rules.tier, lang), "rules": rules_name(found.rules, lang)}
    caption = text(lang, "diagnosis.picture_caption", **names_of)
    return Picture(drawing.png, _alt(strips, found, lang), caption, _data(strips, lang))


def _tier_shown(diagnosis: Diagnosis) -> TierStatus:
    """The next title by the rules of the day, else by the newest."""
    tier = next_tier(diagnosis)
    return diagnosis.of(tier) or [one for one in diagnosis.tiers if one.rules.tier == tier][-1]


def _strips(diagnosis: Diagnosis, found: TierStatus) -> list[_Strip]:
    limits: dict[str, list[float]] = {}
    for gate in found.rules.gates:
        for leaf in leaves(gate.condition, diagnosis.occasion):
            limits.setdefault(leaf.metric, []).append(leaf.value)
    strips = []
    for standing in diagnosis.standings:
        name, ranked = standing.metric.name, standing.metric.kind in ("number", "count")
        if name not in found.rules.metrics() or not ranked or standing.percentile is None:
            continue
        places = [(limit, place_threshold(limit, standing)) for limit in sorted(set(limits.get(name, ())))]
        marks = tuple((limit, place) for limit, place in places if place is not None)
        strips.append(_Strip(standing, standing.percentile, marks))
    return strips


def place_threshold(limit: float, standing: Standing) -> float | None:
    """Where a threshold stands among peers, on the side of the enterprise on which its value has it.

    Quantiles between few peers are interpolated, so that a threshold just missed could else
    stand below the one who missed it.
    """
    place, own, value = standing.percentile_of(limit), standing.percentile, standing.value
    if place is None or own is None or value is None or limit == value:
        return place if limit != value else own
    asks_more = limit < value if standing.metric.better == "lower" else limit > value
    return max(place, own) if asks_more else min(place, own)


def _value(strip: _Strip, lang: str) -> str:
    return tell(strip.standing.value, strip.standing.metric, lang)


def _alt(strips: list[_Strip], found: TierStatus, lang: str) -> str:
    best, worst = (choose(strips, key=lambda strip: strip.own) for choose in (max, min))
    label = {id(strip): strip.standing.metric.label[lang] for strip in strips}
    changed = {change.metric.name for path in found.paths[:1] for change in path.changes}
    short = [label[id(strip)] for strip in strips if strip.standing.metric.name in changed]
    told = text(lang, "diagnosis.picture_short", names=join(lang, short)) if short else ""
    return text(
        lang,
        "diagnosis.picture_alt",
        n=len(strips),
        best=label[id(best)],
        high=share(best.own),
        worst=label[id(worst)],
        low=share(worst.own),
        short=told,
    ).strip()


def _data(strips: list[_Strip], lang: str) -> Plotted:
    rows: list[tuple[Value, ...]] = []
    for strip in strips:
        metric = strip.standing.metric
        first = (metric.label[lang], _value(strip, lang), 100 * strip.own)
        rows += [(*first, tell(limit, metric, lang), 100 * place) for limit, place in strip.thresholds] or [
            (*first, None, None)
        ]
    return tabulate_plotted(words(lang, "diagnosis.picture_heads"), rows)
