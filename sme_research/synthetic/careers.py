"""Careers on the ladder with planted rates: what the estimates of transitions should find again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import StudyError
from sme_research.synthetic.population import days_of
from sme_research.synthetic.world import stream
from sme_research.tables import make_codes
from sme_research.tables.credit_code import UNALLOCATED_AREA

NEVER: Final = 9_999
TITLE_YEARS: Final = 3
NOTICE_DAY: Final = MappingProxyType({"innovative": 45, "srdi": 135, "little_giant": 225, "champion": 315})
"""Day of the year of each tier's one notice, counted from 0; the lower tier's comes first."""
TIERS: Final = tuple(NOTICE_DAY)


@dataclass(frozen=True, slots=True)
class CareerSpec:
    """Rates that are planted.

    Parameters
    ----------
    entrants : int
        Enterprises that enter the lowest tier each year.
    promotion : mapping of tier to chances
        Chance, 0 to 1, of the first promotion from the tier in the 1st, 2nd, ... notice of
        the next tier since the title, of those who hold it and are not yet promoted; the last one
        holds for all later years. A tier not named promotes nobody.
    renewal : mapping of tier to chance
        Chance that a title which expires is renewed, the same at every turn; 1 for a tier not named.
    first_year, last_year : int
        Years of the first and the last notices.

    Raises
    ------
    StudyError
        A chance is no number of 0 to 1, or the years are in the wrong order.
    """

    seed: int = 0
    entrants: int = 300
    promotion: Mapping[str, tuple[float, ...]] = field(
        default_factory=lambda: {"innovative": (0.05, 0.20, 0.15, 0.05), "srdi": (0.0, 0.04, 0.10, 0.06)}
    )
    renewal: Mapping[str, float] = field(
        default_factory=lambda: {"innovative": 0.70, "srdi": 0.80, "little_giant": 0.9}
    )
    first_year: int = 2014
    last_year: int = 2024

    def __post_init__(self) -> None:
        chances = [*self.renewal.values(), *(chance for row in self.promotion.values() for chance in row)]
        if not all(0 <= chance <= 1 for chance in chances):
            raise StudyError("careers: every chance must lie between 0 and 1.")
        if not self.first_year <= self.last_year or self.entrants < 1:
            raise StudyError("careers: give years in order and at least one entrant a year.")


@dataclass(frozen=True, slots=True, eq=False)
class Careers:
    """Tables of made-up careers; ``recognitions`` and ``enterprises`` are as declared."""

    recognitions: pd.DataFrame
    enterprises: pd.DataFrame
    spec: CareerSpec

    @property
    def data_day(self) -> date:
        """Day up to which the list is complete: the end of the last year."""
        return date(self.spec.last_year, 12, 31)

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {"enterprises": self.enterprises, "recognitions": self.recognitions}


def make_careers(spec: CareerSpec) -> Careers:
    """Draw every enterprise's career year by year, from the lowest tier up."""
    rng = stream(spec.seed, "careers")
    years = np.arange(spec.first_year, spec.last_year + 1)
    n = spec.entrants * len(years)
    ids = make_codes(UNALLOCATED_AREA, np.arange(n))
    entered = np.repeat(years, spec.entrants)
    parts = []
    for tier in TIERS:
        ends = _draw_ends(entered, spec.renewal.get(tier, 1.0), rng)
        parts.append(_grants(tier, ids, entered, ends, spec.last_year))
        entered = _draw_promotions(entered, ends, spec.promotion.get(tier, (0.0,)), rng)
    recognitions = pd.concat(parts, ignore_index=True).sort_values(
        ["enterprise_id", "tier", "granted_on"], ignore_index=True
    )
    return Careers(recognitions, _register(ids), spec)


def _draw_ends(entered: NDArray[np.int64], renewal: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Year in which the last title expires: each is renewed with the same chance."""
    turns = rng.geometric(1 - renewal, len(entered)) if renewal < 1 else np.full(len(entered), NEVER)
    return np.where(entered < NEVER, np.minimum(entered + TITLE_YEARS * turns, NEVER), NEVER).astype(np.int64)


def _draw_promotions(
    entered: NDArray[np.int64], ends: NDArray[np.int64], chances: tuple[float, ...], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Year of the first promotion. In the year of its expiry a title counts no more: its notice comes first."""
    draws = rng.random(len(entered))
    staying, year = np.ones(len(entered)), np.full(len(entered), NEVER)
    for since in range(40):
        chance = chances[min(since, len(chances) - 1)]
        now = (entered < NEVER) & (year == NEVER) & (entered + since < ends) & (draws < staying * chance)
        year = np.where(now, entered + since, year)
        # What is left of the draw decides the next year, as a fresh one would.
        draws = draws - staying * chance
        staying = staying * (1 - chance)
    return year.astype(np.int64)


def _grants(
    tier: str, ids: NDArray[np.str_], entered: NDArray[np.int64], ends: NDArray[np.int64], last: int
) -> pd.DataFrame:
    """One row a grant up to the last year."""
    who = np.flatnonzero(entered <= last)
    n_turns = (np.minimum(ends[who] - 1, last) - entered[who]) // TITLE_YEARS + 1
    rows = np.repeat(who, n_turns)
    turn = np.arange(len(rows)) - np.repeat(np.cumsum(n_turns) - n_turns, n_turns)
    granted = entered[rows] + TITLE_YEARS * turn
    day = np.full(len(rows), NOTICE_DAY[tier], dtype=np.int64)
    return pd.DataFrame(
        {
            "enterprise_id": ids[rows],
            "tier": tier,
            "granted_on": days_of(granted, day),
            "expires_on": days_of(granted + TITLE_YEARS, day),
            "rule_set": "",
        }
    )


def _register(ids: NDArray[np.str_]) -> pd.DataFrame:
    return pd.DataFrame({"enterprise_id": ids, "city_code": "350100", "industry_code": "3569"})
