"""Least squares with one regressor of interest, many outcomes and standard errors by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sme_research.checks._judging import two_sided_p

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Slope:
    """A coefficient in the outcome's unit a unit of the regressor; p-value by t with one degree less than groups."""

    estimate: float
    std_error: float
    p_value: float
    n_groups: int


def regress(
    outcomes: Floats, regressor: Floats, controls: Floats, groups: NDArray[np.intp]
) -> tuple[Slope, ...] | None:
    """Coefficient of one regressor on each outcome, given the controls.

    The regressor is freed of the controls once (Frisch, Waugh and Lovell), so
    that many outcomes cost little more than one. Standard errors are those of
    the jackknife over groups (CV3) with the controls' coefficients held: where
    the regressor moves in few groups the usual ones (CR1) are too small.

    Parameters
    ----------
    outcomes : array, n or n x k
    regressor : array, n
    controls : array, n x m
        Constant or dummies included; collinear columns do no harm.
    groups : array of int from 0, n
        Independent groups.

    Returns
    -------
    tuple of Slope or None
        None where the controls leave nothing of the regressor, or all of what
        they leave is in one group.

    References
    ----------
    MacKinnon, Nielsen and Webb (2023), Journal of Econometrics 232(2).
    """
    n_groups = int(np.unique(groups).size)
    solve = np.linalg.pinv(controls.T @ controls, hermitian=True) @ controls.T
    rest = regressor - controls @ (solve @ regressor)
    length = float(rest @ rest)
    # What rounding leaves of a regressor that the controls explain wholly is not variation.
    if length <= 1e-9 * max(float(regressor @ regressor), 1e-300):
        return None
    columns = outcomes.reshape(len(regressor), -1)
    free = columns - controls @ (solve @ columns)
    estimates = rest @ free / length
    without = length - np.bincount(groups, weights=rest**2)
    if without.min() <= 1e-9 * length:
        return None
    slopes = []
    for at, estimate in enumerate(estimates):
        scores = np.bincount(groups, weights=rest * (free[:, at] - estimate * rest))
        shifts = scores / without
        error = float(np.sqrt((n_groups - 1) / n_groups * (shifts @ shifts)))
        slopes.append(Slope(float(estimate), error, two_sided_p(float(estimate), error, n_groups), n_groups))
    return tuple(slopes)


def demean(columns: Floats, groups: NDArray[np.intp]) -> Floats:
    """Columns less the mean of their group, n x m."""
    counts = np.maximum(np.bincount(groups), 1)
    means = np.column_stack([np.bincount(groups, weights=column) / counts for column in columns.T])
    return np.asarray(columns - means[groups], dtype=np.float64)


def dummies(codes: NDArray[np.intp]) -> Floats:
    """One column a code, n x n_codes."""
    return np.asarray(codes[:, None] == np.unique(codes)[None, :], dtype=np.float64)


def standardise(columns: Floats) -> Floats:
    """Columns in standard deviations around their means, for the numerics; constants become zero."""
    spread = columns.std(axis=0)
    return np.asarray((columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0), dtype=np.float64)
