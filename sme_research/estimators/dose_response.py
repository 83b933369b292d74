"""Effect by dose among the treated (Callaway, Goodman-Bacon and Sant'Anna 2024)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from diff_diff import ContinuousDiD, SurveyDesign

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.guards import guard_comparison, guard_shape, keep_comparable_years
from sme_research.results import COVARIATE_PREFIX, DosePoint, DoseResponse, Effect

ESTIMATOR: Final = "continuous_did"
COMPARISON: Final = "not_yet_treated"
SHARES: Final = tuple(round(share, 1) for share in np.arange(0.1, 0.95, 0.1))
"""Doses at these shares of the treated are shown."""
MIN_IN_COHORT: Final = 30
"""Cohorts with fewer treated enterprises leave: one of them with an uncommon dose would make their slope."""

# What we know and want: a straight line in the dose, whatever values it takes.
_EXPECTED: Final = "Dose appears discrete"


def estimate_dose_response(
    sample: pd.DataFrame,
    *,
    unit: str,
    dose_label: Mapping[str, str],
    dose_unit: Mapping[str, str],
    level: float = 0.95,
    seed: int = 0,
) -> DoseResponse:
    """How the effect rises with the dose, as a straight line within each cohort and year.

    Each cohort's change since the year before treatment is compared with the
    same change among the not yet treated, and what remains is regressed on the
    dose. Cohorts weigh by their treated, the years since treatment alike. The
    slope is causal only if those with a larger dose would have gained as much
    from the smaller one (strong parallel trends); else it mixes the dose with
    who gets it.

    Parameters
    ----------
    sample : DataFrame, one row an enterprise and year
        Columns ``enterprise_id``, ``year``, ``cohort`` (missing: never treated),
        ``outcome`` and ``exposure`` (dose, above 0 and the same every year;
        missing for the never treated). Columns ``x_…`` are adjusted for by a
        regression among the comparison. Standard errors are clustered by
        ``cluster_id`` where it is there, else by enterprise.
    unit : str
        Unit of ``outcome``.
    dose_label, dose_unit : mapping
        By language; carried to the result.
    level : float
        Coverage of the intervals, a fraction.
    seed : int
        Accepted by every estimator; nothing is random in this one.

    Returns
    -------
    DoseResponse
        Points at the doses nearest to their 10th to 90th percentile, each once; the slope is the
        average derivative (ACRT), in ``unit`` a unit of dose. The method needs
        every year from the one before the first treatment to the last: counts
        are of the enterprises that have them all. ``n_cells_lost`` of the slope
        counts cohort-years of cohorts without a base year, with fewer than 30
        treated or with one dose only.

    Raises
    ------
    StudyError
        The frame is not a sample, a treated enterprise's dose is not above
        zero or changes, or covariates are to be combined with clusters.
    IdentificationError
        Nobody is left to compare with, or no cohort has 30 treated of
        different doses.

    References
    ----------
    Callaway, Goodman-Bacon and Sant'Anna (2024), NBER working paper 32117.
    """
    del seed
    guard_shape(sample)
    _guard_doses(sample)
    last_asked = int(sample["year"].max())
    guard_comparison(sample, COMPARISON)
    balanced = _balance(keep_comparable_years(sample))
    frame, covariates = _frame(balanced)
    doses = frame.loc[frame["cohort"] > 0].groupby("id")["dose"].first()
    # Doses that were received: between two of a few, such as sessions, there is none.
    grid = np.unique(np.quantile(doses, SHARES, method="nearest"))
    fit = _fit(frame, covariates, grid, level)
    found = {cell for cell in fit.group_time_effects if cell[1] >= cell[0]}
    slope = _slope(fit, balanced, unit, level, found, _cells(sample, last_asked))
    curve = fit.dose_response_att
    points = tuple(
        DosePoint(*map(float, values))
        for values in zip(
            curve.dose_grid, curve.effects, curve.se, curve.conf_int_lower, curve.conf_int_upper, strict=True
        )
    )
    return DoseResponse(points, slope, dose_label, dose_unit, n_treated=slope.n_treated)


def _guard_doses(sample: pd.DataFrame) -> None:
    if "exposure" not in sample:
        raise StudyError("sample lacks the column 'exposure'; it must hold the dose of every treated enterprise.")
    doses = sample[sample["cohort"].notna() & sample["exposure"].notna()]
    wrong = doses[~((doses["exposure"] > 0) & np.isfinite(doses["exposure"]))]
    if len(wrong):
        row = wrong.iloc[0]
        raise StudyError(f"enterprise {row['enterprise_id']} has the dose {row['exposure']}; a dose must be above 0.")
    values = sample.groupby("enterprise_id")["exposure"].nunique(dropna=False)
    if (values > 1).any():
        raise StudyError(f"enterprise {values.idxmax()} changes its exposure over the years; it must be fixed.")
    if "cluster_id" in sample and any(str(name).startswith(COVARIATE_PREFIX) for name in sample):
        raise StudyError(
            "a dose response is clustered by cluster_id only without covariates; ask without one or the other."
        )


def _balance(sample: pd.DataFrame) -> pd.DataFrame:
    """Enterprises seen in every year that an effect is computed from, with their dose known.

    Cohorts without a base year, and those too thin for a slope, leave with all
    their members: they do not turn into comparison. The thinnest goes first,
    since without it fewer years may be needed of the others.
    """
    inside = sample["cohort"] <= sample["year"].max()
    usable = sample[~inside | (sample["exposure"].notna() & (sample["cohort"] > sample["year"].min()))]
    while True:
        kept = _seen_throughout(usable, int(sample["year"].max()))
        thinnest = _thinnest(usable, kept, int(sample["year"].max()))
        if thinnest is None:
            return kept
        usable = usable[usable["cohort"] != thinnest]


def _seen_throughout(sample: pd.DataFrame, last: int) -> pd.DataFrame:
    """Enterprises with every year from the one before the first cohort's treatment on."""
    first = sample.loc[sample["cohort"] <= last, "cohort"].min()
    if np.isnan(first):
        raise IdentificationError(
            f"no cohort has {MIN_IN_COHORT} treated enterprises of different doses that are seen in every year "
            "from the one before the first treatment to the last; ask for fewer years."
        )
    window = sample[sample["year"] >= first - 1]
    complete = window.groupby("enterprise_id")["year"].transform("size") == last - int(first) + 2
    kept: pd.DataFrame = window[complete]
    return kept


def _thinnest(usable: pd.DataFrame, kept: pd.DataFrame, last: int) -> float | None:
    """The cohort with the fewest treated, where they are too few or all of one dose."""
    cohorts = np.sort(usable.loc[usable["cohort"] <= last, "cohort"].unique())
    members = kept.drop_duplicates("enterprise_id").groupby("cohort")["exposure"]
    sizes = members.size().reindex(cohorts, fill_value=0)
    spread = (members.max() - members.min()).reindex(cohorts, fill_value=0.0)
    thin = sizes[(sizes < MIN_IN_COHORT) | (spread == 0)]
    return None if thin.empty else float(thin.sort_values(kind="stable").index.to_numpy()[0])


def _frame(sample: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The sample as the library wants it: never treated are cohort 0 with dose 0; names of covariates."""
    inside = sample["cohort"] <= sample["year"].max()
    names = [name for name in sample if str(name).startswith(COVARIATE_PREFIX)]
    varying = [str(name) for name in names if sample[name].max() > sample[name].min()]
    frame = pd.DataFrame(
        {
            "id": pd.factorize(sample["enterprise_id"], sort=True)[0],
            "year": sample["year"].astype("int64"),
            "cohort": sample["cohort"].where(inside, 0).astype("int64"),
            "dose": sample["exposure"].where(inside, 0.0).astype("float64"),
            "outcome": sample["outcome"].astype("float64"),
            **{name: (sample[name] - sample[name].mean()) / sample[name].std() for name in varying},
        }
    )
    if "cluster_id" in sample:
        frame["cluster"] = pd.factorize(sample["cluster_id"], sort=True)[0]
    return frame.sort_values(["id", "year"], ignore_index=True), varying


def _fit(frame: pd.DataFrame, covariates: list[str], doses: np.ndarray, level: float) -> Any:
    """Fit by the library. Adjusted by regression: the propensity score would move the level alone, not the slope."""
    model = ContinuousDiD(
        degree=1,
        num_knots=0,
        dvals=doses,
        control_group=COMPARISON,
        estimation_method="reg",
        alpha=1 - level,
        rank_deficient_action="error",
    )
    design = SurveyDesign(psu="cluster") if "cluster" in frame else None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=_EXPECTED)
        try:
            return model.fit(
                frame,
                "outcome",
                "id",
                "year",
                "cohort",
                "dose",
                survey_design=design,
                covariates=covariates or None,
            )
        except (ValueError, np.linalg.LinAlgError) as error:
            raise IdentificationError(f"the dose response cannot be estimated: {error}") from error


def _cells(sample: pd.DataFrame, last: int) -> set[tuple[int, int]]:
    """Cohort-years from treatment to the last year asked for."""
    cohorts = sample.loc[sample["cohort"] <= last, "cohort"].astype("int64").unique()
    return {(int(cohort), year) for cohort in cohorts for year in range(int(cohort), last + 1)}


def _slope(
    fit: Any,
    sample: pd.DataFrame,
    unit: str,
    level: float,
    found: set[tuple[int, int]],
    wanted: set[tuple[int, int]],
) -> Effect:
    estimate, error = float(fit.overall_acrt), float(fit.overall_acrt_se)
    if not (np.isfinite(estimate) and np.isfinite(error) and error > 0):
        raise IdentificationError("the slope has no standard error: the outcome never changes, or follows the dose.")
    low, high = (float(limit) for limit in fit.overall_acrt_conf_int)
    group = "cluster_id" if "cluster_id" in sample else "enterprise_id"
    inside = sample["cohort"] <= sample["year"].max()
    return Effect(
        estimand="ACRT",
        estimate=estimate,
        std_error=error,
        ci_low=low,
        ci_high=high,
        level=level,
        unit=unit,
        n_enterprises=int(sample["enterprise_id"].nunique()),
        n_treated=int(sample.loc[inside, "enterprise_id"].nunique()),
        n_observations=len(sample),
        n_clusters=int(sample[group].nunique()),
        n_treated_clusters=int(sample.loc[inside, group].nunique()),
        estimator=ESTIMATOR,
        comparison=COMPARISON,
        n_cells=len(found & wanted),
        n_cells_lost=len(wanted - found),
    )
