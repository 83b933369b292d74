"""When a number may be published: enough enterprises, none that dominates, and how far a guess must stay off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from sme_research.disclosure.cells import Cell
from sme_research.errors import StudyError

MARK: Final = "*"
"""Stands for a withheld number. Withheld for itself or for another's sake look alike, or the mark would tell."""
NOTE: Final[Mapping[str, str]] = {"zh": "为保护企业信息不予公布", "en": "suppressed to protect enterprises"}


@dataclass(frozen=True, slots=True)
class Rule:
    """Rule of the public edition.

    Parameters
    ----------
    threshold : int
        Fewest enterprises behind a published number other than zero. Also the
        least width of the range to which an outsider can narrow a withheld count.
    dominance : float
        Largest share of an amount that one enterprise may have, 0 to 1.
    p : float
        An outsider's range for a withheld amount reaches at least this share of
        the amount to either side.

    Raises
    ------
    StudyError
        A number lies outside its bounds.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, Wiley, ch. 4:
    minimum frequency rule, (1, k) dominance rule, and the protection they ask
    of secondary suppression.
    """

    threshold: int = 10
    dominance: float = 0.85
    p: float = 0.15

    def __post_init__(self) -> None:
        if self.threshold < 3:
            raise StudyError(f"threshold is {self.threshold}, must be 3 or more: one of two enterprises knows both.")
        for name in ("dominance", "p"):
            value = getattr(self, name)
            if not 0 < value < 1:
                raise StudyError(f"{name} is {value:g}, must lie between 0 and 1.")

    def withholds(self, cell: Cell) -> bool:
        """Whether the cell itself is too telling; zero enterprises are nobody."""
        return cell.n > 0 and not publishable(cell.n, cell.largest_share, self)

    def amount_protection(self, cell: Cell) -> float:
        """Share of the amount that a guess must stay off to either side.

        Beyond ``p``, what the dominance rule asks by itself: an amount that is
        off by ``share / dominance - 1`` would just pass it.
        """
        return max(self.p, (cell.largest_share or 0.0) / self.dominance - 1)


DEFAULT_RULE: Final = Rule()
SHARE_STEPS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)


def publishable(n: int, largest_share: float | None = None, rule: Rule = DEFAULT_RULE) -> bool:
    """Whether one statistic, such as a mean or an estimate, may be published.

    Parameters
    ----------
    n : int
        Enterprises that it rests on; for an estimate the smaller of its arms.
    largest_share : float, optional
        Part of it, 0 to 1, that the largest enterprise has; None for statistics
        that no one enterprise can dominate, such as counts.
    """
    return n >= rule.threshold and (largest_share is None or largest_share <= rule.dominance)


def coarse_count(n: float, rule: Rule = DEFAULT_RULE) -> int | None:
    """A count in steps of the threshold, for counts whose sums and differences with others are not declared.

    None for 1 to one less than the threshold.
    """
    return None if 0 < n < rule.threshold else rule.threshold * round(n / rule.threshold)


def coarse_share(share: float, n: int, rule: Rule = DEFAULT_RULE) -> float | None:
    """A share of n enterprises in the finest usual step that stands for twice the threshold of them.

    None where even a twentieth does not.
    """
    step = next((step for step in SHARE_STEPS if step * n >= 2 * rule.threshold), None)
    return None if step is None else step * round(share / step)


def publishable_quantile(quantile: float, n: int, rule: Rule = DEFAULT_RULE) -> bool:
    """Whether a quantile (0 to 1) of n enterprises has enough on either side; an extreme is one enterprise."""
    return min(quantile, 1 - quantile) * n >= rule.threshold


def largest_share(amounts: ArrayLike) -> float:
    """Part of a total that its largest enterprise has, 0 to 1; by size where amounts may be negative.

    Parameters
    ----------
    amounts : one number an enterprise
        Sum over an enterprise's rows first. All zero: 0.
    """
    sizes = np.abs(np.asarray(amounts, dtype=float))
    total = float(sizes.sum())
    return float(sizes.max()) / total if total > 0 else 0.0


def coarsen_bins(bins: Sequence[Mapping[str, Any]], rule: Rule = DEFAULT_RULE) -> list[dict[str, Any]]:
    """Join neighbouring bins of a histogram until each holds nobody or enough enterprises.

    Parameters
    ----------
    bins : sequence of mapping
        ``from``, ``to`` and ``count`` of each, in order.

    Returns
    -------
    list of dict
        Empty where all bins together hold too few.
    """
    joined: list[dict[str, Any]] = []
    for bar in bins:
        if joined and 0 < joined[-1]["count"] < rule.threshold:
            joined[-1] = {"from": joined[-1]["from"], "to": bar["to"], "count": joined[-1]["count"] + bar["count"]}
        else:
            joined.append({"from": bar["from"], "to": bar["to"], "count": bar["count"]})
    while len(joined) > 1 and 0 < joined[-1]["count"] < rule.threshold:
        last = joined.pop()
        joined[-1] = {"from": joined[-1]["from"], "to": last["to"], "count": joined[-1]["count"] + last["count"]}
    return [] if joined and 0 < joined[-1]["count"] < rule.threshold else joined
