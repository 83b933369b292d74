"""Effect of designation on how many enterprises there are, beside that on those already there.

The number of enterprises in a place is zero or more and grows in proportion, so
the comparison is of ratios: by how much the number in designated places changed
since the year before, over the same change in places not yet designated. This
is what a Poisson model with effects of place and year gives for each cohort and
year, in closed form.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.cluster_inference import FEWEST_FOR_JACKKNIFE, Jackknife
from sme_research.estimators.guards import MIN_COMPARISON
from sme_research.results import Effect

ESTIMATOR: Final = "poisson_group_time"
REQUIRED: Final = ("cluster_id", "year", "cohort", "n_enterprises")

Floats = NDArray[np.float64]


def estimate_entry_margin(cells: pd.DataFrame, *, unit: str = "log points", level: float = 0.95) -> Effect:
    """Effect of designation on the number of enterprises in the designated places.

    For each cohort and year the number that would be there without designation
    is the number in the year before it, times the growth since in places not
    yet designated; the estimate is the log of all that are there over all that
    would be. Errors come from leaving out each place in turn.

    Parameters
    ----------
    cells : DataFrame, one row a place and year, no row missing
        ``cluster_id``, ``year``, ``cohort`` (year of designation, missing: never),
        ``n_enterprises`` (enterprises alive, may be zero). Places designated in
        the first year or before have no year to start from and are left out.
    unit : str
        Unit of the estimate.
    level : float
        Coverage of the interval, a fraction.

    Returns
    -------
    Effect
        In log points. ``n_enterprises`` counts those alive in the last year,
        ``n_treated`` those in designated places among them, ``n_observations``
        the enterprise-years.

    Raises
    ------
    StudyError
        A column lacks, a place and year is missing or stands twice, a cohort changes, a count is below zero.
    IdentificationError
        Fewer than three places are designated, or fewer than ten are left to compare with.

    References
    ----------
    Wooldridge (2023), Econometrics Journal 26(3); MacKinnon, Nielsen and Webb
    (2023), Journal of Applied Econometrics 38(5), for the errors.
    """
    _guard_shape(cells)
    last_asked = int(cells["year"].max())
    counts = cells.pivot_table(index="cluster_id", columns="year", values="n_enterprises", aggfunc="sum")
    cohort = cells.groupby("cluster_id")["cohort"].first().reindex(counts.index)
    counts = _comparable_years(counts, cohort)
    years = counts.columns.to_numpy(dtype=int)
    cohort = cohort.where(cohort <= years.max(), np.inf)
    cohort = cohort[cohort > years.min()]
    counts = counts.loc[cohort.index]
    treated = np.isfinite(cohort.to_numpy())
    if treated.sum() < FEWEST_FOR_JACKKNIFE:
        raise IdentificationError(
            f"only {int(treated.sum())} place(s) are designated within the years seen; {FEWEST_FOR_JACKKNIFE} are "
            "needed to tell an effect from the luck of one."
        )
    there, expected = _totals(counts.to_numpy(dtype=float), cohort.to_numpy(dtype=float), years)
    if not ((there > 0) & (expected > 0)).all():
        raise IdentificationError(
            "without one place nobody is left in designated places, or in those to compare with; add places or years."
        )
    estimates = np.log(there / expected)
    deviations = (estimates[1:] - estimates[0])[None, :]
    jackknife = Jackknife(estimates[:1], deviations, treated, np.array([treated.sum()]))
    number = (float(estimates[0]), float(np.sqrt(jackknife.covariance[0, 0])), float(jackknife.degrees_of_freedom[0]))
    return _effect(number, counts, cohort, last_asked, unit, level)


def _guard_shape(cells: pd.DataFrame) -> None:
    missing = [name for name in REQUIRED if name not in cells]
    if missing:
        raise StudyError(f"cells lack the column {missing[0]!r}; they must have {', '.join(REQUIRED)}.")
    twice = cells.duplicated(["cluster_id", "year"])
    if twice.any():
        row = cells[twice].iloc[0]
        raise StudyError(f"place {row['cluster_id']} stands twice in the year {row['year']}; keep one row.")
    counts = cells["n_enterprises"].astype("float64")
    if not (np.isfinite(counts) & (counts >= 0)).all():
        raise StudyError("cells have a missing or negative n_enterprises; where nobody is alive it is 0.")
    years = cells.groupby("cluster_id")["year"].nunique()
    if (years < cells["year"].nunique()).any():
        raise StudyError(
            f"place {years.idxmin()} has no row in some year; put n_enterprises 0 where nobody is alive."
        )
    changes = cells.groupby("cluster_id")["cohort"].nunique(dropna=False)
    if (changes > 1).any():
        raise StudyError(f"place {changes.idxmax()} changes its cohort over the years; it must be fixed.")


def _comparable_years(counts: pd.DataFrame, cohort: pd.Series[float]) -> pd.DataFrame:
    """The years in which enough places are not yet designated to compare with."""
    years, first = counts.columns.to_numpy(dtype=int), cohort.to_numpy(dtype=float)
    left = (np.isnan(first)[:, None] | (first[:, None] > years)).sum(axis=0)
    enough = years[left >= MIN_COMPARISON]
    if len(enough) == 0 or enough.max() < np.nanmin(first, initial=np.inf):
        raise IdentificationError(
            f"fewer than {MIN_COMPARISON} places were not yet designated when the first were; add places."
        )
    return counts[list(years[years <= enough.max()])]


def _cells_of(counts: Floats, cohort: Floats, years: NDArray[np.int64]) -> Iterator[tuple[Floats, ...]]:
    """By cohort and treated year: each place's number then and before, of the treated and of the compared."""
    for first in np.unique(cohort[np.isfinite(cohort)]):
        base = int(np.flatnonzero(years < first)[-1])
        for at in np.flatnonzero(years >= first):
            treated, compared = cohort == first, cohort > years[at]
            yield (
                np.where(treated, counts[:, at], 0.0),
                np.where(treated, counts[:, base], 0.0),
                np.where(compared, counts[:, at], 0.0),
                np.where(compared, counts[:, base], 0.0),
            )


def _totals(counts: Floats, cohort: Floats, years: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Enterprise-years in designated places, and those expected: of all places, then without each."""
    there, expected = np.zeros(1 + len(counts)), np.zeros(1 + len(counts))
    for cell in _cells_of(counts, cohort, years):
        now, before, other_now, other_before = (np.append(0.0, part) for part in cell)
        left = [part.sum() - part for part in (now, before, other_now, other_before)]
        growth = np.divide(left[2], left[3], out=np.full(len(left[2]), np.nan), where=left[3] > 0)
        there += left[0]
        expected += left[1] * growth
    return there, expected


def _effect(
    number: tuple[float, float, float],
    counts: pd.DataFrame,
    cohort: pd.Series[float],
    last_asked: int,
    unit: str,
    level: float,
) -> Effect:
    estimate, error, freedom = number
    if not error > 0:
        raise IdentificationError("the estimate has no standard error: all places grew alike.")
    half = float(stats.t.ppf(0.5 + level / 2, freedom)) * error
    last = int(counts.columns.max())
    firsts = sorted({int(first) for first in cohort if np.isfinite(first)})
    found = sum(last - first + 1 for first in firsts)
    return Effect(
        estimand="ATT on the number of enterprises",
        estimate=estimate,
        std_error=error,
        ci_low=estimate - half,
        ci_high=estimate + half,
        level=level,
        unit=unit,
        n_enterprises=int(counts[last].sum()),
        n_treated=int(counts.loc[np.isfinite(cohort), last].sum()),
        n_observations=int(counts.to_numpy().sum()),
        n_clusters=len(counts),
        n_treated_clusters=int(np.isfinite(cohort).sum()),
        estimator=ESTIMATOR,
        comparison="not_yet_treated",
        n_cells=found,
        n_cells_lost=sum(last_asked - first + 1 for first in firsts) - found,
    )
