"""Names of all that lies in a published folder, and how a file or folder is put there for good."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sme_research.errors import FactoryError
from sme_research.factory.plan import Language

STAGING: Final = ".staging"
FAILED: Final = ".failed"
LOCK: Final = ".lock"
LEDGER: Final = "ledger.jsonl"
SIGNATURES: Final = "signatures"
FAILURE_NAME: Final = "failure.json"
FINDINGS_NAME: Final = "findings.json"
INDEX_NAME: Final = "index.html"
CATALOGUES: Final[Mapping[Language, str]] = {"zh": INDEX_NAME, "en": "en.html"}
_NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def full_disk_told(reports: Path) -> Iterator[None]:
    """Say in one message that the disk is full; any other fault of the system goes on as it is."""
    try:
        yield
    except OSError as fault:
        if fault.errno not in _NO_SPACE:
            raise
        raise FactoryError(
            f"the disk that holds {reports.name!r} is full; what was published before stands. "
            "Free some space (sme-research prune removes old runs), then run again."
        ) from fault


def sync(path: Path) -> None:
    """Wait until a file, or the list of files of a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move_folder(folder: Path, target: Path) -> None:
    """Rename a finished folder into its place, at once and for good."""
    for path in [*folder.rglob("*"), folder]:
        sync(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    os.rename(folder, target)
    sync(target.parent)
    sync(target.parent.parent)
