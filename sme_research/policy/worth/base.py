"""Level of the treated in the year before treatment, to which a relative gain is relative."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from sme_research.errors import StudyError
from sme_research.outcomes import OUTCOMES
from sme_research.policy.fiscal import to_real

TablesLike = Mapping[str, pd.DataFrame]
Prices = Literal["nominal", "real"]


@dataclass(frozen=True, slots=True)
class Base:
    """Mean level of the treated in the year before treatment, in natural units (万元, persons).

    ``prices`` says whether money is of each enterprise's own year or of ``base_year``.
    """

    value: float
    prices: Prices
    base_year: int | None
    n_enterprises: int


def add_levels(sample: pd.DataFrame, outcome: str, tables: TablesLike) -> pd.DataFrame:
    """The sample with ``level``: the outcome's item in natural units, nominal; without one where it has none."""
    level = OUTCOMES[outcome].level
    if level is None:
        return sample
    accounts = tables["accounts"]
    keys = pd.MultiIndex.from_arrays([accounts["enterprise_id"].astype(str), accounts["year"].astype("int64")])
    levels = pd.Series(level(tables).to_numpy(dtype="float64", na_value=np.nan), index=keys)
    own = pd.MultiIndex.from_arrays([sample["enterprise_id"].astype(str), sample["year"].astype("int64")])
    return sample.assign(level=levels.reindex(own).to_numpy())


def measure_base(
    sample: pd.DataFrame, *, anticipation_years: int = 0, money: bool = True, base_year: int | None = None
) -> Base:
    """Mean level of the treated in the year before treatment.

    Parameters
    ----------
    sample : DataFrame
        With ``enterprise_id``, ``year``, ``event_time`` and ``level`` (natural units, nominal).
    anticipation_years : int
        As the study has it: the base year lies before them.
    money : bool
        Whether the level is money, which a ``base_year`` puts into its prices.
    base_year : int, optional
        Real money of this year; nominal where not given.

    Raises
    ------
    StudyError
        There is no level before treatment, or it is not above zero.
    """
    rows = sample[(sample["event_time"] == -1 - anticipation_years) & sample["level"].notna()]
    levels = rows["level"].astype("float64")
    if money and base_year is not None:
        levels = to_real(levels, rows["year"].astype("int64"), base_year).dropna()
    mean = float(levels.mean()) if len(levels) else float("nan")
    if not mean > 0:
        raise StudyError(
            f"the treated have a mean level of {mean} in the year before treatment, must be above zero; "
            "ask with an outcome that has a level, and a sample in which somebody was treated."
        )
    return Base(mean, "nominal" if base_year is None else "real", base_year, len(levels))
