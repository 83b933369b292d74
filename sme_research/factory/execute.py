"""One notebook run in its own kernel and folder, with the outcome verified afterwards.

papermill drives the cells. Whether the run is complete is judged here, from
the kernel's replies: papermill calls a cell complete after a kill, a time-out
or ``sys.exit(0)``.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from sme_research.errors import FactoryError, SmeResearchError
from sme_research.factory.kernels.environment import REPORTS, THREAD_LIMITS
from sme_research.factory.kernels.manager import OwnKernelManager
from sme_research.factory.kernels.provisioner import ORDINARY, ForkedProvisioner
from sme_research.factory.kernels.start import say_once
from sme_research.factory.notebooks import has_tag, parse_notebook
from sme_research.factory.plan import PlannedReport
from sme_research.processes import PROCESSES_VARIABLE

KERNEL_NAME = "python3"
WORK = "work"
FOLDERS = (WORK, "kernel", "ipython", "jupyter")
START_TIMEOUT_S = 60
LOST = "the warm process ended while notebooks ran; they were run again in ordinary kernels"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a report was not made.

    ``cell`` counts the notebook's cells from 1 and is None where no cell is at
    fault; ``line`` is the first line of its source.
    """

    error: str
    message: str
    cell: int | None = None
    line: str = ""

    def __str__(self) -> str:
        if self.error in _spoken_errors():
            return self.message
        place = "" if self.cell is None else f"cell {self.cell} ({self.line}): "
        return f"{place}{self.error}: {self.message}" if self.message else f"{place}{self.error}"


@dataclass(frozen=True, slots=True)
class Execution:
    """An executed notebook, with the failure where there was one.

    ``started_at`` is UTC in ISO format, ``duration_s`` in seconds. ``kernel``
    is "forked" or "ordinary"; ``kernel_note`` says why a kernel that was to be
    forked is ordinary.
    """

    notebook: NotebookNode
    started_at: str
    duration_s: float
    failure: Failure | None
    kernel: str = ORDINARY
    kernel_note: str = ""


@dataclass(slots=True)
class _Watch:
    """The notebook as it runs, the cells the kernel was asked to run, and those it answered with success."""

    notebook: NotebookNode
    asked: list[int] = field(default_factory=list)
    answered: set[int] = field(default_factory=set)

    def on_start(self, notebook: NotebookNode) -> None:
        self.notebook = notebook

    def on_asked(self, cell: NotebookNode, cell_index: int) -> None:  # noqa: ARG002 (nbclient calls by name)
        self.asked.append(cell_index)

    def on_answered(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:  # noqa: ARG002
        content = execute_reply["content"]
        # ``quit()`` is answered with success, but the kernel is on its way out.
        leaves = any(payload.get("source") == "ask_exit" for payload in content.get("payload", []))
        if content["status"] == "ok" and not leaves:
            self.answered.add(cell_index)


def execute(
    planned: PlannedReport,
    folder: Path,
    *,
    timeout: int,
    progress: dict[str, Any] | bool = False,
    one_thread: bool = False,
    warm: Path | None = None,
) -> Execution:
    """Run a planned report's notebook.

    Parameters
    ----------
    planned : PlannedReport
    folder : Path
        Empty folder of this run; the notebook works in ``work`` within it.
    timeout : int
        Seconds a cell may take.
    progress : dict or bool
        As papermill's ``progress_bar``.
    one_thread : bool
        Keep numerical libraries to one thread, for runs side by side.
    warm : Path, optional
        Socket of the warm process to fork the kernel from (`warm_kernels`);
        an ordinary kernel where none is given, or none can be forked. A
        notebook whose kernel is lost with the warm process is run again.

    Raises
    ------
    FactoryError
        The notebook has changed since it was planned.
    """
    notebook = _fresh_copy(planned)
    _prepare_folders(planned, folder)
    _prepare_environment(folder, one_thread=one_thread)
    started, clock = datetime.now(UTC), time.monotonic()
    manager = OwnKernelManager(warm=warm, forks=warm is not None)
    watch, stopped = _drive(notebook, planned, folder, manager, timeout=timeout, progress=progress)
    if warm is not None and isinstance(stopped, RuntimeError) and _is_lost(manager):
        say_once(warm, f"{LOST}.")
        for made in FOLDERS:
            shutil.rmtree(folder / made)
        again = execute(planned, folder, timeout=timeout, progress=progress, one_thread=one_thread)
        return replace(again, kernel_note=LOST)
    executed = _without_marks(watch.notebook)
    return Execution(
        notebook=executed,
        started_at=started.isoformat(timespec="microseconds"),
        duration_s=round(time.monotonic() - clock, 3),
        failure=find_failure(executed, watch.asked, watch.answered, stopped),
        **_how_started(manager),
    )


def _is_lost(manager: OwnKernelManager) -> bool:
    """Whether the kernel ended because the warm process did, by no fault of its notebook."""
    return isinstance(manager.provisioner, ForkedProvisioner) and manager.provisioner.lost


def _how_started(manager: OwnKernelManager) -> dict[str, str]:
    provisioner = manager.provisioner
    if not isinstance(provisioner, ForkedProvisioner):  # the run failed before there was a kernel
        return {}
    return {"kernel": provisioner.kind, "kernel_note": provisioner.note}


def find_failure(
    notebook: NotebookNode, asked: list[int], answered: set[int], stopped: Exception | None
) -> Failure | None:
    """First reason for which an executed notebook is not complete; None where it is."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return _failure_at(notebook, index, output.ename, output.evalue)
    last = asked[-1] if asked else None
    if isinstance(stopped, CellTimeoutError) and last is not None:
        return _failure_at(notebook, last, "CellTimeout", "the cell took longer than the time allowed")
    if isinstance(stopped, DeadKernelError) and last is not None:
        return _failure_at(notebook, last, "KernelDied", "the kernel ended while the cell ran")
    if stopped is not None:
        return Failure(type(stopped).__name__, str(stopped).strip() or "the notebook could not be run", None)
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        if index not in answered or cell.execution_count is None:
            return _failure_at(notebook, index, "NotRun", "the cell was not completed")
    return None


def _failure_at(notebook: NotebookNode, index: int, error: str, message: str) -> Failure:
    # papermill's injected cell is not in the author's notebook.
    before = notebook.cells[: index + 1]
    number = sum(1 for cell in before if not has_tag(cell, "injected-parameters"))
    lines = [line.strip() for line in notebook.cells[index].source.splitlines() if line.strip()]
    return Failure(error, message, number, lines[0] if lines else "")


def _spoken_errors() -> set[str]:
    """Names of the errors whose message alone explains them."""
    import sme_research.tables  # noqa: PLC0415, F401  so that its errors are known; only after a failure

    kinds = [SmeResearchError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return {kind.__name__ for kind in kinds}


def _fresh_copy(planned: PlannedReport) -> NotebookNode:
    content = planned.notebook.read_bytes()
    if hashlib.sha256(content).hexdigest() != planned.notebook_sha256:
        raise FactoryError(f"{planned.notebook.name} has changed since the run was planned; run it again.")
    return parse_notebook(content, planned.notebook.name)


def _prepare_folders(planned: PlannedReport, folder: Path) -> None:
    """Working folder of the run, in which the data folder is linked under the name that reports show."""
    work = folder / WORK
    for made in FOLDERS:
        (folder / made).mkdir(parents=True)
    (folder / "kernel").chmod(0o700)
    if planned.data is not None:
        link = work / str(planned.parameters["data"])
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(planned.data, target_is_directory=True)


def _prepare_environment(folder: Path, *, one_thread: bool) -> None:
    """Environment that the kernel inherits: the same for every user and every run."""
    os.environ.pop("PYTHONSTARTUP", None)
    os.environ.update(
        REPORTS,
        IPYTHONDIR=str(folder / "ipython"),
        JUPYTER_CONFIG_DIR=str(folder / "jupyter"),
        JUPYTER_DATA_DIR=str(folder / "jupyter"),
        JUPYTER_RUNTIME_DIR=str(folder / "kernel"),
    )
    if one_thread:
        os.environ.update(dict.fromkeys((*THREAD_LIMITS, PROCESSES_VARIABLE), "1"))


def _drive(
    notebook: NotebookNode,
    planned: PlannedReport,
    folder: Path,
    manager: OwnKernelManager,
    *,
    timeout: int,
    progress: dict[str, Any] | bool,
) -> tuple[_Watch, Exception | None]:
    """Let papermill run the cells: what was seen of it, and what stopped it."""
    # Imported here, by the process that runs notebooks: the one that plans and publishes starts without it.
    import papermill  # noqa: PLC0415

    from sme_research.factory.kernels.engine import register_engine  # noqa: PLC0415

    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    watch = _Watch(notebook)
    try:
        papermill.execute_notebook(
            notebook,
            None,
            parameters=dict(planned.parameters),
            kernel_name=KERNEL_NAME,
            language="python",
            engine_name=register_engine(),
            kernel_manager=manager,
            cwd=str(folder / WORK),
            progress_bar=progress,
            autosave_cell_every=0,
            request_save_on_cell_execute=False,
            execution_timeout=timeout,
            start_timeout=START_TIMEOUT_S,
            on_notebook_start=watch.on_start,
            on_cell_execute=watch.on_asked,
            on_cell_executed=watch.on_answered,
        )
    except Exception as fault:
        return watch, fault
    return watch, None


def _without_marks(notebook: NotebookNode) -> NotebookNode:
    """Notebook without the cells that papermill adds to point at an error."""
    notebook.cells = [cell for cell in notebook.cells if not has_tag(cell, "papermill-error-cell-tag")]
    return notebook
