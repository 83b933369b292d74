"""Were the treated already on another path? (threat: selection on growth)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from sme_research.checks._judging import (
    DOUBT,
    POWER,
    base_time,
    judge_p,
    not_applicable,
    two_sided_p,
)
from sme_research.results import Check, Estimation, EventStudy

Floats = NDArray[np.float64]


def check_pretrends(estimation: Estimation) -> Check:
    """Joint Wald test that all differences before treatment are zero, with its power.

    A pass alone says little where the test is weak, so ``detectable_trend``
    tells the steady yearly divergence (in the outcome's unit) at which this
    test would have warned with 80 % chance (Roth 2022), ``undetected_bias``
    what a divergence of that size would add to the average estimate, and
    ``p_steady`` is the p-value of a test against steady divergence alone.

    Returns
    -------
    Check
        fail where p < 0.01, warn where p < 0.05 (a valid test warns in one of
        twenty worlds without a flaw), not applicable where no year before the
        base year is seen, or for fewer than two treated clusters.

    References
    ----------
    Roth (2022), American Economic Review: Insights 4(3).
    """
    study = estimation.event_study
    base = base_time(study)
    before = [at for at, point in enumerate(study.points) if point.event_time < base]
    rest = spare_clusters(estimation, [study.points[at].event_time for at in before])
    if not before or (rest is not None and rest < 1):
        return not_applicable("pretrends")
    points = [study.points[at] for at in before]
    estimates = np.array([point.estimate for point in points])
    covariance = study.covariance[np.ix_(before, before)]
    inverse = np.asarray(np.linalg.pinv(covariance, hermitian=True), dtype=np.float64)
    freedom = int(np.linalg.matrix_rank(covariance, hermitian=True))
    statistic = float(estimates @ inverse @ estimates)
    p_value = wald_p(statistic, freedom, rest)
    distance = np.array([point.event_time - base for point in points], dtype=float)
    trend = float(np.sqrt(_needed(freedom, rest) / (distance @ inverse @ distance)))
    steady, steady_error = fit_pattern(estimates, covariance, distance, rest)
    return Check(
        "pretrends",
        judge_p(p_value),
        statistic,
        p_value,
        values={
            "n_periods": float(len(points)),
            "detectable_trend": trend,
            "undetected_bias": trend * _mean_distance_after(study, base),
            "p_steady": pattern_p(steady, steady_error, rest),
            "largest": float(estimates[np.argmax(np.abs(estimates))]),
        },
        table=tuple(
            {
                "event_time": p.event_time,
                "estimate": p.estimate,
                "std_error": p.std_error,
                "n_treated": p.n_treated,
            }
            for p in points
        ),
    )


def wald_p(statistic: float, freedom: int, rest: int | None) -> float:
    """P-value of a Wald statistic of q = ``freedom`` points before treatment.

    Held against chi2(q); where clusters are treated, the statistic over q
    against F(q, m - 1), with m the fewest treated clusters behind one of the
    points: their variance, not that of the many others, is what is poorly
    known. Own simulation under a true null at 5 %: 0.056 with 29 of 60 clusters
    treated and 0.034 with 5 of 30, where F(q, G - q) with Hotelling's scaling
    rejects in 0.12 and 0.066 (`benchmarks/few_clusters.py`).
    """
    if rest is None:
        return float(stats.chi2.sf(statistic, freedom))
    return float(stats.f.sf(statistic / freedom, freedom, rest))


def fit_pattern(estimates: Floats, covariance: Floats, pattern: Floats, rest: int | None) -> tuple[float, float]:
    """Size of one pattern in the points before treatment, with its standard error.

    By generalised least squares; where clusters are few the covariance is not
    known well enough to weigh by it, and the points count alike.
    """
    weights = pattern
    if rest is None:
        weights = np.asarray(np.linalg.pinv(covariance, hermitian=True) @ pattern, dtype=np.float64)
    weights = weights / float(weights @ pattern)
    return float(weights @ estimates), float(np.sqrt(weights @ covariance @ weights))


def pattern_p(size: float, std_error: float, rest: int | None) -> float:
    """P-value of no such pattern: normal, or t with one degree less than there are treated clusters."""
    return two_sided_p(size, std_error, None if rest is None else rest + 1)


def spare_clusters(estimation: Estimation, times: Sequence[int]) -> int | None:
    """One less than the fewest treated clusters seen at one of the event times; None without clusters."""
    sample = estimation.sample
    if "cluster_id" not in sample:
        return None
    event_time = sample["year"] - sample["cohort"]
    here = event_time.isin(times)
    seen = sample.loc[here, "cluster_id"].groupby(event_time[here]).nunique()
    return int(min(estimation.effect.n_treated_clusters, seen.min() if len(seen) else np.inf)) - 1


def _needed(freedom: int, rest: int | None) -> float:
    """Non-centrality at which the joint test warns with the stated power."""
    if rest is None:
        critical = stats.chi2.isf(DOUBT, freedom)
        return float(optimize.brentq(lambda shift: stats.ncx2.sf(critical, freedom, shift) - POWER, 1e-6, 1e4))
    critical = stats.f.isf(DOUBT, freedom, rest)
    return float(optimize.brentq(lambda shift: stats.ncf.sf(critical, freedom, rest, shift) - POWER, 1e-6, 1e7))


def _mean_distance_after(study: EventStudy, base: int) -> float:
    """Years between the base year and the treated enterprise-years behind the average."""
    after = [point for point in study.points if point.event_time >= 0]
    counts: NDArray[np.float64] = np.array([point.n_treated for point in after], dtype=float)
    return float(np.average([point.event_time - base for point in after], weights=counts)) if after else 0.0
