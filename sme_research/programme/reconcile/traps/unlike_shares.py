"""Two official shares that cannot share a denominator.

A group's share of a whole, seen twice, says how much the group's average
member outgrew the whole in between. Where even the least growth that rounding
allows is more than any large group can have, the two shares are not of the
same whole: they must be neither compared nor averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import Final

from sme_research.programme.reconcile.asking import TablesLike
from sme_research.programme.reconcile.bounds import range_of
from sme_research.programme.reconcile.indicators import Indicator, find_indicator
from sme_research.programme.reconcile.records import Evidence, Figure, Trap
from sme_research.programme.reconcile.traps.common import in_usual_unit

NAME = "unlike_shares"
MOST_OUTGROWTH: Final = 10.0
"""Percent a year by which the average member of a large group can outgrow the whole it is part of."""
UNEVENNESS: Final = 1.0
"""Standard deviation of members' sizes by their mean: a small group's average moves with who comes in."""
LEAST_GROUP: Final = 200
"""Members under which nothing is said."""
NEAR_DAYS: Final = 62
"""A count this near the day of a share is taken for the group's number on that day."""
Span = tuple[float, float]


def check_unlike_shares(figures: Sequence[Figure], tables: TablesLike | None = None) -> Trap:
    """Look for two dated shares of one measure, of the same group, that no common whole allows.

    Figures alone are needed: shares of a value (revenue, profit), and the
    group's number, as shares of enterprises or as counts near the same days.
    """
    del tables
    checked = [_check(*pair, figures) for pair in _pairs(figures)]
    found = [trap for trap in checked if trap.verdict == "found"]
    if found:
        return max(found, key=lambda trap: trap.number("least_growth") or 0.0)
    known = [trap for trap in checked if trap.verdict == "not_found"]
    return known[-1] if known else checked[-1] if checked else Trap(NAME, "not_found")


def _pairs(figures: Sequence[Figure]) -> list[tuple[Figure, Figure]]:
    """Consecutive shares of one measure of a value, at one place."""
    series: dict[tuple[str, str], list[Figure]] = {}
    for figure in sorted(figures, key=lambda figure: figure.as_of):
        indicator = find_indicator(figure.indicator)
        if indicator is not None and indicator.group and indicator.measure != "number":
            series.setdefault((indicator.name, _place(figure)), []).append(figure)
    return [pair for shares in series.values() for pair in pairwise(shares) if pair[0].as_of < pair[1].as_of]


def _check(first: Figure, last: Figure, figures: Sequence[Figure]) -> Trap:
    years = (last.as_of - first.as_of).days / 365.25
    ways = [way for way in (_by_shares(first, last, figures), _by_counts(first, last, figures)) if way is not None]
    shares = (
        Evidence("share_first", in_usual_unit(first), "%"),
        Evidence("share_last", in_usual_unit(last), "%"),
    )
    if not ways:
        return Trap(NAME, "cannot_be_checked", (first, last), shares, "group_number")
    if _is_small(last, figures):
        return Trap(NAME, "cannot_be_checked", (first, last), shares, "small_group")
    value = _ratio(_span(first), _span(last))
    least = max(value[0] / number[1] for number in ways)
    growth = (least ** (1 / years) - 1) * 100
    limit = MOST_OUTGROWTH + _chance(last, figures)
    evidence = (
        *shares,
        *_relative_sizes(first, last, figures),
        Evidence("least_growth", growth, "%"),
        Evidence("limit", limit, "%"),
    )
    return Trap(NAME, "found" if growth > limit else "not_found", (first, last), evidence)


def _is_small(share: Figure, figures: Sequence[Figure]) -> bool:
    """Whether one newcomer can move the group's average by itself."""
    count = _count(share, figures, within=None)
    return count is not None and count.value < LEAST_GROUP


def _chance(share: Figure, figures: Sequence[Figure]) -> float:
    """Percent by which chance moves an average of so many: one standard error; 0 where the number is not known."""
    count = _count(share, figures, within=None)
    return 0.0 if count is None or count.value <= 0 else 100 * UNEVENNESS / sqrt(count.value)


def _by_shares(first: Figure, last: Figure, figures: Sequence[Figure]) -> Span | None:
    """How the group's share of all enterprises changed, as a range of ratios."""
    pair = [_number_share(figure, figures) for figure in (first, last)]
    return None if None in pair else _ratio(*(_span(figure) for figure in pair if figure))


def _by_counts(first: Figure, last: Figure, figures: Sequence[Figure]) -> Span | None:
    """How the group's number changed."""
    pair = [_count(figure, figures) for figure in (first, last)]
    return None if None in pair else _ratio(*(_span(figure) for figure in pair if figure))


def _number_share(share: Figure, figures: Sequence[Figure]) -> Figure | None:
    group = _indicator(share).group
    fitting = (
        figure
        for figure in figures
        if (known := find_indicator(figure.indicator)) is not None
        and (known.group, known.measure) == (group, "number")
        and (figure.as_of, _place(figure)) == (share.as_of, _place(share))
    )
    return next(fitting, None)


def _count(share: Figure, figures: Sequence[Figure], within: int | None = NEAR_DAYS) -> Figure | None:
    """The group's count that is nearest to the share's day; None where none is within so many days."""
    group = _indicator(share).group
    near = [
        figure
        for figure in figures
        if (known := find_indicator(figure.indicator)) is not None
        and known.name == group
        and _place(figure) == _place(share)
        and (within is None or abs((figure.as_of - share.as_of).days) <= within)
    ]
    return min(near, key=lambda figure: abs((figure.as_of - share.as_of).days), default=None)


def _relative_sizes(first: Figure, last: Figure, figures: Sequence[Figure]) -> list[Evidence]:
    """A member's average size as a multiple of the whole's, by both shares; None without shares of the number."""
    told = []
    for name, share in (("relative_first", first), ("relative_last", last)):
        number = _number_share(share, figures)
        size = None if number is None else in_usual_unit(share) / in_usual_unit(number)
        told.append(Evidence(name, size, "ratio"))
    return told


def _span(figure: Figure) -> Span:
    return range_of(figure.value, figure.bound, _indicator(figure).kind)


def _ratio(first: Span, last: Span) -> Span:
    """Least and most of last by first."""
    return last[0] / first[1], last[1] / first[0] if first[0] > 0 else float("inf")


def _indicator(figure: Figure) -> Indicator:
    indicator = find_indicator(figure.indicator)
    assert indicator is not None
    return indicator


def _place(figure: Figure) -> str:
    return figure.states("place", "province")
