"""What the purse paid, by instrument, enterprise and year, in nominal and real money; the unknown stays unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pandas as pd

from sme_research.errors import DataError, StudyError
from sme_research.instruments import INSTRUMENTS
from sme_research.lending.subsidy import TIERS, XIAMEN, assess_loans
from sme_research.prices import log_price_index, years_on_file
from sme_research.tables import reference_path

TablesLike = Mapping[str, pd.DataFrame]
PRICES: Final = "unit_costs.csv"
NOBODY: Final = ""
"""Stands for the enterprise where an outlay reaches none on record."""
NOT_SAID: Final = "not_said"
COLUMNS: Final = (
    "enterprise_id",
    "instrument",
    "item",
    "payer",
    "year",
    "unit",
    "n_units",
    "cost",
    "basis",
    "reason",
)
Reason = Literal["", "no_price", "no_amount"]


@dataclass(frozen=True, slots=True)
class Unit:
    """What is paid for: rows of a table, or what a column counts, or what a column names and its rows share."""

    table: str
    day: str
    counts: str = ""
    shares: str = ""


UNITS: Final[Mapping[tuple[str, str], Unit]] = {
    ("training", "session"): Unit("training", "held_on", shares="session_id"),
    ("training", "enterprise"): Unit("training", "held_on"),
    ("training", "person_time"): Unit("training", "held_on", counts="participants"),
    ("coaching", "coach_day"): Unit("coaching", "started_on", counts="coach_days"),
    ("coaching", "coaching"): Unit("coaching", "started_on"),
    ("contest", "entry"): Unit("contests", "held_on"),
    ("matching_event", "event"): Unit("matching_events", "held_on", shares="event_id"),
    ("matching_event", "participation"): Unit("matching_events", "held_on"),
    ("cluster_membership", "cluster"): Unit("clusters", "designated_on", shares="cluster_id"),
    ("award", "award"): Unit("recognitions", "granted_on"),
}
"""Units that may have a price, by instrument; the first of an instrument is taken where no price is on file."""


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """Every outlay that the tables know of.

    ``outlays`` has one row an outlay and enterprise: ``enterprise_id`` (`NOBODY`
    where it reaches none on record), ``instrument``, ``item``, ``payer``, ``year``,
    ``unit``, ``n_units`` (a session that n enterprises share is 1/n of each),
    ``cost`` (万元 of its year; NaN where not known), ``basis`` (``recorded``, ``rule`` or
    ``price``) and ``reason`` why it is not known (``no_price``, ``no_amount``, or empty).
    ``absent`` are instruments that no table records.
    """

    outlays: pd.DataFrame
    absent: tuple[str, ...]


def load_unit_costs(path: Path | None = None) -> pd.DataFrame:
    """Prices of units by day.

    Returns
    -------
    DataFrame
        ``instrument``, ``item`` (empty: any), ``unit``, ``cost_10k`` (万元, NaN where not
        known), ``from``, ``until`` (NaT: still holds), ``payer``, ``confidence``, ``source``.

    Raises
    ------
    DataError
        A unit cannot be counted, an instrument has two, a price is negative, or
        two prices of one item hold on one day.
    """
    place = path or reference_path(PRICES)
    rows = pd.read_csv(place, parse_dates=["from", "until"], dtype={"item": str, "confidence": str})
    rows = rows.assign(item=rows["item"].fillna(""), until=pd.to_datetime(rows["until"]))
    for at, row in enumerate(rows.itertuples(index=False), start=2):
        known = [unit for instrument, unit in UNITS if instrument == row.instrument]
        if row.unit not in known:
            told = f"must be one of {', '.join(known)}" if known else "the instrument has no unit that is counted"
            raise DataError(
                f"{place.name}, row {at}: unit is {row.unit!r} of {row.instrument}, {told}. Correct the file."
            )
    _refuse(rows, rows["cost_10k"] < 0, "cost_10k is below zero; leave it blank where it is not known", place)
    units = rows.groupby("instrument")["unit"].transform("nunique")
    _refuse(rows, units > 1, "the instrument has two units; keep one", place)
    ordered = rows.sort_values(["instrument", "item", "from"])
    before = ordered.groupby(["instrument", "item"])["until"].shift()
    follows = ordered.duplicated(["instrument", "item"])
    twice = (follows & (before.isna() | (before >= ordered["from"]))).reindex(rows.index)
    _refuse(rows, twice, "begins before the price above it has ended; give that one an `until`", place)
    return rows


def _refuse(rows: pd.DataFrame, broken: pd.Series[bool], rule: str, place: Path) -> None:
    if broken.any():
        at = int(broken.to_numpy().argmax())
        raise DataError(f"{place.name}, row {at + 2}: {rows['instrument'].iloc[at]}: {rule}.")


def account_costs(tables: TablesLike, *, prices: pd.DataFrame | None = None) -> Costs:
    """Outlays of every instrument: as recorded, by the programme's rule, or units times their price.

    The interest subsidy follows the caps (`assess_loans`) and stands in the year of
    the drawdown; awards and subsidies of special actions are taken as recorded;
    sessions, clusters and the like are counted and priced. Where payments of
    awards are not on record, first recognitions outside Xiamen are priced.

    Parameters
    ----------
    tables : mapping of str to DataFrame
    prices : DataFrame, optional
        As `load_unit_costs` gives it; the file's where not given.
    """
    known = load_unit_costs() if prices is None else prices
    parts = [*_recorded(tables), *_priced(tables, known)]
    found = pd.concat([part for part in parts if not part.empty], ignore_index=True) if parts else _outlays({})
    told = set(found["instrument"])
    return Costs(found[list(COLUMNS)], tuple(name for name in INSTRUMENTS if name not in told))


def _outlays(columns: Mapping[str, object]) -> pd.DataFrame:
    """Outlays with what is the same for all of them filled in."""
    frame = pd.DataFrame({name: columns.get(name, pd.Series(dtype=object)) for name in COLUMNS})
    return frame.astype({"n_units": "float64", "cost": "float64"})


def _recorded(tables: TablesLike) -> list[pd.DataFrame]:
    found = []
    if "loans" in tables and "recognitions" in tables:
        loans = assess_loans(tables)
        paid = loans[loans["eligible_amount"] > 0].assign(payer="province")
        told = {"unit": "loan", "item": "phase", "payer": "payer", "basis": "rule"}
        found.append(_rows(paid, "loan_subsidy", "drawn_on", paid["subsidy"], **told))
    if "awards" in tables:
        awards = tables["awards"]
        found.append(_rows(awards, "award", "paid_on", awards["amount"], unit="award", item="tier", payer="payer"))
    if "special_actions" in tables:
        for action, rows in tables["special_actions"].groupby("action", observed=True):
            name = f"{action}_action"
            found.append(_rows(rows, name, "started_on", rows["subsidy"], unit="participation"))
    return found


def _rows(rows: pd.DataFrame, instrument: str, day: str, cost: pd.Series[float], **told: str) -> pd.DataFrame:
    """Outlays that are on record, one a row; ``item`` and ``payer`` name columns."""
    amounts = cost.astype("float64").to_numpy()
    item, payer = (
        rows[told[name]].astype(object).fillna(NOT_SAID).to_numpy() if name in told else default
        for name, default in (("item", ""), ("payer", NOT_SAID))
    )
    return _outlays(
        {
            "enterprise_id": rows["enterprise_id"].astype(object).to_numpy(),
            "instrument": instrument,
            "item": item,
            "payer": payer,
            "year": pd.to_datetime(rows[day]).dt.year.to_numpy(),
            "unit": told["unit"],
            "n_units": 1.0,
            "cost": amounts,
            "basis": told.get("basis", "recorded"),
            "reason": np.where(np.isnan(amounts), "no_amount", ""),
        }
    )


def _priced(tables: TablesLike, prices: pd.DataFrame) -> list[pd.DataFrame]:
    found = []
    for instrument in dict.fromkeys(name for name, _ in UNITS):
        own = prices[prices["instrument"] == instrument]
        units = [unit for name, unit in UNITS if name == instrument]
        unit = str(own["unit"].iloc[0]) if len(own) else units[0]
        if UNITS[instrument, unit].table in tables and not (instrument == "award" and "awards" in tables):
            found.append(_price(_count_units(tables, instrument, unit), instrument, unit, own))
    return found


def _count_units(tables: TablesLike, instrument: str, unit: str) -> pd.DataFrame:
    """Units by enterprise: ``enterprise_id``, ``item``, ``day`` and ``n_units``."""
    if instrument == "award":
        return _first_titles(tables)
    if instrument == "cluster_membership":
        return _designations(tables)
    kind = UNITS[instrument, unit]
    table = tables[kind.table]
    if kind.counts:
        n = table[kind.counts].astype("float64")
    elif kind.shares:
        n = 1 / table.groupby(kind.shares)["enterprise_id"].transform("size")
    else:
        n = pd.Series(1.0, index=table.index)
    return pd.DataFrame(
        {"enterprise_id": table["enterprise_id"].astype(object), "item": "", "day": table[kind.day], "n_units": n}
    )


def _first_titles(tables: TablesLike) -> pd.DataFrame:
    """The first grant of each title that carries an award; a renewal carries none."""
    titles = tables["recognitions"]
    first = titles[titles["tier"].isin(TIERS)].sort_values("granted_on").drop_duplicates(["enterprise_id", "tier"])
    if "enterprises" in tables:
        register = tables["enterprises"]
        there = register.loc[(register["city_code"] == XIAMEN).fillna(False).astype(bool), "enterprise_id"]
        first = first[~first["enterprise_id"].isin(there)]
    columns = {"enterprise_id": "enterprise_id", "tier": "item", "granted_on": "day"}
    return first[list(columns)].rename(columns=columns).astype({"enterprise_id": object}).assign(n_units=1.0)


def _designations(tables: TablesLike) -> pd.DataFrame:
    """Clusters at their designation, in equal parts of those who were members by the end of that year."""
    clusters = tables["clusters"][["cluster_id", "level", "designated_on"]]
    if "cluster_members" in tables:
        members = tables["cluster_members"][["cluster_id", "enterprise_id", "joined_on"]].merge(
            clusters, on="cluster_id"
        )
        members = members[members["joined_on"].dt.year <= members["designated_on"].dt.year]
        clusters = clusters.merge(members[["cluster_id", "enterprise_id"]], on="cluster_id", how="left")
    else:
        clusters = clusters.assign(enterprise_id=NOBODY)
    return pd.DataFrame(
        {
            "enterprise_id": clusters["enterprise_id"].astype(object).fillna(NOBODY),
            "item": clusters["level"].astype(object),
            "day": clusters["designated_on"],
            "n_units": 1 / clusters.groupby("cluster_id")["cluster_id"].transform("size"),
        }
    )


def _price(units: pd.DataFrame, instrument: str, unit: str, prices: pd.DataFrame) -> pd.DataFrame:
    """Units times the price of their day; an item's own price goes before one for every item."""
    price = pd.Series(np.nan, index=units.index)
    payer = pd.Series(NOT_SAID, index=units.index, dtype=object)
    for row in prices.sort_values("item").to_dict("records"):
        holds = (units["day"] >= row["from"]) & ~(units["day"] > row["until"])
        holds &= (units["item"] == row["item"]) | (row["item"] == "")
        price[holds], payer[holds] = float(row["cost_10k"]), str(row["payer"])
    cost = price * units["n_units"]
    return _outlays(
        {
            "enterprise_id": units["enterprise_id"].to_numpy(),
            "instrument": instrument,
            "item": units["item"].to_numpy(),
            "payer": payer.to_numpy(),
            "year": units["day"].dt.year.to_numpy(),
            "unit": unit,
            "n_units": units["n_units"].to_numpy(),
            "cost": cost.to_numpy(),
            "basis": "price",
            "reason": np.where(price.isna(), "no_price", np.where(cost.isna(), "no_amount", "")),
        }
    )


def to_real(amounts: pd.Series[float], years: pd.Series[int], base_year: int) -> pd.Series[float]:
    """Amounts in prices of a base year; NaN for years whose prices are not on file.

    Parameters
    ----------
    amounts : Series
        In money of ``years``.
    years : Series of int
    base_year : int

    Raises
    ------
    DataError
        The base year's own prices are not on file.
    """
    base = float(log_price_index(pd.Series([base_year])).iloc[0])
    known = years.isin(years_on_file())
    factor = pd.Series(np.nan, index=amounts.index)
    factor[known] = np.exp(base - log_price_index(years[known]))
    return amounts * factor


def sum_costs(
    costs: Costs, by: Sequence[str] = ("instrument", "year"), *, base_year: int | None = None
) -> pd.DataFrame:
    """Sums of the outlays, with what is not known beside them.

    Parameters
    ----------
    costs : Costs
    by : sequence of str
        Columns of the outlays, such as ``instrument``, ``item``, ``payer``, ``year``.
    base_year : int, optional
        Of real money; the last year whose prices are on file where not given.

    Returns
    -------
    DataFrame, one row a group, in order
        ``by``, ``n_enterprises``, ``n_units``, ``n_unknown`` (units whose cost is not
        known), ``cost`` (万元, nominal, of what is known) and ``cost_real`` (of the base
        year). Both are NaN where nothing is known; ``cost_real`` also where a
        known outlay's year has no prices on file. ``largest_share`` is the part
        of ``cost`` that one enterprise received.
    """
    rows = costs.outlays
    year = max(years_on_file()) if base_year is None else base_year
    known = rows["cost"].notna()
    named = rows["enterprise_id"].where(rows["enterprise_id"] != NOBODY)
    told = rows.assign(
        real=to_real(rows["cost"], rows["year"].astype("int64"), year),
        named=named,
        lost=rows["n_units"].fillna(1.0).where(~known, 0.0),
    )
    told["undeflated"] = known & told["real"].isna()
    groups = told.groupby(list(by), sort=True)
    summed = groups.agg(
        n_enterprises=("named", "nunique"),
        n_units=("n_units", "sum"),
        n_unknown=("lost", "sum"),
        cost=("cost", _sum_known),
        cost_real=("real", _sum_known),
        undeflated=("undeflated", "any"),
    ).reset_index()
    summed["cost_real"] = summed["cost_real"].mask(summed.pop("undeflated"))
    each = told.groupby([*by, "named"])["cost"].sum().groupby(list(by)).max()
    most = pd.Series(
        each.reindex(pd.MultiIndex.from_frame(summed[list(by)]) if len(by) > 1 else summed[by[0]]).to_numpy()
    )
    summed["largest_share"] = (most / summed["cost"]).where(summed["cost"] > 0).fillna(0.0)
    return summed


def _sum_known(amounts: pd.Series[float]) -> float:
    return float(amounts.sum(min_count=1))


@dataclass(frozen=True, slots=True)
class Spent:
    """What one instrument cost for each of a group of enterprises, 万元.

    ``per_enterprise`` is the mean over the ``n_enterprises`` whose outlays are all
    known, over all years; ``per_enterprise_real`` the same in prices of
    ``base_year``, None where prices of a year are not on file. ``n_unknown``
    received something whose cost is not known: they are in no mean.
    ``largest_share`` is the part of the total that one enterprise received.
    """

    instrument: str
    per_enterprise: float
    per_enterprise_real: float | None
    base_year: int
    n_enterprises: int
    n_unknown: int
    largest_share: float


def spend_on(
    costs: Costs,
    instrument: str,
    enterprises: Iterable[str] | None = None,
    *,
    until: int | None = None,
    base_year: int | None = None,
) -> Spent | None:
    """What an instrument cost for each enterprise that received it; None where no cost is known.

    Parameters
    ----------
    costs : Costs
    instrument : str
    enterprises : iterable of str, optional
        Whom to count, such as the treated of a sample; everybody where not given.
    until : int, optional
        Last year whose outlays count, such as the panel's last.
    base_year : int, optional
        Of real money; the last year whose prices are on file where not given.

    Raises
    ------
    StudyError
        There is no such instrument.
    """
    if instrument not in INSTRUMENTS:
        raise StudyError(f"instrument {instrument!r} is not known; choose one of {', '.join(sorted(INSTRUMENTS))}.")
    rows = costs.outlays[(costs.outlays["instrument"] == instrument) & (costs.outlays["enterprise_id"] != NOBODY)]
    if enterprises is not None:
        rows = rows[rows["enterprise_id"].isin(set(enterprises))]
    if until is not None:
        rows = rows[rows["year"] <= until]
    lost = set(rows.loc[rows["cost"].isna(), "enterprise_id"])
    kept = rows[~rows["enterprise_id"].isin(lost)]
    if kept.empty:
        return None
    year = max(years_on_file()) if base_year is None else base_year
    real = to_real(kept["cost"], kept["year"].astype("int64"), year)
    each = kept.groupby("enterprise_id")["cost"].sum()
    total = float(each.sum())
    return Spent(
        instrument=instrument,
        per_enterprise=float(each.mean()),
        per_enterprise_real=None if real.isna().any() else float(real.sum() / len(each)),
        base_year=year,
        n_enterprises=len(each),
        n_unknown=len(lost),
        largest_share=float(each.max()) / total if total > 0 else 0.0,
    )
