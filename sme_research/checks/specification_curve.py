"""Would another reasonable way of asking have answered otherwise? (threat: a choice that makes the finding)."""

from __future__ import annotations

from typing import Final

import numpy as np

from sme_research.checks._judging import is_found, not_applicable
from sme_research.results import Check, Estimation, Verdict

FEWEST: Final = 3
SAME_SIGN: Final = 0.80
OPPOSITE: Final = 0.25
"""Own conventions, as `check_specification_curve` states them."""
NO_ALTERNATIVES: Final = ("declared", "two_way_fixed_effects")


def check_specification_curve(estimation: Estimation) -> Check:
    """How the estimate moves over other reasonable ways to have asked.

    The declared specification is not one of them, nor are two-way fixed
    effects, which the report shows as a contrast.

    Returns
    -------
    Check
        ``statistic`` is the share of specifications with the sign of the
        primary estimate. pass where that is 80 % or more and their median lies
        within one standard error of the primary estimate; fail where a quarter
        or more are significant with the opposite sign; else warn. Where the
        primary interval includes zero its sign means nothing: then pass where
        the median is as close and at most 20 % are significant at all. Not applicable
        with fewer than three other specifications that have an effect in the
        primary's unit. Own conventions. ``table`` is in order of the estimate.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4.
    """
    primary = estimation.effect
    others = [s for s in estimation.specifications if s.name not in NO_ALTERNATIVES]
    made = [(s, s.effect) for s in others if s.effect is not None and s.effect.unit == primary.unit]
    bare = [s.effect.estimate for s in others if s.name == "no_covariates" and s.effect is not None]
    if len(made) < FEWEST:
        return not_applicable("specification_curve")
    estimates = np.array([effect.estimate for _, effect in made])
    found = np.array([is_found(effect) for _, effect in made])
    same = np.sign(estimates) == np.sign(primary.estimate)
    shift = abs(float(np.median(estimates)) - primary.estimate) / primary.std_error
    values = {
        "n_specifications": float(len(made)),
        "n_failed": float(len(others) - len(made)),
        "share_same_sign": float(same.mean()),
        "share_significant": float(found.mean()),
        "share_opposite": float((found & ~same).mean()),
        "lowest": float(estimates.min()),
        "median": float(np.median(estimates)),
        "highest": float(estimates.max()),
        **({"without_covariates": bare[0]} if bare else {}),
    }
    table = tuple(
        {
            "name": specification.name,
            **{f"choice_{what}": choice for what, choice in specification.choices.items()},
            "estimate": effect.estimate,
            "ci_low": effect.ci_low,
            "ci_high": effect.ci_high,
        }
        for specification, effect in sorted(made, key=lambda pair: (pair[1].estimate, pair[0].name))
    )
    verdict = _judge(values, shift, has_sign=is_found(primary))
    return Check("specification_curve", verdict, values["share_same_sign"], None, values=values, table=table)


def _judge(values: dict[str, float], shift: float, *, has_sign: bool) -> Verdict:
    if values["share_opposite"] >= OPPOSITE:
        return "fail"
    agree = values["share_same_sign"] >= SAME_SIGN if has_sign else values["share_significant"] <= 1 - SAME_SIGN
    return "pass" if agree and shift <= 1 else "warn"
