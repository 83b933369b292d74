"""What of the outlays may be published: no few, no one that dominates, nothing that subtracting gives away."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from sme_research.disclosure import Cell, CellTable, Relation, coarse_count, protect, publishable
from sme_research.policy.fiscal import Costs, sum_costs

DIGITS: Final = 3
"""Of published amounts."""
ANNOUNCED: Final = ("session", "cluster", "event")
"""Units that are announced one by one, so that their number tells of nobody."""
TOTAL: Final = 0
"""Year of an instrument's total."""


def list_costs(costs: Costs, *, base_year: int | None = None, public: bool = False) -> pd.DataFrame:
    """Outlays by instrument and year with each instrument's total, as an edition may tell them.

    Parameters
    ----------
    costs : Costs
    base_year : int, optional
        Of real money; the last year whose prices are on file where not given.
    public : bool
        Counts in tens and amounts to three digits; what few enterprises or one
        dominating stand behind is withheld, and with it what would give it away.

    Returns
    -------
    DataFrame, one row an instrument and year, the total (`TOTAL`) last
        As `sum_costs`, with ``withheld``; where it holds, counts and amounts are NaN.
    """
    by_year = sum_costs(costs, ("instrument", "year"), base_year=base_year)
    total = sum_costs(costs, ("instrument",), base_year=base_year).assign(year=TOTAL)
    units = costs.outlays.groupby("instrument")["unit"].first()
    parts = []
    for name in dict.fromkeys(by_year["instrument"]):
        years = by_year[by_year["instrument"] == name]
        rows = pd.concat([years, total[total["instrument"] == name]], ignore_index=True).assign(withheld=False)
        parts.append(_publish(rows, str(units[name])) if public else rows)
    return pd.concat(parts, ignore_index=True) if parts else by_year.assign(withheld=False)


def _publish(rows: pd.DataFrame, unit: str) -> pd.DataFrame:
    """One instrument's rows, its total last, as the public edition tells them."""
    shown = rows.astype({"n_enterprises": "float64"})
    withheld = pd.Series(_telling(rows), index=rows.index)
    for name in ("cost", "cost_real"):
        shown[name] = shown[name].map(_three_digits)
    for name in ("n_enterprises",) if unit in ANNOUNCED else ("n_enterprises", "n_units", "n_unknown"):
        shown[name] = shown[name].map(coarse_count).astype("float64")
    shown.loc[withheld, ["n_enterprises", "n_units", "n_unknown", "cost", "cost_real"]] = np.nan
    return shown.assign(withheld=withheld)


def _telling(rows: pd.DataFrame) -> list[bool]:
    """Whether each row is withheld, for itself or for another's sake.

    Years are cells and sum to the total. An enterprise may stand in several
    years, so the total's own enterprises are looked at first: too few withhold all.
    """
    whole = rows.iloc[-1]
    if whole["n_enterprises"] > 0 and not publishable(int(whole["n_enterprises"]), float(whole["largest_share"])):
        return [True] * len(rows)
    years = rows.iloc[:-1]
    # Outlays that reach no enterprise on record, and what is not known, tell of nobody.
    open_rows = (years["n_enterprises"] == 0) | years["cost"].isna()
    kept = years[~open_rows]
    if kept.empty:
        return [False] * len(rows)
    cells = [
        Cell(
            name=str(row["year"]),
            n=int(row["n_enterprises"]),
            value=float(row["cost"]),
            largest_share=row["largest_share"],
        )
        for row in kept.to_dict("records")
    ]
    n, amount = sum(cell.n for cell in cells), float(kept["cost"].sum())
    cells.append(Cell(name=str(TOTAL), n=n, value=amount, largest_share=float(whole["largest_share"])))
    table = CellTable(tuple(cells), (Relation(str(TOTAL), tuple(cell.name for cell in cells[:-1])),))
    gone = protect(table).withheld
    few = (rows["n_enterprises"] > 0) & rows["cost"].isna() & rows["n_enterprises"].map(coarse_count).isna()
    return [bool(lost) or str(year) in gone for year, lost in zip(rows["year"], few, strict=True)]


def _three_digits(value: float) -> float:
    if not np.isfinite(value) or value == 0:
        return value
    return float(round(value, DIGITS - 1 - int(np.floor(np.log10(abs(value))))))
