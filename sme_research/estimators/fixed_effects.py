"""Two-way fixed effects: what older papers report, shown as a contrast and never as the estimate.

Under staggered adoption it compares the treated with enterprises treated
earlier and may carry the wrong sign (Goodman-Bacon 2021).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from sme_research.estimators.guards import MIN_COMPARISON, MIN_TREATED, guard_comparison, guard_shape, guard_treated
from sme_research.estimators.shaping import (
    Label,
    fit_quietly,
    keep_usable,
    shape_effect,
    to_frame,
)
from sme_research.results import Coefficient, Contrast

ESTIMATOR: Final = "two_way_fixed_effects"
COMPARISON: Final = "all_others"
KINDS: Final = ("treated_vs_never", "earlier_vs_later", "later_vs_earlier")
"""Comparisons of which two-way fixed effects is an average; the last takes the already treated as untreated."""


def estimate_contrast(sample: pd.DataFrame, *, unit: str, level: float = 0.95, seed: int = 0) -> Contrast:
    """Two-way fixed effects beside the estimate, and the comparisons it averages.

    One coefficient on being treated, with enterprise and year effects. The
    parts are those of Goodman-Bacon: cohorts against the never treated, against
    cohorts treated later, and against cohorts treated already, whose own
    effects then count as if nothing had happened.

    Parameters
    ----------
    sample : DataFrame, one row an enterprise and year
        As for `callaway_santanna.estimate_att`; covariates are not adjusted
        for, so that the coefficient is the sum of its parts. Enterprises of
        which only treated years are seen are left out.
    unit : str
        Unit of ``outcome``; carried to the result.
    level : float
        Coverage of the interval, a fraction.
    seed : int
        Nothing is random here.

    Returns
    -------
    Contrast
        ``effect`` in ``unit``, clustered. ``parts`` have ``kind``, ``weight``,
        ``estimate`` (in ``unit``, average of that kind) and ``n_enterprises``,
        for each kind that occurs. The decomposition holds for balanced panels,
        so the parts are of the ``n_enterprises`` seen in every year: weights
        sum to one, and the weighted sum is the coefficient on those. There are
        no parts where these are fewer than ten treated or ten others.

    Raises
    ------
    StudyError
        The frame is not a sample.
    IdentificationError
        Too few are treated, or nobody is left to compare with.

    References
    ----------
    Goodman-Bacon (2021), Journal of Econometrics 225(2).
    """
    del seed
    guard_shape(sample)
    guard_comparison(sample, "not_yet_treated")
    sample = keep_usable(sample)
    guard_treated(sample)
    frame = to_frame(sample)
    frame["treated"] = (frame["event_time"] >= 0).astype("float64")
    fit = fit_quietly("feols", "outcome ~ treated | id + year", frame, vcov={"CRV1": "group"}, fixef_rm="none")
    effect = shape_effect(
        sample,
        Label(ESTIMATOR, COMPARISON, unit, level, estimand="weighted_ATT"),
        estimate=float(fit.coef()["treated"]),
        std_error=float(fit.se()["treated"]),
    )
    return Contrast(effect, _parts(frame))


def _parts(frame: pd.DataFrame) -> tuple[Mapping[str, Any], ...]:
    """Weight and average estimate of each kind of comparison, on the enterprises seen in every year."""
    from diff_diff import BaconDecomposition  # noqa: PLC0415  most reports use one estimator

    seen = frame.groupby("id")["year"].transform("size")
    balanced = frame[seen == frame["year"].nunique()]
    ever = balanced.drop_duplicates("id")["cohort"] > 0
    if ever.sum() < MIN_TREATED or (~ever).sum() < MIN_COMPARISON:
        return ()
    pairs = BaconDecomposition().fit(balanced, "outcome", "id", "year", "cohort").to_dataframe()
    pairs = pairs.assign(kind=pairs["comparison_type"], product=pairs["weight"] * pairs["estimate"])
    sums = pairs.groupby("kind")[["weight", "product"]].sum()
    return tuple(
        {
            "kind": kind,
            "weight": float(sums.loc[kind, "weight"]),
            "estimate": float(sums.loc[kind, "product"] / sums.loc[kind, "weight"]),
            "n_enterprises": len(ever),
        }
        for kind in KINDS
        if kind in sums.index and sums.loc[kind, "weight"] > 0
    )


def estimate_fixed_effects(
    panel: pd.DataFrame, *, outcome: str, regressors: Sequence[str], unit: str
) -> tuple[Coefficient, ...]:
    """Coefficients of a regression with enterprise and year effects.

    Parameters
    ----------
    panel : DataFrame, one row an enterprise and year
        Columns ``enterprise_id``, ``year``, the outcome and the regressors;
        rows with a missing value are left out.
    outcome, regressors : str, sequence of str
        Names of columns.
    unit : str
        Unit of the outcome.

    Returns
    -------
    tuple of Coefficient
        In the order of ``regressors``.

    References
    ----------
    Goodman-Bacon (2021), Journal of Econometrics 225(2).
    """
    columns = ["enterprise_id", "year", outcome, *regressors]
    rows = panel[columns].dropna()
    formula = f"{outcome} ~ {' + '.join(regressors)} | enterprise_id + year"
    return _coefficients(formula, rows, regressors, unit)


def estimate_first_differences(
    panel: pd.DataFrame, *, outcome: str, regressors: Sequence[str], unit: str
) -> tuple[Coefficient, ...]:
    """Coefficients of a regression of yearly changes on yearly changes, with year effects.

    Parameters are those of `estimate_fixed_effects`. A change is taken between
    consecutive years only; an enterprise's year after a gap has none.

    Returns
    -------
    tuple of Coefficient
        In the order of ``regressors``; ``n_observations`` counts the changes.

    References
    ----------
    Papke (1994), Journal of Public Economics 54(1), is estimated so.
    """
    columns = [outcome, *regressors]
    ordered = panel.sort_values(["enterprise_id", "year"])
    groups = ordered.groupby("enterprise_id")
    consecutive = groups["year"].diff() == 1
    changes = groups[columns].diff().assign(enterprise_id=ordered["enterprise_id"], year=ordered["year"])
    rows = changes[consecutive].dropna()
    return _coefficients(f"{outcome} ~ {' + '.join(regressors)} | year", rows, regressors, unit)


def _coefficients(formula: str, rows: pd.DataFrame, regressors: Sequence[str], unit: str) -> tuple[Coefficient, ...]:
    plain = fit_quietly("feols", formula, rows, vcov="iid")
    clustered = fit_quietly("feols", formula, rows, vcov={"CRV1": "enterprise_id"})
    return tuple(
        Coefficient(
            name,
            float(plain.coef()[name]),
            float(plain.se()[name]),
            float(clustered.se()[name]),
            unit,
            len(rows),
        )
        for name in regressors
    )
