"""All official figures against the tables: the reconciliation, and the public figures that concern the programme."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import pandas as pd

from sme_research.errors import DataError
from sme_research.programme.reconcile.asking import TablesLike
from sme_research.programme.reconcile.comparing import compare, read_figures
from sme_research.programme.reconcile.growth_split import split_growth
from sme_research.programme.reconcile.protecting import is_few, protect_comparison, protect_split, protect_trap
from sme_research.programme.reconcile.records import (
    VERDICTS,
    Comparison,
    Edition,
    Evidence,
    Figure,
    GrowthSplit,
    Reconciliation,
    Trap,
)
from sme_research.programme.reconcile.traps import TRAPS
from sme_research.programme.reconcile.traps.balance_growth import split_of
from sme_research.programme.reconcile.traps.common import of_indicator
from sme_research.tables import load_tables, reference_path

PUBLISHED: Final = "official_figures"


def reconcile(tables: TablesLike, *, edition: Edition = "internal") -> Reconciliation:
    """Hold every official figure against a recount of the tables, and look for known misreadings.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        With ``official_figures``; every other table is used where it is there.
    edition : {"internal", "public"}
        In the public one numbers are protected; verdicts are the same.

    Raises
    ------
    DataError
        There is no table of official figures.
    """
    if PUBLISHED not in tables:
        raise DataError(
            "there is no table official_figures, so there is nothing to hold the tables against: add "
            "official_figures.csv (indicator, as_of, value, unit, perimeter, bound, source), or copy rows of "
            "data/reference/official_figures.csv."
        )
    figures = read_figures(tables[PUBLISHED])
    comparisons = tuple(compare(figure, tables) for figure in figures)
    traps = tuple(check(figures, tables) for check in TRAPS.values())
    split = _split(figures, tables)
    if edition == "public":
        comparisons = tuple(protect_comparison(entry) for entry in comparisons)
        traps = tuple(protect_trap(trap) for trap in traps)
        split = protect_split(split)
    return Reconciliation(comparisons, traps, split, edition)


def _split(figures: Sequence[Figure], tables: TablesLike) -> GrowthSplit | None:
    """The split over the year of the last published growth; without one, over the last year with accounts."""
    if "accounts" not in tables or "recognitions" not in tables:
        return None
    published = of_indicator(figures, "loan_balance_growth")
    if published:
        return split_of(published[-1], tables)
    years = tables["accounts"].loc[tables["accounts"]["loan_balance"].notna(), "year"]
    return split_growth(tables, int(years.max())) if len(years) else None


@cache
def public_figures() -> tuple[Figure, ...]:
    """The published figures of ``data/reference``: what the real province and others have said."""
    folder = reference_path(f"{PUBLISHED}.csv").parent
    return read_figures(load_tables(folder, [PUBLISHED])[PUBLISHED])


def check_public_figures() -> Trap:
    """Whether shares among the published figures of ``data/reference`` can be of one whole."""
    return TRAPS["unlike_shares"](public_figures(), {})


def reconciliation_to_json(found: Reconciliation) -> dict[str, Any]:
    """The reconciliation as one JSON object.

    ``counts``: figures by verdict. ``figures``: one object a figure, with
    ``indicator``, ``label`` (zh, en), ``as_of``, ``value``, ``unit``, ``bound``,
    ``perimeter``, ``stated`` (axis to value), ``unread`` (its parts that were not
    understood), ``source``, ``verdict``, ``recount``, ``difference``, ``reading``,
    ``departs``, ``reason``, ``details`` and ``withheld`` (numbers are then null).
    ``traps``: ``name``, ``verdict``, ``figures`` (indicator and
    day), ``evidence`` (``name``, ``value``, ``unit``), ``reason``. ``split``: days,
    ``growth`` and ``same_firm_growth`` in percent, ``groups`` with enterprises and
    balances in 10,000 yuan; null where there is none.
    """
    return {
        "kind": "reconciliation",
        "edition": found.edition,
        "counts": {verdict: found.count(verdict) for verdict in VERDICTS},
        "figures": [_comparison_to_json(entry) for entry in found.comparisons],
        "traps": [_trap_to_json(trap) for trap in found.traps],
        "split": None if found.split is None else _split_to_json(found.split),
    }


def _comparison_to_json(entry: Comparison) -> dict[str, Any]:
    figure = entry.figure
    return {
        "indicator": figure.indicator,
        "label": dict(entry.label),
        "as_of": figure.as_of.isoformat(),
        "value": None if entry.withheld and is_few(figure) else figure.value,
        "unit": figure.unit,
        "bound": figure.bound,
        "perimeter": figure.perimeter,
        "stated": dict(figure.stated),
        "unread": list(figure.unread),
        "source": figure.source,
        "verdict": entry.verdict,
        "recount": entry.recount,
        "difference": entry.difference,
        "reading": None if entry.reading is None else dict(entry.reading),
        "departs": list(entry.departs),
        "reason": entry.reason,
        "details": list(entry.details),
        "withheld": entry.withheld,
    }


def _trap_to_json(trap: Trap) -> dict[str, Any]:
    return {
        "name": trap.name,
        "verdict": trap.verdict,
        "figures": [{"indicator": entry.indicator, "as_of": entry.as_of.isoformat()} for entry in trap.figures],
        "evidence": [_evidence_to_json(entry) for entry in trap.evidence],
        "reason": trap.reason,
    }


def _evidence_to_json(entry: Evidence) -> dict[str, Any]:
    is_day = entry.unit == "day" and entry.value is not None
    value = pd.Timestamp.fromordinal(int(entry.value or 1)).date().isoformat() if is_day else entry.value
    return {"name": entry.name, "value": value, "unit": entry.unit}


def _split_to_json(split: GrowthSplit) -> dict[str, Any]:
    return {
        "first": split.first.isoformat(),
        "last": split.last.isoformat(),
        "growth": split.growth,
        "same_firm_growth": split.same_firm_growth,
        "groups": [
            {"name": group.name, "enterprises": group.n_enterprises, "start": group.start, "end": group.end}
            for group in split.groups
        ],
    }
