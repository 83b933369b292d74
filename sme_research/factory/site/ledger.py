"""The ledger of a published folder: what was put there, in order, each line chained to the one before.

Every change is first said as an intent (`INTENTS`), then done by one rename,
so that only the last line can be about something that did not happen. Whoever
writes next settles that line before anything else (`Ledger.settle`): whatever
instant a process is killed at, the ledger and the folder agree.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from sme_research.errors import FactoryError
from sme_research.factory.manifest import sha256_of
from sme_research.factory.site.layout import LEDGER, STAGING, sync

What = Literal["publishing", "published", "withdrawn", "placing", "kept", "pruning", "pruned"]
INTENTS: Final = ("publishing", "placing", "pruning")
FILE_LINES: Final = ("placing", "kept")
NOTHING: Final = ""
"""In place of a hash: there is no such file."""
START: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what happened to which path, and the hash of what then lies there.

    ``sha256`` is over a run's manifest or over a file. ``before`` is the hash
    of the file that a ``placing`` replaces. ``source`` is over what a page was
    made from. ``previous`` is over the line before, ``own`` over this line.
    """

    number: int
    at: str
    what: What
    path: str
    sha256: str
    before: str
    source: str
    previous: str
    own: str

    def text(self) -> str:
        """The line as it is written, without its end."""
        return json.dumps(asdict(self), ensure_ascii=False)


class BrokenLedgerError(FactoryError):
    """The ledger is not what was written."""


class Ledger:
    """The ledger of one published folder. Only the holder of the folder's lock may write.

    Attributes
    ----------
    lines : list of Line
        All complete lines; a last one without an end was never finished and does not count.
    last : dict
        Last line of every path.

    Raises
    ------
    BrokenLedgerError
        A line was changed, removed or added after it was written.
    """

    def __init__(self, reports: Path) -> None:
        self.reports = reports
        self.path = reports / LEDGER
        content = self.path.read_bytes() if self.path.exists() else b""
        self._size = content.rfind(b"\n") + 1
        self.lines = _read(content[: self._size])
        self.last = {line.path: line for line in self.lines}

    @property
    def head(self) -> str:
        """Hash of the last line, which stands for the whole ledger."""
        return self.lines[-1].own if self.lines else START

    def settle(self) -> None:
        """Say of the last intent whether it happened."""
        line = self.lines[-1] if self.lines else None
        if line is None or line.what not in INTENTS:
            return
        there = (self.reports / line.path).is_dir()
        if line.what == "publishing":
            self._append("published" if there else "withdrawn", line.path, line.sha256 if there else NOTHING)
        elif line.what == "pruning":
            self._append("published" if there else "pruned", line.path, line.sha256 if there else NOTHING)
        elif hash_or_nothing(self.reports / line.path) != line.sha256:
            self._append("kept", line.path, line.before)

    def append(
        self, what: What, path: str, sha256: str = NOTHING, *, before: str = NOTHING, source: str = ""
    ) -> None:
        """Write one line and wait until it is on the disk."""
        self.settle()
        self._append(what, path, sha256, before=before, source=source)

    def place(self, path: str, content: bytes, *, source: str = "") -> None:
        """Put a file in its place at once, known to the ledger."""
        target = self.reports / path
        target.parent.mkdir(parents=True, exist_ok=True)
        self.settle()
        aside = _write_aside(self.reports / STAGING, content)
        last = self.last.get(path)
        before = last.sha256 if last and hash_or_nothing(target) == last.sha256 else NOTHING
        self.append("placing", path, hashlib.sha256(content).hexdigest(), before=before, source=source)
        os.replace(aside, target)
        sync(target.parent)

    def holds(self, path: str, source: str) -> bool:
        """Whether a file made from ``source`` lies in its place, unchanged."""
        line = self.last.get(path)
        made = line is not None and line.what == "placing" and line.source == source
        return made and line is not None and hash_or_nothing(self.reports / path) == line.sha256

    def lost_runs(self) -> tuple[str, ...]:
        """Runs that should lie in the folder and do not: nobody pruned them."""
        last = self.lines[-1] if self.lines else None
        runs = [line for line in self.last.values() if line.what not in FILE_LINES]
        return tuple(line.path for line in runs if is_lost(self.reports, line, unsettled=line is last))

    def run_is_published(self, path: str, manifest_sha256: str) -> bool:
        """Whether a run was published, and with this manifest."""
        line = self.last.get(path)
        return line is not None and line.what in ("publishing", "published") and line.sha256 == manifest_sha256

    def _append(self, what: What, path: str, sha256: str, *, before: str = NOTHING, source: str = "") -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        said = (len(self.lines) + 1, now, what, path, sha256, before, source, self.head)
        line = Line(*said, own=_hash_of(said))
        encoded = f"{line.text()}\n".encode()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            # Whatever stands behind the last complete line was never finished.
            os.ftruncate(descriptor, self._size)
            os.lseek(descriptor, self._size, os.SEEK_SET)
            written = 0
            while written < len(encoded):
                written += os.write(descriptor, encoded[written:])
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if not self._size:
            sync(self.path.parent)
        self._size += len(encoded)
        self.lines.append(line)
        self.last[path] = line


def is_lost(reports: Path, line: Line, *, unsettled: bool) -> bool:
    """Whether the run of its last line should lie in the folder and does not; an unsettled intent says neither."""
    if (reports / line.path).is_dir():
        return False
    return line.what == "published" or (line.what in ("publishing", "pruning") and not unsettled)


def hash_or_nothing(path: Path) -> str:
    """Hash of a file; empty where there is none."""
    return sha256_of(path) if path.is_file() else NOTHING


def _read(content: bytes) -> list[Line]:
    lines: list[Line] = []
    names = [field.name for field in fields(Line)]
    for number, raw in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            record: Mapping[str, Any] = json.loads(raw)
            line = Line(**{name: record[name] for name in names})
            intact = line.text().encode() == raw and line.own == _hash_of(tuple(asdict(line).values())[:-1])
        except (ValueError, KeyError, TypeError):
            intact = False
        if not intact:
            raise BrokenLedgerError(_broken(number, "has changed since it was written"))
        if line.number != number or line.previous != (lines[-1].own if lines else START):
            raise BrokenLedgerError(_broken(number, "does not follow the line before it"))
        lines.append(line)
    return lines


def _broken(number: int, fault: str) -> str:
    return f"{LEDGER}, line {number}: {fault}; restore the file from a copy."


def _hash_of(said: tuple[Any, ...]) -> str:
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def _write_aside(staging: Path, content: bytes) -> Path:
    staging.mkdir(parents=True, exist_ok=True)
    aside = staging / f"page-{secrets.token_hex(6)}"
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return aside
