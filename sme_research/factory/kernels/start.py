"""Start a warm process: for one run, or for a user whose kernels share it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sme_research.factory.kernels.client import NotForkedError, why_not_forked
from sme_research.factory.kernels.environment import SINGLE, environment_of_reports, start_variables

LONGEST_SOCKET = 107
"""Bytes that Linux allows a Unix socket's path."""
STOP_S = 5.0
IDLE_S = 20 * 60.0
MODULE = "sme_research.factory.kernels.warm"


@dataclass(frozen=True, slots=True)
class WarmKernels:
    """A warm process and the socket at which it answers; ``log`` is where it says what went wrong."""

    socket: Path
    process: subprocess.Popen[bytes]
    log: Path


@contextmanager
def warm_kernels(folder: Path) -> Iterator[WarmKernels | None]:
    """Hold a warm process for the kernels of one run; it starts at once and loads while the run goes on.

    Parameters
    ----------
    folder : Path
        Folder of the run, in which one for the socket is made.

    Yields
    ------
    WarmKernels or None
        None where kernels cannot be forked; that is said once, on standard error.
    """
    reason = why_not_forked()
    if reason:
        print(f"kernels start one by one: {reason}.", file=sys.stderr)
        yield None
        return
    with _private_folder(folder) as private:
        warm = _start(private / "socket", environment_of_reports(os.environ), parent=os.getpid(), idle_s=0)
        try:
            yield warm
        finally:
            _stop(warm.process)


def own_warm_process(environment: Mapping[str, str]) -> Path:
    """Socket of the user's own warm process, which is started where none listens.

    One process serves all of the user's front ends. It ends itself when it has
    had no kernel for `IDLE_S` seconds, and leaves its place to another, while
    its kernels live on, once it has found that its code is not that on disk.

    Parameters
    ----------
    environment : mapping
        The environment of the kernel that is wanted.

    Raises
    ------
    NotForkedError
        Kernels cannot be forked here.
    """
    reason = why_not_forked()
    if reason:
        raise NotForkedError(reason)
    name = _user_folder() / _name(environment)
    path = name.with_suffix(".socket")
    with open(name.with_suffix(".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _listens(path):
            path.unlink(missing_ok=True)
            _start(path, environment, parent=0, idle_s=IDLE_S)
    return path


def say_once(warm: Path, sentence: str) -> None:
    """Print a sentence on standard error, unless it was said about this warm process before."""
    try:
        warm.with_suffix(".said").touch(exist_ok=False)
    except FileExistsError:
        return
    except FileNotFoundError:  # the run that held it is over
        pass
    print(sentence, file=sys.stderr)


def _start(path: Path, environment: Mapping[str, str], *, parent: int, idle_s: float) -> WarmKernels:
    """Start a warm process at a socket that listens before it has loaded, so that nobody need wait to ask."""
    log = path.with_suffix(".log")
    with socket.socket(socket.AF_UNIX) as listener, open(log, "wb") as messages:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(64)
        options = ["--listener", str(listener.fileno()), "--parent", str(parent), "--idle", str(idle_s)]
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE, *options],
            stdin=subprocess.DEVNULL,
            stdout=messages,
            stderr=messages,
            cwd=path.parent,
            env={**environment, **SINGLE},
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
    return WarmKernels(path, process, log)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _private_folder(folder: Path) -> Iterator[Path]:
    """Folder of this user alone for a socket: in the given one, or, where its path is too long, elsewhere."""
    here = len(os.fsencode(folder / "warm-12345678" / "socket")) <= LONGEST_SOCKET
    with tempfile.TemporaryDirectory(prefix="warm-", dir=folder if here else None) as private:
        yield Path(private)


def _user_folder() -> Path:
    """Folder of this user alone in which the sockets of own warm processes lie."""
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    folder = Path(base) / f"sme-research-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise NotForkedError(f"{folder} is not a folder that only its owner may enter")
    return folder


def _name(environment: Mapping[str, str]) -> str:
    """Name of the warm process for kernels of this interpreter with the variables that count at its start."""
    # Containers may share a folder of temporary files, but not their processes.
    parts = [sys.prefix, sys.version, os.readlink("/proc/self/ns/pid")]
    parts += [f"{name}={value}" for name, value in sorted(start_variables(environment).items())]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
