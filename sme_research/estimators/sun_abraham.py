"""Effects by cohort and event time in one regression, weighed by cohort (Sun and Abraham 2021).

The library `diff_diff` does the arithmetic; this file says what we ask of it
and refuses samples for which its design matrix would not fit into memory.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.guards import guard_comparison, guard_shape, guard_treated, keep_comparable_years
from sme_research.estimators.shaping import (
    Label,
    asked_cells,
    interact_covariates,
    keep_usable,
    shape_effect,
    shape_event_study,
    to_frame,
    treated_cells,
)
from sme_research.results import COVARIATE_PREFIX, Effect, EventStudy

ESTIMATOR: Final = "sun_abraham"
COMPARISON: Final = "never_treated"
LARGEST_DESIGN: Final = 2**28
"""Bytes of the regression's columns; the library holds eight to nine copies of them at once."""


def estimate_both(
    sample: pd.DataFrame, *, unit: str, comparison: str = "not_yet_treated", level: float = 0.95, seed: int = 0
) -> tuple[Effect, EventStudy]:
    """Average effect on the treated, and by years since treatment, from a saturated regression.

    A regression with enterprise and year effects holds one coefficient for each
    cohort and event time but the year before treatment; they are averaged by
    the cohorts' treated enterprise-years. Without covariates, on a balanced
    panel, each equals the difference-in-differences from the year before
    treatment against the never treated.

    Parameters
    ----------
    sample : DataFrame, one row an enterprise and year
        As for `callaway_santanna.estimate_att`. Covariates enter times year
        dummies. Cohorts nobody of whom is seen in the year before treatment,
        and enterprises seen only after it, are left out.
    unit : str
        Unit of ``outcome``; carried to the result.
    comparison : str
        Asked of every estimator. This one always compares with the never
        treated, and its results say so.
    level : float
        Coverage of the interval, a fraction.
    seed : int
        Nothing is random here.

    Returns
    -------
    Effect, EventStudy
        In ``unit``. Standard errors are clustered and take the shares of the
        cohorts as given; ``covariance`` holds all points jointly.

    Raises
    ------
    StudyError
        The frame is not a sample, or the regression would need more than
        `LARGEST_DESIGN` bytes of columns.
    IdentificationError
        Too few are treated or never treated, or a coefficient is not determined.

    References
    ----------
    Sun and Abraham (2021), Journal of Econometrics 225(2).
    """
    del comparison, seed
    guard_shape(sample)
    asked = asked_cells(sample)
    guard_comparison(sample, COMPARISON)
    sample = _keep_anchored(keep_usable(keep_comparable_years(sample)))
    guard_treated(sample)
    _guard_memory(sample)
    results = _fit(sample)
    label = Label(ESTIMATOR, COMPARISON, unit, level)
    effect = shape_effect(
        sample,
        label,
        estimate=float(results.overall_att),
        std_error=float(results.overall_se),
        n_lost=len(asked - treated_cells(sample)),
    )
    times = [int(time) for time in results.event_study_vcov_index]
    estimates = {time: float(results.event_study_effects[time]["effect"]) for time in times}
    covariance = np.asarray(results.event_study_vcov, dtype=np.float64)
    return effect, shape_event_study(sample, label, estimates=estimates, covariance=covariance)


def _keep_anchored(sample: pd.DataFrame) -> pd.DataFrame:
    """Without the cohorts of which no year before treatment is seen: their effects have nothing to count from."""
    anchored = sample.loc[sample["year"] - sample["cohort"] == -1, "cohort"].unique()
    untouched = sample["cohort"].isna() | (sample["cohort"] > sample["year"].max())
    kept: pd.DataFrame = sample[untouched | sample["cohort"].isin(anchored)]
    return kept


def _guard_memory(sample: pd.DataFrame) -> None:
    inside = sample[sample["cohort"] <= sample["year"].max()]
    cells = len(inside[["cohort", "year"]].drop_duplicates()) - inside["cohort"].nunique()
    covariates = sum(str(name).startswith(COVARIATE_PREFIX) for name in sample)
    columns = cells + covariates * (sample["year"].nunique() - 1)
    needed = len(sample) * columns * 8
    if needed > LARGEST_DESIGN:
        raise StudyError(
            f"the saturated regression of {len(sample):,} enterprise-years on {columns} columns needs "
            f"{needed / 2**30:.1f} GiB of columns, at most {LARGEST_DESIGN / 2**30:g} GiB are allowed; ask "
            "callaway_santanna or imputation, or fewer covariates."
        )


def _fit(sample: pd.DataFrame) -> Any:
    from diff_diff import SunAbraham  # noqa: PLC0415  most reports use one estimator

    covariates = interact_covariates(sample)
    frame = to_frame(sample).join(covariates).reset_index(drop=True)
    model = SunAbraham(control_group=COMPARISON, cluster="group", rank_deficient_action="error")
    try:
        results = model.fit(frame, "outcome", "id", "year", "cohort", covariates=list(covariates) or None)
    except (ValueError, np.linalg.LinAlgError) as error:
        raise IdentificationError(
            f"the cohorts cannot be compared: {error} Ask with fewer covariates or more years."
        ) from error
    return results
