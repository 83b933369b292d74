"""Notebook files: the few things that the factory does with them as files."""

from __future__ import annotations

import warnings
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.validator import normalize
from nbformat.warnings import MissingIDFieldWarning

from sme_research.errors import FactoryError


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
        raise FactoryError(f"{name} is not a notebook: {str(fault).splitlines()[0]}.") from None
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def write_notebook(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook to a file."""
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def has_tag(cell: NotebookNode, tag: str) -> bool:
    """Whether the cell carries the tag."""
    return tag in cell.get("metadata", {}).get("tags", [])
