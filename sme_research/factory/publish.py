"""The published folder: staging, one rename a report, and locks that a crash lets go.

``reports/<slug>/<run_id>/`` holds one published run and is never written to
again. Unfinished work lies in ``reports/.staging/<session>/``, failed attempts
in ``reports/.failed/<slug>/<run_id>/``.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sme_research.errors import FactoryError
from sme_research.factory.catalogue import write_index
from sme_research.factory.execute import Failure
from sme_research.factory.manifest import MANIFEST_NAME, sha256_of
from sme_research.factory.site.layout import (
    FAILURE_NAME,
    LOCK,
    STAGING,
    full_disk_told,
    move_folder,
)
from sme_research.factory.site.ledger import Ledger

LEAST_FREE_BYTES = 64 * 2**20
"""Less would not hold the reports of one run; better said before it than after an hour."""
LOCK_WAIT_S = 30.0
LOCK_POLL_S = 0.05


def new_run_id() -> str:
    """Time and a random part, such as ``20261122T221432Z-1a2b3c``; sorts by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@contextmanager
def publishing(reports: Path, *, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
    """Sole right to change what is published.

    Raises
    ------
    FactoryError
        Another run keeps the right for longer than ``wait_s`` seconds.
    """
    with _open_lock(reports / LOCK) as lock:
        deadline = time.monotonic() + wait_s
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                raise FactoryError(
                    f"another run ({_owner(reports / LOCK)}) is publishing to {reports.name!r}; "
                    "wait until it is done, then run again."
                )
            time.sleep(LOCK_POLL_S)
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        yield


@contextmanager
def session(reports: Path, staging: Path | None = None) -> Iterator[Path]:
    """Staging folder of one run of the factory, removed when it ends; what dead runs left is mended first.

    Parameters
    ----------
    staging : Path, optional
        Where to stage, on the same file system; within the site where not given.

    Raises
    ------
    FactoryError
        The disk is full or nearly so, or the ledger is not what was written.
    """
    staging = staging or reports / STAGING
    folder = staging / new_run_id()
    with full_disk_told(reports):
        reports.mkdir(parents=True, exist_ok=True)
        with publishing(reports):
            _mend(reports)
            _sweep(staging)
            _require_space(reports)
            folder.mkdir(parents=True)
            lock = _open_lock(folder / LOCK)
            _try_lock(lock)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()


def mend(reports: Path) -> None:
    """Mend what a run that died left: staging folders, the ledger's last line, pages that lag behind.

    Raises
    ------
    FactoryError
        The disk is full, another run keeps publishing, or the ledger is not what was written.
    """
    if reports.is_dir():
        with full_disk_told(reports), publishing(reports):
            _mend(reports)


def _mend(reports: Path) -> None:
    _sweep(reports / STAGING)
    write_index(reports)


def publish(staged: Path, reports: Path, slug: str, run_id: str) -> Path:
    """Make a finished report visible, whole or not at all; the caller holds the lock.

    Parameters
    ----------
    staged : Path
        Finished folder, with its manifest, on the same file system as ``reports``.

    Returns
    -------
    Path
        The published folder.

    Raises
    ------
    FactoryError
        The disk is full: the report is not published.
    """
    target = reports / slug / run_id
    with full_disk_told(reports):
        ledger = Ledger(reports)
        ledger.append("publishing", f"{slug}/{run_id}", sha256_of(staged / MANIFEST_NAME))
        move_folder(staged, target)
        ledger.settle()
    return target


def keep_failure(staged: Path, failures: Path, slug: str, run_id: str) -> Path:
    """Keep a failed attempt where nobody takes it for a report; the caller holds the site's lock."""
    target = failures / slug / run_id
    with full_disk_told(failures):
        move_folder(staged, target)
    return target


def write_failure(folder: Path, failure: Failure, *, title: str, language: str, started_at: str) -> None:
    """Write ``failure.json``: what failed, when and why."""
    record = {"title": title, "language": language, "started_at": started_at, **asdict(failure)}
    (folder / FAILURE_NAME).write_text(json.dumps({**record, "text": str(failure)}, ensure_ascii=False, indent=1))


def _sweep(staging: Path) -> None:
    """Remove staging folders whose run is dead; the caller holds the lock."""
    for folder in staging.glob("*/"):
        # The folder may go at any moment: a run that ends removes its own.
        with suppress(OSError), _open_lock(folder / LOCK) as lock:
            if _try_lock(lock):
                shutil.rmtree(folder, ignore_errors=True)
    for page in staging.glob("page-*"):
        page.unlink()


def _require_space(reports: Path) -> None:
    free = shutil.disk_usage(reports).free
    if free < LEAST_FREE_BYTES:
        raise FactoryError(
            f"the disk that holds {reports.name!r} has {free / 2**20:.0f} MB free, must have "
            f"{LEAST_FREE_BYTES / 2**20:.0f} MB or more; free some space (sme-research prune removes old runs)."
        )


def _open_lock(path: Path) -> IO[str]:
    return path.open("a+", encoding="utf-8")


def _try_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() or "unknown process"
