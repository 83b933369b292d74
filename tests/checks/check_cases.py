"""What the tests of the checks share: small frames, records by hand, and worlds with a flaw planted or not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sme_research.checks import CHECKS
from sme_research.errors import IdentificationError
from sme_research.estimators.callaway_santanna import estimate_both
from sme_research.results import (
    Check,
    Effect,
    Estimation,
    EventStudy,
    EventTimeEffect,
    FlowStep,
    SampleFlow,
)

EFFECT = Effect("ATT", 0.05, 0.02, 0.0108, 0.0892, 0.95, "log points", 100, 50, 400, 100, 50, "e", "c")
NONE = replace(EFFECT, estimate=0.01, ci_low=-0.0292, ci_high=0.0492)
NAN = float("nan")


def study_of(estimates: dict[int, float], covariance: np.ndarray) -> EventStudy:
    points = tuple(
        EventTimeEffect(time, value, float(np.sqrt(covariance[at, at])), 0.0, 0.0, 50)
        for at, (time, value) in enumerate(estimates.items())
    )
    return EventStudy(points, covariance, 0.95, "log points", "e", "c")


def sample_of(treated: list[float], comparison: list[float], **columns: object) -> pd.DataFrame:
    n, m = len(treated), len(comparison)
    return pd.DataFrame(
        {
            "enterprise_id": [f"E{at}" for at in range(n + m)],
            "year": 2020,
            "cohort": [2020.0] * n + [np.nan] * m,
            "x_size": treated + comparison,
            **columns,
        }
    )


def rows_of(paths: dict[str, tuple[float, list[float]]], *, first_year: int = 2018) -> pd.DataFrame:
    """Rows from cohort and yearly outcomes by enterprise; missing outcomes stay as rows."""
    rows = pd.DataFrame(
        [
            {"enterprise_id": name, "year": first_year + at, "cohort": cohort, "outcome": value}
            for name, (cohort, values) in paths.items()
            for at, value in enumerate(values)
        ]
    )
    return rows.assign(event_time=rows["year"] - rows["cohort"])


def estimation_of(**changes: object) -> Estimation:
    flow = SampleFlow((FlowStep("treated_inside_panel", 200, 100, 800), FlowStep("two_years", 190, 95, 700)))
    plain = Estimation(
        sample=sample_of([0.0, 1.0, 2.0], [0.0, 1.0, 2.0]),
        flow=flow,
        effect=EFFECT,
        event_study=study_of({-3: 0.0, -2: 0.0, 0: 0.05}, np.eye(3) * 0.0004),
        covariates=("x_size",),
    )
    return replace(plain, **changes)


def check(name: str, **changes: object) -> Check:
    return CHECKS[name](estimation_of(**changes))


def refit(sample: pd.DataFrame) -> tuple[Effect, EventStudy]:
    return estimate_both(sample, unit="log points")


def refuse(sample: pd.DataFrame) -> tuple[Effect, EventStudy]:
    raise IdentificationError("nobody is left.")


def answer(effect: Effect):
    """A refit that keeps what it was given and answers this."""
    given: list[pd.DataFrame] = []

    def refit_to(sample: pd.DataFrame) -> tuple[Effect, EventStudy]:
        given.append(sample)
        return effect, study_of({-2: 0.0, 0: effect.estimate}, np.eye(2) * effect.std_error**2)

    return refit_to, given


@dataclass(frozen=True)
class World:
    """A made-up panel in which nothing is wrong unless a flaw is asked for; sizes are those of the flaw."""

    seed: int
    n: int = 1_500
    effect: float = 0.03
    silent: float = 0.0
    held_back: float = 0.0
    stolen: float = 0.0
    drift: float = 0.0
    bundled: float = 0.0

    years = np.arange(2016, 2024)

    def sample(self) -> pd.DataFrame:
        rows = self.population().dropna(subset=["outcome"])
        return rows[rows.groupby("enterprise_id")["year"].transform("size") >= 2].reset_index(drop=True)

    def estimation(self, **changes: object) -> Estimation:
        sample = self.sample()
        effect, study = refit(sample)
        whole = estimation_of(
            sample=sample, effect=effect, event_study=study, population=self.population(), refit=refit
        )
        return replace(whole, **changes)

    def glance(self) -> Estimation:
        """Sample and population with an estimate by hand, for checks that look at the data alone."""
        return estimation_of(sample=self.sample(), population=self.population())

    def population(self) -> pd.DataFrame:
        """A row an enterprise and year of its life; the outcome missing where it is not reported."""
        rng = np.random.default_rng([self.seed, 7])
        n, years = self.n, self.years
        size = rng.normal(size=n)
        leave = 2016 + rng.geometric(0.02, n)
        chance = 0.06 * np.exp(0.4 * size)
        starts = rng.random((n, len(years))) < chance[:, None]
        starts[:, :2] = False
        starts &= years < leave[:, None]
        cohort = np.where(starts.any(axis=1), years[starts.argmax(axis=1)], np.inf)
        cell = rng.integers(0, n // 6, n)
        treated = (cohort[:, None] <= years).astype(float)
        others = np.bincount(cell)[cell] - 1
        inside = np.column_stack([np.bincount(cell, weights=column)[cell] for column in treated.T])
        exposure = (inside - treated) / np.maximum(others, 1)[:, None]
        walk = np.cumsum(rng.normal(0, 0.15, (n, len(years))), axis=1) + rng.normal(0, 0.07, (n, len(years)))
        path = walk + (0.045 + 0.02 * size[:, None]) * (years - 2016) + self.effect * treated - self.stolen * exposure
        path += self.drift * np.isfinite(cohort)[:, None] * (years - 2016)
        path -= self.held_back * (cohort[:, None] == years + 1)
        level = np.exp(8 + 0.9 * size[:, None] + path)
        shrank = np.zeros(path.shape, dtype=bool)
        shrank[:, 1:] = np.diff(path, axis=1) < np.log(0.9)
        stops = shrank & ~np.isfinite(cohort)[:, None] & (rng.random(path.shape) < self.silent)
        gone = np.cumsum(stops, axis=1) > 0
        reported = (years < leave[:, None]) & ~gone & (rng.random(path.shape) >= 0.02)
        other = np.where(rng.random(n) < 0.3, rng.choice(years, n), np.nan)
        other = np.where(np.isfinite(cohort) & (rng.random(n) < self.bundled), cohort, other)
        alive = (years < leave[:, None]).ravel()
        rows = pd.DataFrame(
            {
                "enterprise_id": np.repeat([f"E{at:05d}" for at in range(n)], len(years)),
                "year": np.tile(years, n),
                "cohort": np.repeat(np.where(np.isfinite(cohort), cohort, np.nan), len(years)),
                "outcome": np.where(reported, path, np.nan).ravel(),
                "x_size": np.repeat(size, len(years)),
                "level": level.ravel(),
                "above_scale": np.where(reported, level > 2_000, np.nan).ravel(),
                "cell": np.repeat([f"C{number}" for number in cell], len(years)),
                "neighbours_treated": exposure.ravel(),
                "other_training": np.repeat(other, len(years)),
            }
        )[alive]
        rows = rows.assign(event_time=rows["year"] - rows["cohort"])
        # As in a study: whoever is treated in its first account year has nothing to be compared with.
        return rows[rows["cohort"].isna() | (rows["cohort"] > 2016)].reset_index(drop=True)


def alarms(name: str, seeds: range, *, fitted: bool = False, **world: float) -> float:
    """Share of these worlds in which the check warns or fails."""
    worlds = [World(seed, **world) for seed in seeds]
    verdicts = [CHECKS[name](made.estimation() if fitted else made.glance()).verdict for made in worlds]
    return float(np.mean([verdict in ("warn", "fail") for verdict in verdicts]))
