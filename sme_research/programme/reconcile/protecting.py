"""What the public edition shows of a reconciliation.

Counts of enterprises are told in tens and none of 1 to 9; amounts in three
digits, and only where enough enterprises stand behind them and none dominates.
Verdicts come from the complete data and are the same in both editions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sme_research.disclosure import Rule, coarse_count, publishable
from sme_research.programme.reconcile.records import Comparison, Evidence, Figure, Group, GrowthSplit, Trap

COUNTED: Final = ("enterprises", "loans", "times", "person-times", "appeals")
"""Units in which each one is an enterprise's or close to it."""
MONEY: Final = ("万元", "亿元", "元")
_DIGITS: Final = 3
_RULE: Final = Rule()


def protect_comparison(entry: Comparison) -> Comparison:
    """The comparison as the public edition tells it."""
    if is_few(entry.figure):
        return replace(entry, recount=None, difference=None, n_enterprises=None, largest_share=None, withheld=True)
    if entry.recount is None:
        return entry
    told = _told(entry.recount, entry.figure.unit, entry.n_enterprises, entry.largest_share)
    if told is None:
        return replace(entry, recount=None, difference=None, n_enterprises=None, largest_share=None, withheld=True)
    n = None if entry.n_enterprises is None else coarse_count(entry.n_enterprises)
    gap = entry.figure.value - told
    if entry.figure.unit in COUNTED:
        # Of a count that is told in tens, smaller differences say nothing.
        gap = float(_RULE.threshold * round(gap / _RULE.threshold))
    return replace(entry, recount=told, difference=gap, n_enterprises=n, largest_share=None)


def is_few(figure: Figure) -> bool:
    """Whether the figure itself counts so few that the public edition withholds it too."""
    return figure.unit in COUNTED and coarse_count(figure.value) is None


def protect_trap(trap: Trap) -> Trap:
    """The misreading with its numbers as the public edition tells them."""
    told = tuple(_protect_evidence(entry) for entry in trap.evidence)
    withheld = any(
        now.unit in MONEY and now.value is None and before.value is not None
        for now, before in zip(told, trap.evidence, strict=True)
    )
    if withheld:
        # Amounts of one trap add up: with one of them withheld, the others would give it away.
        told = tuple(
            replace(now, value=None) if now.unit in MONEY and before.n_enterprises is not None else now
            for now, before in zip(told, trap.evidence, strict=True)
        )
    return replace(trap, evidence=told)


def _protect_evidence(entry: Evidence) -> Evidence:
    if entry.value is None:
        return entry
    if entry.n_enterprises is None:
        few = entry.unit in COUNTED and coarse_count(entry.value) is None
        return replace(entry, value=None) if few else entry
    value = _told(entry.value, entry.unit, entry.n_enterprises, entry.largest_share)
    return replace(entry, value=value, n_enterprises=None, largest_share=None)


def protect_split(split: GrowthSplit | None) -> GrowthSplit | None:
    """The split without its groups' numbers where any of them is too telling: the rest would give it away."""
    if split is None:
        return None
    safe = all(_is_safe(group) for group in split.groups)
    return replace(split, groups=tuple(_protect_group(group, safe=safe) for group in split.groups))


def _is_safe(group: Group) -> bool:
    return group.n_enterprises == 0 or publishable(group.n_enterprises or 0, group.largest_share)


def _protect_group(group: Group, *, safe: bool) -> Group:
    n = None if group.n_enterprises is None else coarse_count(group.n_enterprises)
    start, end = ((_rounded(value) if value is not None and safe else None) for value in (group.start, group.end))
    return replace(group, n_enterprises=n, start=start, end=end, largest_share=None)


def _told(value: float, unit: str, n: int | None, largest: float | None) -> float | None:
    """A number that rests on n enterprises; 0 stands for numbers that rest on none."""
    if n and not publishable(n, largest):
        return None
    if unit in COUNTED:
        return coarse_count(value)
    return _rounded(value) if unit in MONEY else value


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
