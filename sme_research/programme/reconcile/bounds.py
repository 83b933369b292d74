"""How far a printed figure reaches: what its digits and its bound allow a recount to be."""

from __future__ import annotations

import math
from typing import Final

WAN_IN_YI: Final = 10_000  # 万元 in 亿元, in which larger amounts are printed
_DECIMALS: Final = 6
MONEY: Final = "money"
_HAIR: Final = 1e-9  # relative, for floats that a rounding left beside the edge


def range_of(value: float, bound: str, kind: str) -> tuple[float, float]:
    """Least and most that a recount may be for the figure to be right.

    ``exact`` allows the rounding of the printed digits (of amounts from
    100 million yuan on, as printed in 亿元), ``about`` half of the last digit
    that is not zero but at most a tenth of the figure, ``at_least`` anything up
    to the next step of that digit or a tenth above.
    """
    if bound == "exact":
        half = 0.0 if kind == "count" else _printed_step(value, kind) / 2
        return value - half, value + half
    step = _last_step(value)
    if bound == "about":
        half = min(step / 2, max(abs(value) / 10, 5 if kind == "count" else 0.0))
        return value - half, value + half
    return value, value + max(step, abs(value) / 10)


def reproduces(value: float, bound: str, kind: str, recount: float) -> bool:
    """Whether a recount lies within what the figure allows."""
    low, high = range_of(value, bound, kind)
    hair = _HAIR * max(abs(value), 1.0)
    return low - hair <= recount <= high + hair


def _printed_step(value: float, kind: str) -> float:
    """One unit of the last decimal that is printed."""
    scale = WAN_IN_YI if kind == MONEY and abs(value) >= WAN_IN_YI else 1
    return scale * float(10.0 ** -_decimals(value / scale))


def _decimals(value: float) -> int:
    digits = f"{value:.{_DECIMALS}f}".rstrip("0").partition(".")[2]
    return len(digits)


def _last_step(value: float) -> float:
    """One unit of the last digit that is not zero: 100 of 6,300, 0.01 of 2.29."""
    if value == 0:
        return 1.0
    decimals = _decimals(value)
    if decimals:
        return float(10.0**-decimals)
    whole = abs(round(value))
    return float(10 ** next(power for power in range(math.ceil(math.log10(whole)) + 1) if whole % 10 ** (power + 1)))
