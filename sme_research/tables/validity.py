"""Whether a title is in force on a day."""

from __future__ import annotations

from datetime import date

import pandas as pd


def are_in_force(titles: pd.DataFrame, day: date | pd.Series[pd.Timestamp]) -> pd.Series[bool]:
    """Whether each title is in force: granted by the day and not past its last day of validity.

    Parameters
    ----------
    titles : DataFrame, n_titles rows
        ``granted_on`` and ``expires_on``, which is itself a day of validity
        (有效期至); blank for a title without an end.
    day : date or Series
        The same day for all, or one a title, on the rows of ``titles``; a title
        without a day of its own is not in force.
    """
    asked = day if isinstance(day, pd.Series) else pd.Timestamp(day)
    return (titles["granted_on"] <= asked) & ~(titles["expires_on"] < asked)
