"""What the alternative estimators share: a sample in the libraries' shape, their answers in our records."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sme_research.errors import IdentificationError
from sme_research.results import COVARIATE_PREFIX, Effect, EventStudy, EventTimeEffect

FEWEST_AT_EVENT_TIME: Final = 5
"""Event times seen for fewer treated enterprises, or treated clusters, are left out of the event study."""


@dataclass(frozen=True, slots=True)
class Label:
    """What an estimator writes on its results beside the numbers."""

    estimator: str
    comparison: str
    unit: str
    level: float
    estimand: str = "ATT"


def keep_usable(sample: pd.DataFrame) -> pd.DataFrame:
    """Without the enterprises of which only treated years are seen: they hold no trend without treatment."""
    untreated = sample.loc[~is_treated(sample), "enterprise_id"].unique()
    return sample[sample["enterprise_id"].isin(untreated)]


def is_treated(sample: pd.DataFrame) -> pd.Series:
    """Whether the row's enterprise is treated by the row's year."""
    return sample["cohort"] <= sample["year"]


def to_frame(sample: pd.DataFrame) -> pd.DataFrame:
    """The sample as the libraries want it, in order of enterprise and year.

    Returns
    -------
    DataFrame, as many rows as the sample
        ``id`` and ``group`` (of the standard errors) as whole numbers, ``year``,
        ``cohort`` (0: not treated within the sample), ``event_time`` (missing
        where cohort is 0), ``outcome``; covariates are not in it. The index is
        the position of the row in the sample.
    """
    sample = sample.reset_index(drop=True)
    inside = sample["cohort"] <= sample["year"].max()
    frame = pd.DataFrame(
        {
            "id": pd.factorize(sample["enterprise_id"], sort=True)[0],
            "group": pd.factorize(sample[group_column(sample)], sort=True)[0],
            "year": sample["year"].astype("int64"),
            "cohort": sample["cohort"].where(inside, 0).astype("int64"),
            "event_time": (sample["year"] - sample["cohort"]).where(inside),
            "outcome": sample["outcome"].astype("float64"),
        }
    )
    return frame.sort_values(["id", "year"])


def interact_covariates(sample: pd.DataFrame) -> pd.DataFrame:
    """Every covariate times every year but the first: its own trend for each characteristic.

    A characteristic that is fixed over time is part of the enterprise effect;
    it can matter only through the change that goes with it. Covariates that
    follow exactly from those before them are left out: they change nothing.

    Returns
    -------
    DataFrame, as many rows as the sample; the index is their position in it
        Columns ``z0_2016`` and so on, in standard deviations; without columns
        where nothing is to be adjusted for. Memory is 8 bytes x rows x
        covariates x (years - 1).
    """
    names = [name for name in sample if str(name).startswith(COVARIATE_PREFIX)]
    firms = sample.drop_duplicates("enterprise_id")[names].to_numpy(dtype=np.float64)
    columns: dict[str, NDArray[np.float64]] = {}
    basis = np.ones((len(firms), 1))
    years = sorted({int(year) for year in sample["year"]})[1:]
    for at, name in enumerate(names):
        deviation = float(firms[:, at].std())
        if deviation == 0:
            continue
        candidate = (firms[:, at] - firms[:, at].mean()) / deviation
        rest = candidate - basis @ np.linalg.lstsq(basis, candidate, rcond=None)[0]
        if np.abs(rest).max() < 1e-8:
            continue
        basis = np.column_stack([basis, candidate])
        values = (sample[name].to_numpy(dtype=np.float64) - firms[:, at].mean()) / deviation
        columns |= {f"z{at}_{year}": values * (sample["year"] == year).to_numpy() for year in years}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(sample)))


def group_column(sample: pd.DataFrame) -> str:
    """The column by which standard errors are clustered."""
    return "cluster_id" if "cluster_id" in sample else "enterprise_id"


def count_treated(sample: pd.DataFrame, column: str = "enterprise_id") -> int:
    """Distinct values of the column among enterprises seen both before and after treatment."""
    usable = keep_usable(sample)
    return int(usable.loc[is_treated(usable), column].nunique())


def asked_cells(sample: pd.DataFrame) -> set[tuple[int, int]]:
    """Every cohort with every year of the sample from its treatment on: what an estimator is asked for."""
    years = sorted({int(year) for year in sample["year"]})
    cohorts = sample.loc[sample["cohort"] <= years[-1], "cohort"].astype("int64").unique()
    return {(int(cohort), year) for cohort in cohorts for year in years if year >= cohort}


def treated_cells(sample: pd.DataFrame) -> set[tuple[int, int]]:
    """Cohort and year of every treated row."""
    rows = sample.loc[is_treated(sample), ["cohort", "year"]].drop_duplicates().astype("int64")
    return set(rows.itertuples(index=False, name=None))


def shape_effect(sample: pd.DataFrame, label: Label, *, estimate: float, std_error: float, n_lost: int = 0) -> Effect:
    """Estimate and error with counts of the sample they come from.

    ``n_lost`` counts cohort-years asked for and not behind the estimate; those
    behind it are the treated ones of the sample. The interval is the normal one.

    Raises
    ------
    IdentificationError
        The estimate or its error is not a number, or the error is zero.
    """
    # Rounding leaves a fit without residuals an error that is not quite zero.
    if not (np.isfinite(estimate) and np.isfinite(std_error)) or std_error <= 1e-12 * max(1.0, abs(estimate)):
        raise IdentificationError(
            "the average has no standard error: the outcome never changes, or the treated have nobody to compare "
            "with."
        )
    half = float(stats.norm.ppf(0.5 + label.level / 2)) * std_error
    group = group_column(sample)
    return Effect(
        estimand=label.estimand,
        estimate=estimate,
        std_error=std_error,
        ci_low=estimate - half,
        ci_high=estimate + half,
        level=label.level,
        unit=label.unit,
        n_enterprises=int(sample["enterprise_id"].nunique()),
        n_treated=count_treated(sample),
        n_observations=len(sample),
        n_clusters=int(sample[group].nunique()),
        n_treated_clusters=count_treated(sample, group),
        estimator=label.estimator,
        comparison=label.comparison,
        n_cells=len(treated_cells(sample)),
        n_cells_lost=n_lost,
    )


def shape_event_study(
    sample: pd.DataFrame, label: Label, *, estimates: Mapping[int, float], covariance: NDArray[np.float64]
) -> EventStudy:
    """Differences by event time, without those that too few treated stand for.

    ``covariance`` is square in the order of ``estimates``.
    """
    counts = _treated_by_event_time(sample, "enterprise_id")
    groups = _treated_by_event_time(sample, group_column(sample))
    order = sorted(range(len(estimates)), key=list(estimates).__getitem__)
    times = list(estimates)
    errors = np.sqrt(np.diag(covariance))
    kept = [at for at in order if errors[at] > 0 and groups.get(times[at], 0) >= FEWEST_AT_EVENT_TIME]
    half = float(stats.norm.ppf(0.5 + label.level / 2))
    points = tuple(
        EventTimeEffect(
            event_time=times[at],
            estimate=float(estimates[times[at]]),
            std_error=float(errors[at]),
            ci_low=float(estimates[times[at]] - half * errors[at]),
            ci_high=float(estimates[times[at]] + half * errors[at]),
            n_treated=counts[times[at]],
        )
        for at in kept
    )
    return EventStudy(
        points, covariance[np.ix_(kept, kept)], label.level, label.unit, label.estimator, label.comparison
    )


def _treated_by_event_time(sample: pd.DataFrame, group: str) -> dict[int, int]:
    """Groups of enterprises seen before and after treatment, by event time at which they are seen."""
    usable = keep_usable(sample)
    both = set(usable.loc[is_treated(usable), "enterprise_id"])
    inside = usable[usable["enterprise_id"].isin(both)]
    counts = inside[group].groupby(inside["year"] - inside["cohort"]).nunique()
    return dict(zip(counts.index.astype("int64").tolist(), counts.tolist(), strict=True))


def fit_quietly(method: str, formula: str, rows: pd.DataFrame, **options: object) -> Any:
    """Fit by pyfixest (``feols`` or ``fepois``), kept from setting up this process's logging.

    Raises
    ------
    IdentificationError
        The fit has no solution, or does not settle on one.
    """
    level, handlers = logging.root.level, logging.root.handlers[:]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"pyfixest.*")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        # Imported here, since it costs a second that most reports do not need.
        import pyfixest  # noqa: PLC0415
        from pyfixest.errors import NonConvergenceError  # noqa: PLC0415

        try:
            return getattr(pyfixest, method)(formula, rows, **options)
        except (NonConvergenceError, np.linalg.LinAlgError) as error:
            raise IdentificationError(
                f"the regression has no solution: {error} Ask with fewer covariates or more years."
            ) from error
        finally:
            logging.root.handlers[:] = handlers
            logging.root.setLevel(level)


def estimate_leads(
    method: str, frame: pd.DataFrame, adjusted: Sequence[str], n_groups: int
) -> tuple[dict[int, float], NDArray[np.float64]]:
    """Differences before treatment among untreated rows alone, from the last year before treatment.

    Parameters
    ----------
    method : {"feols", "fepois"}
        Linear, or in logarithms of the expected count.
    frame : DataFrame
        Untreated rows as `to_frame` gives them, with the columns ``adjusted``.
    n_groups : int
        Number of groups of the whole sample, whose codes ``group`` holds.

    Returns
    -------
    dict and array, n_leads x n_groups
        Estimates by event time, and what each group adds to their errors. Both
        are empty where nobody is never treated, for then a steady divergence
        before treatment cannot be told from the years.

    References
    ----------
    Borusyak, Jaravel and Spiess (2024), Review of Economic Studies 91(6), test 1.
    """
    nothing: tuple[dict[int, float], NDArray[np.float64]] = {}, np.empty((0, n_groups))
    times = sorted({int(time) for time in frame["event_time"].dropna()})
    if not (frame["cohort"] == 0).any() or -1 not in times or len(times) == 1:
        return nothing
    leads = {f"lead{-time}": time for time in times if time != -1}
    rows = frame.assign(**{name: (frame["event_time"] == time).astype("float64") for name, time in leads.items()})
    formula = f"outcome ~ {' + '.join([*leads, *adjusted])} | id + year"
    fit = fit_quietly(method, formula, rows, vcov={"CRV1": "group"}, fixef_rm="none")
    estimates = fit.coef()
    if not set(leads) <= set(estimates.index):
        # A lead left out for collinearity would become a second year of reference without anybody saying so.
        return nothing
    return {time: float(estimates[name]) for name, time in leads.items()}, sum_influence(fit, list(leads), n_groups)


def sum_influence(fit: Any, names: Sequence[str], n_groups: int) -> NDArray[np.float64]:
    """What each group of enterprises adds to the error of each named coefficient: n_names x n_groups.

    The product with its own transpose is the clustered covariance, with the
    small-sample factor G / (G - 1). The fit's rows hold their group in the
    column ``group``.
    """
    order = [list(fit.coef().index).index(name) for name in names]
    influence = np.asarray(fit._scores @ fit._bread)[:, order]
    groups = fit._data["group"].to_numpy()
    n_seen = len(np.unique(groups))
    sums = np.array([np.bincount(groups, weights=column, minlength=n_groups) for column in influence.T])
    return np.asarray(sums * np.sqrt(n_seen / (n_seen - 1)), dtype=np.float64)
