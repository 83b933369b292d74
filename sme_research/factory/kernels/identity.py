"""The code that a process would load now: a warm process must not serve what is no longer on disk."""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

# What makes reports and commands is not what their notebooks use.
_PASSED_OVER = ("__pycache__", "cli", "factory")
PACKAGE = Path(__file__).resolve().parents[2]


def code_fingerprint() -> str:
    """Digest of the interpreter, what is installed beside it, and the files that kernels use, by time and size."""
    digest = hashlib.sha256(f"{sys.version} {sys.prefix}".encode())
    for path in sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}):
        digest.update(f"{path} {os.stat(path).st_mtime_ns}".encode())
    for line in sorted([*_files(PACKAGE), *_files(Path(__file__).parent)]):
        digest.update(line.encode())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[str]:
    for entry in os.scandir(folder):
        if entry.name in _PASSED_OVER:
            continue
        if entry.is_dir():
            yield from _files(Path(entry.path))
        else:
            found = entry.stat()
            yield f"{entry.path} {found.st_mtime_ns} {found.st_size}\n"
