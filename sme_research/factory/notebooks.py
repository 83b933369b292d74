"""Notebook files: the few things that the factory does with them as files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Final

import nbformat
from nbformat import NotebookNode
from nbformat.validator import normalize
from nbformat.warnings import MissingIDFieldWarning

from sme_research.errors import FactoryError

UNBUILT: Final = (
    "its JSON is not built as one, an object with nbformat, metadata and a list of cells with cell_type and source"
)


def parse_notebook(content: bytes, name: str) -> NotebookNode:
    """Notebook in a file's bytes, in the newest format, without what earlier runs left in it.

    Raises
    ------
    FactoryError
        The bytes are no notebook.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MissingIDFieldWarning)
            notebook: NotebookNode = nbformat.reads(content.decode(), as_version=4)  # type: ignore[no-untyped-call]
            _, notebook = normalize(notebook)
    except Exception as fault:  # nbformat lets errors of every kind through
        raise _no_notebook(name, _told(fault)) from None
    if not isinstance(notebook.cells, list) or not all(_is_cell(cell) for cell in notebook.cells):
        raise _no_notebook(name, UNBUILT)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def _is_cell(cell: NotebookNode) -> bool:
    return all(isinstance(cell.get(key), str) for key in ("cell_type", "source"))


def _no_notebook(name: str, why: str) -> FactoryError:
    return FactoryError(f"{name} is not a notebook: {why}. Save it from Jupyter again, or name another file.")


def _told(fault: Exception) -> str:
    """What nbformat says of a file, less what only its programmers understand."""
    stumbled = isinstance(fault, AttributeError | TypeError | LookupError)
    return UNBUILT if stumbled else str(fault).splitlines()[0].rstrip(".")


def write_notebook(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook to a file."""
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def has_tag(cell: NotebookNode, tag: str) -> bool:
    """Whether the cell carries the tag."""
    return tag in cell.get("metadata", {}).get("tags", [])
