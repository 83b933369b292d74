"""Do other enterprises stand behind later years than behind earlier ones? (threat: a changing set)."""

from __future__ import annotations

from typing import Final

from sme_research.checks._judging import CERTAIN, DOUBT, clusters_behind, not_applicable, refit, two_sided_p
from sme_research.results import Check, Estimation, Verdict

WARN_SHIFT: Final = 1.0
FAIL_SHIFT: Final = 2.0


def check_composition(estimation: Estimation) -> Check:
    """The estimate among enterprises seen in every year of the sample, against that among all.

    The smaller sample is part of the larger, so that the variance of the
    difference is the difference of the variances (Hausman 1978); a tenth of
    the full variance is the least that is assumed. A shift counts only where it
    is both large and more than this luck.

    Returns
    -------
    Check
        ``statistic`` is the shift in standard errors of the full estimate,
        without sign: warn over 1 with p < 0.05, fail over 2 with p < 0.01 (own
        convention). Not applicable without a refit, where everybody is seen in
        every year (``all_steady`` is 1), and where too few are
        (``not_identified`` is 1). ``table`` counts the treated behind each event time.

    References
    ----------
    Hausman (1978), Econometrica 46(6).
    """
    sample, effect = estimation.sample, estimation.effect
    if estimation.refit is None:
        return not_applicable("composition")
    n_years = sample["year"].nunique()
    steady = sample[sample.groupby("enterprise_id")["year"].transform("size") == n_years]
    n_steady = float(steady["enterprise_id"].nunique())
    if len(steady) == len(sample):
        return not_applicable("composition", all_steady=1.0)
    both = refit(estimation, steady)
    if both is None:
        return not_applicable("composition", not_identified=1.0, n_steady=n_steady)
    ours = both[0]
    shift = ours.estimate - effect.estimate
    error = max(ours.std_error**2 - effect.std_error**2, 0.1 * effect.std_error**2) ** 0.5
    p_value = two_sided_p(shift, error, clusters_behind(sample, ours.n_clusters))
    size = abs(shift) / effect.std_error
    values = {
        "shift": shift,
        "shift_in_errors": size,
        "estimate": effect.estimate,
        "steady_estimate": ours.estimate,
        "steady_ci_low": ours.ci_low,
        "steady_ci_high": ours.ci_high,
        "n_steady": n_steady,
        "share_steady": n_steady / sample["enterprise_id"].nunique(),
    }
    table = tuple({"event_time": p.event_time, "n_treated": p.n_treated} for p in estimation.event_study.points)
    return Check("composition", _judge(size, p_value), size, p_value, values=values, table=table)


def _judge(size: float, p_value: float) -> Verdict:
    if size > FAIL_SHIFT and p_value < CERTAIN:
        return "fail"
    return "warn" if size > WARN_SHIFT and p_value < DOUBT else "pass"
