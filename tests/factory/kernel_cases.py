"""Kernels to compare: what a notebook's cells say in an ordinary and in a forked one."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from factory_cases import code, write

from sme_research.factory.execute import Execution, execute
from sme_research.factory.plan import RunRequest, make_plan


def run_cells(root: Path, *sources: str, warm: Path | None = None, timeout: int = 60) -> Execution:
    """A notebook of the given cells, run in a kernel of its own."""
    folder = Path(tempfile.mkdtemp(dir=root))
    write(folder / "notebooks/cells.ipynb", *(code(source) for source in sources))
    planned = make_plan(RunRequest((folder / "notebooks",), folder / "reports")).reports[0]
    before = dict(os.environ)
    try:
        return execute(planned, folder / "run", timeout=timeout, one_thread=True, warm=warm)
    finally:
        os.environ.clear()
        os.environ.update(before)


def outputs(execution: Execution) -> list[Any]:
    """All outputs of a run that must not have failed."""
    assert execution.failure is None, execution.failure
    return [output for cell in execution.notebook.cells for output in cell.get("outputs", [])]


def said(execution: Execution) -> Any:
    """What the cells printed, as JSON."""
    printed = [output.text for output in outputs(execution) if output.get("name") == "stdout"]
    return json.loads("".join(printed))


def pictures(execution: Execution) -> list[str]:
    """Pictures, as they are encoded in the notebook."""
    return [output.data["image/png"] for output in outputs(execution) if "image/png" in output.get("data", {})]
