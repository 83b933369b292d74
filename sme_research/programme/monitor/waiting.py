"""Median waiting time where some still wait."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from statsmodels.duration.survfunc import SurvfuncRight


def median_wait(days: ArrayLike, ended: ArrayLike) -> float | None:
    """Median by Kaplan and Meier: the first day by which half have ended, those still waiting censored.

    Returns
    -------
    float or None
        In days; None where nobody waited or fewer than half ended within the time seen.

    References
    ----------
    Kaplan and Meier (1958), Journal of the American Statistical Association 53(282).
    """
    status = np.asarray(ended, dtype=int)
    if not status.any():
        return None
    median = float(SurvfuncRight(np.asarray(days, dtype=float), status).quantile(0.5))
    return median if np.isfinite(median) else None
