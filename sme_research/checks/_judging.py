"""From a test to a verdict: the rules that the checks share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sme_research.errors import IdentificationError
from sme_research.results import Check, Effect, Estimation, EventStudy, Verdict, judge

DOUBT: Final = 0.05
"""A check warns under this p-value: in one of twenty worlds without the flaw."""
CERTAIN: Final = 0.01
POWER: Final = 0.80
"""Chance with which a true difference of the size called detectable is found."""
WARN_GAP: Final = 0.05
FAIL_GAP: Final = 0.10
"""Differences between the arms' shares: bounds of the What Works Clearinghouse (2022), Handbook 5.0, attrition."""
FEWEST: Final = 10
"""Fewer enterprises in an arm than this say nothing about it."""


def not_applicable(name: str, **values: float) -> Check:
    """The check that could not be made; a value of 1 names the reason where there is one."""
    return Check(name, "not_applicable", None, None, values=values)


def judge_p(p_value: float) -> Verdict:
    """Fail under 0.01, warn under 0.05."""
    if p_value < CERTAIN:
        return "fail"
    return "warn" if p_value < DOUBT else "pass"


def judge_gap(gap: float, p_value: float) -> Verdict:
    """Verdict on a difference of shares that luck alone does not explain."""
    return judge(abs(gap), warn_over=WARN_GAP, fail_over=FAIL_GAP) if p_value < DOUBT else "pass"


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The gravest of several verdicts."""
    order: tuple[Verdict, ...] = ("not_applicable", "pass", "warn", "fail")
    return max(verdicts, key=order.index)


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """P-values that stand for all tests together (Holm 1979, Scandinavian Journal of Statistics 6(2))."""
    # Written out: statsmodels searches all memory for garbage at each call, a fifth of a second every time.
    given = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(given)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1)), 1.0)
    return adjusted


def clusters_behind(sample: pd.DataFrame, n_clusters: int) -> int | None:
    """Number of clusters where standard errors are clustered; None where each enterprise stands alone."""
    return n_clusters if "cluster_id" in sample else None


def two_sided_p(estimate: float, std_error: float, n_clusters: int | None) -> float:
    """P-value of a zero: normal, or t with one degree less than there are clusters.

    Where nothing varies there is no luck: a difference is certain, and none is none.
    """
    if std_error == 0:
        return 1.0 if estimate == 0 else 0.0
    distance = abs(estimate) / std_error
    if n_clusters is None:
        return float(2 * stats.norm.sf(distance))
    return float(2 * stats.t.sf(distance, max(n_clusters - 1, 1)))


def effect_p(effect: Effect, sample: pd.DataFrame) -> float:
    """P-value of an effect of zero, for the sample it was estimated on."""
    return two_sided_p(effect.estimate, effect.std_error, clusters_behind(sample, effect.n_clusters))


def is_found(effect: Effect) -> bool:
    """Whether the interval excludes zero."""
    return effect.ci_low > 0 or effect.ci_high < 0


def base_time(study: EventStudy) -> int:
    """Event time from which differences count: the last before treatment that is not a point itself."""
    times = {point.event_time for point in study.points}
    return next(time for time in range(-1, -len(times) - 2, -1) if time not in times)


def refit(estimation: Estimation, sample: pd.DataFrame) -> tuple[Effect, EventStudy] | None:
    """The primary estimator on another sample; None where that sample leaves nothing to compare.

    That is an answer for a check, which says so in ``values``, and no fault of the study.
    """
    assert estimation.refit is not None
    try:
        return estimation.refit(sample)
    except IdentificationError:
        return None


def detectable(effect: Effect) -> float:
    """Size of the true effect that a two-sided test finds with 80 % chance, in the effect's unit."""
    return float(stats.norm.ppf(0.5 + effect.level / 2) + stats.norm.ppf(POWER)) * effect.std_error


def quote(effect: Effect) -> dict[str, float]:
    """Numbers of an effect that a sentence quotes, in the effect's unit."""
    return {
        "estimate": effect.estimate,
        "std_error": effect.std_error,
        "ci_low": effect.ci_low,
        "ci_high": effect.ci_high,
        "n_treated": float(effect.n_treated),
    }
