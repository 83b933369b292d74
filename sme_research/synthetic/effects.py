"""What the instruments do: the planted difference between potential outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.synthetic import calibration as cal
from sme_research.synthetic.population import Floats, Ints, Population
from sme_research.synthetic.recognition import NEVER
from sme_research.synthetic.treatments import Treatment
from sme_research.synthetic.world import WorldSpec, stream


@dataclass(frozen=True, slots=True, eq=False)
class Gain:
    """One instrument's direct effect: a profile by event time, times what is an enterprise's own."""

    own: Floats
    event_time: Ints
    profiles: Mapping[str, tuple[float, ...]]

    def on(self, outcome: str) -> Floats:
        """Log points, n_enterprises x n_years; zero before treatment and on outcomes not named."""
        effects = np.asarray(self.profiles.get(outcome, (0.0,)))
        lasting = effects[np.clip(self.event_time, 0, len(effects) - 1)]
        return np.asarray(np.where(self.event_time >= 0, self.own[:, None] * lasting, 0.0), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """Direct effects by instrument, and by outcome what spillovers and anticipation add in their traps."""

    gains: Mapping[str, Gain]
    other: Mapping[str, Floats]

    def total(self, outcome: str) -> Floats:
        """Everything that moves an outcome away from its untreated path, n_enterprises x n_years."""
        moved = self.other[outcome].copy()
        for gain in self.gains.values():
            if outcome in gain.profiles:
                moved += gain.on(outcome)
        return moved


def plant_effects(population: Population, treatments: Mapping[str, Treatment], spec: WorldSpec) -> Planted:
    """Effects of every instrument on every outcome, by enterprise and year."""
    years = np.array(spec.years)
    gains = {name: _gain(name, population, treatment, spec) for name, treatment in treatments.items()}
    other = {
        outcome: np.zeros((len(population), len(years))) for outcome in ("log_revenue", "log_employees", "patents")
    }
    if spec.traps.spillovers:
        cell = pd.factorize(pd.Series(population.county) + pd.Series(population.industry).str[:2])[0]
        for name in cal.SPILLOVERS:
            other["log_revenue"] += _spillover(name, cell, treatments[name], years)
    if spec.traps.anticipation:
        # Titles come the year before many loans: holding back for the award too would hide what borrowers do.
        for treatment in (treatments[name] for name in treatments if name != "award"):
            other["log_revenue"] += cal.ANTICIPATION * (treatment.cohort[:, None] == years + 1)
    return Planted(gains, other)


def _gain(name: str, population: Population, treatment: Treatment, spec: WorldSpec) -> Gain:
    rng = stream(spec.seed, f"effects: {name}")
    own = 1 + cal.EFFECT_SPREAD * rng.normal(size=len(population))
    own += cal.EFFECT_BY_SIZE * population.size_score
    if treatment.dose is not None:
        received = treatment.dose > 0
        relative = treatment.dose / treatment.dose[received].mean() if received.any() else treatment.dose
        own *= 1 + cal.LOAN_DOSE_SHARE * (np.where(received, relative, 1.0) - 1)
    event_time = np.where(treatment.cohort[:, None] < NEVER, np.array(spec.years) - treatment.cohort[:, None], -1)
    profiles = cal.EFFECTS[name]
    return Gain(own, event_time, dict.fromkeys(profiles, (0.0,)) if name in spec.null else profiles)


def _spillover(name: str, cell: NDArray[np.intp], treatment: Treatment, years: NDArray[np.int64]) -> Floats:
    """Revenue lost to treated neighbours: share treated among the others in the county x industry division."""
    treated = (treatment.cohort[:, None] <= years).astype(np.float64)
    others = np.bincount(cell)[cell] - 1
    inside = np.column_stack([np.bincount(cell, weights=column)[cell] for column in treated.T])
    share = (inside - treated) / np.maximum(others, 1)[:, None]
    lost = cal.SPILLOVERS[name] * share
    # A member of a cluster shares its suppliers and buyers; those outside lose them.
    return lost * (treatment.cohort[:, None] == NEVER) if name == "cluster_membership" else lost
