"""Is one finding among many outcomes more than luck? (threat: asking until something answers)."""

from __future__ import annotations

from typing import Final

import numpy as np
from statsmodels.stats.multitest import multipletests

from sme_research.checks._judging import DOUBT, effect_p, holm, not_applicable
from sme_research.results import Check, Effect, Estimation, Verdict

PRIMARY: Final = "primary"
FEWEST_OUTCOMES: Final = 2


def check_multiplicity(estimation: Estimation) -> Check:
    """P-values of the primary outcome and its family, adjusted for having asked them all.

    The q-value is the smallest share of false findings at which an outcome
    would still count as one (Benjamini and Hochberg 1995); Holm's p-value
    bounds the chance of a single false finding.

    Returns
    -------
    Check
        ``statistic`` is the primary outcome's q-value, ``p_value`` its
        unadjusted p: warn where p < 0.05 but q > 0.05, else pass. Not
        applicable with fewer than two outcomes. ``table`` has all of them.

    References
    ----------
    Benjamini and Hochberg (1995), JRSS B 57(1); Anderson (2008), JASA 103(484).
    """
    effects = [(member.outcome, dict(member.label), member.effect) for member in estimation.family if member.effect]
    if not any(_same(effect, estimation.effect) for _, _, effect in effects):
        effects.append((PRIMARY, {}, estimation.effect))
    if len(effects) < FEWEST_OUTCOMES:
        return not_applicable("multiplicity")
    p_values = np.array([effect_p(effect, estimation.sample) for _, _, effect in effects])
    q_values, holm_values = multipletests(p_values, method="fdr_bh")[1], holm(list(p_values))
    at = next(at for at, (_, _, effect) in enumerate(effects) if _same(effect, estimation.effect))
    values = {
        "n_outcomes": float(len(effects)),
        "p_primary": float(p_values[at]),
        "q_primary": float(q_values[at]),
        "holm_primary": float(holm_values[at]),
        "n_significant": float((p_values < DOUBT).sum()),
        "n_significant_q": float((q_values <= DOUBT).sum()),
    }
    table = tuple(
        {
            "outcome": outcome,
            "label": label,
            "estimate": effect.estimate,
            "std_error": effect.std_error,
            "unit": effect.unit,
            "p_value": float(p),
            "q_value": float(q),
            "p_holm": float(h),
        }
        for (outcome, label, effect), p, q, h in zip(effects, p_values, q_values, holm_values, strict=True)
    )
    verdict: Verdict = "warn" if p_values[at] < DOUBT < q_values[at] else "pass"
    return Check("multiplicity", verdict, values["q_primary"], values["p_primary"], values=values, table=table)


def _same(one: Effect, other: Effect) -> bool:
    """Whether both are the same estimate, whatever was rounded on the way."""
    numbers = [(one.estimate, other.estimate), (one.std_error, other.std_error)]
    return one.unit == other.unit and all(np.isclose(a, b, rtol=1e-9, atol=0.0) for a, b in numbers)
