"""Were the treated already on another path? (threat: selection on growth)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from sme_research.results import Check, Estimation, EventStudy, Verdict

ALPHA: Final = 0.05
POWER: Final = 0.80


def check_pretrends(estimation: Estimation) -> Check:
    """Joint Wald test that all differences before treatment are zero, with its power.

    A pass alone says little where the test is weak, so ``detectable_trend``
    tells the steady yearly divergence (in the outcome's unit) that this test
    would have found with 80 % chance (Roth 2022), ``undetected_bias`` what a
    divergence of that size would add to the average estimate, and ``p_steady``
    is the p-value of a test against steady divergence alone.

    Returns
    -------
    Check
        fail where p < 0.05, warn where p < 0.10, not applicable where no year
        before the base year is seen.

    References
    ----------
    Roth (2022), American Economic Review: Insights 4(3).
    """
    study = estimation.event_study
    before = [at for at, point in enumerate(study.points) if point.event_time < -1]
    if not before:
        return Check("pretrends", "not_applicable", None, None)
    points = [study.points[at] for at in before]
    estimates = np.array([point.estimate for point in points])
    covariance = study.covariance[np.ix_(before, before)]
    inverse = np.asarray(np.linalg.pinv(covariance, hermitian=True), dtype=np.float64)
    freedom = int(np.linalg.matrix_rank(covariance, hermitian=True))
    statistic = float(estimates @ inverse @ estimates)
    p_value = float(stats.chi2.sf(statistic, freedom))
    distance = np.array([point.event_time + 1 for point in points], dtype=float)
    trend = _detectable_trend(distance, inverse, freedom)
    slope = float(distance @ inverse @ estimates / np.sqrt(distance @ inverse @ distance))
    return Check(
        "pretrends",
        _verdict(p_value),
        statistic,
        p_value,
        values={
            "n_periods": float(len(points)),
            "detectable_trend": trend,
            "undetected_bias": trend * _mean_distance_after(study),
            "p_steady": float(2 * stats.norm.sf(abs(slope))),
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


def _mean_distance_after(study: EventStudy) -> float:
    """Years between the base year and the treated enterprise-years behind the average."""
    after = [point for point in study.points if point.event_time >= 0]
    counts = np.array([point.n_treated for point in after], dtype=float)
    return float(np.average([point.event_time + 1 for point in after], weights=counts)) if after else 0.0


def _verdict(p_value: float) -> Verdict:
    if p_value < ALPHA:
        return "fail"
    return "warn" if p_value < 2 * ALPHA else "pass"


def _detectable_trend(distance: NDArray[np.float64], inverse: NDArray[np.float64], freedom: int) -> float:
    """Yearly divergence at which the joint test has the stated power."""
    critical = stats.chi2.isf(ALPHA, freedom)
    # The non-centrality at which the chance to exceed the critical value is POWER.
    needed = optimize.brentq(lambda shift: stats.ncx2.sf(critical, freedom, shift) - POWER, 1e-6, 1e4)
    return float(np.sqrt(needed / (distance @ inverse @ distance)))
