"""Change of an outcome's slope where a rule's slope changes, as at a cap (Card, Lee, Pei and Weber 2015)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.regression_discontinuity import MIN_IN_BANDWIDTH, guard_scores, guard_sides
from sme_research.results import Effect

Array = NDArray[np.float64]

ESTIMATOR: Final = "regression_kink"
ESTIMAND: Final = "effect a unit of subsidy at the kink"


def estimate_kink(frame: pd.DataFrame, *, kink: float, slope_change: float, unit: str, level: float = 0.95) -> Effect:
    """Effect of one more unit of what the rule pays, at the kink of its schedule.

    Straight lines are fitted on both sides of the kink; the change of the
    outcome's slope is divided by the known change of the schedule's slope. The
    bandwidth is that of least mean squared error for a change of slope.
    ``estimate`` comes from the lines; interval and ``std_error`` are those of
    the change corrected for the lines' bias (robust), so that the interval is
    not centred on the estimate.

    Parameters
    ----------
    frame : DataFrame, one row an enterprise
        Columns ``enterprise_id``, ``running`` (what the schedule looks at) and
        ``outcome``.
    kink : float
        In the unit of ``running``; a value equal to it is above.
    slope_change : float
        Slope of the schedule above the kink less that below it; for an
        interest subsidy of 2 % up to a cap, -0.02.
    unit : str
        Unit of the result: the outcome's unit a unit of what the rule pays.
    level : float
        Coverage of the interval, a fraction.

    Returns
    -------
    Effect
        Counts are of enterprises within the bandwidth; the treated are those
        above the kink.

    Raises
    ------
    StudyError
        A column lacks, a value is missing, an enterprise stands twice, or the
        schedule has no kink.
    IdentificationError
        A side has too few enterprises or too few distinct values.

    References
    ----------
    Card, Lee, Pei and Weber (2015), Econometrica 83(6).
    Calonico, Cattaneo and Titiunik (2014), Econometrica 82(6).
    """
    if slope_change == 0 or not np.isfinite(slope_change):
        raise StudyError(f"slope_change is {slope_change}: without a change of the rule's slope there is no kink.")
    guard_scores(frame, ("running", "outcome"))
    guard_sides(frame["running"], kink)
    ordered = frame.sort_values(["running", "outcome"])
    running, outcome = (ordered[name].to_numpy(dtype=float) for name in ("running", "outcome"))
    reach, fit = _fit(running, outcome, kink)
    inside = np.abs(running - kink) < reach
    sides = int((inside & (running < kink)).sum()), int((inside & (running >= kink)).sum())
    if min(sides) < MIN_IN_BANDWIDTH:
        raise IdentificationError(
            f"{sides[0]} enterprises below and {sides[1]} above lie within {reach:g} of {kink:g}; "
            f"{MIN_IN_BANDWIDTH} are needed on each side."
        )
    centre, error = float(fit.tau_bc) / slope_change, float(fit.se_rb) / abs(slope_change)
    if not (np.isfinite(centre) and np.isfinite(error) and error > 0):
        raise IdentificationError(f"the change of slope at {kink:g} has no standard error: the outcome is a line.")
    half = float(stats.norm.ppf(0.5 + level / 2)) * error
    return Effect(
        estimand=ESTIMAND,
        estimate=float(fit.tau_cl) / slope_change,
        std_error=error,
        ci_low=centre - half,
        ci_high=centre + half,
        level=level,
        unit=unit,
        n_enterprises=sum(sides),
        n_treated=sides[1],
        n_observations=sum(sides),
        n_clusters=sum(sides),
        n_treated_clusters=sides[1],
        estimator=ESTIMATOR,
        comparison="other_side_of_kink",
    )


def _fit(running: Array, outcome: Array, kink: float) -> tuple[float, Any]:
    """Bandwidth and the library's change of slope.

    Its public estimator knows jumps alone; the parts behind it know slopes.
    """
    from diff_diff._rdrobust_port import rdbwselect, rdrobust_fit  # noqa: PLC0415  private, so named in one place

    try:
        chosen = rdbwselect(outcome, running, c=kink, p=1, q=2, deriv=1, warn_masspoints=False)
        h_left, h_right, b_left, b_right = chosen.bws["mserd"]
        fit = rdrobust_fit(outcome, running, kink, h_left, h_right, b_left, b_right, p=1, q=2, deriv=1)
    except (ValueError, np.linalg.LinAlgError) as error:
        raise IdentificationError(f"no change of slope can be estimated at {kink:g}: {error}") from error
    return float(h_left), fit
