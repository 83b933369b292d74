"""A sample as matrices of enterprises by years, and the arms that compare in a cohort's year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.results import COVARIATE_PREFIX

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Enterprises in order of their ids, years without a gap.

    ``cohort`` is n_enterprises long, infinite for the never treated; ``grid``
    is n_enterprises x n_years, missing where not seen.
    """

    enterprises: pd.Index[str]
    years: NDArray[np.int64]
    cohort: Floats
    grid: Floats

    @property
    def seen(self) -> Bools:
        """Whether a value is there, n_enterprises x n_years."""
        return np.isfinite(self.grid)

    def cohorts(self) -> Iterator[tuple[int, Bools, Bools]]:
        """Cohorts with a year before them: position of the first treated year, members, those not treated by then."""
        for at, year in enumerate(self.years):
            members = self.cohort == year
            if at > 0 and members.any():
                yield at, members, self.cohort > year


def panel_of(frame: pd.DataFrame, column: str = "outcome") -> Panel:
    """One column of a sample as a panel."""
    codes, enterprises = pd.factorize(frame["enterprise_id"], sort=True)
    years = np.arange(int(frame["year"].min()), int(frame["year"].max()) + 1)
    grid = np.full((len(enterprises), len(years)), np.nan)
    grid[codes, frame["year"].to_numpy(dtype=np.int64) - years[0]] = frame[column].to_numpy(dtype=np.float64)
    cohort = np.full(len(enterprises), np.inf)
    cohort[codes] = frame["cohort"].fillna(np.inf).to_numpy(dtype=np.float64)
    return Panel(pd.Index(enterprises), years, cohort, grid)


def covariates_by_enterprise(sample: pd.DataFrame, enterprises: pd.Index[str]) -> Floats:
    """Covariates of these enterprises, n_enterprises x n_covariates; missing for those not in the sample."""
    names = [name for name in sample if str(name).startswith(COVARIATE_PREFIX)]
    first = sample.drop_duplicates("enterprise_id").set_index("enterprise_id")[names]
    return np.asarray(first.reindex(enterprises), dtype=np.float64)


def groups_by_enterprise(sample: pd.DataFrame, enterprises: pd.Index[str]) -> NDArray[np.intp]:
    """Independent groups of these enterprises, from 0: clusters where the sample has them, else each its own."""
    if "cluster_id" not in sample:
        return np.arange(len(enterprises))
    cluster = sample.drop_duplicates("enterprise_id").set_index("enterprise_id")["cluster_id"].reindex(enterprises)
    alone = pd.Series("enterprise " + enterprises.astype(str), index=enterprises)
    return pd.factorize(cluster.astype(object).where(cluster.notna(), alone), sort=True)[0]
