"""The account's rule under both readings, the shared lists joined, and each candidate's gates and distance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from sme_research.disclosure import coarse_count
from sme_research.programme.inputs import Inputs, in_force, load_inputs
from sme_research.programme.pool.chance import ChanceModel, first_giant, fit_chance
from sme_research.programme.pool.shortfall import find_shortfalls
from sme_research.quality import Edition, parse_day
from sme_research.rules import JUDGE, MET, UNKNOWN, UNMET, TierRules, choose_rules, evaluate
from sme_research.tables import Tables

LISTS: Final = {"tech_sme": "tech_sme_valid", "high_tech": "high_tech_valid", "ip_advantage": "ip_advantage_valid"}
CHANNELS: Final = ("potential_list", "chain_leader", "shared_list", "contest", "none")
"""Ways by which a candidate can be known to the department, first that holds."""
PREREQUISITES: Final = frozenset({"G-P", "N-G1"})


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Candidates of the reserve pool on a day.

    ``candidates`` has a row an enterprise that meets the rule under either
    reading, or may do so once a missing year is known, and is no little giant;
    best first. Columns: ``enterprise_id``, ``arithmetic`` and ``compound`` (codes
    of the rules), ``growth_mean`` and ``growth_compound`` (fractions), ``revenue``
    (10,000 yuan), one a shared list and ``chain_supplier`` (booleans),
    ``channel`` (the first by which it is known) and ``channels`` (all, with a
    space between), one a gate, ``n_met``, ``n_unmet``, ``n_unknown``,
    ``nearest_gate`` and ``shortfall`` (the unmet gate with the least missing, and
    what is missing as a fraction of what it asks), ``chance`` (0 to 1; NaN without
    the SRDI title, for former little giants, and where no model could be tested).
    ``match_rates`` tells which share of each list was found among the enterprises.
    """

    on: date
    rules: TierRules
    candidates: pd.DataFrame
    n_screened: int
    match_rates: Mapping[str, float]
    model: ChanceModel | None

    @property
    def gates(self) -> tuple[str, ...]:
        """Ids of the gates of a little giant, the title itself left out."""
        return tuple(gate.id for gate in self.rules.gates if gate.id not in PREREQUISITES)


@dataclass(frozen=True, slots=True)
class PoolCounts:
    """What may be said of a pool as a whole; None where the public edition withholds it."""

    n_screened: int | None
    by_reading: Mapping[str, int | None]
    by_list: Mapping[str, int | None]
    by_channel: Mapping[str, int | None]
    gates: Mapping[str, Mapping[str, int | None]]
    match_rates: Mapping[str, float]


def screen_pool(tables: Tables, on: date | str) -> Pool:
    """Screen all enterprises for the reserve pool.

    Parameters
    ----------
    tables : Tables
        ``enterprises``, ``accounts``, ``recognitions``; whatever else is there is used.
    on : date or str
        Day of the screen, or its ISO text; the last full year before it is the rule's year.

    Raises
    ------
    DataError
        A table that is needed is absent or breaks its declaration.
    StudyError
        The day is none, or no rules of little giants are known on it.
    """
    on = parse_day(on)
    rules = choose_rules("little_giant", on)
    inputs = load_inputs(tables, on)
    readings = {
        "arithmetic": evaluate(inputs.values, choose_rules("reserve_pool", on)).verdict,
        "compound": evaluate(inputs.values, choose_rules("reserve_pool_compound", on)).verdict,
    }
    giants = in_force(tables["recognitions"], "tier", "little_giant", on)["enterprise_id"]
    is_giant = inputs.values.index.isin(pd.Index(giants.unique()))  # noqa: PD011  a frame of ours
    listed = ((readings["arithmetic"] != UNMET) | (readings["compound"] != UNMET)) & ~is_giant
    model = fit_chance(tables, on)
    candidates = _candidates(inputs, pd.DataFrame(readings)[listed], rules, model)
    # The model has learned from those who had never been little giants; of a return it knows nothing.
    first = first_giant(tables)
    returning = candidates["enterprise_id"].isin(first.index[first <= pd.Timestamp(on)])
    candidates = candidates.assign(chance=candidates["chance"].mask(returning))
    candidates = candidates.assign(**_channels(candidates, tables, on))
    order = candidates.sort_values(
        ["arithmetic", "chance", "n_unmet", "n_unknown", "enterprise_id"], ascending=[False, False, True, True, True]
    )
    return Pool(on, rules, order.reset_index(drop=True), len(inputs.values), _match_rates(tables), model)


def _candidates(inputs: Inputs, readings: pd.DataFrame, rules: TierRules, model: ChanceModel | None) -> pd.DataFrame:
    values = inputs.values.loc[readings.index]  # noqa: PD011  a frame of ours
    assessed = evaluate(values, rules)
    gates = assessed.statuses.drop(columns=list(PREREQUISITES), errors="ignore")
    short = find_shortfalls(values, assessed)[list(gates.columns)]
    nearest = short.fillna(np.inf).idxmin(axis=1).where(short.notna().any(axis=1), "")
    found = readings.assign(
        growth_mean=values["revenue_growth_mean_2y"],
        growth_compound=values["revenue_growth_cagr_2y"],
        revenue=values["revenue"],
        **{name: values[metric] == 1 for name, metric in LISTS.items()},
        chain_supplier=values["chain_supplier"] == 1,
        srdi=values["srdi_valid"] == 1,
    )
    counts = {
        "n_met": (gates == MET).sum(axis=1),
        "n_unmet": (gates == UNMET).sum(axis=1),
        "n_unknown": gates.isin([UNKNOWN, JUDGE]).sum(axis=1),
        "nearest_gate": nearest,
        "shortfall": short.min(axis=1),
    }
    chance = model.chances(values) if model else pd.Series(float("nan"), index=values.index)
    # The model has learned from holders of the SRDI title; of others it knows nothing.
    joined = pd.concat([found, gates], axis=1).assign(**counts, chance=chance.where(found["srdi"]))
    return joined.reset_index()


def _channels(candidates: pd.DataFrame, tables: Tables, on: date) -> dict[str, pd.Series[str]]:
    """The first way by which each candidate is known, and all of them."""
    ids, day = candidates["enterprise_id"], pd.Timestamp(on)

    def seen(table: str, column: str) -> pd.Series[bool]:
        if table not in tables:
            return pd.Series(data=False, index=ids.index)
        known = tables[table]
        return ids.isin(known.loc[known[column] <= day, "enterprise_id"].unique())

    ways = {
        "potential_list": seen("coaching", "started_on"),
        "chain_leader": candidates["chain_supplier"],
        "shared_list": candidates[list(LISTS)].any(axis=1),
        "contest": seen("contests", "held_on"),
    }
    channel, channels = pd.Series("none", index=ids.index), pd.Series("", index=ids.index)
    for name, known in reversed(ways.items()):
        channel = channel.mask(known, name)
        channels = channels.mask(known, name + " " + channels)
    return {"channel": channel, "channels": channels.str.strip()}


def _match_rates(tables: Tables) -> dict[str, float]:
    """Share of the enterprises of each shared list that are found by their code."""
    known = pd.Index(tables["enterprises"]["enterprise_id"])

    def found(ids: pd.Series[str]) -> float:
        return float((known.get_indexer(pd.Index(ids.unique())) >= 0).mean())

    rates = {}
    if "qualifications" in tables:
        table = tables["qualifications"]
        for name in LISTS:
            ids = table.loc[table["kind"] == name, "enterprise_id"]
            if len(ids):
                rates[name] = found(ids)
    if "chain_links" in tables and len(tables["chain_links"]):
        rates["chain_links"] = found(tables["chain_links"]["enterprise_id"])
    return rates


def count_pool(pool: Pool, *, edition: Edition = "internal") -> PoolCounts:
    """Counts of a pool; in the public edition to the nearest ten, and none of few."""

    def told(count: object) -> int | None:
        number = int(count)  # type: ignore[call-overload]
        return coarse_count(number) if edition == "public" else number

    rows = pool.candidates
    by_mean, by_compound = rows["arithmetic"] == MET, rows["compound"] == MET
    readings = {
        "arithmetic": by_mean,
        "compound": by_compound,
        "both": by_mean & by_compound,
        "arithmetic_only": by_mean & (rows["compound"] == UNMET),
        "compound_only": by_compound & (rows["arithmetic"] == UNMET),
        "compound_mean_open": by_compound & (rows["arithmetic"] == UNKNOWN),
        "open": (rows["arithmetic"] == UNKNOWN) | (rows["compound"] == UNKNOWN),
    }
    in_pool = rows[by_mean]
    named = {MET: "met", UNMET: "unmet", UNKNOWN: "unknown", JUDGE: "judge"}
    return PoolCounts(
        n_screened=told(pool.n_screened),
        by_reading={name: told(mask.sum()) for name, mask in readings.items()},
        by_list={name: told(in_pool[name].sum()) for name in (*LISTS, "chain_supplier")},
        by_channel={name: told((in_pool["channel"] == name).sum()) for name in CHANNELS},
        gates={
            gate: {word: told((in_pool[gate] == code).sum()) for code, word in named.items()} for gate in pool.gates
        },
        match_rates=pool.match_rates,
    )
