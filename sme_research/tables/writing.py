"""Canonical frames to CSV: the same frame always gives the same bytes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from sme_research.errors import DataError
from sme_research.tables.declare import Table
from sme_research.tables.declared import TABLES

_TYPES: Final = {
    "text": pa.string(),
    "code": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "date": pa.date32(),
    "boolean": pa.int8(),
}


def write_tables(frames: Mapping[str, pd.DataFrame], folder: str | os.PathLike[str]) -> list[Path]:
    """Write tables as canonical CSV: UTF-8, canonical headers, ISO dates, 1 and 0, blank where missing.

    Parameters
    ----------
    frames : mapping of table name to DataFrame
        With declared columns only; those a frame lacks are left out of the file.
    folder : path
        Made where it does not exist. A file appears whole or not at all.

    Returns
    -------
    list of Path
        The files, in the order of ``frames``.

    Raises
    ------
    DataError
        A table or a column is not declared, or a column cannot be written as its kind.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, frame in frames.items():
        cells = canonical_cells(frame, declared_table(name))
        path = target / f"{name}.csv"
        temporary = target / f".{name}.csv.{os.getpid()}"
        try:
            with pa.OSFile(str(temporary), "wb") as sink:
                write_csv(cells, sink)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        paths.append(path)
    return paths


def declared_table(name: str) -> Table:
    """Look the declaration of that name up; a `DataError` lists the names where there is none."""
    if name not in TABLES:
        raise DataError(f"table '{name}' is not known; choose one of {', '.join(TABLES)}.")
    return TABLES[name]


def canonical_cells(frame: pd.DataFrame, table: Table) -> Any:
    """Convert the frame to a pyarrow table in the types and the column order of the declaration."""
    unknown = [str(name) for name in frame.columns if name not in table.column_names]
    if unknown:
        raise DataError(f"table '{table.name}' declares no column {', '.join(unknown)}. Drop or rename it.")
    columns = [column for column in table.columns if column.name in frame.columns]
    arrays = []
    for column in columns:
        try:
            cells = pa.Array.from_pandas(frame[column.name])
            arrays.append(cells.cast(_TYPES[column.kind], safe=column.kind != "date"))
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise DataError(
                f"table '{table.name}': column {column.name} cannot be written as {column.kind}: {error}."
            ) from None
    return pa.table(arrays, names=[column.name for column in columns])


def write_csv(cells: Any, sink: Any) -> None:
    """Write a pyarrow table with an unquoted header; texts are quoted only in tables that need it."""
    sink.write((",".join(cells.column_names) + "\n").encode())
    quoting = "needed" if any(_needs_quotes(column) for column in cells.columns) else "none"
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style=quoting)
    pyarrow.csv.write_csv(cells, sink, options)


def _needs_quotes(column: Any) -> bool:
    if not pa.types.is_string(column.type):
        return False
    return bool(pc.any(pc.match_substring_regex(column, '[",\r\n]')).as_py())
