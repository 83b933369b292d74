"""The gates of a tier over all enterprises that hold the title below: how many meet each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

import pandas as pd

from sme_research.programme.diagnosis.making import TIERS, diagnose, rules_of, titles_held
from sme_research.programme.diagnosis.peers import Population
from sme_research.programme.diagnosis.records import Diagnosis
from sme_research.rules import METRICS, STATUSES, Gate, TierRules, evaluate
from sme_research.rules.conditions import Status
from sme_research.tables import Tables


@dataclass(frozen=True, slots=True)
class GateCount:
    """One gate and how many enterprises stand how to it; the four add up to all."""

    id: str
    label: Mapping[str, str]
    counts: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class TierCount:
    """A tier's gates over the ``n`` holders of the title below that do not hold the tier itself."""

    rules: TierRules
    applies: bool
    n: int
    gates: tuple[GateCount, ...]


def count_statuses(tables: Tables, population: Population, *, on: date) -> tuple[TierCount, ...]:
    """Statuses of every gate of the titles that another title comes before, by rule set.

    Parameters
    ----------
    tables : Tables
    population : Population
        Of the same day.
    on : date
    """
    held = titles_held(tables, on)
    counted = []
    for below, tier in pairwise(TIERS):
        ids = [one for one, tiers in held.items() if below in tiers and tier not in tiers]
        values = population.values  # noqa: PD011  a record's field
        inputs = values.loc[values.index.isin(ids)]
        for rules, applies in rules_of(tier, on, "first"):
            statuses = evaluate(inputs, rules).statuses
            gates = tuple(
                GateCount(
                    gate.id,
                    gate.label,
                    {status: int((statuses[gate.id] == code).sum()) for code, status in STATUSES.items()},
                )
                for gate in rules.gates
            )
            counted.append(TierCount(rules, applies, len(inputs), gates))
    return tuple(counted)


def find_example(tables: Tables, population: Population, *, on: date) -> str:
    """The holder of SRDI nearest to little giant by the rules of the day, whose shortfall is a number.

    Of those with a gate unmet that a number decides: fewest gates unmet, then most
    met, then the first by id. Empty where there is none.
    """
    ids = [one for one, tiers in titles_held(tables, on).items() if "srdi" in tiers and "little_giant" not in tiers]
    values = population.values  # noqa: PD011  a record's field
    inputs = values.loc[values.index.isin(ids)]
    rules = next((rules for rules, applies in rules_of("little_giant", on, "first") if applies), None)
    if rules is None or inputs.empty:
        return ""
    statuses = evaluate(inputs, rules).statuses
    names = {status: code for code, status in STATUSES.items()}
    counted = [gate.id for gate in rules.gates if _is_number(gate)]
    numbers, unmet = ((part == names["unmet"]).sum(axis=1) for part in (statuses[counted], statuses))
    met = (statuses == names["met"]).sum(axis=1)
    ranked = pd.DataFrame({"unmet": unmet, "met": -met, "id": statuses.index}, index=statuses.index)[numbers > 0]
    return "" if ranked.empty else str(ranked.sort_values(["unmet", "met", "id"]).index[0])


def _is_number(gate: Gate) -> bool:
    return any(METRICS[name].kind == "number" for name in gate.condition.metrics())


def diagnose_for_report(
    tables: Tables,
    population: Population,
    enterprise: str,
    *,
    on: date,
    edition: Literal["internal", "public"] = "internal",
) -> Diagnosis | None:
    """The diagnosis that a report shows: of the enterprise asked for, else of `find_example`'s.

    None in the public edition, which shows no single enterprise, and where there is no example.

    Raises
    ------
    StudyError
        The tables hold no such enterprise.
    """
    if edition == "public":
        return None
    chosen = enterprise or find_example(tables, population, on=on)
    return diagnose(tables, chosen, on=on, population=population) if chosen else None
