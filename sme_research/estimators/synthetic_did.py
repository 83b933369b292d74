"""Effect of a single designated cluster by synthetic difference-in-differences.

One cluster is no basis for an average, but its path can be laid beside a
weighted mean of clusters that moved like it before (Arkhangelsky et al. 2021).
The library `diff_diff` finds the weights; the yearly figures of a cluster hold
its members fixed, so that entry and exit do not pass for growth.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.guards import guard_shape
from sme_research.results import Effect

ESTIMATOR: Final = "synthetic_did"
FEWEST_YEARS_BEFORE: Final = 3
FEWEST_COMPARISON_CLUSTERS: Final = 10
PLACEBO_DRAWS: Final = 200
FEWEST_DRAWS: Final = 2
"""What the library asks for where only the estimate is wanted."""

# What the library says of the fit before treatment is in the record as a number.
_SAID_ELSEWHERE: Final = ("Pre-treatment fit", "pre-treatment fit")


@dataclass(frozen=True, slots=True)
class ClusterEffect:
    """Effect of one designated cluster; ``reason`` says why there is none where ``effect`` is None.

    ``fit_p_value`` is the share of comparison clusters whose own path before
    the same year is matched as badly or worse: a small one says that no
    weighted mean of the others moved like this cluster.
    """

    cluster_id: str
    cohort: int
    effect: Effect | None
    fit_p_value: float | None = None
    reason: str = ""


def estimate_synthetic_did(
    sample: pd.DataFrame, *, unit: str, level: float = 0.95, seed: int = 0
) -> tuple[ClusterEffect, ...]:
    """Each designated cluster against a weighted mean of the never designated ones.

    A cluster is designated from the first treated year among its members on.
    Comparison clusters and years before treatment are weighted so that the
    comparison moved like the cluster before; the effect is the difference in
    differences under these weights, over all treated years.

    Parameters
    ----------
    sample : DataFrame, one row an enterprise and year
        Columns ``enterprise_id``, ``year``, ``cohort``, ``outcome``,
        ``cluster_id``. Covariates are not adjusted for.
    unit : str
        Unit of ``outcome``; carried to the results.
    level : float
        Coverage of the intervals, a fraction.
    seed : int
        Of the placebo draws behind the standard errors.

    Returns
    -------
    tuple of ClusterEffect
        In order of ``cluster_id``, one a designated cluster: with its reason
        where fewer than three years before treatment are seen, or not every
        year. The standard error is the spread of the effects that comparison
        clusters seem to have in the same years; it takes the cluster to be as
        restless as they are.

    Raises
    ------
    StudyError
        The frame is not a sample with clusters.
    IdentificationError
        Fewer than ten clusters are never designated and seen in every year, or none is designated.

    References
    ----------
    Arkhangelsky, Athey, Hirshberg, Imbens and Wager (2021), American Economic Review 111(12).
    """
    guard_shape(sample)
    if "cluster_id" not in sample or sample["cluster_id"].isna().any():
        raise StudyError("sample must have cluster_id in every row: this estimator compares whole clusters.")
    cohort = sample.groupby("cluster_id")["cohort"].min()
    cohort = cohort.where(cohort <= sample["year"].max())
    means = _yearly_means(sample)
    whole = means.dropna().index
    comparison = [str(name) for name in whole if np.isnan(cohort[name])]
    if len(comparison) < FEWEST_COMPARISON_CLUSTERS:
        raise IdentificationError(
            f"only {len(comparison)} cluster(s) are never designated and seen in every year; "
            f"{FEWEST_COMPARISON_CLUSTERS} are needed to make up a comparison."
        )
    designated = cohort.dropna().astype(int)
    if designated.empty:
        raise IdentificationError("no cluster is designated within the years of the sample.")
    # The placebo effects are of the comparison clusters: clusters designated in the same year share them.
    errors: dict[int, float] = {}
    asked = {"unit": unit, "level": level, "seed": seed, "errors": errors}
    return tuple(
        _one_cluster(sample, means, str(name), int(year), comparison, asked) for name, year in designated.items()
    )


def _yearly_means(sample: pd.DataFrame) -> pd.DataFrame:
    """Clusters x years: mean outcome as if all members were seen in all years; NaN where none is.

    Least squares of the outcome on enterprise and year within each cluster; in
    a balanced cluster this is the plain mean.
    """
    years = np.sort(sample["year"].unique())
    rows = {}
    for name, members in sample.groupby("cluster_id"):
        calendar = (members["year"].to_numpy()[:, None] == years).astype(float)
        enterprise = pd.factorize(members["enterprise_id"])[0]
        joined = pd.DataFrame(np.column_stack([members["outcome"].to_numpy(dtype=float), calendar]))
        within = (joined - joined.groupby(enterprise).transform("mean")).to_numpy()
        path = np.linalg.lstsq(within[:, 1:], within[:, 0], rcond=None)[0]
        # The mean over years is not told by changes: it is that of the members' own levels.
        levels = pd.Series(joined[0].to_numpy() - calendar @ path).groupby(enterprise).mean()
        rows[name] = np.where(calendar.any(axis=0), path + levels.mean(), np.nan)
    return pd.DataFrame.from_dict(rows, orient="index", columns=years)


def _one_cluster(
    sample: pd.DataFrame, means: pd.DataFrame, name: str, cohort: int, comparison: list[str], asked: dict[str, Any]
) -> ClusterEffect:
    years = means.columns.to_numpy(dtype=int)
    before = int((years < cohort).sum())
    if before < FEWEST_YEARS_BEFORE:
        reason = f"only {before} year(s) before {cohort} are seen, {FEWEST_YEARS_BEFORE} are needed"
        return ClusterEffect(name, cohort, None, reason=reason)
    if means.loc[name].isna().any():
        gap = int(years[np.isnan(means.loc[name].to_numpy(dtype=float))][0])
        return ClusterEffect(name, cohort, None, reason=f"no member is seen in {gap}")
    chosen = means.loc[[name, *comparison]]
    known = cohort in asked["errors"]
    results = _fit(chosen, cohort, asked["seed"], FEWEST_DRAWS if known else PLACEBO_DRAWS)
    std_error = asked["errors"].setdefault(cohort, float(results.se))
    if not (np.isfinite(results.att) and np.isfinite(std_error) and std_error > 0):
        return ClusterEffect(name, cohort, None, reason="the comparison clusters give no standard error")
    half = float(stats.norm.ppf(0.5 + asked["level"] / 2)) * std_error
    rows = sample[sample["cluster_id"].isin(chosen.index)]
    effect = Effect(
        estimand=f"ATT of cluster {name}",
        estimate=float(results.att),
        std_error=std_error,
        ci_low=float(results.att) - half,
        ci_high=float(results.att) + half,
        level=asked["level"],
        unit=asked["unit"],
        n_enterprises=int(rows["enterprise_id"].nunique()),
        n_treated=int(rows.loc[rows["cluster_id"] == name, "enterprise_id"].nunique()),
        n_observations=len(rows),
        n_clusters=len(chosen),
        n_treated_clusters=1,
        estimator=ESTIMATOR,
        comparison="never_treated",
    )
    fit_p = results.pre_fit_placebo_pvalue
    return ClusterEffect(name, cohort, effect, fit_p_value=None if fit_p is None else float(fit_p))


def _fit(means: pd.DataFrame, cohort: int, seed: int, draws: int) -> Any:
    """Fit by the library; the first row is the designated cluster."""
    from diff_diff import SyntheticDiD  # noqa: PLC0415 - loads most of the library

    frame = means.rename_axis("cluster").reset_index().melt("cluster", var_name="year", value_name="outcome")
    frame["treated"] = (frame["cluster"] == means.index[0]).astype(int)
    model = SyntheticDiD(variance_method="placebo", n_bootstrap=draws, seed=seed)
    years = means.columns.to_numpy(dtype=int)
    after = list(years[years >= cohort])
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        results = model.fit(frame, "outcome", "treated", "cluster", "year", post_periods=after)
    for warning in heard:
        if not any(words in str(warning.message) for words in _SAID_ELSEWHERE):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return results
