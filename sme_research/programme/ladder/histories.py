"""From titles to histories: one an enterprise and tier, from entry to promotion, lapse or end of follow-up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.programme.ladder.titles import TIERS, Titles, Tolerance, chain_titles
from sme_research.tables import Tables, reporting_unit

FOLLOWED: Final = 0
PROMOTED: Final = 1
LAPSED: Final = 2
SIZE_EDGES: Final = (50, 100, 300)
"""Employees at which a size band begins; ties fall into the larger band."""
SIZES: Final = ("under_50", "50_99", "100_299", "300_up")
UNKNOWN: Final = ""
ADDED: Final = ("city", "industry", "size", "ended")


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """Titles and the histories made of them.

    ``histories`` has one row an enterprise and tier that entered the tier from
    below or from outside, its first stay only: ``enterprise_id``, ``tier``,
    ``entered_on``, ``cohort`` (year of entry), ``years`` (followed, in calendar
    years, so that a title expires at exactly 3.0), ``status`` (`FOLLOWED`,
    `PROMOTED`, `LAPSED`), ``ended`` (what the accounts say of a lapse: ``reporting``,
    ``stopped``, or empty where they cannot say or there is none), ``city``, ``industry``
    (division) and ``size``; these three are empty where not known.

    ``n_above`` enterprises by tier had a higher title on the day of entry or before: they
    are not at risk of promotion and left out. ``n_late`` entered after `Titles.followed_until`;
    ``n_returned`` came back after a lapse, which no history counts.
    """

    titles: Titles
    histories: pd.DataFrame
    n_above: dict[str, int]
    n_late: dict[str, int]
    n_returned: dict[str, int]

    def of(self, tier: str) -> pd.DataFrame:
        """Histories of one tier; KeyError where the ladder has no such tier."""
        if tier not in TIERS:
            raise KeyError(tier)
        return self.histories[self.histories["tier"] == tier]


def read_ladder(tables: Tables, *, data_day: date | str | None = None, grace_days: int = Tolerance().after) -> Ladder:
    """Histories of a province.

    Parameters
    ----------
    tables : Tables
        With ``recognitions``; ``enterprises`` and ``accounts`` add place,
        industry, size and whether an enterprise still reports.
    data_day : date or ISO text, optional
        Day up to which the list of grants is complete; the last grant's if None or empty.
    grace_days : int
        How long after its expiry a renewal may come, and so how long it takes to know a lapse.

    Raises
    ------
    DataError
        There is no table ``recognitions``.
    StudyError
        No grant lies before the data's day.
    """
    day = date.fromisoformat(data_day) if isinstance(data_day, str) and data_day else data_day or None
    assert not isinstance(day, str)
    titles = chain_titles(tables["recognitions"], data_day=day, tolerance=Tolerance(after=grace_days))
    ladder = follow_titles(titles)
    histories = _add_accounts(_add_places(ladder.histories, tables), tables)
    return replace(ladder, histories=histories)


def follow_titles(titles: Titles) -> Ladder:
    """Histories without place, industry and size."""
    stays = _first_stays(titles)
    until = pd.Timestamp(titles.followed_until)
    above = stays["higher_on"] <= stays["entered_on"]
    late = stays["entered_on"] > until
    kept = stays[~above & ~late].reset_index(drop=True)
    histories = _follow(kept, until, titles.tolerance).assign(**dict.fromkeys(ADDED, UNKNOWN))
    returned = titles.frame[(titles.frame["spell"] > 0) & (titles.frame["turn"] == 0)]
    return Ladder(titles, histories, _by_tier(stays[above]), _by_tier(stays[late & ~above]), _by_tier(returned))


def calendar_years(start: pd.Series[pd.Timestamp], end: pd.Series[pd.Timestamp]) -> NDArray[np.float64]:
    """Years from one day to another, whole at anniversaries whatever leap days lie between."""
    first = start.to_numpy().astype("datetime64[D]")
    last = end.to_numpy().astype("datetime64[D]")
    years = (last.astype("datetime64[Y]") - first.astype("datetime64[Y]")).astype(int)
    years -= (_anniversary(first, years) > last).astype(int)
    since, year = _anniversary(first, years), _anniversary(first, years + 1)
    return np.asarray(years + (last - since) / (year - since), dtype=np.float64)


def _anniversary(day: NDArray[np.datetime64], years: NDArray[np.int64]) -> NDArray[np.datetime64]:
    month = day.astype("datetime64[M]")
    found: NDArray[np.datetime64] = (month + 12 * years).astype("datetime64[D]") + (
        day - month.astype("datetime64[D]")
    )
    return found


def _first_stays(titles: Titles) -> pd.DataFrame:
    """First stay of each enterprise on each tier, with the day of its first higher title."""
    frame = titles.frame
    first = frame[frame["spell"] == 0]
    keys = ["enterprise_id", "tier"]
    stays = first.groupby(keys, sort=False).agg(
        entered_on=("granted_on", "min"), expires_on=("expires_on", "max"), fate=("fate", "last")
    )
    stays = stays.reset_index()
    return stays.assign(higher_on=_first_higher(stays))


def _first_higher(stays: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """Day of the first higher title, whichever rung it is: who skips one is promoted too."""
    rank = stays["tier"].map({tier: place for place, tier in enumerate(TIERS)})
    found = pd.Series(pd.NaT, index=stays.index, dtype="datetime64[ns]")
    for place in range(len(TIERS) - 1):
        above = stays[rank > place].groupby("enterprise_id")["entered_on"].min()
        here = rank == place
        found[here] = above.reindex(stays.loc[here, "enterprise_id"]).to_numpy()
    return found


def _follow(stays: pd.DataFrame, until: pd.Timestamp, tolerance: Tolerance) -> pd.DataFrame:
    """What ended each stay first. A promotion in the days of grace comes before the lapse."""
    grace = pd.Timedelta(days=tolerance.after)
    ended = (stays["fate"] == "lapsed") & ~(stays["higher_on"] <= stays["expires_on"] + grace)
    lapse = stays["expires_on"].where(ended)
    promotion = stays["higher_on"].where(~(stays["higher_on"] > stays["expires_on"] + grace) | ~ended)
    end = pd.concat([promotion, lapse], axis=1).min(axis=1)
    seen = end <= until
    status = np.where(seen, np.where(promotion.notna() & ~(lapse < promotion), PROMOTED, LAPSED), FOLLOWED)
    last = end.where(seen, until)
    return stays[["enterprise_id", "tier", "entered_on"]].assign(
        cohort=stays["entered_on"].dt.year,
        ended_on=last,
        years=calendar_years(stays["entered_on"], last),
        status=status,
    )


def _add_places(histories: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    if "enterprises" not in tables:
        return histories
    register = tables["enterprises"]
    city = reporting_unit(register["city_code"], register["county_code"])
    places = pd.DataFrame({"city": city, "industry": register["industry_code"].str[:2]})
    places.index = pd.Index(register["enterprise_id"])
    found = places.reindex(histories["enterprise_id"]).fillna(UNKNOWN)
    return histories.assign(city=found["city"].to_numpy(), industry=found["industry"].to_numpy())


def _add_accounts(histories: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    if "accounts" not in tables:
        return histories
    accounts = tables["accounts"][["enterprise_id", "year", "employees"]]
    return histories.assign(size=_sizes(histories, accounts), ended=_endings(histories, accounts))


def _sizes(histories: pd.DataFrame, accounts: pd.DataFrame) -> pd.Series[str]:
    """Band by the employees of the last accounts up to the year before entry, else of the year of entry."""
    told = accounts.dropna(subset="employees").sort_values("year")
    asked = histories[["enterprise_id", "cohort"]].reset_index().merge(told, on="enterprise_id")
    asked = asked[asked["year"].between(asked["cohort"] - 2, asked["cohort"])]
    before = asked[asked["year"] < asked["cohort"]].groupby("index")["employees"].last()
    employees = before.combine_first(asked.groupby("index")["employees"].first()).reindex(histories.index)
    return size_band(employees)


def size_band(employees: pd.Series[float]) -> pd.Series[str]:
    """Band of `SIZES` by number of employees; empty where not known."""
    known = employees.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    bands = np.array(SIZES, dtype=object)[np.searchsorted(SIZE_EDGES, known, side="right").clip(0, len(SIZES) - 1)]
    told: pd.Series[str] = pd.Series(np.where(np.isnan(known), UNKNOWN, bands), index=employees.index, dtype=object)
    return told


def _endings(histories: pd.DataFrame, accounts: pd.DataFrame) -> pd.Series[str]:
    """Of those that lapsed: whether they had accounts in the year of the lapse or later, while others had."""
    year = histories["ended_on"].dt.year
    last = histories["enterprise_id"].map(accounts.groupby("enterprise_id")["year"].max())
    can_tell = (histories["status"] == LAPSED) & last.notna() & (year <= accounts["year"].max())
    stopped = pd.Series(np.where(last < year, "stopped", "reporting"), index=histories.index)
    return stopped.where(can_tell, UNKNOWN)


def _by_tier(rows: pd.DataFrame) -> dict[str, int]:
    counts = rows["tier"].value_counts()
    return {tier: int(counts.get(tier, 0)) for tier in TIERS}
