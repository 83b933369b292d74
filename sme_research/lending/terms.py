"""Rules of the subsidised loans as dated data: the prime rate, the phases with their caps, a loan's subsidy."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from sme_research.errors import DataError
from sme_research.tables import reference_path

PRIME_RATES: Final = "lpr_history.csv"
PHASES: Final = "loan_phases.csv"
SUBSIDISED_DAYS: Final = 360
"""Days of a year as banks count; a longer term is subsidised for one year."""
NOT_EXCLUDED: Final = "not stated"


def load_prime_rates(path: Path | None = None) -> pd.DataFrame:
    """Prime rates by day of change, each with the last day for which it is known.

    Parameters
    ----------
    path : Path, optional
        The reference data where not given. To append a change, add a row and
        fill in its ``known_until``; clear that of the row before once it is sure
        that nothing changed in between, else the days between stay unknown.

    Returns
    -------
    DataFrame, n_changes rows
        ``effective_date``, ``lpr_1y_pct`` and ``known_until``, in order of days.

    Raises
    ------
    DataError
        Days are not in order, a rate is no rate, or the last row does not say
        until when it is known.
    """
    place = path or reference_path(PRIME_RATES)
    rows = pd.read_csv(place, parse_dates=["effective_date", "known_until"])
    since, rates, until = rows["effective_date"], rows["lpr_1y_pct"], rows["known_until"]
    following = since.shift(-1) - pd.Timedelta(days=1)
    rules = (
        (
            "effective_date",
            ~(since.diff().isna() | (since.diff() > pd.Timedelta(0))),
            "must be later than the row before",
        ),
        ("lpr_1y_pct", ~rates.between(0, 36), "must be percent, 0 to 36"),
        ("known_until", (until < since) | (until > following), "must lie within the row's own days"),
        ("known_until", following.isna() & until.isna(), "must say the last day for which the last rate is known"),
    )
    for column, broken, rule in rules:
        if broken.any():
            at = int(broken.to_numpy().argmax())
            raise DataError(
                f"{place.name}, row {at + 2}: {column} is {rows[column].iloc[at]}, {rule}. Correct the file."
            )
    return pd.DataFrame({"effective_date": since, "lpr_1y_pct": rates, "known_until": until.fillna(following)})


@cache
def _history() -> pd.DataFrame:
    return load_prime_rates()


def prime_rate_on(days: pd.Series[pd.Timestamp], *, history: pd.DataFrame | None = None) -> pd.Series[float]:
    """One-year loan prime rate, percent, in force on each day; NaN where the table does not know it.

    Parameters
    ----------
    days : Series of Timestamp
    history : DataFrame, optional
        As `load_prime_rates` gives it.

    References
    ----------
    ``data/reference/lpr_history.csv``, with the source of each row.
    """
    rows = _history() if history is None else history
    moments = days.to_numpy().astype("datetime64[ns]")
    at = np.searchsorted(rows["effective_date"].to_numpy().astype("datetime64[ns]"), moments, "right") - 1
    within = np.clip(at, 0, None)
    known = (at >= 0) & (moments <= rows["known_until"].to_numpy().astype("datetime64[ns]")[within])
    rates = rows["lpr_1y_pct"].to_numpy(dtype="float64")[within]
    return pd.Series(np.where(known, rates, np.nan), index=days.index)


def require_prime_rate(days: pd.Series[pd.Timestamp], *, history: pd.DataFrame | None = None) -> pd.Series[float]:
    """The same where every day must be known: a rate is looked up, never extrapolated.

    Raises
    ------
    DataError
        The table does not know the rate of a day.
    """
    rates = prime_rate_on(days, history=history)
    lost = days[rates.isna()]
    if not lost.empty:
        rows = _history() if history is None else history
        first, last = (
            pd.Timestamp(rows[name].iloc[at]).date() for name, at in (("effective_date", 0), ("known_until", -1))
        )
        raise DataError(
            f"data/reference/{PRIME_RATES} does not know the prime rate of {len(lost):,} days asked for, the first "
            f"{pd.Timestamp(lost.min()).date()}; it knows {first} to {last}. Append what was announced "
            "since, or move known_until of the last row to the last day on which it was seen unchanged."
        )
    return rates


def last_known_day() -> pd.Timestamp:
    """Last day whose rate the table knows."""
    return pd.Timestamp(_history()["known_until"].iloc[-1])


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of the loan programme: caps in 万元 of subsidised loans, points in percent.

    ``resets_after_review_of`` is the year of the review of titles whose passing
    lets an enterprise's cap begin anew with this phase; None where none does.
    """

    name: str
    opened: pd.Timestamp
    points: float
    srdi: float
    little_giant: float
    excludes_xiamen: bool
    resets_after_review_of: int | None

    def cap(self, tier: str) -> float:
        """Cap of a tier, 万元."""
        return self.little_giant if tier == "little_giant" else self.srdi


@dataclass(frozen=True, slots=True)
class Caps:
    """Caps on a day, 万元, over all phases since the first one's opening."""

    since: pd.Timestamp
    srdi: float
    little_giant: float


def load_phases(path: Path | None = None) -> tuple[Phase, ...]:
    """Phases in order of opening.

    A phase that states no cap of its own for little giants has one cap for all.

    Raises
    ------
    DataError
        A phase lacks its day, its points or its cap.
    """
    place = path or reference_path(PHASES)
    with place.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = []
    for number, row in enumerate(rows, start=2):
        try:
            found.append(_phase(row))
        except ValueError as error:
            raise DataError(
                f"{place.name}, row {number}: {error}. Give day, points and cap of every phase."
            ) from error
    return tuple(sorted(found, key=lambda phase: phase.opened))


def _phase(row: Mapping[str, str]) -> Phase:
    srdi = float(row["cap_loan_srdi_10k"])
    return Phase(
        name=row["phase"],
        # First day of an opening that is told as a day, a month, or a span of either.
        opened=pd.Period(row["open_date"].split("..", maxsplit=1)[0]).start_time.normalize(),
        points=float(row["subsidy_pp"]),
        srdi=srdi,
        little_giant=float(row["cap_loan_lg_10k"] or srdi),
        excludes_xiamen=row["excludes_xiamen"] != NOT_EXCLUDED,
        resets_after_review_of=int(row["resets_after_review_of"]) if row["resets_after_review_of"] else None,
    )


@cache
def loan_phases() -> tuple[Phase, ...]:
    """The programme's phases on file."""
    return load_phases()


def loan_caps(day: pd.Timestamp) -> Caps | None:
    """Caps of the phase that was the last to open by a day; None before the first."""
    opened = [phase for phase in loan_phases() if phase.opened <= day]
    return Caps(opened[0].opened, opened[-1].srdi, opened[-1].little_giant) if opened else None


def interest_subsidy(amount: pd.Series[float], points: pd.Series[float], days: pd.Series[int]) -> pd.Series[float]:
    """Subsidy of each loan: amount x points / 100 x days / 360, of at most 360 days.

    Parameters
    ----------
    amount : Series
        In any unit of money, which is the result's.
    points : Series
        Percent a year.
    days : Series
        Agreed term; NaN in any of the three gives NaN.
    """
    years = days.astype("float64").clip(upper=SUBSIDISED_DAYS) / SUBSIDISED_DAYS
    return amount.astype("float64") * points.astype("float64") / 100 * years
