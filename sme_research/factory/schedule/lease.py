"""The sole right to work on one thing, which ends with the process that has it, however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LEASES = "leases"


@dataclass(frozen=True, slots=True)
class Process:
    """One process of one start of the machine: a number alone may be given to another later."""

    pid: int
    started: int
    """Clock ticks after the start of the machine."""
    boot_id: str

    @property
    def lives(self) -> bool:
        """Whether it is still there."""
        return process_of(self.pid) == self


@contextmanager
def lease(state: Path, name: str) -> Iterator[int | None]:
    """Lock of that name, as an open file that a child may inherit and so keep; None where another has it.

    The kernel frees it when the last process that holds the file ends, killed
    or not. The file itself stays: one that is removed could be locked twice.
    """
    folder = state / LEASES
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield descriptor
    finally:
        os.close(descriptor)


def process_of(pid: int) -> Process | None:
    """The process of that number; None where there is none, or it has ended and only waits to be counted."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else Process(pid, int(fields[19]), boot_id())


def boot_id() -> str:
    """Name of this start of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
