"""What of the series may be published."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sme_research.disclosure import coarse_count, publishable
from sme_research.programme.monitor.records import PROVINCE, Indicator

DIGITS = 3  # of published amounts, so that differences of months and units say nothing of one enterprise
DOMINANCE_ROOM = 0.85


def protect_series(frame: pd.DataFrame, indicators: Mapping[str, Indicator]) -> pd.DataFrame:
    """The series with counts in tens, amounts to three digits, and what few or one dominates withheld.

    Amounts and means withheld in one unit only would follow from the others and
    the province; the unit with the next fewest enterprises is withheld too.
    """
    how = frame["indicator"].map({name: entry.how for name, entry in indicators.items()})
    known = frame["status"] == "known"
    n, zero = frame["n_enterprises"], (frame["n_enterprises"] == 0)
    amounts = how.isin(["sum", "mean", "wait"])
    fit = pd.Series([publishable(int(k), p) for k, p in zip(n.fillna(0), frame["largest"], strict=True)], frame.index)
    withheld = known & ~zero & ~fit
    withheld |= (
        known & amounts & _complements(frame[amounts], withheld[amounts]).reindex(frame.index, fill_value=False)
    )
    value = frame["value"].where(~withheld)
    counts = known & ~withheld & ~amounts
    told = value[counts].map(coarse_count).astype("float64")
    value = value.mask(counts, told.reindex(frame.index))
    money = known & ~withheld & (how == "sum")
    value = value.mask(money, value.map(_three_digits))
    withheld |= known & value.isna()
    few = n.map(coarse_count, na_action="ignore").astype("float64")
    return frame.assign(value=value, n_enterprises=few, status=frame["status"].mask(withheld, "withheld"))


def _complements(rows: pd.DataFrame, withheld: pd.Series[bool]) -> pd.Series[bool]:
    """One more unit wherever a single one is withheld beside a published province."""
    units = rows["reporting_unit"] != PROVINCE
    found = pd.Series(False, index=rows.index)
    inside = rows[units]
    for _, cell in inside.groupby(["indicator", "month"]):
        own = withheld[cell.index]
        if own.sum() == 1:
            others = cell.loc[~own & (cell["n_enterprises"] > 0), "n_enterprises"]
            if len(others):
                found.loc[others.index[int(others.to_numpy().argmin())]] = True
    return found


def _three_digits(value: float) -> float:
    if not np.isfinite(value) or value == 0:
        return value
    return round(value, DIGITS - 1 - int(np.floor(np.log10(abs(value)))))
