"""Bounds on an effect when one arm kept more of its enterprises than the other (Lee 2009)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def trim_shifts(
    treated: Floats, comparison: Floats, kept_treated: float, kept_comparison: float
) -> tuple[float, float]:
    """How far trimming moves the difference of means, downwards and upwards, in the outcome's unit.

    The arm that kept the larger share holds enterprises whose like are gone
    from the other. They may be its highest or its lowest: the share by which it
    kept more is taken off one end and then off the other.

    Parameters
    ----------
    treated, comparison : array
        Outcomes of those kept.
    kept_treated, kept_comparison : float
        Shares kept, 0 to 1.

    References
    ----------
    Lee (2009), Review of Economic Studies 76(3).
    """
    most = max(kept_treated, kept_comparison)
    share = abs(kept_treated - kept_comparison) / most if most > 0 else 0.0
    if kept_treated >= kept_comparison:
        return _without_highest(treated, share), -_without_highest(-treated, share)
    return _without_highest(-comparison, share), -_without_highest(comparison, share)


def _without_highest(values: Floats, share: float) -> float:
    """Change of the mean when that share of the highest values goes; zero or less."""
    leaving = share * len(values)
    if leaving <= 0 or len(values) - leaving < 1:
        return 0.0
    ordered = np.sort(values)
    whole = int(np.floor(leaving))
    weights = np.ones(len(values))
    weights[len(values) - whole :] = 0.0
    weights[len(values) - whole - 1] -= leaving - whole
    return float(weights @ ordered / weights.sum() - ordered.mean())
