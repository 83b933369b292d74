"""Did the treated move before they were treated? (threat: anticipation, a dip in the base year)."""

from __future__ import annotations

import numpy as np
from scipy import stats

from sme_research.checks._judging import DOUBT, POWER, base_time, judge_p, not_applicable
from sme_research.checks.pretrends import fit_pattern, pattern_p, spare_clusters
from sme_research.results import Check, Estimation


def check_anticipation(estimation: Estimation) -> Check:
    """Whether the treated had already moved in the base year, against all years before it.

    Every difference counts from the base year. What is held back or brought
    forward in that year alone moves all earlier points by the same amount, the
    other way: their common level is estimated by generalised least squares
    with the covariance of the event study, and tested against zero. A steady
    drift before treatment moves it too; `pretrends` tells the two apart.

    Returns
    -------
    Check
        ``statistic`` and ``values["jump"]`` are the move of the treated in the
        base year, in the outcome's unit (negative: held back, which makes the
        estimate too high by as much): fail where p < 0.01, warn where
        p < 0.05. ``detectable`` is the jump found with 80 % chance. Not
        applicable where no year before the base year is seen, or for fewer than
        two treated clusters.

    References
    ----------
    Malani and Reif (2015), Journal of Public Economics 124: anticipation shows as a pre-trend.
    """
    study = estimation.event_study
    base = base_time(study)
    before = [at for at, point in enumerate(study.points) if point.event_time < base]
    if not before:
        return not_applicable("anticipation")
    estimates = np.array([study.points[at].estimate for at in before])
    covariance = study.covariance[np.ix_(before, before)]
    rest = spare_clusters(estimation, [study.points[at].event_time for at in before])
    if rest is not None and rest < 1:
        return not_applicable("anticipation")
    level, std_error = fit_pattern(estimates, covariance, np.ones(len(before)), rest)
    jump, p_value = -level, pattern_p(level, std_error, rest)
    multiple = float(stats.norm.isf(DOUBT / 2) + stats.norm.ppf(POWER))
    values = {
        "jump": jump,
        "std_error": std_error,
        "detectable": multiple * std_error,
        "n_periods": float(len(before)),
    }
    rows = [study.points[at] for at in before]
    table = tuple({"event_time": p.event_time, "estimate": p.estimate, "std_error": p.std_error} for p in rows)
    return Check("anticipation", judge_p(p_value), jump, p_value, values=values, table=table)
