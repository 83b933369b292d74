"""Files to raw cells: CSV, XLSX and Parquet, with the row numbers that a person sees."""

from __future__ import annotations

import csv
import hashlib
import io
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray
from openpyxl.utils.exceptions import InvalidFileException

from sme_research.tables.declare import Table
from sme_research.tables.faults import Fault, fail

SUFFIXES: Final = (".csv", ".xlsx", ".parquet")
MOST_CELLS: Final = 100_000_000
"""Cells of a sheet that are read; more come of a stray cell at its far end."""
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
NO_WORKBOOK: Final = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    LookupError,
    SyntaxError,  # what XML parsers raise
    TypeError,
    ValueError,
    EOFError,
    AttributeError,  # a sheet of charts without drawings
)
_SAVE_AS: Final = "In the spreadsheet program choose 'CSV UTF-8' when saving."


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """What a file holds before anything is understood: headers, columns and row numbers."""

    file: str
    headers: tuple[str, ...]
    columns: tuple[Any, ...]
    rows: NDArray[np.int64]
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """The cells of a table by canonical column name, with the row number of each record.

    ``columns`` holds pyarrow arrays of any type, all of one length; columns
    that the file lacks are absent.
    """

    file: str
    columns: Mapping[str, Any]
    rows: NDArray[np.int64]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def read_file(path: Path, table: Table) -> RawTable:
    """Raw cells of one file.

    Parameters
    ----------
    path : Path
        CSV (UTF-8 or GB18030), XLSX or Parquet, told by its suffix.
    table : Table
        Whose names or Chinese labels the headers carry.

    Raises
    ------
    FaultsError
        The file cannot be read, or holds no row.
    """
    readers = {".csv": _read_csv, ".xlsx": _read_xlsx, ".parquet": _read_parquet}
    try:
        cells = readers[path.suffix.lower()](path, table)
    except OSError as error:
        rule = f"the file cannot be opened: {error.strerror or error}"
        raise fail(path.as_posix(), rule, "Close it in other programs and see who may read it.") from None
    return _name_columns(cells, table)


def read_frame(frame: pd.DataFrame, table: Table) -> RawTable:
    """Raw cells of a frame held in memory; its rows count from 1."""
    file = f"<frame {table.name}>"
    if frame.empty:
        raise fail(file, "the frame holds no row", "Give at least one row, or leave the table out.")
    columns = tuple(_arrow(frame.iloc[:, place]) for place in range(frame.shape[1]))
    headers = tuple(str(name) for name in frame.columns)
    return _name_columns(Cells(file, headers, columns, np.arange(1, len(frame) + 1)), table)


def _arrow(column: pd.Series[Any]) -> Any:
    try:
        return pa.chunked_array([pa.Array.from_pandas(column)])
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        texts = [None if pd.isna(cell) else cell_text(cell) for cell in column]
        return pa.chunked_array([pa.array(texts, pa.string())])


def cell_text(cell: object) -> str | None:
    """Write a typed cell as a person would type it: whole numbers without decimals, dates as ISO dates."""
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell == datetime(*cell.timetuple()[:3]) else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


# CSV


def decode(raw: bytes, file: str) -> bytes:
    """Convert the bytes of a text file to UTF-8 without byte order mark.

    Strict UTF-8 is tried first, then GB18030.

    Raises
    ------
    FaultsError
        The file is empty, UTF-16, damaged UTF-8, or in neither encoding.
    """
    if not raw[:4096].strip() and not raw.strip():
        raise fail(file, "the file is empty", "Export the table again.")
    if raw.startswith(_UTF16_MARKS):
        raise fail(file, "the file is UTF-16 text, must be UTF-8 or GB18030", _SAVE_AS)
    if b"\0" in raw:
        line = raw.count(b"\n", 0, raw.index(b"\0")) + 1
        raise fail(file, f"line {line} holds a zero byte, which no text has: the file is damaged", _SAVE_AS)
    try:
        return raw if raw.isascii() else raw.decode("utf-8-sig").encode()
    except UnicodeDecodeError as error:
        _refuse_damaged_utf8(raw, error.start, file)
    try:
        return raw.decode("gb18030").encode()
    except UnicodeDecodeError:
        raise fail(file, "the file is neither UTF-8 nor GB18030 text", _SAVE_AS) from None


def _refuse_damaged_utf8(raw: bytes, position: int, file: str) -> None:
    # A few broken bytes in UTF-8 often pass as GB18030 and would turn every name into nonsense.
    lenient = raw.decode("utf-8", errors="replace")
    broken = lenient.count("\N{REPLACEMENT CHARACTER}")
    readable = sum(not character.isascii() for character in lenient) - broken
    if readable > 2 * broken or raw.startswith(b"\xef\xbb\xbf"):
        line = raw.count(b"\n", 0, position) + 1
        raise fail(file, f"the file is UTF-8 text with a broken character in line {line}", _SAVE_AS)


def _read_csv(path: Path, table: Table) -> Cells:
    del table
    file = path.as_posix()
    text = decode(path.read_bytes(), file)
    if text.count(b'"') % 2:
        raise fail(file, "a quotation mark is opened and never closed", 'Look for a single " and remove it.')
    try:
        headers = next(csv.reader(io.StringIO(text[: 1 << 16].decode(errors="ignore"), newline="")), [])
        _refuse_header(file, headers)
        return _drop_blank_rows(_split(text, headers, file))
    except csv.Error as error:
        raise fail(file, f"the file is no CSV text: {error}", _SAVE_AS) from None


def _split(text: bytes, headers: Sequence[str], file: str) -> Cells:
    try:
        columns = _split_fast(text, len(headers))
    except pa.ArrowInvalid:
        return _split_slowly(text, headers, file)
    return Cells(file, tuple(headers), columns, np.arange(2, len(columns[0]) + 2))


def _refuse_header(file: str, headers: Sequence[str]) -> None:
    if not any(header.strip() for header in headers):
        raise fail(file, "the first row is blank, must be the header", "Remove what stands above the header.")
    if len(headers) == 1 and any(mark in headers[0] for mark in ";\t|"):
        raise fail(file, "cells must be separated by commas", _SAVE_AS)


def _split_fast(text: bytes, width: int) -> tuple[Any, ...]:
    names = [f"f{place}" for place in range(width)]
    cells = pyarrow.csv.read_csv(
        pa.BufferReader(text),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=1 << 23),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=b'"' in text, ignore_empty_lines=False),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    )
    return tuple(column.slice(1) for column in cells.columns)


def _split_slowly(text: bytes, headers: Sequence[str], file: str) -> Cells:
    """Split text that has rows of a wrong length, and report each of them."""
    width = len(headers)
    kept: list[list[str]] = []
    numbers: list[int] = []
    faults: list[Fault] = []
    for number, cells in enumerate(csv.reader(io.StringIO(text.decode(), newline="")), start=1):
        if len(cells) == width:
            kept.append(cells)
            numbers.append(number)
        elif any(cells):
            rule = f"the row has {len(cells)} cells, must have {width} like the header"
            advice = "Look for a missing or an extra comma; put text with commas in quotation marks."
            faults.append(Fault(file, number, None, None, rule, advice))
    columns = tuple(_texts(column) for column in zip_longest(*kept[1:])) or tuple(_texts(()) for _ in headers)
    return Cells(file, tuple(headers), columns, np.array(numbers[1:], dtype=np.int64), tuple(faults))


def _texts(cells: Sequence[str | None]) -> Any:
    return pa.chunked_array([pa.array([cell or None for cell in cells], pa.string())])


# XLSX and Parquet


def _read_xlsx(path: Path, table: Table) -> Cells:
    file = path.as_posix()
    try:
        lines, sheet, others = _sheet_lines(path, table)
    except NO_WORKBOOK:
        rule = "the file is not a readable XLSX workbook"
        raise fail(file, rule, "Open it in the spreadsheet program and save it as .xlsx again.") from None
    notes = (f"{file}: sheet '{sheet}' was read, {others} other sheets were not.",) if others else ()
    return _cells_of_lines(file, lines, notes)


def _sheet_lines(path: Path, table: Table) -> tuple[list[list[str | None]], str, int]:
    """Texts of the sheet named like the table, else of the first; its name; and how many others there are."""
    with path.open("rb") as stream:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        named = [sheet for sheet in book.worksheets if sheet.title.strip() in (table.name, table.label_zh)]
        sheet = (named or book.worksheets)[0]
        sheet.reset_dimensions()
        lines = [[cell_text(cell) for cell in line] for line in sheet.iter_rows(values_only=True)]
        return lines, sheet.title, len(book.sheetnames) - 1


def _cells_of_lines(file: str, lines: list[list[str | None]], notes: tuple[str, ...]) -> Cells:
    if not any(any(line) for line in lines):
        raise fail(file, "the file is empty", "Export the table again.")
    headers = [header or "" for header in lines[0]]
    _refuse_header(file, headers)
    width = max(place for place, header in enumerate(headers, start=1) if header.strip())
    if width * len(lines) > MOST_CELLS:
        rule = f"the sheet has {len(lines):,} rows and {width:,} columns, more than can be read"
        raise fail(file, rule, "Look for a stray cell far below or far right of the table, and remove it.")
    beside = sum(any(line[width:]) for line in lines)
    if beside:
        notes += (f"{file}: cells without a header, right of the table in {beside:,} row(s), were left out.",)
    padded = [line[:width] + [None] * (width - len(line)) for line in lines[1:]]
    columns = tuple(_texts([line[place] for line in padded]) for place in range(width))
    headers = headers[:width]
    return _drop_blank_rows(Cells(file, tuple(headers), columns, np.arange(2, len(lines) + 1), (), notes))


def _read_parquet(path: Path, table: Table) -> Cells:
    del table
    file = path.as_posix()
    try:
        cells = pyarrow.parquet.ParquetFile(path).read()
    except (pa.ArrowException, OSError):
        rule = "the file is not a readable Parquet file: cut off, or of another format"
        raise fail(file, rule, "Copy or export it again.") from None
    # pyarrow has few functions for views of text.
    columns = tuple(c.cast(pa.string()) if pa.types.is_string_view(c.type) else c for c in cells.columns)
    headers = tuple(cells.column_names)
    return _drop_blank_rows(Cells(file, headers, columns, np.arange(1, cells.num_rows + 1)))


# Headers and rows


def _drop_blank_rows(cells: Cells) -> Cells:
    """Rows without any value are dropped; all others keep their row numbers."""
    blank = np.ones(len(cells.rows), dtype=bool)
    for column in cells.columns:
        if not blank.any():
            break
        blank &= column.is_null(nan_is_null=True).to_numpy()
    if len(blank) == blank.sum() and not cells.faults:
        raise fail(cells.file, "the file holds a header and no row", "Export the table again with its rows.")
    if not blank.any():
        return cells
    kept = pa.array(~blank)
    columns = tuple(column.filter(kept) for column in cells.columns)
    return Cells(cells.file, cells.headers, columns, cells.rows[~blank], cells.faults, cells.notes)


def clean_header(header: str) -> str:
    """Header in half-width lower case without spaces and byte order mark."""
    text = unicodedata.normalize("NFKC", header).replace("\ufeff", "")
    return "".join(text.split()).lower()


def _header_names(table: Table) -> dict[str, str]:
    names: dict[str, str] = {}
    for column in table.columns:
        label = clean_header(column.label_zh)
        names |= {clean_header(column.name): column.name, label: column.name}
        names[f"{label}({clean_header(column.unit)})"] = column.name
    return names


def _name_columns(cells: Cells, table: Table) -> RawTable:
    names = _header_names(table)
    found = [names.get(clean_header(header)) for header in cells.headers]
    columns: dict[str, Any] = {}
    faults, notes = list(cells.faults), list(cells.notes)
    for header, name, column in zip(cells.headers, found, cells.columns, strict=True):
        if name is None:
            notes += _unknown_header(cells.file, header, column)
        elif name in columns:
            advice = "Keep one of the columns and remove the other."
            faults.append(Fault(cells.file, None, name, None, "must occur once in the header", advice))
        else:
            columns[name] = column
    if not columns:
        rule = f"the first row names no column of table '{table.name}'"
        has = ", ".join(header.strip() for header in cells.headers if header.strip())
        raise fail(cells.file, rule, f"It has: {has}. Put the header into the first row.")
    faults += _missing_columns(cells, table, columns)
    return RawTable(cells.file, columns, cells.rows, tuple(dict.fromkeys(faults)), tuple(notes))


def _unknown_header(file: str, header: str, column: Any) -> list[str]:
    if not header.strip():
        blank = column.null_count == len(column)
        return [] if blank else [f"{file}: a column without a header was left out."]
    return [f"{file}: column '{header.strip()}' is not declared and was left out."]


def _missing_columns(cells: Cells, table: Table, columns: Mapping[str, Any]) -> list[Fault]:
    known = _header_names(table)
    has = [header.strip() for header in cells.headers if header.strip()]
    unknown = [header for header in has if clean_header(header) not in known]
    faults = []
    for column in table.columns:
        if column.required and column.name not in columns:
            near = get_close_matches(column.name, unknown, 1) or get_close_matches(column.label_zh, unknown, 1)
            advice = f"The file has: {', '.join(has)}." + (f" Is '{near[0]}' meant?" if near else "")
            rule = f"({column.label_zh}) must exist"
            faults.append(Fault(cells.file, None, column.name, None, rule, advice))
    return faults


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
