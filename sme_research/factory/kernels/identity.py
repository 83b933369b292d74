"""The code that a process would load now: a warm process must not serve what is no longer on disk."""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]


def code_fingerprint() -> str:
    """Digest of the interpreter, of what is installed beside it, and of this package's files by time and size."""
    digest = hashlib.sha256(f"{sys.version} {sys.prefix}".encode())
    for path in sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}):
        digest.update(f"{path} {os.stat(path).st_mtime_ns}".encode())
    for line in sorted(_files(PACKAGE)):
        digest.update(line.encode())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[str]:
    for entry in os.scandir(folder):
        if entry.name == "__pycache__":
            continue
        if entry.is_dir():
            yield from _files(Path(entry.path))
        else:
            found = entry.stat()
            yield f"{entry.path} {found.st_mtime_ns} {found.st_size}\n"
