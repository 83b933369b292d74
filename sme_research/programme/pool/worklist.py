"""The work list of the reserve pool as a workbook, for the department's own use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from sme_research.programme.workbooks import save_workbook, showable

WIDEST = 36


def write_worklist(
    path: Path, rows: pd.DataFrame, heads: Sequence[str], notes: Sequence[tuple[str, str]], sheets: Mapping[str, str]
) -> None:
    """Write candidates and notes.

    Parameters
    ----------
    path : Path
        An ``.xlsx`` file, written whole or not at all.
    rows : DataFrame
        Cells as they are to be shown; a column a head.
    heads : sequence of str
        Heads of the columns, in the reader's language.
    notes : sequence of (what, text)
    sheets : mapping
        Names of the sheets ``list`` and ``notes``.
    """
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = sheets["list"]
    _fill(sheet, [list(heads), *rows.astype(object).where(rows.notna(), None).to_numpy().tolist()])
    _fill(book.create_sheet(sheets["notes"]), [list(note) for note in notes])
    save_workbook(book, path)


def _fill(sheet: Any, lines: Sequence[Sequence[Any]]) -> None:
    for line in lines:
        sheet.append([showable(content) for content in line])
    for cell in sheet[1]:
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "B2"
    for at, column in enumerate(zip(*lines[:50], strict=True), start=1):
        wide = max(sum(2 if ord(letter) > 0x2E7F else 1 for letter in str(cell or "")) for cell in column)
        sheet.column_dimensions[get_column_letter(at)].width = min(wide + 2, WIDEST)
