"""Could an effect worth knowing have been found at all? (threat: reading silence as absence)."""

from __future__ import annotations

from typing import Final

from scipy import stats

from sme_research.results import Check, Estimation

POWER: Final = 0.80


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
    effect = estimation.effect
    multiple = float(stats.norm.ppf(0.5 + effect.level / 2) + stats.norm.ppf(POWER))
    detectable = multiple * effect.std_error
    found = effect.ci_low > 0 or effect.ci_high < 0
    values = {"mde": detectable, "power": POWER}
    return Check("power", "pass" if found else "warn", detectable, None, values=values)
