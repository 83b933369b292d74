"""Raw cells to canonical values: one parser a kind, and the place of every cell that is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sme_research.tables.credit_code import have_shape, normalise
from sme_research.tables.declare import Column
from sme_research.tables.reading import cell_text

NUMBER: Final = r"^[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?([eE][+-]?\d{1,3})?$"
_DATE: Final = r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$"
_TRUE: Final = ("1", "true", "是", "1.0")
_FALSE: Final = ("0", "false", "否", "0.0")
_LARGEST_WHOLE: Final = 2.0**53

_CREDIT_CODED: Final = ("enterprises", "GB 32100")

RULES: Final = {
    "number": "must be a number",
    "integer": "must be a whole number",
    "date": "must be a date like 2024-01-31",
    "boolean": "must be 1 or 0 (true or false, 是 or 否)",
}


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """One column in canonical type, and where its cells could not be read (those are missing)."""

    cells: pd.Series[Any]
    unreadable: NDArray[np.int64]


def parse_column(cells: Any, column: Column) -> Parsed:
    """Values of one declared column.

    Parameters
    ----------
    cells : pyarrow ChunkedArray
        Texts, or values of any type; blank cells are null.
    column : Column
        Its kind decides the type: text and code give str, number float64,
        integer int64 (Int64 where a cell is missing), date datetime64,
        boolean boolean.

    Returns
    -------
    Parsed
        With a range index.
    """
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    parsed = _PARSERS[column.kind](cells)
    if column.references in _CREDIT_CODED:
        return Parsed(_tidy_credit_codes(parsed.cells), parsed.unreadable)
    return parsed


def blank_values(column: Column, length: int) -> pd.Series[Any]:
    """Make a column that the file lacks: all missing, in canonical type."""
    return parse_column(pa.chunked_array([pa.nulls(length, pa.string())]), column).cells


def texts_of(cells: Any) -> Any:
    """Convert the cells to trimmed text; blank ones are null."""
    if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
        typed = cells.to_pylist()
        cells = pa.chunked_array([pa.array([_text_or_none(cell) for cell in typed], pa.string())])
    trimmed = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, trimmed.type), trimmed)


def _text_or_none(cell: object) -> str | None:
    return None if isinstance(cell, float) and cell != cell else cell_text(cell)  # noqa: PLR0124


def _half_width(texts: Any) -> Any:
    if pc.all(pc.string_is_ascii(texts)).as_py() in (True, None):
        return texts
    return pc.utf8_trim_whitespace(pc.utf8_normalize(texts, form="NFKC"))


def _places(mask: Any) -> NDArray[np.int64]:
    return np.flatnonzero(pc.fill_null(mask, False).to_numpy(zero_copy_only=False)) if len(mask) else _nowhere()


def _nowhere() -> NDArray[np.int64]:
    return np.empty(0, dtype=np.int64)


def _series(cells: Any) -> pd.Series[Any]:
    series: pd.Series[Any] = cells.to_pandas()
    return series


def _parse_text(cells: Any) -> Parsed:
    return Parsed(_series(texts_of(cells)).astype("str"), _nowhere())


def _parse_code(cells: Any) -> Parsed:
    return Parsed(_series(_half_width(texts_of(cells))).astype("str"), _nowhere())


def _tidy_credit_codes(ids: pd.Series[Any]) -> pd.Series[Any]:
    """Credit codes typed in lower case or with spaces become canonical; opaque ids stay as they are."""
    odd = ids.str.len().ge(18) & ~ids.str.fullmatch("[0-9A-Z]{18}").fillna(False).astype(bool)
    typed = ids[odd].unique()
    tidy = [normalise(code) for code in typed]
    changes = {code: new for code, new, shaped in zip(typed, tidy, have_shape(tidy), strict=True) if shaped}
    if not changes:
        return ids
    return ids.where(~ids.isin(changes), ids.map(changes)).astype("str")


def _float_array(cells: Any) -> tuple[Any, Any]:
    """Numbers as a pyarrow double array, and which cells are none (a boolean array)."""
    if not _is_numeric(cells.type):  # a truth value or a moment is no number, though pyarrow would cast it
        return _careful_floats(texts_of(cells))
    if pa.types.is_floating(cells.type) or pa.types.is_integer(cells.type) or pa.types.is_decimal(cells.type):
        numbers = cells.cast(pa.float64(), safe=False)
    else:
        try:
            numbers = cells.cast(pa.float64())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return _careful_floats(cells)
    nan_is_blank = pa.types.is_floating(cells.type)
    if nan_is_blank:
        numbers = pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)
    elif pc.any(pc.invert(pc.is_finite(numbers))).as_py():
        return _careful_floats(cells)
    infinite = pc.invert(pc.is_finite(numbers))
    return pc.if_else(infinite, pa.scalar(None, pa.float64()), numbers), infinite


def _is_numeric(kind: Any) -> bool:
    numbers = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null)
    texts = (pa.types.is_string, pa.types.is_large_string)
    return any(belongs(kind) for belongs in (*numbers, *texts))


def _careful_floats(cells: Any) -> tuple[Any, Any]:
    texts = _half_width(texts_of(cells))
    readable = pc.match_substring_regex(texts, NUMBER)
    cleaned = pc.if_else(readable, pc.replace_substring(texts, ",", ""), pa.scalar(None, texts.type))
    # The cast refuses an explicit plus sign.
    numbers = pc.utf8_ltrim(cleaned, "+").cast(pa.float64())
    return numbers, pc.invert(readable)


def _parse_number(cells: Any) -> Parsed:
    numbers, bad = _float_array(cells)
    return Parsed(_series(numbers).astype("float64"), _places(bad))


def _parse_integer(cells: Any) -> Parsed:
    try:
        if not _is_numeric(cells.type):
            raise pa.ArrowInvalid("no number")
        whole, bad = cells.cast(pa.int64()), pa.array([], pa.bool_())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        numbers, unreadable = _float_array(cells)
        fractional = pc.or_(pc.not_equal(pc.floor(numbers), numbers), pc.greater(pc.abs(numbers), _LARGEST_WHOLE))
        bad = pc.or_kleene(unreadable, fractional)
        whole = pc.if_else(bad, pa.scalar(None, pa.float64()), numbers).cast(pa.int64())
    values = whole.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return Parsed(values if whole.null_count else values.astype("int64"), _places(bad))


def _parse_date(cells: Any) -> Parsed:
    """Days; a time of day is left out."""
    if pa.types.is_integer(cells.type):  # a spreadsheet's serial number, or a mistake; pyarrow would guess
        return _careful_dates(cells.cast(pa.string()))
    if pa.types.is_timestamp(cells.type) and cells.type.tz is None:
        return _days(cells.cast(pa.date32(), safe=False))
    try:
        return _days(cells.cast(pa.date32()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _careful_dates(cells)


def _days(dates: Any) -> Parsed:
    return Parsed(_series(dates.cast(pa.timestamp("us"))).astype("datetime64[us]"), _nowhere())


def _careful_dates(cells: Any) -> Parsed:
    texts = _series(_half_width(texts_of(cells))).astype("str")
    parts = texts.str.extract(_DATE)
    iso = parts[0] + "-" + parts[1].str.zfill(2) + "-" + parts[2].str.zfill(2)
    dates = pd.to_datetime(iso, format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
    return Parsed(dates, np.flatnonzero(dates.isna() & texts.notna()))


def _parse_boolean(cells: Any) -> Parsed:
    if pa.types.is_boolean(cells.type):
        return Parsed(_series(cells).astype("boolean"), _nowhere())
    words = pc.utf8_lower(_half_width(texts_of(cells)))
    true = pc.is_in(words, pa.array(_TRUE, words.type))
    known = pc.or_(true, pc.is_in(words, pa.array(_FALSE, words.type)))
    values = pc.if_else(known, true, pa.scalar(None, pa.bool_()))
    return Parsed(_series(values).astype("boolean"), _places(pc.and_(pc.invert(known), pc.is_valid(words))))


_PARSERS: Final[dict[str, Callable[[Any], Parsed]]] = {
    "text": _parse_text,
    "code": _parse_code,
    "number": _parse_number,
    "integer": _parse_integer,
    "date": _parse_date,
    "boolean": _parse_boolean,
}
