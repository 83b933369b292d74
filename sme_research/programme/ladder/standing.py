"""Today's holders held against the rules: who is one gate away, and who would fail the next standard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from sme_research.programme.inputs import load_inputs
from sme_research.programme.ladder.gates import RuleShift, Stuck, compare_standards, find_last_gates
from sme_research.programme.ladder.histories import UNKNOWN, Ladder, size_band
from sme_research.programme.ladder.titles import TIERS, Titles
from sme_research.rules import TierRules, evaluate, load_rule_sets
from sme_research.tables import Tables, are_in_force, reporting_unit

CLIMBS: Final = ("srdi", "little_giant")
"""Tiers whose rules the department applies."""
BEFORE: Final = "cn-2022-63"
AFTER: Final = "cn-2026-2"


def holders(titles: Titles, tier: str) -> pd.Index[str]:
    """Enterprises with a title of the tier in force on the data's day, in the order of their ids."""
    frame = titles.frame
    now = (frame["tier"] == tier) & are_in_force(frame, titles.data_day)
    found: pd.Index[str] = pd.Index(sorted(frame.loc[now, "enterprise_id"].unique()), name="enterprise_id")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Standards:
    """Who is kept out of each tier by what, and what another standard does to who is in."""

    stuck: tuple[Stuck, ...]
    shifts: tuple[RuleShift, ...]


def hold_against_rules(ladder: Ladder, tables: Tables, *, before: str = BEFORE, after: str = AFTER) -> Standards:
    """Hold today's enterprises against the rules of SRDI and little giants, by what the tables know of them.

    Parameters
    ----------
    tables : Tables
        ``enterprises`` and ``accounts``; without them nothing can be held against rules, and the
        result is empty. Whatever else is there fills further inputs.
    before, after : str
        Ids of rule sets. Enterprises one tier below are held against the first,
        as for a first application; holders against both, as at their review.

    Raises
    ------
    DataError
        A table breaks its declaration.
    """
    if "enterprises" not in tables or "accounts" not in tables:
        return Standards((), ())
    inputs = load_inputs(tables, ladder.titles.data_day).values  # noqa: PD011  a record's field
    sets = load_rule_sets()
    old, new = sets[before].tiers, sets[after].tiers
    stuck = [find_last_gates(old[tier], _below(ladder.titles, tier, inputs, old[tier])) for tier in CLIMBS]
    shifts = []
    for tier in CLIMBS:
        asked = inputs.reindex(holders(ladder.titles, tier))
        held_before, held_after = (evaluate(asked, rules[tier], "renewal") for rules in (old, new))
        shifts.append(compare_standards(held_before, held_after, _groups(tables, asked.index)))
    return Standards(tuple(stuck), tuple(shifts))


def _below(titles: Titles, tier: str, inputs: pd.DataFrame, rules: TierRules) -> pd.DataFrame:
    """Statuses of those that hold the tier below and neither this nor a higher one."""
    place = TIERS.index(tier)
    above = pd.Index([]).append([holders(titles, higher) for higher in TIERS[place:]])
    return evaluate(inputs.reindex(holders(titles, TIERS[place - 1]).difference(above)), rules).statuses


def _groups(tables: Tables, ids: pd.Index[str]) -> pd.DataFrame:
    """Place of today's address and size by the last accounts, empty where not known."""
    groups = pd.DataFrame({"city": UNKNOWN, "size": UNKNOWN}, index=ids, dtype=object)
    if "enterprises" in tables:
        register = tables["enterprises"].set_index("enterprise_id")
        groups["city"] = reporting_unit(register["city_code"], register["county_code"]).reindex(ids).fillna(UNKNOWN)
    if "accounts" in tables:
        accounts = tables["accounts"].dropna(subset="employees").sort_values("year")
        groups["size"] = size_band(accounts.groupby("enterprise_id")["employees"].last().reindex(ids))
    return groups
