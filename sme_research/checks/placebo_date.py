"""Does a date at which nothing happened show a difference? (threat: paths that part by themselves)."""

from __future__ import annotations

import warnings
from typing import Final

import pandas as pd

from sme_research.checks._judging import base_time, effect_p, judge_p, not_applicable, quote, refit
from sme_research.results import Check, Estimation

YEARS_EARLIER: Final = 2
"""Two years leave a base year to enterprises seen for three years before treatment; three would lose many of them."""


def check_placebo_date(estimation: Estimation) -> Check:
    """The primary estimator with treatment pretended two years earlier, on rows before the real one only.

    Whoever is never treated stays as it is; whoever is treated leaves the
    sample when its real treatment, or the anticipation that the study allows
    for, begins.

    Returns
    -------
    Check
        ``statistic`` is the estimate at the pretended date, in the outcome's
        unit, with its standard error and interval in ``values``: fail where
        p < 0.01, warn where p < 0.05. Not applicable without a refit, and
        where too few are seen so early (``not_identified`` is 1 then).

    References
    ----------
    Imbens and Wooldridge (2009), Journal of Economic Literature 47(1).
    """
    if estimation.refit is None:
        return not_applicable("placebo_date")
    pretended = pretend_earlier(estimation.sample, YEARS_EARLIER, last=base_time(estimation.event_study))
    with warnings.catch_warnings():
        # The years from the real treatment on are left out on purpose.
        warnings.filterwarnings("ignore", message=".*could not be estimated")
        both = refit(estimation, pretended)
    if both is None:
        return not_applicable("placebo_date", not_identified=1.0, n_years_earlier=float(YEARS_EARLIER))
    effect, study = both
    p_value = effect_p(effect, pretended)
    table = tuple(
        {"event_time": p.event_time, "estimate": p.estimate, "std_error": p.std_error} for p in study.points
    )
    values = {"n_years_earlier": float(YEARS_EARLIER), **quote(effect)}
    return Check("placebo_date", judge_p(p_value), effect.estimate, p_value, values=values, table=table)


def pretend_earlier(sample: pd.DataFrame, years: int, *, last: int) -> pd.DataFrame:
    """The sample up to the last untouched event time, its cohorts so many years earlier."""
    treated = sample["cohort"] <= sample["year"].max()
    untouched = sample[~treated | (sample["year"] - sample["cohort"] <= last)]
    cohort = untouched["cohort"].where(treated[untouched.index]) - years
    # Whoever is treated in the end but pretends to a date before its first year has no base year.
    first_seen = untouched.groupby("enterprise_id")["year"].transform("min")
    kept = cohort.isna() | (cohort > first_seen)
    pretended: pd.DataFrame = untouched.assign(cohort=cohort, event_time=untouched["year"] - cohort)[kept]
    return pretended
