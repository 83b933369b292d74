"""How unlike may the paths have been before the finding falls? (threat: trends that go on)."""

from __future__ import annotations

from typing import Final

import numpy as np

from sme_research.checks._judging import not_applicable
from sme_research.results import Check, Estimation, Sensitivity, Verdict

ENOUGH: Final = 1.0
"""Violations after treatment as large as the largest before it: the benchmark of Rambachan and Roth."""


def check_honest_did(estimation: Estimation) -> Check:
    """Largest violation of parallel trends that the finding survives, as a multiple of the largest before treatment.

    A small multiple is no evidence against parallel trends: where they hold
    exactly it is small all the same until the estimate is many standard errors
    from zero. So this check warns and never fails; the tests of trends before
    treatment are those that fail.

    Returns
    -------
    Check
        ``statistic`` is the breakdown multiple: pass from 1 on, warn under it.
        Not applicable without bounds on relative magnitudes, and where the
        interval includes zero from the start: there is no finding to overturn
        (``holds_zero`` is 1 then). ``table`` holds all bounds, by method and size.

    References
    ----------
    Rambachan and Roth (2023), Review of Economic Studies 90(5).
    """
    by_method = {sensitivity.method: sensitivity for sensitivity in estimation.sensitivity}
    table = tuple(
        {"method": method, **bound} for method, sensitivity in by_method.items() for bound in sensitivity.bounds
    )
    magnitudes, smoothness = by_method.get("relative_magnitudes"), by_method.get("smoothness")
    if magnitudes is None:
        return not_applicable("honest_did")
    values = _bounds_at(magnitudes, ENOUGH)
    if smoothness is not None and smoothness.breakdown is not None:
        values["sd_breakdown"] = smoothness.breakdown
    if magnitudes.breakdown is None:
        values["holds_zero"] = 1.0
        return Check("honest_did", "not_applicable", None, None, values=values, table=table)
    values["rm_breakdown"] = magnitudes.breakdown
    verdict: Verdict = "pass" if magnitudes.breakdown >= ENOUGH else "warn"
    return Check("honest_did", verdict, magnitudes.breakdown, None, values=values, table=table)


def _bounds_at(sensitivity: Sensitivity, size: float) -> dict[str, float]:
    """Bounds at one size, between the two next to it where it was not asked for; none outside the sizes asked for."""
    bounds = sorted(sensitivity.bounds, key=lambda bound: bound["size"])
    sizes = [bound["size"] for bound in bounds]
    if not sizes or not sizes[0] <= size <= sizes[-1]:
        return {}
    low, high = (float(np.interp(size, sizes, [bound[side] for bound in bounds])) for side in ("low", "high"))
    return {"low_at_one": low, "high_at_one": high}
