"""Today's rates of the ladder: entries, promotion, renewal and early end, counted in a window of full years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import StudyError
from sme_research.programme.ladder.titles import TIERS, TITLE_YEARS, Titles

Counts = NDArray[np.int64]
Days = NDArray[np.datetime64]
OLDEST: Final = 6
"""Calendar years since entry up to which chances of promotion are told apart; the last is open."""
EARLY_DAYS: Final = 31
"""A title that ends more days than this before its third anniversary ended early: closed, merged or withdrawn."""


@dataclass(frozen=True, slots=True, eq=False)
class TierRates:
    """Counts behind the rates of one tier, in the window.

    ``outside`` are stays opened in each year by enterprises that were not on the tier
    below, such as new and returning ones. ``exposed`` and ``promoted`` have
    one row a window year and one column a calendar year since entry, 0 to
    `OLDEST`: who held the title through the year and had not been promoted, and who
    then first got the next tier. ``due`` titles reached their term, ``renewed`` of them
    were renewed; ``in_force`` title-years began with more than a year to run, ``ended_early`` of them
    ended all the same.
    """

    tier: str
    years: tuple[int, ...]
    outside: tuple[int, ...]
    exposed: Counts
    promoted: Counts
    due: int
    renewed: int
    in_force: int
    ended_early: int

    @property
    def promotion(self) -> NDArray[np.float64]:
        """Chance of promotion in a year by calendar years since entry; NaN where nobody was exposed."""
        exposed, promoted = self.exposed.sum(axis=0), self.promoted.sum(axis=0)
        none = np.full(OLDEST + 1, np.nan)
        return np.asarray(np.divide(promoted, exposed, out=none, where=exposed > 0), dtype=np.float64)

    @property
    def renewal(self) -> float | None:
        """Share of titles that were renewed at their term, 0 to 1."""
        return self.renewed / self.due if self.due else None


def last_full_year(day: date) -> int:
    """Last calendar year that had ended on a day."""
    return day.year if (day.month, day.day) == (12, 31) else day.year - 1


def estimate_rates(titles: Titles, *, base_year: int, window_years: int = 3) -> tuple[TierRates, ...]:
    """Rates of every tier in the ``window_years`` calendar years up to ``base_year``.

    Titles that expired after `Titles.followed_until` count as neither renewed nor lapsed.

    Raises
    ------
    StudyError
        The window is empty or reaches beyond the data's day.
    """
    if window_years < 1 or base_year > last_full_year(titles.data_day):
        raise StudyError(
            f"the window is {window_years} years up to {base_year}, must be 1 or more full years before "
            f"{titles.data_day}, the day of the data."
        )
    years = tuple(range(base_year - window_years + 1, base_year + 1))
    stays = open_stays(titles)
    return tuple(_rates(tier, stays, titles, years) for tier in TIERS)


def open_stays(titles: Titles) -> pd.DataFrame:
    """One row a stay on a tier: first and last day, and when the enterprise first got the next tier."""
    frame, keys = titles.frame, ["enterprise_id", "tier", "spell"]
    stays = frame.groupby(keys, sort=False).agg(
        entered_on=("granted_on", "min"), expires_on=("expires_on", "max"), fate=("fate", "last")
    )
    stays = stays.reset_index()
    first = frame.groupby(["enterprise_id", "tier"])["granted_on"].min()
    following = stays["tier"].map(dict(pairwise(TIERS))).fillna("")
    asked = pd.MultiIndex.from_arrays([stays["enterprise_id"], following])
    return stays.assign(next_on=first.reindex(asked).to_numpy())


@dataclass(frozen=True, slots=True, eq=False)
class _Stays:
    """Stays on one tier as arrays of days, for counting year by year."""

    entered: Days
    expires: Days
    following: Days
    is_open: NDArray[np.bool_]

    @classmethod
    def of(cls, stays: pd.DataFrame, tier: str) -> _Stays:
        own = stays[stays["tier"] == tier]
        entered, expires, following = (
            own[name].to_numpy().astype("datetime64[D]") for name in ("entered_on", "expires_on", "next_on")
        )
        return cls(entered, expires, following, (own["fate"] == "open").to_numpy())

    def exposed(self, year: int) -> NDArray[np.bool_]:
        """Who could get the next tier in a year: entered by then, not ended before, not yet promoted.

        Who lapses in the year without promotion is not exposed in it: terms come first, then promotions.
        """
        start, end = np.datetime64(f"{year}-01-01"), np.datetime64(f"{year}-12-31")
        held = (self.entered <= end) & (self.expires >= start)
        not_yet = ~(self.following < np.maximum(self.entered, start))
        ended = ~self.is_open & (self.expires <= end)
        return np.asarray(held & not_yet & (~ended | self._next_in(year)))

    def promoted(self, year: int) -> NDArray[np.bool_]:
        """Of the exposed, who got the next tier in the year."""
        return np.asarray(self.exposed(year) & self._next_in(year))

    def _next_in(self, year: int) -> NDArray[np.bool_]:
        return np.asarray(self.following.astype("datetime64[Y]") == np.datetime64(str(year)))

    def by_age(self, rows: NDArray[np.bool_], year: int) -> Counts:
        """Counts by calendar years since entry."""
        entry = self.entered[rows].astype("datetime64[Y]").astype(int) + 1970
        return np.bincount(np.minimum(year - entry, OLDEST), minlength=OLDEST + 1).astype(np.int64)

    def opened(self, year: int) -> int:
        """Stays that began in the year."""
        return int((self.entered.astype("datetime64[Y]") == np.datetime64(str(year))).sum())


def _rates(tier: str, stays: pd.DataFrame, titles: Titles, years: Sequence[int]) -> TierRates:
    own, place = _Stays.of(stays, tier), TIERS.index(tier)
    below = _Stays.of(stays, TIERS[place - 1]) if place else None
    climbed = [int(below.promoted(year).sum()) if below else 0 for year in years]
    frame = titles.frame[titles.frame["tier"] == tier]
    in_force, ended_early = _early_ends(frame, years)
    due = _due(frame, titles.followed_until, years)
    return TierRates(
        tier,
        tuple(years),
        tuple(max(0, own.opened(year) - n) for year, n in zip(years, climbed, strict=True)),
        np.array([own.by_age(own.exposed(year), year) for year in years]),
        np.array([own.by_age(own.promoted(year), year) for year in years]),
        len(due),
        int((due["fate"] == "renewed").sum()),
        in_force,
        ended_early,
    )


def term_reached_from(own: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """First day of expiry that counts as the full term; a title that expires before ended early."""
    return own["granted_on"] + pd.DateOffset(years=TITLE_YEARS) - pd.Timedelta(days=EARLY_DAYS)


def _due(own: pd.DataFrame, followed_until: date, years: Sequence[int]) -> pd.DataFrame:
    """Titles that reached their term in the window early enough for every renewal to be known.

    Of later ones only the renewed are known, which would make renewal look surer than it is.
    """
    inside = own["expires_on"].dt.year.between(years[0], years[-1])
    known = own["expires_on"] <= pd.Timestamp(followed_until)
    due: pd.DataFrame = own[inside & known & (own["expires_on"] >= term_reached_from(own))]
    return due


def _early_ends(own: pd.DataFrame, years: Sequence[int]) -> tuple[int, int]:
    natural = own["granted_on"].dt.year + TITLE_YEARS
    early = (own["expires_on"] < term_reached_from(own)) & (own["fate"] != "renewed")
    in_force = ended = 0
    for year in years:
        start = pd.Timestamp(year, 1, 1)
        running = (own["granted_on"] < start) & (own["expires_on"] >= start) & (natural > year)
        in_force += int(running.sum())
        ended += int((running & early & (own["expires_on"].dt.year == year)).sum())
    return in_force, ended
