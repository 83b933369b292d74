"""Were the treated already on another path? (threat: selection on growth)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from sme_research.checks._judging import (
    DOUBT,
    POWER,
    base_time,
    clusters_behind,
    judge_p,
    not_applicable,
    two_sided_p,
)
from sme_research.results import Check, Estimation, EventStudy


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
        base year is seen, or no more clusters than such years.

    References
    ----------
    Roth (2022), American Economic Review: Insights 4(3).
    """
    study = estimation.event_study
    base = base_time(study)
    before = [at for at, point in enumerate(study.points) if point.event_time < base]
    n_clusters = clusters_behind(estimation.sample, estimation.effect.n_clusters)
    if not before:
        return not_applicable("pretrends")
    points = [study.points[at] for at in before]
    estimates = np.array([point.estimate for point in points])
    covariance = study.covariance[np.ix_(before, before)]
    inverse = np.asarray(np.linalg.pinv(covariance, hermitian=True), dtype=np.float64)
    freedom = int(np.linalg.matrix_rank(covariance, hermitian=True))
    if n_clusters is not None and n_clusters <= freedom:
        return not_applicable("pretrends")
    statistic = float(estimates @ inverse @ estimates)
    p_value = wald_p(statistic, freedom, n_clusters)
    distance = np.array([point.event_time - base for point in points], dtype=float)
    information = float(distance @ inverse @ distance)
    trend = float(np.sqrt(_needed(freedom, n_clusters) / information))
    steady = float(distance @ inverse @ estimates) / information
    return Check(
        "pretrends",
        judge_p(p_value),
        statistic,
        p_value,
        values={
            "n_periods": float(len(points)),
            "detectable_trend": trend,
            "undetected_bias": trend * _mean_distance_after(study, base),
            "p_steady": gls_p(steady, information**-0.5, freedom, n_clusters),
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


def wald_p(statistic: float, freedom: int, n_clusters: int | None) -> float:
    """P-value of a Wald statistic; with clusters by Hotelling's scaling, which allows for an estimated covariance.

    ``statistic * (G - q) / (q * (G - 1))`` is held against F(q, G - q) with q
    restrictions and G clusters; without clusters the statistic against chi2(q).
    """
    if n_clusters is None:
        return float(stats.chi2.sf(statistic, freedom))
    scale = (n_clusters - freedom) / (freedom * (n_clusters - 1))
    return float(stats.f.sf(statistic * scale, freedom, n_clusters - freedom))


def gls_p(estimate: float, std_error: float, freedom: int, n_clusters: int | None) -> float:
    """P-value of one number fitted to so many points by generalised least squares.

    With clusters the covariance is itself estimated, which costs the fit a
    factor (G - 1) / (G - q) of its variance (Rao 1967, Fifth Berkeley
    Symposium) and the test as many degrees of freedom as there are points.
    """
    if n_clusters is None:
        return two_sided_p(estimate, std_error, None)
    left = n_clusters - freedom
    return two_sided_p(estimate, std_error * ((n_clusters - 1) / left) ** 0.5, left + 1)


def _needed(freedom: int, n_clusters: int | None) -> float:
    """Non-centrality at which the joint test warns with the stated power."""
    if n_clusters is None:
        critical = stats.chi2.isf(DOUBT, freedom)
        return float(optimize.brentq(lambda shift: stats.ncx2.sf(critical, freedom, shift) - POWER, 1e-6, 1e4))
    rest = n_clusters - freedom
    critical = stats.f.isf(DOUBT, freedom, rest)
    return float(optimize.brentq(lambda shift: stats.ncf.sf(critical, freedom, rest, shift) - POWER, 1e-6, 1e5))


def _mean_distance_after(study: EventStudy, base: int) -> float:
    """Years between the base year and the treated enterprise-years behind the average."""
    after = [point for point in study.points if point.event_time >= 0]
    counts: NDArray[np.float64] = np.array([point.n_treated for point in after], dtype=float)
    return float(np.average([point.event_time - base for point in after], weights=counts)) if after else 0.0
