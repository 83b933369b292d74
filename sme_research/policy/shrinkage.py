"""Estimates of parts drawn towards their common mean, as far as their own errors explain how they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sme_research.errors import StudyError

Floats = NDArray[np.float64]

PRIOR_SPREAD: Final = 0.5
"""Scale of the spread between enterprises before the data, as a share of the common effect, over all variables."""
N_VARIABLES: Final = 4
"""Variables among which that spread is shared out: deviations of all are added up."""
GRID: Final = 400


@dataclass(frozen=True, slots=True)
class PartEffect:
    """One part's estimate of an instrument's effect, with its standard error, in the outcome's unit."""

    instrument: str
    outcome: str
    variable: str
    part: str
    estimate: float
    std_error: float
    n_treated: int


@dataclass(frozen=True, slots=True)
class ShrunkPart:
    """A part with how far it lies from all parts' mean, once shrunk.

    ``common`` and ``common_error`` are the mean of all parts, weighted by their
    precision, and its standard error; ``deviation`` and ``std_error`` are the mean and the standard deviation of the
    difference from the common mean, given the estimates; ``spread`` is what may be
    expected of the standard deviation of true effects between the variable's
    parts, ``p_value`` that of Cochran's Q.
    """

    raw: PartEffect
    common: float
    common_error: float
    deviation: float
    std_error: float
    spread: float
    p_value: float


def shrink_parts(parts: Sequence[PartEffect]) -> tuple[ShrunkPart, ...]:
    """Shrink the parts of one variable towards their common mean.

    True effects are taken as normal around the mean, with a spread that is not
    known: before the data, half-normal with a scale of `PRIOR_SPREAD` of the common
    effect over all `N_VARIABLES` splits together (Gelman 2006, on few groups). Not finding a difference between two
    halves thus leaves room for one, and widens what is said of each. One part
    alone deviates from nothing.

    Raises
    ------
    StudyError
        The parts are of more than one instrument, outcome or variable.
    """
    if len({(part.instrument, part.outcome, part.variable) for part in parts}) > 1:
        raise StudyError("only parts of one variable, instrument and outcome have a common mean.")
    if len(parts) < 2:
        return tuple(ShrunkPart(part, part.estimate, part.std_error, 0.0, 0.0, 0.0, 1.0) for part in parts)
    estimates = np.array([part.estimate for part in parts])
    variances = np.array([part.std_error for part in parts]) ** 2
    common = float(np.average(estimates, weights=1 / variances))
    common_error = float((1 / variances).sum() ** -0.5)
    p_value = float(stats.chi2.sf(((estimates - common) ** 2 / variances).sum(), len(parts) - 1))
    scale = PRIOR_SPREAD / N_VARIABLES**0.5 * max(abs(common), common_error)
    spreads = np.linspace(0.0, 5.0, GRID) * scale
    chances = _chances(estimates, variances, spreads, scale)
    weights = spreads[:, None] ** 2 / (spreads[:, None] ** 2 + variances)
    means = weights * (estimates - common)
    deviation = chances @ means
    variance = chances @ (weights * variances + means**2) - deviation**2
    spread = float(chances @ spreads)
    return tuple(
        ShrunkPart(part, common, common_error, float(shift), float(error), spread, p_value)
        for part, shift, error in zip(parts, deviation, np.sqrt(variance.clip(min=0)), strict=True)
    )


def _chances(estimates: Floats, variances: Floats, spreads: Floats, scale: float) -> Floats:
    """How probable each spread is once the parts are seen, with an even prior on the common mean."""
    total = spreads[:, None] ** 2 + variances
    precision = (1 / total).sum(axis=1)
    mean = (estimates / total).sum(axis=1) / precision
    logs = -0.5 * (np.log(total).sum(axis=1) + np.log(precision))
    logs -= 0.5 * ((estimates - mean[:, None]) ** 2 / total).sum(axis=1)
    logs += stats.halfnorm.logpdf(spreads, scale=scale)
    chances = np.exp(logs - logs.max())
    return np.asarray(chances / chances.sum())
