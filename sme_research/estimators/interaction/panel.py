"""The panel laid wide: one row an enterprise, with outcomes by year and first years by instrument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import StudyError
from sme_research.estimators.callaway_santanna import covariates_of

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
FIRST_PREFIX: Final = "first_"
"""Columns of a panel that begin so hold the first treated year by one instrument, missing where never."""


@dataclass(frozen=True, slots=True, eq=False)
class WidePanel:
    """One row an enterprise: outcomes by year, first years by instrument (inf: never), covariates, groups."""

    ids: NDArray[np.generic]
    years: list[int]
    outcome: Floats
    first: Floats
    covariates: Floats
    group: NDArray[np.intp]
    names: tuple[str, ...]
    clustered: bool

    def at(self, year: int) -> Floats:
        """Outcomes of one year; missing where the panel has none."""
        if year not in self.years:
            return np.full(len(self.ids), np.nan)
        return np.asarray(self.outcome[:, self.years.index(year)])


def widen(panel: pd.DataFrame) -> WidePanel:
    """A long panel laid wide; covariates are standardised, those that never vary left out.

    Raises
    ------
    StudyError
        The panel lacks a column or holds a row twice.
    """
    names = tuple(str(name).removeprefix(FIRST_PREFIX) for name in panel if str(name).startswith(FIRST_PREFIX))
    lacking = [name for name in ("enterprise_id", "year", "outcome") if name not in panel]
    if lacking or len(names) < 2:
        raise StudyError(
            f"panel: column {lacking[0] if lacking else FIRST_PREFIX + 'NAME of two instruments'!r} is not there; "
            "make it with load_mix_panel."
        )
    twice = panel.duplicated(["enterprise_id", "year"])
    if twice.any():
        row = panel[twice].iloc[0]
        raise StudyError(f"panel: enterprise {row['enterprise_id']} has year {row['year']} twice; keep one row.")
    outcomes = panel.set_index(["enterprise_id", "year"])["outcome"].unstack().sort_index()  # noqa: PD010  rows are unique
    firms = panel.drop_duplicates("enterprise_id").set_index("enterprise_id").reindex(outcomes.index)
    first = firms[[FIRST_PREFIX + name for name in names]].to_numpy(dtype=np.float64)
    covariates = firms[list(covariates_of(panel))].to_numpy(dtype=np.float64)
    spread = covariates.std(axis=0)
    kept = covariates[:, spread > 0]
    clustered = "cluster_id" in panel
    group = firms["cluster_id"] if clustered else pd.Series(outcomes.index, index=outcomes.index)
    return WidePanel(
        outcomes.index.to_numpy(),
        [int(year) for year in outcomes.columns],
        outcomes.to_numpy(dtype=np.float64),
        np.where(np.isnan(first), np.inf, first),
        (kept - kept.mean(axis=0)) / spread[spread > 0],
        pd.factorize(group, sort=True)[0],
        names,
        clustered,
    )
