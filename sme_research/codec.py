"""Records to bytes and back, exactly and without running anything that the bytes may say.

Only the records of `sme_research.results`, plain values, arrays and frames are
known; any other type is refused, on the way in and on the way out.
"""

from __future__ import annotations

import dataclasses
import io
import json
import math
import zipfile
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from sme_research import results

_KIND: Final = "\u0000kind"
_RECORDS: Final[dict[str, Any]] = {
    name: kind for name, kind in vars(results).items() if isinstance(kind, type) and dataclasses.is_dataclass(kind)
}
_VALUE: Final = "value.json"
# The first moment that a ZIP file can tell: equal values make equal bytes.
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def encode(value: Any) -> bytes:
    """Bytes of a value.

    Raises
    ------
    TypeError
        Some part of it is of a type that is not known.
    """
    frames: list[pd.DataFrame] = []
    content = json.dumps(_plain(value, frames), ensure_ascii=False)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(zipfile.ZipInfo(_VALUE, _EPOCH), content)
        for number, frame in enumerate(frames):
            archive.writestr(zipfile.ZipInfo(f"frame-{number}.parquet", _EPOCH), frame.to_parquet())
    return target.getvalue()


def decode(content: bytes) -> Any:
    """Value of the bytes.

    Raises
    ------
    ValueError
        The bytes are not what `encode` makes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _value(json.loads(archive.read(_VALUE)), archive)
    except (zipfile.BadZipFile, KeyError, TypeError, AttributeError, OSError) as fault:
        raise ValueError(f"the bytes hold no value that can be read: {fault}") from None


def same(one: Any, other: Any) -> bool:  # noqa: PLR0911 (one line a kind)
    """Whether two values are equal in every part and type; NaN equals NaN."""
    if type(one) is not type(other):
        return False
    if dataclasses.is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one))
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if isinstance(one, pd.DataFrame):
        return bool(one.equals(other)) and list(one.dtypes) == list(other.dtypes)
    both_nan = isinstance(one, float) and math.isnan(one) and math.isnan(other)
    return both_nan or bool(one == other)


def _plain(value: Any, frames: list[pd.DataFrame]) -> Any:  # noqa: PLR0911 (one line a kind)
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is list:
        return [_plain(item, frames) for item in value]
    if type(value) is tuple:
        return {_KIND: "tuple", "items": [_plain(item, frames) for item in value]}
    if type(value) is dict:
        return {_KIND: "dict", "items": [[_plain(key, frames), _plain(item, frames)] for key, item in value.items()]}
    if type(value) is date:
        return {_KIND: "date", "iso": value.isoformat()}
    if isinstance(value, np.generic) and value.dtype.kind in "fiub":
        return {_KIND: "scalar", "dtype": value.dtype.str, "item": value.item()}
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return {_KIND: "array", "dtype": value.dtype.str, "shape": list(value.shape), "items": value.ravel().tolist()}
    if isinstance(value, pd.DataFrame):
        frames.append(value)
        return {_KIND: "frame", "number": len(frames) - 1}
    name = type(value).__name__
    if _RECORDS.get(name) is type(value):
        return {
            _KIND: name,
            "fields": {f.name: _plain(getattr(value, f.name), frames) for f in dataclasses.fields(value)},
        }
    raise TypeError(f"a {type(value).__module__}.{name} cannot be written")


def _value(plain: Any, archive: zipfile.ZipFile) -> Any:  # noqa: PLR0911 (one line a kind)
    if isinstance(plain, list):
        return [_value(item, archive) for item in plain]
    if not isinstance(plain, dict):
        return plain
    match plain[_KIND]:
        case "tuple":
            return tuple(_value(item, archive) for item in plain["items"])
        case "dict":
            return {_value(key, archive): _value(item, archive) for key, item in plain["items"]}
        case "date":
            return date.fromisoformat(plain["iso"])
        case "scalar":
            return np.dtype(plain["dtype"]).type(plain["item"])
        case "array":
            return np.array(plain["items"], dtype=plain["dtype"]).reshape(plain["shape"])
        case "frame":
            return pd.read_parquet(io.BytesIO(archive.read(f"frame-{plain['number']}.parquet")))
        case name:
            return _RECORDS[name](**{key: _value(item, archive) for key, item in plain["fields"].items()})
