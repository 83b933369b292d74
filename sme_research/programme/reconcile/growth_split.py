"""Growth of the recognised's loan balance, split by who stayed on the list, came and left."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sme_research.programme.reconcile.asking import Asked, TablesLike, among, largest_part
from sme_research.programme.reconcile.records import Group, GrowthSplit
from sme_research.programme.reconcile.titles import listed_srdi

GROUPS = ("incumbents", "unreported", "entrants", "leavers")


def split_growth(tables: TablesLike, year: int, reading: Mapping[str, str] | None = None) -> GrowthSplit | None:
    """Split the growth of the SRDI's loan balance over one year.

    Parameters
    ----------
    tables : mapping
        ``accounts`` with ``loan_balance``, and ``recognitions``.
    year : int
        Year whose growth is asked for; the year before must have accounts too.
    reading : mapping, optional
        Perimeter; by default titles in force, Xiamen included.

    Returns
    -------
    GrowthSplit or None
        None where either year has no balance of anybody on the list.
    """
    days = pd.Timestamp(year - 1, 12, 31), pd.Timestamp(year, 12, 31)
    asked = Asked(days[1], reading or {})
    lists = [listed_srdi(tables, day, asked) for day in days]
    start, end = (
        _balances(tables, day.year).reindex(listed).dropna() for day, listed in zip(days, lists, strict=True)
    )
    if not start.sum() > 0 or end.empty:
        return None
    both = lists[0].intersection(lists[1])
    members = {
        "incumbents": both.intersection(start.index).intersection(end.index),
        "unreported": both.intersection(start.index.symmetric_difference(end.index)),
        "entrants": end.index.difference(lists[0]),
        "leavers": start.index.difference(lists[1]),
    }
    groups = tuple(_group(name, members[name], start, end) for name in GROUPS)
    stayed = groups[0]
    same = (stayed.end / stayed.start - 1) * 100 if stayed.start and stayed.end is not None else None
    return GrowthSplit(
        days[0].date(), days[1].date(), groups, float(end.sum() / start.sum() - 1) * 100, same_firm_growth=same
    )


def _balances(tables: TablesLike, year: int) -> pd.Series[float]:
    accounts = tables["accounts"]
    rows = accounts[accounts["year"] == year]
    return rows.set_index("enterprise_id")["loan_balance"]


def _group(name: str, ids: pd.Index[str], start: pd.Series[float], end: pd.Series[float]) -> Group:
    before, after = (balances[among(balances.index, ids)] for balances in (start, end))
    share = max(largest_part(before), largest_part(after))
    return Group(name, len(ids), float(before.sum()), float(after.sum()), share)
