"""Enterprises gathered into segments: how many, what they earn and employ, who is eligible, who has what today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import StudyError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Groups of enterprises that are told apart, and nothing finer.

    ``table`` has a row a segment: the columns that define it, ``n_enterprises``,
    ``revenue`` (mean, 万元 a year) and ``employees`` (mean persons) of those known.
    ``eligible``, ``cost`` (万元 an enterprise) and ``today`` (enterprises newly
    supported in a year of late) are n_segments x n_instruments, in the order of
    ``instruments``.
    """

    by: tuple[str, ...]
    table: pd.DataFrame
    instruments: tuple[str, ...]
    eligible: Floats
    cost: Floats
    today: Floats

    def __len__(self) -> int:
        return len(self.table)


def make_segments(enterprises: pd.DataFrame, by: Sequence[str], instruments: Sequence[str]) -> Segments:
    """Gather enterprises into segments.

    Parameters
    ----------
    enterprises : DataFrame, one row an enterprise
        ``city_code``, the columns ``by``, ``revenue`` (万元) and ``employees`` of the
        last year (NaN where not reported), and for each instrument
        ``eligible.NAME`` (boolean), ``today.NAME`` (first supports a year) and ``cost.NAME`` (万元).
    by : sequence of str
        Columns that define a segment; ``city_code`` is always one of them.
    instruments : sequence of str

    Raises
    ------
    StudyError
        A column is not there, or an instrument's cost is not known where somebody is eligible.
    """
    by = tuple(dict.fromkeys(("city_code", *by)))
    wanted = [*by, "revenue", "employees"]
    wanted += [f"{part}.{name}" for part in ("eligible", "today", "cost") for name in instruments]
    absent = [name for name in wanted if name not in enterprises]
    if absent:
        raise StudyError(f"segments need the column {absent[0]!r}; the frame has {', '.join(enterprises.columns)}.")
    groups = enterprises.groupby(list(by), sort=True, observed=True)
    table = groups.agg(
        n_enterprises=("city_code", "size"), revenue=("revenue", "mean"), employees=("employees", "mean")
    )

    def matrix(part: str, how: str) -> Floats:
        found = groups[[f"{part}.{name}" for name in instruments]].agg(how)
        return found.to_numpy(dtype=np.float64)

    eligible, cost = matrix("eligible", "sum"), matrix("cost", "mean")
    unpriced = np.isnan(cost) & (eligible > 0)
    if unpriced.any():
        name = instruments[int(np.flatnonzero(unpriced.any(axis=0))[0])]
        raise StudyError(
            f"what an enterprise in {name} costs is not known; give measures.{name}.cost in the scenario."
        )
    # Where nobody's revenue is known, nothing is promised there.
    table = table.fillna({"revenue": 0.0, "employees": 0.0}).reset_index()
    return Segments(by, table, tuple(instruments), eligible, np.nan_to_num(cost, nan=1.0), matrix("today", "sum"))
