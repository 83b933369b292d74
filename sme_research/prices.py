"""Real instead of nominal money: producer prices as dated data."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import pandas as pd

from sme_research.errors import DataError
from sme_research.tables import reference_path

DEFLATORS: Final = "deflators.csv"


@cache
def _log_index() -> pd.Series[float]:
    """Logarithm of the producer price index by year; the first year on file is 0."""
    rows = pd.read_csv(reference_path(DEFLATORS)).sort_values("year")
    changes = np.log1p(rows["ppi_change_percent"].to_numpy(dtype="float64") / 100)
    changes[0] = 0.0
    return pd.Series(np.cumsum(changes), index=rows["year"].astype("int64"))


def years_on_file() -> tuple[int, ...]:
    """Years whose producer prices are known, in order."""
    return tuple(int(year) for year in _log_index().index)


def log_price_index(years: pd.Series[int]) -> pd.Series[float]:
    """Logarithm of the producer price index of each row's year.

    Raises
    ------
    DataError
        A year is not on file: prices are looked up, never extrapolated.
    """
    index = _log_index()
    unknown = sorted(set(years.unique()) - set(index.index))
    if unknown:
        raise DataError(
            f"data/reference/{DEFLATORS} has no producer prices for {int(unknown[0])}; it covers {index.index[0]} to "
            f"{index.index[-1]}. Append the year, or ask with prices 'nominal'."
        )
    return pd.Series(years.map(index).to_numpy(dtype="float64"), index=years.index)
