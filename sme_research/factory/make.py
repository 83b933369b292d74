"""One report from plan to finished files, in a process of its own."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import RLock
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbformat import NotebookNode
from tqdm import tqdm

from sme_research.errors import FactoryError
from sme_research.factory.execute import WORK, Execution, Failure, execute
from sme_research.factory.findings import make_findings
from sme_research.factory.formats import write_outputs, write_replication
from sme_research.factory.manifest import (
    MANIFEST_NAME,
    PACKAGE,
    CodeVersion,
    Manifest,
    environment,
    reached,
    sha256_of,
)
from sme_research.factory.notebooks import write_notebook
from sme_research.factory.plan import PlannedReport
from sme_research.factory.publish import write_failure
from sme_research.factory.records import Records, collect_records
from sme_research.factory.site.comparison import compare_runs
from sme_research.factory.site.layout import FINDINGS_NAME
from sme_research.factory.site.runs import PublishedRun, read_run
from sme_research.factory.site.telling import tell_changes
from sme_research.processes import CACHE_VARIABLE, NOTES_VARIABLE, SEAL_VARIABLE

if TYPE_CHECKING:
    from sme_research.factory.secrets import Secrets

NOTEBOOK_NAME = "notebook.ipynb"
FINISHED = "finished"
NOTES_NAME = "notes.txt"
PR_SET_PDEATHSIG = 1
_slot = 0


@dataclass(frozen=True, slots=True)
class Task:
    """One report to make.

    ``folder`` is where its attempts are staged, ``timeout`` in seconds a cell,
    ``cache`` the folder of kept results, ``previous`` the newest published run
    of the same report, ``warm`` the socket of the process to fork the kernel from,
    ``seal`` the key to the hashes of tables in the public edition.
    """

    planned: PlannedReport
    run_id: str
    folder: Path
    code: CodeVersion
    timeout: int
    progress: bool
    one_thread: bool
    cache: Path
    previous: Path | None = None
    warm: Path | None = None
    seal: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """Outcome of a task: a failure or None, the seconds the notebook took, the attempt's folder, remarks."""

    failure: Failure | None
    seconds: float
    attempt: Path
    notes: tuple[str, ...] = ()

    @property
    def finished(self) -> Path:
        """Folder of the files to publish."""
        return self.attempt / FINISHED


def prepare_process(parent: int, lock: RLock, slots: Synchronized[int]) -> None:
    """Set up a process that makes reports: it dies with its parent, shares the bars, leaves Ctrl-C to it."""
    global _slot  # noqa: PLW0603 (where this process draws its bar; set once)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tqdm.set_lock(lock)
    with slots.get_lock():
        slots.value += 1
        _slot = slots.value


def make_report(task: Task) -> Made:
    """Run and render one report into its staging folder; a failure leaves the notebook to look at."""
    # An attempt of a worker that was lost, or only seemed to be, may still lie there.
    task.folder.mkdir(parents=True, exist_ok=True)
    attempt = Path(tempfile.mkdtemp(dir=task.folder, prefix=""))
    notes = attempt / NOTES_NAME
    os.environ.update({CACHE_VARIABLE: str(task.cache), NOTES_VARIABLE: str(notes), SEAL_VARIABLE: task.seal})
    made = _make_report(replace(task, folder=attempt))
    told = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
    return replace(made, notes=tuple(f"{task.planned.slug}: {line}" for line in told))


def _make_report(task: Task) -> Made:
    planned = task.planned
    bar = {"desc": planned.slug, "position": _slot, "leave": False, "disable": None} if task.progress else False
    try:
        done = execute(
            planned,
            task.folder,
            timeout=task.timeout,
            progress=bar,
            one_thread=task.one_thread,
            warm=task.warm,
        )
    except FactoryError as fault:
        return Made(Failure(type(fault).__name__, str(fault)), 0.0, task.folder)
    if done.kernel_note:
        _note(task, f"ran in an ordinary kernel: {done.kernel_note}")
    failure = done.failure
    if failure is None:
        try:
            _finish(task, done)
        except FactoryError as fault:
            failure = Failure(type(fault).__name__, str(fault))
    if failure is not None:
        failure = replace(failure, message=_without_paths(failure.message, task))
        _leave_failed(task, done, failure)
    return Made(failure, done.duration_s, task.folder)


def _finish(task: Task, done: Execution) -> None:
    """Write the report in its formats, notebook, findings, replication package, and last the manifest."""
    folder, planned = task.folder / FINISHED, task.planned
    folder.mkdir()
    notebook = _published_notebook(done.notebook, task)
    records = collect_records(notebook, planned.slug)
    manifest = _manifest(task, done, records)
    write_notebook(notebook, folder / NOTEBOOK_NAME)
    findings = make_findings(records.findings, manifest).to_json()
    (folder / FINDINGS_NAME).write_text(_json(findings), encoding="utf-8")
    write_replication(folder, manifest, planned.notebook, PACKAGE.parent)
    news = _news(task, PublishedRun(manifest, tuple(findings["findings"])))
    said = write_outputs(notebook, manifest, folder, news=news)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    final = {
        "outputs": {path.relative_to(folder).as_posix(): sha256_of(path) for path in files},
        "content_sha256": hashlib.sha256(f"{_json(records.findings)}\n{said}".encode()).hexdigest(),
    }
    content = manifest.model_copy(update=final).model_dump_json(indent=1)
    (folder / MANIFEST_NAME).write_text(content, encoding="utf-8")
    if planned.edition == "public" and planned.data is not None:
        _pass_gate(folder, planned.data)


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)


def _pass_gate(folder: Path, data: Path) -> None:
    """Let a public report pass only if none of its bytes names an enterprise of its data."""
    from sme_research.factory.editions import gate  # noqa: PLC0415  only the public edition reads the tables here
    from sme_research.tables import load_tables  # noqa: PLC0415

    gate(folder, _secrets_of(data, tuple(load_tables(data).hashes().values())))


@lru_cache(maxsize=1)
def _secrets_of(data: Path, _hashes: tuple[str, ...]) -> Secrets:
    """Identifiers of a folder's tables, as they are now."""
    from sme_research.factory.secrets import load_secrets  # noqa: PLC0415

    return load_secrets(data)


def _news(task: Task, made: PublishedRun) -> list[str]:
    """What changed since the newest published run; nothing where this is the first, or that one is damaged."""
    if task.previous is None:
        return []
    try:
        before = read_run(task.previous)
    except FactoryError as fault:
        _note(task, f"not compared with the run before: {fault}")
        return []
    return tell_changes(compare_runs(before, made), task.planned.language)


def _note(task: Task, sentence: str) -> None:
    """A remark for whoever runs the reports."""
    with (task.folder / NOTES_NAME).open("a", encoding="utf-8") as notes:
        notes.write(f"{sentence}\n")


def _manifest(task: Task, done: Execution, records: Records) -> Manifest:
    planned = task.planned
    seed = planned.parameters.get("seed")
    return Manifest(
        run_id=task.run_id,
        slug=planned.slug,
        family=planned.family,
        report=planned.report,
        group=planned.group,
        title=planned.title,
        language=planned.language,
        notebook=planned.notebook.name,
        notebook_sha256=planned.notebook_sha256,
        parameters=json.loads(json.dumps(dict(planned.parameters))),
        made_up=records.provenance.made_up,
        edition=planned.edition,
        formats=list(planned.formats),
        tables=records.provenance.tables,
        absent=records.provenance.absent,
        files=records.provenance.files,
        code=task.code,
        reached=reached(planned.reach),
        environment=environment(),
        seed=seed if type(seed) is int else None,
        started_at=done.started_at,
        duration_s=done.duration_s,
    )


def _leave_failed(task: Task, done: Execution, failure: Failure) -> None:
    folder = task.folder / FINISHED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_notebook(done.notebook, folder / NOTEBOOK_NAME)
    write_failure(
        folder,
        failure,
        title=task.planned.title,
        language=task.planned.language,
        started_at=done.started_at,
    )


def _published_notebook(notebook: NotebookNode, task: Task) -> NotebookNode:
    """Strip an executed notebook of papermill's notes, messages on stderr and paths of this machine."""
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        if cell.cell_type == "code":
            kept = [output for output in cell.outputs if output.get("name") != "stderr"]
            cell.outputs = [_without_paths(output, task) for output in kept]
    return notebook


def _without_paths(value: Any, task: Task) -> Any:
    """Value with the folders of this machine named as the report names them, in every text within."""
    if isinstance(value, dict):
        return type(value)({key: _kept_or_cleaned(key, item, task) for key, item in value.items()})
    if isinstance(value, list):
        return [_without_paths(item, task) for item in value]
    if not isinstance(value, str):
        return value
    for path, name in _folder_names(task).items():
        value = name.join(re.split(re.escape(path) + r"(?![\w.-])", value))
    return value


def _kept_or_cleaned(key: str, item: Any, task: Task) -> Any:
    # The letters of an encoded image may spell a path.
    return item if key.startswith("image/") else _without_paths(item, task)


def _folder_names(task: Task) -> dict[str, str]:
    """Folders of this machine and their names in a report, the innermost first."""
    names = {str(task.folder / WORK): "."}
    home = Path.home()
    if home != Path(home.anchor):
        names[str(home)] = "~"
    if task.planned.data is not None:
        names = {str(task.planned.data): str(task.planned.parameters["data"]), **names}
    return names
