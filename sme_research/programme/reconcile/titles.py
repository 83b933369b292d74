"""Recounts of titles, of listings and of clusters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import pandas as pd

from sme_research.programme.reconcile.asking import Asked, TablesLike, count_firms, lies_in, of_place
from sme_research.programme.reconcile.records import Counted
from sme_research.tables import are_in_force

TIERS: Final = ("innovative", "srdi", "little_giant", "champion")
"""The ladder from its foot; each rung holds those above it."""


def titled(tables: TablesLike, asked: Asked, *tiers: str) -> pd.DataFrame:
    """Rows of titles of these tiers: in force on the day (the default), or granted by it."""
    rows = tables["recognitions"]
    in_force = asked.reading.get("standing", "in_force") == "in_force"
    counted = are_in_force(rows, asked.day) if in_force else rows["granted_on"] <= asked.day
    return of_place(rows[rows["tier"].isin(tiers) & counted], tables, asked)


def recount_tier(tier: str) -> Callable[[TablesLike, Asked], Counted]:
    """The recount of one tier's holders."""
    return partial(_count_tier, tier)


def _count_tier(tier: str, tables: TablesLike, asked: Asked) -> Counted:
    rows = titled(tables, asked, tier)
    if asked.reading.get("nesting") == "highest":
        higher = titled(tables, asked, *TIERS[TIERS.index(tier) + 1 :])
        rows = rows[~rows["enterprise_id"].isin(higher["enterprise_id"])]
    if asked.reading.get("origin") == "from_srdi":
        titles = tables["recognitions"]
        rows = rows[rows["enterprise_id"].isin(titles.loc[titles["tier"] == "srdi", "enterprise_id"])]
    return count_firms(rows)


def recount_titled(tables: TablesLike, asked: Asked) -> Counted:
    """Distinct enterprises with a title of any tier."""
    return count_firms(titled(tables, asked, *TIERS))


def recount_listed(tables: TablesLike, asked: Asked) -> Counted | None:
    """SRDI enterprises listed by the day; None where no listing is on file at all."""
    people = tables["enterprises"]
    if people["listed_on"].isna().all():
        return None
    listed = people.loc[people["listed_on"] <= asked.day, "enterprise_id"]
    rows = titled(tables, asked, "srdi")
    return count_firms(rows[rows["enterprise_id"].isin(listed)])


def recount_clusters(level: str) -> Callable[[TablesLike, Asked], Counted]:
    """The recount of clusters of one level."""
    return partial(_count_clusters, level)


def _count_clusters(level: str, tables: TablesLike, asked: Asked) -> Counted:
    rows = tables["clusters"]
    rows = rows[(rows["level"] == level) & asked.is_within(rows["designated_on"])]
    if asked.narrows_place:
        city = rows["county_code"].str[:4] + "00"
        rows = rows[lies_in(city, rows["county_code"], asked)]
    # A cluster is a public place, not an enterprise to protect.
    return Counted(float(rows["cluster_id"].nunique()), 0)


def listed_srdi(tables: TablesLike, day: pd.Timestamp, asked: Asked) -> pd.Index[str]:
    """SRDI enterprises on the list of a day, in the perimeter asked for."""
    rows = titled(tables, Asked(day, asked.reading), "srdi")
    ids: pd.Index[str] = pd.Index(rows["enterprise_id"].unique())
    return ids
