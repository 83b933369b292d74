"""Could an effect worth knowing have been found at all? (threat: reading silence as absence)."""

from __future__ import annotations

from sme_research.checks._judging import POWER, detectable, is_found
from sme_research.results import Check, Estimation, Verdict


def check_power(estimation: Estimation) -> Check:
    """Minimum detectable effect: the true effect found with 80 % chance by a two-sided test.

    Returns
    -------
    Check
        ``statistic`` is the minimum detectable effect in the outcome's unit.
        pass where the interval excludes zero; else warn: a smaller effect may
        well exist.

    References
    ----------
    Bloom (1995), Evaluation Review 19(5).
    """
    mde = detectable(estimation.effect)
    verdict: Verdict = "pass" if is_found(estimation.effect) else "warn"
    return Check("power", verdict, mde, None, values={"mde": mde, "power": POWER})
