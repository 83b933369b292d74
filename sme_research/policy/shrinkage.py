"""Estimates of parts drawn towards their common mean, as far as their own errors explain how they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from sme_research.errors import StudyError


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

    ``deviation`` and ``std_error`` are the mean and the standard deviation of the
    difference from the common mean, given the estimates (normal-normal empirical
    Bayes); ``spread`` is the estimated standard deviation of true effects between
    the variable's parts, ``p_value`` that of Cochran's Q.
    """

    raw: PartEffect
    common: float
    deviation: float
    std_error: float
    spread: float
    p_value: float


def shrink_parts(parts: Sequence[PartEffect]) -> tuple[ShrunkPart, ...]:
    """Shrink the parts of one variable towards their common mean.

    The spread of true effects is Paule and Mandel's (1982), by statsmodels. With
    no more difference between parts than their errors explain, every deviation is
    zero: what is not found is not used. One part alone deviates from nothing.

    Raises
    ------
    StudyError
        The parts are of more than one instrument, outcome or variable.
    """
    if len({(part.instrument, part.outcome, part.variable) for part in parts}) > 1:
        raise StudyError("only parts of one variable, instrument and outcome have a common mean.")
    if len(parts) < 2:
        return tuple(ShrunkPart(part, part.estimate, 0.0, 0.0, 0.0, 1.0) for part in parts)
    estimates = np.array([part.estimate for part in parts])
    variances = np.array([part.std_error for part in parts]) ** 2
    found = combine_effects(estimates, variances, method_re="iterated")
    between = max(float(found.tau2), 0.0)
    p_value = float(stats.chi2.sf(found.q, len(parts) - 1))
    common = float(found.mean_effect_re)
    weight = between / (between + variances)
    deviation = weight * (estimates - common)
    error = np.sqrt(weight * variances)
    return tuple(
        ShrunkPart(part, common, float(shift), float(sd), float(np.sqrt(between)), p_value)
        for part, shift, sd in zip(parts, deviation, error, strict=True)
    )
