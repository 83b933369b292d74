"""The loan prime rate on a day, as far as the dated table knows it."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import pandas as pd

from sme_research.tables import reference_path

HISTORY: Final = "lpr_history.csv"
QUOTED_FOR_DAYS: Final = 31
"""The rate is quoted once a month: after the last row nothing is known for longer than that."""


@cache
def _history() -> pd.DataFrame:
    return pd.read_csv(reference_path(HISTORY), parse_dates=["effective_date"]).sort_values("effective_date")


def prime_rate_on(days: pd.Series[pd.Timestamp]) -> pd.Series[float]:
    """One-year loan prime rate, percent, in force on each day; NaN where the table does not know it.

    Parameters
    ----------
    days : Series of Timestamp
        A day before the first row, or over a month after the last, is not known.

    References
    ----------
    ``data/reference/lpr_history.csv``, with the source of each row.
    """
    history = _history()
    known = days.between(history["effective_date"].iloc[0], last_known_day())
    at = np.searchsorted(history["effective_date"].to_numpy(), days.to_numpy().astype("datetime64[ns]"), "right") - 1
    rates = history["lpr_1y_pct"].to_numpy(dtype="float64")[np.clip(at, 0, None)]
    return pd.Series(rates, index=days.index).where(known)


def last_known_day() -> pd.Timestamp:
    """Last day whose rate the table knows."""
    return pd.Timestamp(_history()["effective_date"].iloc[-1]) + pd.Timedelta(days=QUOTED_FOR_DAYS)
