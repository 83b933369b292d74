"""One job's work: ``sme-research run`` in a process group of its own, its output in a file, judged by how it ends."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any, Literal

from sme_research.factory.schedule.due import Status
from sme_research.factory.schedule.lease import Process, process_of
from sme_research.factory.schedule.workbench import Job, Workbench

Cause = Literal["reports", "error", "usage", "disk_full", "timeout", "killed", "no_data", "stopped", "abandoned"]
PROGRAM = (sys.executable, "-m", "sme_research.cli", "run")
WRONG_USAGE = 2
POLL_S = 0.2
GRACE_S = 20.0
TAIL_LINES = 15
TAIL_BYTES = 64 * 1024
FULL_BYTES = 1024 * 1024
"""A disk with less room than this is full."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. ``cause`` says why it is not done, ``detail`` in its own words or its last lines."""

    status: Status
    cause: Cause | None = None
    detail: str = ""
    n_published: int | None = None
    n_failed: int | None = None

    @property
    def retry(self) -> bool:
        """Whether the same may succeed later: a wrong command line will not."""
        return self.cause != "usage"


@dataclass(frozen=True, slots=True)
class Order:
    """What to run, where, for how many seconds at most, and the file that takes its output.

    ``lock`` is the open lock of the lease: the child keeps it, so that nothing
    else begins while it lives, even where this process is killed.
    """

    argv: tuple[str, ...]
    root: Path
    log: Path
    timeout_s: float
    lock: int
    data: Path | None = None


def order_of(job: Job, workbench: Workbench, *, data: Path | None, log: Path, lock: int) -> Order:
    """The command line that makes the job's reports."""
    argv = [*PROGRAM, *job.notebooks, "--reports", workbench.reports]
    for name, value in job.parameters.items():
        argv += ["-p", f"{name}={_text(value)}"]
    for option, names in (("--lang", job.languages), ("--format", job.formats), ("--edition", job.editions)):
        argv += [option, ",".join(names)] if names else []
    argv += ["--data", str(data)] if data else []
    argv += ["--jobs", str(job.jobs)] if job.jobs else []
    argv += ["--force"] if job.force else []
    return Order(tuple(argv), workbench.root, log, job.timeout.total_seconds(), lock, data)


def carry_out(order: Order, stop: Event, started: Callable[[Process], None]) -> Outcome:
    """Run it to its end, its time limit, or until ``stop`` is set; ``started`` is told of the process."""
    if order.data and not order.data.is_dir():
        return Outcome("failed", "no_data", f"the data folder {order.data} is not there")
    if is_full("", order.log.parent.parent, order.root):
        return Outcome("failed", "disk_full", "nothing was begun")
    try:
        order.log.parent.mkdir(parents=True, exist_ok=True)
        with order.log.open("ab") as log:
            child = subprocess.Popen(
                order.argv,
                cwd=order.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(order.lock,),
            )
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return Outcome("failed", "disk_full" if full else "error", f"{error.filename}: {error.strerror}")
    try:
        if process := process_of(child.pid):
            started(process)
        return _await(child, order, stop)
    except BaseException:
        _end(child)
        raise


def _await(child: subprocess.Popen[bytes], order: Order, stop: Event) -> Outcome:
    deadline = time.monotonic() + order.timeout_s
    while child.poll() is None:
        if stop.wait(POLL_S):
            _end(child)
            return _judge(child, order, Outcome("stopped", "stopped"))
        if time.monotonic() > deadline:
            _end(child)
            return _judge(child, order, Outcome("failed", "timeout"))
    return _judge(child, order, None)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Interrupt it, as Ctrl-C would, and kill its whole group where that does not help."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGINT)
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _judge(child: subprocess.Popen[bytes], order: Order, ended: Outcome | None) -> Outcome:
    """Outcome by the exit code and the last lines, or as ``ended`` where we ended it."""
    lines = read_tail(order.log)
    n_published, n_failed = _count(r"^published ", order.log), _count(r"^FAILED ", order.log)
    if child.returncode == 0:
        return Outcome("done", None, "", n_published, n_failed)
    detail = "\n".join([line for line in lines if line.startswith("FAILED ")] or lines)
    if ended:
        return replace(ended, detail=detail, n_published=n_published, n_failed=n_failed)
    cause = _cause(child.returncode, n_failed)
    if cause != "usage" and is_full(detail, order.log.parent, order.root):
        cause = "disk_full"
    if cause == "killed":
        detail = f"signal {-child.returncode}\n{detail}".strip()
    return Outcome("failed", cause, detail, n_published, n_failed)


def _cause(code: int, n_failed: int) -> Cause:
    if code < 0:
        return "killed"
    if code == WRONG_USAGE:
        return "usage"
    return "reports" if n_failed else "error"


def is_full(text: str, *folders: Path) -> bool:
    """Whether a text complains of a full disk, or one of the folders lies on one."""
    if os.strerror(errno.ENOSPC) in text:
        return True
    return any(folder.exists() and shutil.disk_usage(folder).free < FULL_BYTES for folder in folders)


def read_tail(log: Path) -> list[str]:
    """Last lines of a log that say something; none where there is no log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-TAIL_LINES:]


def _count(pattern: str, log: Path) -> int:
    with log.open(encoding="utf-8", errors="replace") as file:
        return sum(1 for line in file if re.match(pattern, line))


def _text(value: Any) -> str:
    """A parameter as the command line takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else repr(value)
