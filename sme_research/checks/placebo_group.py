"""Do enterprises that could not be treated move as if they had been? (threat: something else at the same time)."""

from __future__ import annotations

from sme_research.checks._judging import detectable, effect_p, judge_p, not_applicable, quote, refit
from sme_research.results import Check, Estimation


def check_placebo_group(estimation: Estimation) -> Check:
    """The primary estimator on enterprises whom the rules exclude, as if treated when others were.

    Returns
    -------
    Check
        ``statistic`` is that estimate, in the outcome's unit: fail where
        p < 0.01, warn where p < 0.05; ``detectable`` is the difference that
        would have been found with 80 % chance. Not applicable without such a
        group, and where it leaves nothing to compare (``not_identified`` is 1
        then).

    References
    ----------
    Imbens and Rubin (2015), Causal Inference, ch. 21: pseudo-treatments.
    """
    if estimation.refit is None or estimation.placebo_group is None:
        return not_applicable("placebo_group")
    both = refit(estimation, estimation.placebo_group)
    if both is None:
        return not_applicable("placebo_group", not_identified=1.0)
    effect, study = both
    p_value = effect_p(effect, estimation.placebo_group)
    values = quote(effect) | {"detectable": detectable(effect)}
    table = tuple(
        {"event_time": p.event_time, "estimate": p.estimate, "std_error": p.std_error} for p in study.points
    )
    return Check("placebo_group", judge_p(p_value), effect.estimate, p_value, values=values, table=table)
