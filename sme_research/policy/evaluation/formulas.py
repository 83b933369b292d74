"""Power by formula, where one exists: what the simulation is held against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.power import NormalIndPower, TTestIndPower

from sme_research.errors import StudyError

POWER: Final = 0.8
Comparison = Literal["after", "change", "ancova"]


def multiplier(level: float = 0.95, power: float = POWER) -> float:
    """Standard errors that a detectable effect spans: 2.80 at 95 % and a power of 80 % (Bloom 1995)."""
    return float(stats.norm.ppf(0.5 + level / 2) + stats.norm.ppf(power))


def power_of_means(effect: float, sd: float, n_drawn: int, n_waiting: int, *, level: float = 0.95) -> float:
    """Power of the two-sided t test of a difference of two means (`statsmodels.stats.power.TTestIndPower`)."""
    return float(
        TTestIndPower().power(effect_size=abs(effect) / sd, nobs1=n_drawn, alpha=1 - level, ratio=n_waiting / n_drawn)
    )


def power_of_error(effect: float, std_error: float, *, level: float = 0.95) -> float:
    """Power of the two-sided normal test of an estimate with a known standard error, in the same unit."""
    # One observation with the error as its spread, held against one without end.
    return float(NormalIndPower().power(effect_size=abs(effect) / std_error, nobs1=1, alpha=1 - level, ratio=0))


def mde_of_error(std_error: float, *, level: float = 0.95, power: float = POWER) -> float:
    """Smallest effect found with that power, in the unit of the standard error."""
    return multiplier(level, power) * std_error


def variance_factor(correlation: float, n_before: int, n_after: int, how: Comparison) -> float:
    """Variance of an enterprise's contribution as a multiple of one year's, under equal correlation between years.

    ``after`` compares the mean of the years after, ``change`` that less the
    mean before (difference in differences), ``ancova`` adjusts for the mean before.

    References
    ----------
    Frison and Pocock (1992), Statistics in Medicine 11(13); McKenzie (2012),
    Journal of Development Economics 99(2).
    """
    if n_after < 1 or (how != "after" and n_before < 1) or not -1 < correlation < 1:
        raise StudyError(
            f"correlation {correlation:g} over {n_before} years before and {n_after} after has no variance: years "
            "must be 1 or more, the correlation between -1 and 1."
        )
    after = (1 + (n_after - 1) * correlation) / n_after
    if how == "after":
        return after
    before = (1 + (n_before - 1) * correlation) / n_before
    return after + before - 2 * correlation if how == "change" else after - correlation**2 / before


def error_of_change(covariance: NDArray[np.float64], weights: Sequence[float], n_drawn: int, n_waiting: int) -> float:
    """Standard error of a difference in weighted sums of the years between drawn and waiting.

    Parameters
    ----------
    covariance : ndarray, n_years x n_years
        Of the outcome between years, over enterprises; squared unit of the outcome.
    weights : sequence of float, n_years
        Of each year: the year before with -1 and two years after with 1/2 each is a change.
    """
    years = np.asarray(weights, dtype=np.float64)
    return float(np.sqrt(years @ covariance @ years * (1 / n_drawn + 1 / n_waiting)))


def design_effect(mean_size: float, correlation: float, size_variation: float = 0.0) -> float:
    """Factor by which drawing whole clusters raises the variance: 1 + (m - 1) rho.

    ``size_variation`` is the sizes' standard deviation over their mean.

    References
    ----------
    Kish (1965); Eldridge, Ashby and Kerry (2006), International Journal of Epidemiology 35(5).
    """
    return 1 + ((size_variation**2 + 1) * mean_size - 1) * correlation


def measure_correlation(values: NDArray[np.float64], groups: NDArray[np.int64]) -> float:
    """Intra-cluster correlation by analysis of variance; below zero where clusters differ less than luck alone would.

    Parameters
    ----------
    values : ndarray, n
    groups : ndarray, n
        Codes 0 to k - 1, each at least once.
    """
    sizes = np.bincount(groups)
    k, n = len(sizes), len(values)
    if k < 2 or n <= k:
        raise StudyError(f"{n} enterprises in {k} clusters have no correlation within; two clusters are needed.")
    means = np.bincount(groups, values) / sizes
    between = float(sizes @ (means - values.mean()) ** 2) / (k - 1)
    within = float(((values - means[groups]) ** 2).sum()) / (n - k)
    typical = (n - float((sizes**2).sum()) / n) / (k - 1)
    return (between - within) / (between + (typical - 1) * within)
