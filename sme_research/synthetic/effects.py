"""What the instruments do: the planted difference between potential outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sme_research.synthetic import calibration as cal
from sme_research.synthetic.population import Floats, Population
from sme_research.synthetic.recognition import NEVER, Ladder
from sme_research.synthetic.treatments import Treatment
from sme_research.synthetic.world import WorldSpec, stream

OUTCOMES = ("log_revenue", "log_employees")


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """Direct effects by instrument and outcome: arrays n_enterprises x n_years, log points."""

    direct: Mapping[str, Mapping[str, Floats]]
    other: Mapping[str, Floats]
    """By outcome: what spillovers and anticipation add; zero unless their traps are on."""

    def total(self, outcome: str) -> Floats:
        """Everything that moves an outcome away from its untreated path."""
        return sum((effects[outcome] for effects in self.direct.values()), start=self.other[outcome])


def plant_effects(
    population: Population, ladder: Ladder, treatments: Mapping[str, Treatment], spec: WorldSpec
) -> Planted:
    """Effects of every instrument on every outcome, by enterprise and year."""
    years = np.array(spec.years)
    direct = {}
    for instrument, treatment in treatments.items():
        rng = stream(spec.seed, f"effects: {instrument}")
        own = 1 + cal.EFFECT_SPREAD * rng.normal(size=len(population))
        own += cal.EFFECT_BY_SIZE * population.size_score
        event_time = np.where(treatment.cohort[:, None] < NEVER, years - treatment.cohort[:, None], -1)
        profiles = {outcome: _profile(cal.EFFECTS[instrument][outcome], event_time) for outcome in OUTCOMES}
        direct[instrument] = {outcome: own[:, None] * profile for outcome, profile in profiles.items()}
    other = {outcome: np.zeros((len(population), len(years))) for outcome in OUTCOMES}
    if spec.traps.spillovers:
        other["log_revenue"] += _spillover(population, treatments["loan_subsidy"], years)
    if spec.traps.anticipation:
        other["log_revenue"] += cal.ANTICIPATION * (ladder.srdi[:, None] == years + 1)
    return Planted(direct, other)


def _profile(effects: tuple[float, ...], event_time: np.ndarray) -> Floats:
    lasting = np.asarray(effects)[np.clip(event_time, 0, len(effects) - 1)]
    return np.where(event_time >= 0, lasting, 0.0)


def _spillover(population: Population, loans: Treatment, years: np.ndarray) -> Floats:
    """Revenue lost to borrowing neighbours: share treated in county x industry division."""
    cell = pd.Series(population.county) + pd.Series(population.industry).str[:2]
    lost = np.zeros((len(population), len(years)))
    full = cal.SPILLOVER_SHARE * max(cal.EFFECTS["loan_subsidy"]["log_revenue"])
    for column, year in enumerate(years):
        treated = pd.Series((loans.cohort <= year).astype(float))
        groups = treated.groupby(cell)
        others = groups.transform("size") - 1
        share = (groups.transform("sum") - treated) / others.where(others > 0)
        lost[:, column] = full * share.fillna(0.0)
    return lost
