"""Does an outcome move that the instrument cannot move? (threat: something else that parts the arms)."""

from __future__ import annotations

from sme_research.checks._judging import detectable, effect_p, judge_p, not_applicable, quote
from sme_research.results import Check, Estimation


def check_placebo_outcome(estimation: Estimation) -> Check:
    """The same estimate for an outcome on which no mechanism is known.

    Returns
    -------
    Check
        ``statistic`` is that estimate, in its own unit: fail where p < 0.01,
        warn where p < 0.05; ``detectable`` is the difference that would have
        been found with 80 % chance. ``table`` names the outcome, by language.
        Not applicable without such an outcome, and where it could not be
        estimated (``not_identified`` is 1 then).

    References
    ----------
    Imbens and Rubin (2015), Causal Inference, ch. 21: pseudo-outcomes.
    """
    placebo = estimation.placebo_outcome
    if placebo is None:
        return not_applicable("placebo_outcome")
    if placebo.effect is None:
        return not_applicable("placebo_outcome", not_identified=1.0)
    effect = placebo.effect
    p_value = effect_p(effect, estimation.sample)
    values = quote(effect) | {"detectable": detectable(effect)}
    table = ({"outcome": placebo.outcome, "label": dict(placebo.label), "unit": effect.unit, **quote(effect)},)
    return Check("placebo_outcome", judge_p(p_value), effect.estimate, p_value, values=values, table=table)
