"""The known answers of a made-up province: what an honest analysis should find again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from sme_research.synthetic.effects import OUTCOMES, Planted
from sme_research.synthetic.population import Floats, Population
from sme_research.synthetic.recognition import NEVER
from sme_research.synthetic.treatments import Treatment
from sme_research.synthetic.world import WorldSpec

SOURCE_COLUMN = {"log_revenue": "revenue", "log_employees": "employees"}


def tell_truth(
    population: Population,
    accounts: pd.DataFrame,
    treatments: Mapping[str, Treatment],
    planted: Planted,
    spec: WorldSpec,
) -> dict[str, Any]:
    """Realised sample ATT by instrument and outcome, overall and by event time, with what was planted.

    The ATT is the mean direct effect over the treated enterprises' reported
    years, counting enterprises that also report the year before treatment
    (the others can be compared with nothing). In log points.
    """
    grid = _reported(population, accounts, spec)
    answers: dict[str, Any] = {
        instrument: {
            outcome: _att(planted.direct[instrument][outcome], treatment, grid[outcome], spec) for outcome in OUTCOMES
        }
        for instrument, treatment in treatments.items()
    }
    answers["planted"] = {
        "seed": spec.seed,
        "n_enterprises": spec.n_enterprises,
        "years": [spec.first_year, spec.last_year],
        "traps": asdict(spec.traps),
        "unit": "log points",
        "covariates_that_mend_the_selection": ["size", "rd_intensity", "city"],
    }
    return answers


def _reported(population: Population, accounts: pd.DataFrame, spec: WorldSpec) -> dict[str, np.ndarray]:
    """Whether an outcome was reported: boolean arrays n_enterprises x n_years."""
    index = pd.Index(population.ids)
    row = index.get_indexer(pd.Index(accounts["enterprise_id"]))
    column = accounts["year"].to_numpy() - spec.first_year
    grids = {}
    for outcome, source in SOURCE_COLUMN.items():
        grid = np.zeros((len(index), len(spec.years)), dtype=bool)
        grid[row, column] = accounts[source].notna().to_numpy()
        grids[outcome] = grid
    return grids


def _att(effects: Floats, treatment: Treatment, reported: np.ndarray, spec: WorldSpec) -> dict[str, Any]:
    years = np.array(spec.years)
    inside = (treatment.cohort > spec.first_year) & (treatment.cohort <= spec.last_year)
    base = np.clip(treatment.cohort - 1 - spec.first_year, 0, len(years) - 1)
    usable = inside & reported[np.arange(len(reported)), base]
    event_time = np.where(usable[:, None], years - treatment.cohort[:, None], -NEVER)
    counted = reported & usable[:, None]
    by_event_time = {
        str(time): float(effects[at].mean())
        for time in range(-len(years) + 1, len(years))
        if (at := counted & (event_time == time)).any()
    }
    treated = counted & (event_time >= 0)
    return {
        "att": float(effects[treated].mean()) if treated.any() else None,
        "event_time": by_event_time,
        "n_treated": int(treated.any(axis=1).sum()),
    }
