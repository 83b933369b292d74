"""The rows that each indicator counts in a window: one small function a measure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import pandas as pd

from sme_research.lending import part_of_cap
from sme_research.programme.monitor.records import UNPLACED, TablesLike, Window
from sme_research.tables import are_in_force, reporting_unit

RowsOf = Callable[[TablesLike, Window], pd.DataFrame]

WHOLE: Final = 100.0  # percent of a cap that is used up
HAIR: Final = 1e-6  # percent, for drawdowns of one day that share what is left
TITLES: Final = "titles"
"""Grants chained into titles (`ladder.chain_titles`), which `preparing` adds to the tables."""
CAP_RESETS: Final = "cap_resets"
"""Days on which caps begin anew (`lending.find_cap_resets`), added likewise."""
ASSESSED: Final = ("eligible_amount", "subsidy")
"""What the rules make of each loan (`lending.assess_loans`), added to the loans likewise."""


def dated(name: str, day: str, *, value: str = "", item: str = "") -> RowsOf:
    """Rows of one table within the window, with the columns that are summed or told apart."""
    return partial(_dated, name, day, value, item)


def _dated(name: str, day: str, value: str, item: str, tables: TablesLike, window: Window) -> pd.DataFrame:
    return _named(tables[name], tables[name][day], value, item, window)


def _named(table: pd.DataFrame, days: pd.Series[pd.Timestamp], value: str, item: str, window: Window) -> pd.DataFrame:
    kept = window.holds(days)
    if value:
        kept &= table[value].notna()
    columns = {"enterprise_id": "enterprise_id", value: "value", item: "item"}
    told = {name: table[column].array[kept.to_numpy()] for column, name in columns.items() if column}
    return pd.DataFrame(told)


def so_far(name: str, day: str, *, item: str) -> RowsOf:
    """Rows of one table from its beginning to the month's end."""

    def rows(tables: TablesLike, window: Window) -> pd.DataFrame:
        table = tables[name]
        kept = (table[day] <= window.end).to_numpy()
        return pd.DataFrame({"enterprise_id": table["enterprise_id"].array[kept], "item": table[item].array[kept]})

    return rows


def action_rows(action: str, value: str = "") -> RowsOf:
    """Projects of one special action in the window."""

    def rows(tables: TablesLike, window: Window) -> pd.DataFrame:
        table = tables["special_actions"]
        own = table[table["action"] == action]
        return _named(own, own["started_on"], value, "", window)

    return rows


def holders(tables: TablesLike, tier: str, day: pd.Timestamp) -> pd.DataFrame:
    """Enterprises whose title of a tier is in force on a day: granted by then, not expired."""
    titles = tables["recognitions"]
    valid = (titles["tier"] == tier) & are_in_force(titles, day)
    return pd.DataFrame({"enterprise_id": pd.unique(titles["enterprise_id"].array[valid.to_numpy()])})


def in_force(tier: str) -> RowsOf:
    """Titles in force at the month's end."""
    return lambda tables, window: holders(tables, tier, window.end)


def granted(tier: str) -> RowsOf:
    """Enterprises that got the title in the window and did not hold it before, or had lost it."""
    return partial(_titled, tier, False)


def renewed(tier: str) -> RowsOf:
    """Enterprises whose title was renewed in the window."""
    return partial(_titled, tier, True)


def _titled(tier: str, renewal: bool, tables: TablesLike, window: Window) -> pd.DataFrame:
    titles = tables[TITLES]
    own = (titles["tier"] == tier) & window.holds(titles["granted_on"]) & ((titles["turn"] > 0) == renewal)
    return pd.DataFrame({"enterprise_id": titles["enterprise_id"].array[own.to_numpy()]})


def lapsed(tier: str) -> RowsOf:
    """Enterprises that held the title when the window began and hold it no more at its end."""

    def rows(tables: TablesLike, window: Window) -> pd.DataFrame:
        before, now = holders(tables, tier, window.start), holders(tables, tier, window.end)
        return before[~before["enterprise_id"].isin(now["enterprise_id"])]

    return rows


def listed_srdi(tables: TablesLike, window: Window) -> pd.DataFrame:
    """SRDI enterprises that are listed at the month's end."""
    register = tables["enterprises"]
    listed = register.loc[register["listed_on"] <= window.end, "enterprise_id"]
    held = holders(tables, "srdi", window.end)
    return held[held["enterprise_id"].isin(listed)]


def subsidy_spent(tables: TablesLike, window: Window) -> pd.DataFrame:
    """Subsidy that the rules give for each drawdown, in 10,000 yuan, caps counted."""
    loans = tables["loans"]
    drawn = loans[window.holds(loans["drawn_on"])]
    return pd.DataFrame({"enterprise_id": drawn["enterprise_id"], "value": drawn["subsidy"]}).dropna(subset=["value"])


def first_borrowers(tables: TablesLike, window: Window) -> pd.DataFrame:
    """Enterprises whose first subsidised loan was drawn in the window."""
    first = tables["loans"].groupby("enterprise_id")["drawn_on"].min()
    return pd.DataFrame({"enterprise_id": first.index[window.holds(first)]})


def at_the_cap(tables: TablesLike, window: Window) -> pd.DataFrame:
    """Borrowers that have drawn as much as they may in all phases up to the month's end."""
    used = cap_used(tables, window)
    return used.loc[used["value"] >= WHOLE - HAIR, ["enterprise_id"]]


def cap_used(tables: TablesLike, window: Window) -> pd.DataFrame:
    """Percent of its cap at the month's end that each borrower has used up, since the first phase or its reset."""
    giants = holders(tables, "little_giant", window.end)["enterprise_id"]
    used = part_of_cap(tables["loans"], tables[CAP_RESETS], giants, window.end)
    return pd.DataFrame({"enterprise_id": used.index, "value": WHOLE * used.to_numpy()})


def loan_balance(tables: TablesLike, window: Window) -> pd.DataFrame:
    """Balance at the last year's end of the SRDI enterprises on that day's list."""
    year = window.end.year if window.end.month == 12 else window.end.year - 1
    accounts = tables["accounts"]
    rows = accounts.loc[accounts["year"] == year, ["enterprise_id", "loan_balance"]].dropna()
    held = holders(tables, "srdi", pd.Timestamp(year, 12, 31))["enterprise_id"]
    return rows[rows["enterprise_id"].isin(held)].rename(columns={"loan_balance": "value"})


def clusters_of(level: str) -> RowsOf:
    """Clusters of a level designated by the month's end, each in its own unit, with their members.

    Levels are not added up: one place may have both.
    """

    def rows(tables: TablesLike, window: Window) -> pd.DataFrame:
        clusters = tables["clusters"]
        kept = clusters[(clusters["designated_on"] <= window.end) & (clusters["level"] == level)]
        county = kept["county_code"].astype("string")
        unit = reporting_unit(county.str[:4] + "00", county).astype(object)
        designated = pd.DataFrame({"item": kept["cluster_id"], "unit": unit.where(unit.notna(), UNPLACED)})
        members = tables["cluster_members"][["cluster_id", "enterprise_id"]].rename(columns={"cluster_id": "item"})
        return designated.merge(members, on="item", how="left")

    return rows


def cluster_members(tables: TablesLike, window: Window) -> pd.DataFrame:
    """Members at the month's end of clusters designated by then."""
    members = tables["cluster_members"]
    clusters = tables["clusters"]
    designated = clusters.loc[clusters["designated_on"] <= window.end, "cluster_id"]
    inside = (members["joined_on"] <= window.end) & ~(members["left_on"] <= window.end)
    return members.loc[inside & members["cluster_id"].isin(designated), ["enterprise_id"]]


def open_appeals(tables: TablesLike, window: Window) -> pd.DataFrame:
    """Appeals raised and not resolved by the month's end; those answered but not resolved are open."""
    appeals = tables["appeals"]
    waiting = (appeals["raised_on"] <= window.end) & ~(appeals["resolved_on"] <= window.end)
    kept = appeals[waiting]
    return pd.DataFrame({"enterprise_id": kept["enterprise_id"], "item": kept["appeal_id"]})


def appeal_waits(column: str) -> RowsOf:
    """Days from raising until an answer or a solution; whoever still waits at the month's end is censored there."""

    def rows(tables: TablesLike, window: Window) -> pd.DataFrame:
        appeals = tables["appeals"]
        kept = appeals[window.holds(appeals["raised_on"])]
        ended = (kept[column] <= window.end).fillna(False).astype(bool)
        until = kept[column].where(ended, window.end)
        days = (until - kept["raised_on"]).dt.days.astype("float64")
        return pd.DataFrame({"enterprise_id": kept["enterprise_id"], "value": days, "ended": ended})

    return rows
