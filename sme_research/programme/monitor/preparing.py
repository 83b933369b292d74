"""Tables with enterprises as whole numbers, and where each enterprise stands: what fifty indicators reuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.lending import assess_loans, find_cap_resets
from sme_research.programme.ladder.titles import TIERS, chain_titles
from sme_research.programme.monitor.measures import ASSESSED, CAP_RESETS, TITLES, holders
from sme_research.programme.monitor.records import ALL, UNPLACED, TablesLike
from sme_research.tables import reporting_unit, reporting_units

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Tables in which ``enterprise_id`` is a position, and the unit of each position.

    ``unit_at`` has -1 for enterprises of no known place.
    """

    tables: dict[str, pd.DataFrame]
    units: tuple[str, ...]
    unit_at: Ints

    def holding(self, tier: str, day: pd.Timestamp) -> NDArray[np.bool_]:
        """Which enterprises have a tier's title in force on a day; all of them for `ALL`."""
        held = np.full(len(self.unit_at), tier == ALL)
        if tier != ALL and "recognitions" in self.tables:
            held[holders(self.tables, tier, day)["enterprise_id"].to_numpy(dtype=np.int64)] = True
        return held

    def unit_codes(self, units: pd.Series[str]) -> Ints:
        """Positions of units, -1 for what is none."""
        return _positions(self.units, units)


def prepare(tables: TablesLike, names: frozenset[str]) -> Prepared:
    """The named tables that there are, their enterprises numbered in order of appearance."""
    kept = {name: tables[name] for name in sorted(names | {"enterprises"}) if name in tables}
    if "loans" in kept and "recognitions" in kept:
        kept["loans"] = _add_subsidies(kept["loans"], tables)
        kept[CAP_RESETS] = find_cap_resets(kept["recognitions"])
    known = [table["enterprise_id"] for table in kept.values() if "enterprise_id" in table]
    ids = pd.Index(pd.concat([each.astype(object) for each in known]).dropna().unique() if known else [])
    numbered = {name: _number(table, ids) for name, table in kept.items()}
    titles = numbered.get("recognitions")
    if titles is not None and len(titles):
        known_tiers = titles[titles["tier"].isin(TIERS)]
        numbered[TITLES] = chain_titles(known_tiers if len(known_tiers) else titles).frame
    place = _places(kept, ids)
    units = _units(place)
    return Prepared(numbered, units, _positions(units, place))


def _add_subsidies(loans: pd.DataFrame, tables: TablesLike) -> pd.DataFrame:
    """The loans with what the rules make of them; without the columns that the rules need, as they are."""
    if not {"subsidy_points", "term_days"} <= set(loans.columns):
        return loans
    assessed = assess_loans(tables)
    return loans.assign(**{name: assessed[name].to_numpy() for name in ASSESSED})


def _positions(known: Sequence[str] | pd.Index[str], asked: pd.Series[str] | NDArray[np.object_]) -> Ints:
    """Position of each of ``asked`` among the known; -1 where it is none."""
    at = pd.Index(np.asarray(known, dtype=object)).get_indexer(pd.Index(np.asarray(asked, dtype=object)))
    return np.asarray(at, dtype=np.int64)


def _number(table: pd.DataFrame, ids: pd.Index[str]) -> pd.DataFrame:
    """Enterprises as positions and other texts as categories, which are quick to hold against each other."""
    texts = {
        name: table[name].astype("category")
        for name in table.columns
        if name != "enterprise_id" and isinstance(table[name].dtype, pd.StringDtype)
    }
    number = {"enterprise_id": _positions(ids, table["enterprise_id"])} if "enterprise_id" in table else {}
    return table.assign(**texts, **number)


def _places(tables: TablesLike, ids: pd.Index[str]) -> NDArray[np.object_]:
    """Reporting unit by enterprise."""
    if "enterprises" not in tables:
        return np.full(len(ids), UNPLACED, dtype=object)
    register = tables["enterprises"].set_index("enterprise_id")
    unit = reporting_unit(register["city_code"], register.get("county_code")).astype(object)
    unit.index = unit.index.astype(object)
    return unit.where(unit.notna(), UNPLACED).reindex(ids, fill_value=UNPLACED).to_numpy(dtype=object)


def _units(place: NDArray[np.object_]) -> tuple[str, ...]:
    """Units of the tables: Fujian's ten in their order, then others that occur."""
    ten = reporting_units()
    found = set(place) - {UNPLACED}
    return (*(ten if found & set(ten) else ()), *sorted(found - set(ten)))
