"""Jump of an outcome where a score crosses a rule's cutoff (Calonico, Cattaneo and Titiunik 2014)."""

from __future__ import annotations

import warnings
from typing import Any, Final

import numpy as np
import pandas as pd
from diff_diff import RegressionDiscontinuity
from scipy import stats

from sme_research.errors import IdentificationError, StudyError
from sme_research.results import Effect

ESTIMATOR: Final = "regression_discontinuity"
ESTIMAND: Final = "LATE at the cutoff"
MIN_EACH_SIDE: Final = 50
"""Fewer scores than this on a side do not choose a bandwidth."""
MIN_IN_BANDWIDTH: Final = 20
MIN_DISTINCT: Final = 20
"""Fewer distinct scores than this on a side are groups, not a line to follow up to the cutoff."""


def estimate_jump(scores: pd.DataFrame, *, cutoff: float, unit: str, level: float = 0.95) -> Effect:
    """Effect at the cutoff on those whom crossing it brings under treatment.

    Straight lines are fitted on both sides within the bandwidth of least mean
    squared error. As is the custom, ``estimate`` is the jump between the lines,
    while interval and ``std_error`` are those of the jump corrected for the
    lines' bias (robust): the interval is not centred on the estimate.

    Parameters
    ----------
    scores : DataFrame, one row an enterprise
        Columns ``enterprise_id``, ``score``, ``outcome`` and, where the rule is
        not followed by everybody, ``treated`` (0 or 1). Without it all at or
        above the cutoff are treated. With it the jump of the outcome is divided
        by the jump of the share treated, on either side of the cutoff.
    cutoff : float
        In the score's unit; a score equal to it is above.
    unit : str
        Unit of ``outcome``; carried to the result.
    level : float
        Coverage of the interval, a fraction.

    Returns
    -------
    Effect
        Counts are of enterprises within the bandwidth.

    Raises
    ------
    StudyError
        A column lacks, a value is missing, an enterprise stands twice.
    IdentificationError
        A side has too few scores or too few distinct ones, or crossing the
        cutoff does not change who is treated.

    References
    ----------
    Calonico, Cattaneo and Titiunik (2014), Econometrica 82(6).
    Calonico, Cattaneo and Farrell (2020), Econometrics Journal 23(2).
    """
    fuzzy = "treated" in scores
    guard_scores(scores, ("score", "outcome", *(["treated"] if fuzzy else [])))
    guard_sides(scores["score"], cutoff)
    frame = scores.sort_values(["score", "outcome"], ignore_index=True).astype({"score": float, "outcome": float})
    above = frame["score"] >= cutoff
    treated = frame["treated"].astype(float) if fuzzy else above.astype(float)
    if not treated.isin([0.0, 1.0]).all():
        raise StudyError("treated must be 0 or 1 in every row.")
    # With everybody on the rule's side the ratio's denominator is known: plus one or minus one.
    reversed_rule = bool((treated != above).all())
    followed = reversed_rule or bool((treated == above).all())
    fit = _fit(frame, cutoff, level, takeup=None if followed else "treated")
    distance = frame["score"] - cutoff
    inside = (distance > -fit.h_left) & (distance < fit.h_right)
    return _effect(fit, treated[inside], unit=unit, level=level, sign=-1 if reversed_rule else 1)


def guard_scores(scores: pd.DataFrame, numbers: tuple[str, ...]) -> None:
    """Columns, duplicates and missing values; StudyError names the first offender."""
    missing = [name for name in ("enterprise_id", *numbers) if name not in scores]
    if missing:
        raise StudyError(
            f"scores lack the column {missing[0]!r}; they must have enterprise_id, {', '.join(numbers)}."
        )
    twice = scores["enterprise_id"].duplicated()
    if twice.any():
        raise StudyError(
            f"enterprise {scores.loc[twice, 'enterprise_id'].iloc[0]} stands twice; keep one row an enterprise."
        )
    bad = [name for name in numbers if not np.isfinite(scores[name].astype("float64")).all()]
    if bad:
        raise StudyError(f"scores have missing or infinite values in {bad[0]}; drop those rows first.")


def guard_sides(values: pd.Series[float], place: float) -> None:
    """Enough values, and enough distinct ones, below and above a place."""
    for side, part in (("below", values[values < place]), ("above", values[values >= place])):
        if len(part) < MIN_EACH_SIDE or part.nunique() < MIN_DISTINCT:
            raise IdentificationError(
                f"{len(part)} enterprises with {part.nunique()} distinct values lie {side} {place:g}; at least "
                f"{MIN_EACH_SIDE} with {MIN_DISTINCT} distinct values are needed on each side."
            )


def _fit(frame: pd.DataFrame, cutoff: float, level: float, takeup: str | None) -> Any:
    """The library's answer; repeated scores are adjusted for, as in its reference."""
    model = RegressionDiscontinuity(cutoff=cutoff, alpha=1 - level)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Mass points")
        # Refused below.
        warnings.filterwarnings("ignore", message="Weak first stage")
        try:
            fit = model.fit(frame, outcome="outcome", running="score", takeup=takeup)
        except (ValueError, np.linalg.LinAlgError) as error:
            raise IdentificationError(f"no jump can be estimated at {cutoff:g}: {error}") from error
    if takeup and not fit.first_stage_p_value < 1 - level:
        raise IdentificationError(
            f"crossing {cutoff:g} changes the share treated by {fit.first_stage_conventional:.3f}, which cannot be "
            "told from nothing: the rule did not decide who was treated."
        )
    if min(fit.n_h_left, fit.n_h_right) < MIN_IN_BANDWIDTH:
        raise IdentificationError(
            f"{fit.n_h_left} enterprises below and {fit.n_h_right} above lie within {fit.h_left:g} of {cutoff:g}; "
            f"{MIN_IN_BANDWIDTH} are needed on each side."
        )
    return fit


def _effect(fit: Any, treated: pd.Series[float], *, unit: str, level: float, sign: int) -> Effect:
    """The library's answer as an effect; ``treated`` are those within the bandwidth."""
    centre, error = sign * float(fit.att), float(fit.se)
    if not (np.isfinite(centre) and np.isfinite(error) and error > 0):
        raise IdentificationError("the jump has no standard error: the outcome follows a line exactly.")
    half = float(stats.norm.ppf(0.5 + level / 2)) * error
    n_inside, n_treated = len(treated), int(treated.sum())
    return Effect(
        estimand=ESTIMAND,
        estimate=sign * float(fit.att_conventional),
        std_error=error,
        ci_low=centre - half,
        ci_high=centre + half,
        level=level,
        unit=unit,
        n_enterprises=n_inside,
        n_treated=n_treated,
        n_observations=n_inside,
        n_clusters=n_inside,
        n_treated_clusters=n_treated,
        estimator=ESTIMATOR,
        comparison="other_side_of_cutoff",
    )
