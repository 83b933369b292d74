"""Workbooks that leave the house: written whole or not at all, and with nothing in them that runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE


def showable(content: Any) -> Any:
    """The content of a cell, without control characters, which no workbook may hold."""
    return ILLEGAL_CHARACTERS_RE.sub("�", content) if isinstance(content, str) else content


def save_workbook(book: Workbook, path: Path) -> None:
    """Save a workbook of texts and numbers.

    A text that begins like a formula, as an id out of somebody's table may,
    stays a text, also once its cell is edited. The folder is made where there
    is none; a file is replaced only by a whole one.

    Raises
    ------
    OSError
        With the path that was asked for.
    """
    for sheet in book.worksheets:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            cell.data_type, cell.quotePrefix = "s", True
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        book.save(aside)
        aside.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None
    finally:
        _remove(aside)


def _remove(aside: Path) -> None:
    try:
        aside.unlink(missing_ok=True)
    except OSError:  # its folder is not there or is no folder, so neither is the file
        return
