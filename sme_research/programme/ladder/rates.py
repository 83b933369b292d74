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


def _rates(tier: str, stays: pd.DataFrame, titles: Titles, years: Sequence[int]) -> TierRates:
    own = stays[stays["tier"] == tier]
    exposures = [exposed_to_promotion(own, year) for year in years]
    promoted = [rows[rows["next_on"].dt.year == year] for rows, year in zip(exposures, years, strict=True)]
    in_force, ended_early = _early_ends(titles.frame[titles.frame["tier"] == tier], years)
    due = _due(titles, tier, years)
    return TierRates(
        tier,
        tuple(years),
        _count_outside(tier, stays, years),
        np.array([_by_age(rows, year) for rows, year in zip(exposures, years, strict=True)]),
        np.array([_by_age(rows, year) for rows, year in zip(promoted, years, strict=True)]),
        len(due),
        int((due["fate"] == "renewed").sum()),
        in_force,
        ended_early,
    )


def exposed_to_promotion(own: pd.DataFrame, year: int) -> pd.DataFrame:
    """Stays that could lead to the next tier in a year: entered by then, not ended before, not yet promoted.

    Who lapses in the year without promotion is not exposed in it: terms come first, then promotions.
    """
    start, end = pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31)
    not_yet = ~(own["next_on"] < own["entered_on"].where(own["entered_on"] > start, start))
    now = (own["next_on"] <= end) & (own["next_on"] >= start)
    ended = (own["fate"] != "open") & (own["expires_on"] <= end)
    held = (own["entered_on"] <= end) & (own["expires_on"] >= start)
    return own[held & not_yet & (~ended | now)]


def _by_age(rows: pd.DataFrame, year: int) -> Counts:
    age = (year - rows["entered_on"].dt.year).clip(upper=OLDEST)
    return np.bincount(age, minlength=OLDEST + 1).astype(np.int64)


def _count_outside(tier: str, stays: pd.DataFrame, years: Sequence[int]) -> tuple[int, ...]:
    """Stays opened in each year that no promotion from the tier below explains."""
    opened = stays.loc[stays["tier"] == tier, "entered_on"].dt.year.value_counts()
    place = TIERS.index(tier)
    if place == 0:
        return tuple(int(opened.get(year, 0)) for year in years)
    below = stays[stays["tier"] == TIERS[place - 1]]
    climbed = [int((exposed_to_promotion(below, year)["next_on"].dt.year == year).sum()) for year in years]
    return tuple(max(0, int(opened.get(year, 0)) - n) for year, n in zip(years, climbed, strict=True))


def term_reached_from(own: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """First day of expiry that counts as the full term; a title that expires before ended early."""
    return own["granted_on"] + pd.DateOffset(years=TITLE_YEARS) - pd.Timedelta(days=EARLY_DAYS)


def _due(titles: Titles, tier: str, years: Sequence[int]) -> pd.DataFrame:
    """Titles that reached their term in the window early enough for every renewal to be known.

    Of later ones only the renewed are known, which would make renewal look surer than it is.
    """
    own = titles.frame[titles.frame["tier"] == tier]
    inside = own["expires_on"].dt.year.between(years[0], years[-1])
    known = own["expires_on"] <= pd.Timestamp(titles.followed_until)
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
