"""A small drawing of one estimate over the runs of a report: points with their intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sme_research.factory.plan import Language
from sme_research.factory.site.estimates import EstimateOf
from sme_research.factory.site.words import day, say

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 96, 16, 14, 30
MOST_DAYS = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """One run: where its point stands and how far its interval reaches, in pixels."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing: ``ticks`` are heights with their labels, ``days`` positions with theirs."""

    alt: str
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    days: tuple[tuple[float, str], ...]
    zero: float | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT


def draw_chart(points: list[tuple[str, EstimateOf]], language: Language) -> Chart | None:
    """The chart of an estimate over time; None with fewer than two that can be drawn.

    Parameters
    ----------
    points : list of (moment in UTC, estimate)
        Oldest first, all in one unit.
    """
    drawn = [(moment, one) for moment, one in points if None not in (one.estimate, one.ci_low, one.ci_high)]
    if len(drawn) < 2 or len({one.unit for _, one in drawn}) != 1:
        return None
    bounds = [value for _, one in drawn for value in (one.ci_low, one.ci_high) if value is not None]
    low, high = min(*bounds, 0.0), max(*bounds, 0.0)
    spread = (high - low) or 1.0

    def height(value: float | None) -> float:
        return round(TOP + (high - (value or 0.0)) / spread * (HEIGHT - TOP - BOTTOM), 1)

    step = (WIDTH - LEFT - RIGHT) / len(drawn)
    places = [round(LEFT + step * (number + 0.5), 1) for number in range(len(drawn))]
    marks = [
        Mark(x, height(one.estimate), height(one.ci_low), height(one.ci_high))
        for x, (_, one) in zip(places, drawn, strict=True)
    ]
    every = -(-len(drawn) // MOST_DAYS)
    days = [(x, day(moment, language)) for x, (moment, _) in zip(places, drawn, strict=True)][::-every][::-1]
    shown = drawn[-1][1]
    ticks = [(height(value), _label(shown, value, language)) for value in sorted({low, 0.0, high})]
    return Chart(_alt(drawn, language), tuple(marks), _apart(ticks), tuple(days), height(0.0))


def _apart(ticks: list[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """Ticks that do not write over each other; zero stays."""
    kept = [tick for tick in ticks if tick[1].lstrip("+−").startswith("0") or len(ticks) < 3]
    kept += [tick for tick in ticks if all(abs(tick[0] - other[0]) > 16 for other in kept)]
    return tuple(kept)


def _label(estimate: EstimateOf, value: float, language: Language) -> str:
    return replace(estimate, estimate=value).shown("estimate", language)


def _alt(drawn: list[tuple[str, EstimateOf]], language: Language) -> str:
    (first_moment, first), (last_moment, last) = drawn[0], drawn[-1]
    ordered = sorted((one for _, one in drawn), key=lambda one: one.estimate or 0.0)
    return say(
        language,
        "chart.alt",
        name=last.name(language),
        n=len(drawn),
        first_date=day(first_moment, language),
        first=first.shown("estimate", language),
        last_date=day(last_moment, language),
        last=last.shown("estimate", language),
        last_interval=last.interval(language),
        lowest=ordered[0].shown("estimate", language),
        highest=ordered[-1].shown("estimate", language),
    )
