"""How the ladder's numbers are told in an edition: counts, shares and curves that give no enterprise away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, Literal

from sme_research.disclosure import coarse_count, coarse_share
from sme_research.disclosure.rule import DEFAULT_RULE, SHARE_STEPS
from sme_research.present.words import MARK, has_text, share, text
from sme_research.programme.ladder import Incidence, Point, Titles
from sme_research.tables import area_name

Edition = Literal["internal", "public"]
FEWEST: Final = 20
"""Enterprises below which a tier is not projected."""


WITHIN: Final = 3.0
"""Years at which enterprises are compared: the first term, which ends at exactly 3."""


def told_count(n: float, edition: Edition) -> float | None:
    """A count; in the public edition in steps of ten, None for 1 to 9."""
    return coarse_count(n) if edition == "public" else n


def may_tell(point: Point, n: int, edition: Edition) -> bool:
    """Whether an incidence may be told: in the public edition no 1 to 9 events, nor 1 to 9 without one."""
    if edition == "internal":
        return True
    few = range(1, DEFAULT_RULE.threshold)
    return n >= DEFAULT_RULE.threshold and point.n_events not in few and n - point.n_events not in few


def tell_points(found: Incidence, cause: str, times: Sequence[float], edition: Edition) -> list[Point]:
    """Points of a whole tier that the edition may tell; in the public one a step stands for ten or more.

    The end of the first term is told first, so that other years give way to it.
    """
    points = [point for time in times if (point := found.at(time, cause))]
    if edition == "internal":
        return points
    kept: list[Point] = []
    for point in sorted(points, key=lambda point: (point.years != WITHIN, point.years)):
        if may_tell(point, found.n_enterprises, edition) and _steps_are_many(point, kept):
            kept.append(point)
    return sorted(kept, key=lambda point: point.years)


def _steps_are_many(point: Point, kept: Sequence[Point]) -> bool:
    """Whether no few events lie between a point and those that are told before and after it."""
    before = max((other.n_events for other in kept if other.years < point.years), default=0)
    after = min((other.n_events for other in kept if other.years > point.years), default=point.n_events)
    few = range(1, DEFAULT_RULE.threshold)
    return point.n_events - before not in few and after - point.n_events not in few


def told_rate(point: Point | None, group: Incidence, lang: str, edition: Edition) -> str:
    """A group's incidence with its interval for a table's cell, or why there is none.

    Coarse in the public edition, as the groups of a tier could be subtracted from it.
    """
    if not group.enough:
        return text(lang, "ladder.few")
    if point is None:
        return text(lang, "ladder.beyond")
    if not may_tell(point, group.n_enterprises, edition):
        return MARK
    if edition == "internal":
        return rate((point.estimate, point.ci_low, point.ci_high), lang)
    numbers = _coarse(point, group.n_enterprises)
    return MARK if numbers is None else rate(numbers, lang)


def _coarse(point: Point, n: int) -> tuple[float, float, float] | None:
    """A share and its interval in a step that stands for enough enterprises, the interval rounded outwards."""
    told = coarse_share(point.estimate, n)
    steps = [coarse_share(bound, n) for bound in (point.ci_low, point.ci_high)]
    low, high = steps
    if told is None or low is None or high is None:
        return None
    size = coarse_step(n)
    low, high = (low - size if low > point.ci_low else low), (high + size if high < point.ci_high else high)
    return min(told, 1.0), max(low, 0.0), min(high, 1.0)


def coarse_step(n: int) -> float:
    """Step of `coarse_share` for n enterprises, which are enough for one."""
    return next(step for step in SHARE_STEPS if step * n >= 2 * DEFAULT_RULE.threshold)


def rate(numbers: Sequence[float], lang: str) -> str:
    """A share with its interval."""
    middle, low, high = (share(number) for number in numbers)
    return text(lang, "ladder.rate", share=middle, low=low, high=high)


def month_of(moment: date, lang: str) -> str:
    """The month of a day: days of single grants are told in no edition."""
    return f"{moment.year}年{moment.month}月" if lang == "zh" else f"{moment:%B %Y}"


def describe_unseen(titles: Titles, tier: str, lang: str) -> str:
    """Why no climb from a tier could be seen, as `Titles.may_climb` found."""
    return text(lang, "ladder.unseen_none" if titles.first_above(tier) is None else "ladder.unseen_late")


def tier_name(tier: str, lang: str) -> str:
    """A tier as the language calls its enterprises."""
    return text(lang, f"ladder.tier.{tier}")


def heading(label: str) -> str:
    """A label as it stands at the head of a row: with a capital in English."""
    return label[:1].upper() + label[1:]


def group_name(by: str, group: str, lang: str) -> str:
    """A place, industry or size band as the language calls it."""
    if by == "city":
        return area_name(group, lang)
    if by == "size":
        return text(lang, f"ladder.size.{group}")
    known = has_text(lang, f"ladder.industry.{group}")
    return text(lang, f"ladder.industry.{group}") if known else text(lang, "ladder.other_industry", code=group)
