"""One question to the tables: a day, a perimeter, and which rows of a table lie in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.programme.reconcile.perimeters import PROVINCE
from sme_research.programme.reconcile.records import Counted
from sme_research.tables import reporting_unit

TablesLike = Mapping[str, pd.DataFrame]

XIAMEN: Final = "350200"


@dataclass(frozen=True, slots=True)
class Asked:
    """A day and a value for each axis that matters."""

    day: pd.Timestamp
    reading: Mapping[str, str]

    @property
    def narrows_place(self) -> bool:
        """Whether enterprises of some places are left out."""
        return self.reading.get("place", PROVINCE) != PROVINCE or self.reading.get("xiamen") == "without"

    def is_within(self, days: pd.Series[Any]) -> pd.Series[bool]:
        """Which days lie in the time span: by default the day's calendar year, up to the day."""
        span = self.reading.get("span", "year")
        if span == "cumulative":
            return days <= self.day
        year = int(self.reading.get("year", self.day.year))
        end = self.day if year == self.day.year else pd.Timestamp(year, 12, 31)
        within: pd.Series[bool] = (days.dt.year == year) & (days <= end)
        return within

    def are_phases(self, phases: pd.Series[Any]) -> pd.Series[bool]:
        """Which rows are of the phase or phases asked for."""
        asked = self.reading.get("phase", "all")
        return phases.notna() if asked == "all" else phases.isin(asked.split(","))


def of_place(rows: pd.DataFrame, tables: TablesLike, asked: Asked) -> pd.DataFrame:
    """Rows of enterprises within the place asked for."""
    if not asked.narrows_place:
        return rows
    people = tables["enterprises"]
    county = people.get("county_code")
    inside = people.loc[lies_in(people["city_code"], county, asked), "enterprise_id"]
    return rows[among(rows["enterprise_id"], inside)]


def lies_in(city: pd.Series[str], county: pd.Series[str] | None, asked: Asked) -> pd.Series[bool]:
    """Whether each place lies within the one asked for."""
    place = asked.reading.get("place", PROVINCE)
    if place != PROVINCE:
        return reporting_unit(city, county) == place
    return city != XIAMEN


def among(values: pd.Series[Any] | pd.Index[Any], ids: pd.Series[Any] | pd.Index[Any]) -> NDArray[np.bool_]:
    """Which values are one of the ids: by hash, for `isin` walks strings one by one."""
    found: NDArray[np.bool_] = pd.Index(ids.unique()).get_indexer(pd.Index(values)) >= 0
    return found


def count_firms(rows: pd.DataFrame) -> Counted:
    """Distinct enterprises."""
    n = int(rows["enterprise_id"].nunique())
    return Counted(float(n), n)


def count_ids(rows: pd.DataFrame, column: str) -> Counted:
    """Distinct sessions, events and the like, over the enterprises behind them."""
    return Counted(float(rows[column].nunique()), int(rows["enterprise_id"].nunique()))


def sum_amount(rows: pd.DataFrame, column: str) -> Counted | None:
    """An amount over enterprises with the part of the largest; None where no row has one."""
    known = rows.loc[rows[column].notna(), ["enterprise_id", column]]
    if known.empty:
        return None
    each = known.groupby("enterprise_id")[column].sum()
    return Counted(float(known[column].sum()), len(each), largest_part(each))


def largest_part(amounts: pd.Series[float]) -> float:
    """Part of a total that the largest has, 0 to 1."""
    total = float(amounts.abs().sum())
    return float(amounts.abs().max()) / total if total > 0 else 0.0
