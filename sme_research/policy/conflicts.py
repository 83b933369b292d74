"""Why no allocation keeps to all limits: the smallest set of them that cannot hold together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from sme_research.policy.problem import Limit, Problem, solve

SMALL = 3
"""Sets up to this size are searched for the smallest; larger ones are only made irreducible."""


def find_conflict(problem: Problem) -> tuple[str, ...]:
    """Names of the smallest set of limits that cannot hold together, given who is eligible.

    One irreducible set is found by leaving out limits one by one (Chinneck and
    Dravnieks 1991); smaller ones are then looked for among all limits. Empty
    where the limits can hold.
    """
    none = np.zeros(problem.shape)

    def holds(limits: Sequence[Limit]) -> bool:
        return solve(problem, none, limits=limits) is not None

    kept = list(problem.limits)
    if holds(kept):
        return ()
    for limit in problem.limits:
        rest = [other for other in kept if other is not limit]
        if not holds(rest):
            kept = rest
    for size in range(1, min(len(kept), SMALL + 1)):
        for some in combinations(problem.limits, size):
            if not holds(some):
                return tuple(limit.name for limit in some)
    return tuple(limit.name for limit in kept)
