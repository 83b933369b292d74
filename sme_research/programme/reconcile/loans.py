"""Recounts of the subsidised loans and of the loan balance of the recognised."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from sme_research.programme.reconcile.asking import (
    Asked,
    TablesLike,
    among,
    count_firms,
    largest_part,
    of_place,
    sum_amount,
)
from sme_research.programme.reconcile.records import Counted
from sme_research.programme.reconcile.titles import listed_srdi, titled


def loans_of(tables: TablesLike, asked: Asked) -> pd.DataFrame:
    """Drawdowns of the phase asked for, up to the day."""
    rows = tables["loans"]
    return of_place(rows[asked.are_phases(rows["phase"]) & (rows["drawn_on"] <= asked.day)], tables, asked)


def recount_beneficiaries(tables: TablesLike, asked: Asked) -> Counted:
    """Distinct borrowers."""
    return count_firms(loans_of(tables, asked))


def recount_scale(tables: TablesLike, asked: Asked) -> Counted | None:
    """Amount drawn; a facility's scale is the most that could be."""
    return sum_amount(loans_of(tables, asked), "amount")


def recount_rate(tables: TablesLike, asked: Asked) -> Counted | None:
    """Mean rate after the subsidy, percent: over loans, or over yuan lent."""
    rows = loans_of(tables, asked)
    if rows.empty:
        return None
    by_amount = asked.reading.get("weighting", "loan") == "amount"
    weights = rows["amount"] if by_amount else pd.Series(1.0, index=rows.index)
    each = weights.groupby(rows["enterprise_id"]).sum()
    return Counted(float(np.average(rows["rate"], weights=weights)), len(each), largest_part(each))


def recount_reach(tables: TablesLike, asked: Asked) -> Counted | None:
    """Borrowers of any phase so far as a percentage of the SRDI on the list."""
    listed = listed_srdi(tables, asked.day, asked)
    if listed.empty:
        return None
    borrowers = loans_of(tables, asked)["enterprise_id"]
    reached = int(listed.isin(borrowers).sum())
    return Counted(100 * reached / len(listed), min(reached, len(listed) - reached))


def balances_at(tables: TablesLike, year: int, asked: Asked) -> pd.Series[float]:
    """Loan balance at a year's end by enterprise, of the SRDI on that day's list; without those that lack it."""
    accounts = tables["accounts"]
    listed = listed_srdi(tables, pd.Timestamp(year, 12, 31), asked)
    rows = accounts[(accounts["year"] == year) & accounts["loan_balance"].notna()]
    return rows[among(rows["enterprise_id"], listed)].set_index("enterprise_id")["loan_balance"]


def recount_balance(tables: TablesLike, asked: Asked) -> Counted | None:
    """Loan balance at the year's end of the SRDI on the list."""
    balances = balances_at(tables, asked.day.year, asked)
    return None if balances.empty else Counted(float(balances.sum()), len(balances), largest_part(balances))


def recount_growth(tables: TablesLike, asked: Asked) -> Counted | None:
    """Growth of that balance over the year, percent: lists of both days, or enterprises that are on both."""
    end, start = balances_at(tables, asked.day.year, asked), balances_at(tables, asked.day.year - 1, asked)
    if asked.reading.get("entry", "lists") == "same":
        both = end.index.intersection(start.index)
        end, start = end.reindex(both), start.reindex(both)
    if not start.sum() > 0:
        return None
    share = max(largest_part(end), largest_part(start))
    return Counted(float(end.sum() / start.sum() - 1) * 100, min(len(end), len(start)), share)


def recount_award(tier: str, tables: TablesLike, asked: Asked) -> Counted | None:
    """The amount that is paid most often for a title."""
    rows = tables["awards"]
    rows = rows[(rows["tier"] == tier) & (rows["paid_on"] <= asked.day)]
    if rows["payer"].notna().any():
        rows = rows[rows["payer"] == asked.reading.get("payer", "province")]
    rows = of_place(rows, tables, asked)
    if rows.empty:
        return None
    usual = float(rows["amount"].mode().min())
    return Counted(usual, int(rows.loc[rows["amount"] == usual, "enterprise_id"].nunique()))


def recount_group_share(measure: str, tables: TablesLike, asked: Asked) -> Counted | None:
    """Little giants' percentage of the number, revenue or profit of a whole of enterprises with accounts."""
    accounts = tables["accounts"]
    rows = accounts[accounts["year"] == asked.day.year]
    rows = of_place(rows[_in_whole(rows, tables, asked)], tables, asked)
    values = pd.Series(1.0, index=rows.index) if measure == "number" else rows[measure]
    group = among(rows["enterprise_id"], titled(tables, asked, "little_giant")["enterprise_id"])
    if not values.sum() > 0 or not group.any():
        return None
    share = None if measure == "number" else largest_part(values[group])
    return Counted(100 * float(values[group].sum() / values.sum()), int(group.sum()), share)


def _in_whole(rows: pd.DataFrame, tables: TablesLike, asked: Asked) -> pd.Series[bool]:
    """Which accounts belong to the whole that the share is of."""
    whole = asked.reading.get("whole", "above_scale")
    if whole in TITLES:
        holders = titled(tables, asked, TITLES[whole])["enterprise_id"]
        return pd.Series(among(rows["enterprise_id"], holders), index=rows.index)
    if whole == "accounts":
        return rows["year"].notna()
    people = tables["enterprises"].set_index("enterprise_id")["industry_code"]
    division = pd.to_numeric(rows["enterprise_id"].map(people).str[:2], errors="coerce")
    industrial = division.between(*INDUSTRY_DIVISIONS)
    return rows["above_scale"].fillna(False).astype(bool) & industrial


TITLES: Final = {"titled": "innovative", "srdi": "srdi"}
INDUSTRY_DIVISIONS: Final = (6, 46)  # sections B, C and D of GB/T 4754: mining, manufacturing, utilities
