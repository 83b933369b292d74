"""Raw cells against their declaration: the canonical frame, and every fault with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.compute as pc
from numpy.typing import NDArray
from pandera.errors import SchemaErrors

from sme_research.tables.codes import CODE_LISTS, CodeList
from sme_research.tables.declare import Column, Limit, Table
from sme_research.tables.faults import Fault
from sme_research.tables.parsing import RULES, blank_values, parse_column
from sme_research.tables.reading import RawTable, cell_text

MOST_PLACES: Final = 100_000
"""Faults kept a column and rule: more rows are counted in a note, not listed."""

_BLANK_RULE: Final = "must be filled in"
_CORRECT: Final = "Correct it in the file."
_UNIT_ADVICE: Final = {
    "%": "Correct it in the file; percent is meant, so 2.29 stands for 2.29 %.",
    "fraction": "Correct it in the file; a fraction is meant, so 0.55 stands for 55 %.",
    "万元": "Correct it in the file; the unit is 万元 (10,000 yuan).",
}


@dataclass(frozen=True, slots=True, eq=False)
class Validated:
    """A canonical frame with a range index, its faults in order of rows, and notes."""

    frame: pd.DataFrame
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Breach:
    """Positions of one column's cells that break one rule."""

    column: str
    positions: NDArray[np.int64]
    rule: str
    advice: str


@dataclass(frozen=True, slots=True, eq=False)
class Parent:
    """Table that others refer to: its name as files show it, and its ids."""

    file: str
    ids: pd.Series[Any]


def limit_value(limit: Limit, today: date) -> Any:
    """Resolve the limit to a number or a day, with ``today`` and ``this year`` resolved."""
    if limit == "this year":
        return today.year
    if limit == "today":
        return today
    return limit


def _shown(limit: Any, unit: str) -> str:
    if isinstance(limit, date):
        return limit.isoformat()
    number = f"{limit:g}" if abs(limit) < 10_000 else f"{limit:,.0f}"
    return f"{number} {unit}" if unit in ("%", "万元") and limit else number


def _rule_of_minimum(column: Column, today: date) -> str:
    shown = _shown(limit_value(column.minimum or 0, today), column.unit)
    return f"must be {shown} or {'later' if column.kind == 'date' else 'more'}"


def _rule_of_maximum(column: Column, today: date) -> str:
    assert column.maximum is not None
    if column.maximum == "today":
        return f"must not lie in the future (after {today.isoformat()})"
    if column.maximum == "this year":
        return f"must be {today.year} or earlier"
    shown = _shown(column.maximum, column.unit)
    return f"must be {shown} or {'earlier' if column.kind == 'date' else 'less'}"


def _comparable(limit: Limit, today: date) -> Any:
    value = limit_value(limit, today)
    return pd.Timestamp(value) if isinstance(value, date) else value


def _known_in(code_list: CodeList) -> Callable[[pd.Series[Any]], pd.Series[bool]]:
    def are_known(cells: pd.Series[Any]) -> pd.Series[bool]:
        distinct = [str(code) for code in cells.dropna().unique()]
        known = {code for code, holds in zip(distinct, code_list.are_known(distinct), strict=True) if holds}
        return cells.isin(known) if len(known) < len(distinct) else cells.notna()

    return are_known


def _checks(column: Column, today: date) -> list[pa.Check]:
    checks = []
    if column.minimum is not None:
        floor = _comparable(column.minimum, today)
        checks.append(pa.Check.ge(floor, error=_rule_of_minimum(column, today)))
    if column.maximum is not None:
        ceiling = _comparable(column.maximum, today)
        checks.append(pa.Check.le(ceiling, error=_rule_of_maximum(column, today)))
    if column.values:  # noqa: PD011
        rule = f"must be one of {', '.join(column.values)}"
        checks.append(pa.Check.isin(column.values, error=rule))
    if column.references in CODE_LISTS:
        code_list = CODE_LISTS[column.references]
        checks.append(pa.Check(_known_in(code_list), error=code_list.rule))
    if column.pattern is not None:
        rule = f"must have the form {column.pattern}"
        checks.append(pa.Check(lambda cells: cells.str.fullmatch(column.pattern), error=rule))
    return checks


@lru_cache(maxsize=64)
def schema_of(table: Table, today: date) -> pa.DataFrameSchema:
    """Build the pandera schema of a canonical frame, as its declaration has it on that day."""
    columns = {
        column.name: pa.Column(checks=_checks(column, today), nullable=column.nullable, coerce=False)
        for column in table.columns
    }
    return pa.DataFrameSchema(columns, ordered=True, strict=True, name=table.name)


def validate(
    raw: RawTable, table: Table, parents: Mapping[str, Parent], orphan_lists: Mapping[str, str], today: date
) -> Validated:
    """Parse the raw cells and check them against every rule of the declaration.

    Parameters
    ----------
    raw : RawTable
    table : Table
    parents : mapping of table name to Parent
        Tables at hand that a column may refer to.
    orphan_lists : mapping of table name to code list
        Rule for ids whose parent table is not at hand.
    today : date
        Last day that is not the future.
    """
    frame, breaches = _parse(raw, table)
    breaches += _schema_breaches(frame, table, today)
    breaches += _reference_breaches(frame, table, parents, orphan_lists)
    faults, notes = _located(breaches, raw, table)
    faults += _duplicates(frame, raw, table)
    faults.sort(key=lambda fault: fault.row or 0)
    return Validated(frame, (*raw.faults, *faults), (*raw.notes, *notes))


def _parse(raw: RawTable, table: Table) -> tuple[pd.DataFrame, list[_Breach]]:
    values, breaches = {}, []
    for column in table.columns:
        cells = raw.columns.get(column.name)
        if cells is None:
            values[column.name] = blank_values(column, len(raw.rows))
            continue
        parsed = parse_column(cells, column)
        values[column.name] = parsed.cells
        if len(parsed.unreadable):
            breaches.append(_Breach(column.name, parsed.unreadable, RULES[column.kind], _CORRECT))
    return pd.DataFrame(values), breaches


def _advice(column: Column, rule: str) -> str:
    if column.references in CODE_LISTS and rule == CODE_LISTS[column.references].rule:
        return CODE_LISTS[column.references].advice
    if rule == _BLANK_RULE:
        return "Fill it in, or remove the row."
    return _UNIT_ADVICE.get(column.unit, _CORRECT)


def _schema_breaches(frame: pd.DataFrame, table: Table, today: date) -> list[_Breach]:
    try:
        schema_of(table, today).validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return []
    breaches = []
    for (name, check), group in cases.groupby(["column", "check"], sort=False):
        rule = _BLANK_RULE if check == "not_nullable" else str(check)
        positions = group["index"].to_numpy(dtype=np.int64)
        breaches.append(_Breach(str(name), positions, rule, _advice(table.column(str(name)), rule)))
    return breaches


def _reference_breaches(
    frame: pd.DataFrame, table: Table, parents: Mapping[str, Parent], orphan_lists: Mapping[str, str]
) -> list[_Breach]:
    breaches = []
    for column in table.columns:
        target = column.references or ""
        if target in parents:
            parent = parents[target]
            known = _are_among(frame[column.name], parent.ids)
            rule = f"must be in {parent.file}"
            advice = f"Add the row to {target}, or correct the id."
        elif target in orphan_lists:
            code_list = CODE_LISTS[orphan_lists[target]]
            known, rule, advice = _known_in(code_list)(frame[column.name]), code_list.rule, code_list.advice
        else:
            continue
        positions = np.flatnonzero((~known & frame[column.name].notna()).to_numpy())
        breaches.append(_Breach(column.name, positions, rule, advice))
    return breaches


def _located(breaches: list[_Breach], raw: RawTable, table: Table) -> tuple[list[Fault], list[str]]:
    """One fault a cell: the first rule that it breaks; columns the file lacks are no cells."""
    seen = {column.name: np.zeros(len(raw.rows), dtype=bool) for column in table.columns}
    faults, notes = [], []
    for breach in breaches:
        if breach.column not in raw.columns:
            continue
        positions = breach.positions[~seen[breach.column][breach.positions]]
        seen[breach.column][positions] = True
        if len(positions) > MOST_PLACES:
            notes.append(f"{raw.file}: {breach.column} {breach.rule} fails in {len(positions):,} rows.")
        faults += _cell_faults(breach, positions[:MOST_PLACES], raw)
    return faults, notes


def _cell_faults(breach: _Breach, positions: NDArray[np.int64], raw: RawTable) -> list[Fault]:
    cells = raw.columns[breach.column].take(positions).to_pylist()
    return [
        Fault(raw.file, int(row), breach.column, (cell_text(cell) or "").strip(), breach.rule, breach.advice)
        for row, cell in zip(raw.rows[positions], cells, strict=True)
    ]


def _duplicates(frame: pd.DataFrame, raw: RawTable, table: Table) -> list[Fault]:
    key = list(table.key)
    if not set(key) <= set(raw.columns):
        return []
    complete = frame[key].notna().all(axis=1)
    positions = np.flatnonzero((frame.duplicated(subset=key, keep=False) & complete).to_numpy())[:MOST_PLACES]
    faults = []
    for row, values in zip(raw.rows[positions], frame.loc[positions, key].itertuples(index=False), strict=True):
        value = ", ".join(cell_text(cell) or "" for cell in values)
        rule, advice = "must occur once", "Keep one of the rows and remove the others."
        faults.append(Fault(raw.file, int(row), ", ".join(key), value, rule, advice))
    return faults


def _are_among(cells: pd.Series[Any], ids: pd.Series[Any]) -> pd.Series[bool]:
    # Several times faster than Series.isin, which makes a Python text of every id.
    found = pc.is_in(pyarrow.array(cells), pyarrow.array(ids))
    return pd.Series(found.to_numpy(zero_copy_only=False), index=cells.index)


def parent_ids(frame: pd.DataFrame, table: Table) -> pd.Series[Any]:
    """Distinct ids of a table that others may refer to."""
    return frame[table.key[0]].dropna().drop_duplicates()
