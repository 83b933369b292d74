"""Appeals on the direct line: when they are raised, answered and resolved, and which never are."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.synthetic import calibration as cal
from sme_research.synthetic.population import Floats, Ints, Population
from sme_research.synthetic.world import WorldSpec, stream

_DAY = np.timedelta64(1, "D")


def appeals_table(population: Population, spec: WorldSpec) -> pd.DataFrame:
    """The table `appeals`: more of them each year, from whoever is alive, likelier from the larger."""
    rng = stream(spec.seed, "appeals")
    raised = _raised(rng, spec)
    who = _who(rng, population, raised)
    raised, who = raised[who >= 0], who[who >= 0]
    handled, resolved = _answers(rng, raised, spec)
    return pd.DataFrame(
        {
            "appeal_id": pd.Series([f"Q{number:07d}" for number in range(1, len(who) + 1)], dtype=str),
            "enterprise_id": population.ids[who],
            "raised_on": raised.astype("datetime64[s]"),
            "topic": rng.choice(list(cal.APPEAL_TOPICS), len(who), p=list(cal.APPEAL_TOPICS.values())),
            "handled_on": handled.astype("datetime64[s]"),
            "resolved_on": resolved.astype("datetime64[s]"),
        }
    )


def _raised(rng: np.random.Generator, spec: WorldSpec) -> NDArray[np.datetime64]:
    """Days in order; as many since the launch as were handled by the day of the count, and those never answered."""
    launch = np.datetime64(cal.APPEALS_FROM, "D")
    counted = float((np.datetime64(cal.COUNT_DAY, "D") - launch) / _DAY)
    whole = float((_last_day(spec) - launch) / _DAY) + 1
    if whole <= 0:
        return np.empty(0, dtype="datetime64[D]")
    n = round(spec.scaled(cal.APPEALS_BY_COUNT) * (whole / counted) ** cal.APPEALS_GROWTH)
    days = np.floor(whole * rng.random(n) ** (1 / cal.APPEALS_GROWTH)).astype(np.int64)
    return launch + np.sort(days).astype("timedelta64[D]")


def _last_day(spec: WorldSpec) -> np.datetime64:
    return np.datetime64(f"{spec.last_year}-12-31", "D")


def _who(rng: np.random.Generator, population: Population, raised: NDArray[np.datetime64]) -> Ints:
    """Position of the enterprise that raises each appeal; -1 in a year in which none is alive."""
    who = np.full(len(raised), -1, dtype=np.int64)
    years = raised.astype("datetime64[Y]").astype(int) + 1970
    odds: Floats = np.exp(cal.APPEALS_BY_SIZE * population.size_score)
    for year in np.unique(years):
        alive = np.flatnonzero(population.alive(int(year)))
        if len(alive):
            at = np.flatnonzero(years == year)
            who[at] = rng.choice(alive, len(at), p=odds[alive] / odds[alive].sum())
    return who


def _answers(
    rng: np.random.Generator, raised: NDArray[np.datetime64], spec: WorldSpec
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Day of the answer and of the solution; blank where none comes, or none by the last day of the tables."""
    n = len(raised)
    wait = np.ceil(rng.lognormal(np.log(cal.ANSWER_DAYS), cal.ANSWER_LOG_SD, n)).astype("timedelta64[D]")
    further = np.floor(rng.lognormal(np.log(cal.SOLUTION_DAYS), cal.SOLUTION_LOG_SD, n)).astype("timedelta64[D]")
    never = np.datetime64("NaT", "D")
    handled = np.where(rng.random(n) < cal.APPEALS_ANSWERED, raised + wait, never)
    resolved = np.where(rng.random(n) < cal.APPEALS_RESOLVED, handled + further, never)
    last = _last_day(spec)

    return np.where(handled <= last, handled, never), np.where(resolved <= last, resolved, never)
