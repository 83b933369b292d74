"""Where the committed reference data lie."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sme_research.errors import DataError

_FOLDER: Final = Path(__file__).resolve().parents[2] / "data" / "reference"


def reference_path(name: str) -> Path:
    """Path of a file in ``data/reference``, e.g. ``area_codes.csv``.

    Raises
    ------
    DataError
        There is no such file.
    """
    path = _FOLDER / name
    if not path.exists():
        raise DataError(
            f"data/reference holds no {name}. It is committed with the source code: restore it with git, "
            "and install the package in editable mode."
        )
    return path
