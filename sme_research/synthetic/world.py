"""What a made-up province is asked to be: its size, its years, its planted traps."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date

import numpy as np

from sme_research.errors import StudyError
from sme_research.synthetic import calibration as cal

MIN_ENTERPRISES = 300
MAX_ENTERPRISES = 1_000_000
DEFAULT_ENTERPRISES = 6_000


@dataclass(frozen=True, slots=True)
class Traps:
    """Ways in which a careless analyst would go wrong, each with its switch.

    The first three are how such data always are and leave the default design
    intact; each of the next five breaks one assumption of it. The last six are
    what a department gets wrong: mistakes of the published figures, and loans
    over the programme's own ceiling.
    """

    bunching: bool = True
    """Reported figures gather just above 3 % R&D, 5 % growth and 50 million yuan."""
    person_times: bool = True
    """Training is counted in person-times, several to an enterprise."""
    entrant_balance: bool = True
    """The loan balance of the recognised grows mainly because more are recognised."""
    anticipation: bool = False
    """Revenue is held back by 4 % in the year before the first treatment by any instrument but the award."""
    spillovers: bool = False
    """Loans, training and clusters of neighbours in the same county and industry take revenue away."""
    broken_trends: bool = False
    """Treated enterprises were on another path for a reason that no covariate shows."""
    bundle: bool = False
    """Borrowers are sent to training, so that the instruments arrive together."""
    attrition: bool = False
    """Of those without loan, training or cluster, half stop reporting when revenue shrinks by over 10 %."""
    summed_tiers: bool = False
    """The published total of recognised enterprises adds the nested tiers up."""
    times_as_firms: bool = False
    """The published number of enterprises trained is that of person-times."""
    dear_loans: bool = False
    """Every eighth loan bears half a point more than the loan prime rate of its day less the subsidy."""
    matched_as_lent: bool = False
    """The published amount lent after matching is the amount matched."""
    early_growth: bool = False
    """The balance's growth of 2023 is printed as the effect of loans whose first was drawn in 2024."""
    unlike_shares: bool = False
    """The little giants' last share of revenue is of the SRDI's, not of all above-scale industry's."""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Names of all traps."""
        return tuple(trap.name for trap in fields(cls))

    @classmethod
    def switched(cls, on: Sequence[str] = (), off: Sequence[str] = ()) -> Traps:
        """Default traps with some switched on or off; StudyError for a name that is none."""
        for name in (*on, *off):
            if name not in cls.names():
                raise StudyError(f"trap {name!r} is not known; choose from {', '.join(cls.names())}.")
        return cls(**dict.fromkeys(on, True) | dict.fromkeys(off, False))


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """The made-up province that is asked for; years are inclusive calendar years.

    ``designated`` is how many of the county x industry agglomerations are ever
    designated as clusters (None: as many as in Fujian); ``null`` names
    instruments that are planted to do nothing.
    """

    seed: int = 2024
    n_enterprises: int = DEFAULT_ENTERPRISES
    first_year: int = 2016
    last_year: int = 2024
    traps: Traps = field(default_factory=Traps)
    designated: int | None = None
    null: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.n_enterprises < MIN_ENTERPRISES:
            raise StudyError(
                f"enterprises is {self.n_enterprises}, must be {MIN_ENTERPRISES} or more: "
                "a smaller province has too few treated enterprises to teach anything."
            )
        if self.n_enterprises > MAX_ENTERPRISES:
            raise StudyError(
                f"enterprises is {self.n_enterprises:,}, must be {MAX_ENTERPRISES:,} or fewer: no province has more "
                "of them on its lists."
            )
        if not 2000 <= self.first_year <= self.last_year - 2:
            raise StudyError(
                f"years are {self.first_year}:{self.last_year}, must be at least three years from 2000 on."
            )
        if self.last_year > date.today().year:
            raise StudyError(f"years end in {self.last_year}, which has not come yet.")
        if self.seed < 0:
            raise StudyError(f"seed is {self.seed}, must be 0 or more.")
        places = sum(cal.AGGLOMERATIONS.values())
        if self.designated is not None and not 1 <= self.designated <= places:
            raise StudyError(f"designated is {self.designated}, must be 1 to {places}: there are no more places.")
        unknown = [name for name in self.null if name not in cal.EFFECTS]
        if unknown:
            raise StudyError(f"instrument {unknown[0]!r} is not planted; choose from {', '.join(cal.EFFECTS)}.")

    @property
    def years(self) -> range:
        """The account years."""
        return range(self.first_year, self.last_year + 1)

    @property
    def as_of(self) -> date:
        """The day on which the official figures count: 30 April 2024, or the panel's last day."""
        return min(date(2024, 4, 30), date(self.last_year, 12, 31))

    def scaled(self, count: float) -> int:
        """A count of the default province, in proportion for this one; at least 1."""
        return max(1, round(count * self.n_enterprises / DEFAULT_ENTERPRISES))


def stream(seed: int, table: str) -> np.random.Generator:
    """The random stream of one table: a new table changes no other."""
    return np.random.default_rng([seed, zlib.crc32(table.encode())])
