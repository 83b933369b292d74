"""A client's handle on a kernel that the warm process forked for it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sme_research.factory.kernels.identity import code_fingerprint
from sme_research.factory.kernels.protocol import LineReader, Request, send, send_request

NO_FORK_VARIABLE = "SME_RESEARCH_NO_FORK"
READY_S = 60.0
"""Seconds a warm process may take to load and answer."""


class NotForkedError(Exception):
    """A kernel cannot be forked, so that an ordinary one is to be started; says why."""


class WarmProcessGoneError(NotForkedError):
    """The warm process has ended, or serves older code than is on disk: another may be started."""


def why_not_forked() -> str:
    """Why this system or its user does without forked kernels; empty where they can be had."""
    if os.environ.get(NO_FORK_VARIABLE, "") not in {"", "0"}:
        return f"{NO_FORK_VARIABLE} is set"
    if sys.platform != "linux":
        return f"kernels are forked on Linux only, not on {sys.platform}"
    return ""


class ForkedProcess:
    """A forked kernel, in the shape of `subprocess.Popen`; it ends when this handle is closed.

    ``lost`` says afterwards whether it ended with the warm process.
    """

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket, reader: LineReader, pid: int) -> None:
        self._connection = connection
        self._reader = reader
        self.pid = pid
        self.returncode: int | None = None
        self.lost = False

    def poll(self) -> int | None:
        """Exit code, negative for a signal; None while the kernel runs."""
        return self._listen(0)

    def wait(self, timeout: float | None = None) -> int:
        """Exit code, once the kernel has ended.

        Raises
        ------
        TimeoutExpired
            It runs on for so many seconds.
        """
        code = self._listen(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("forked kernel", timeout or 0)
        return code

    def _listen(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                message = self._reader.read()
            except (BlockingIOError, TimeoutError):
                return None
            # Where the warm process is gone, its kernels are killed with it.
            self.lost = message is None
            self.returncode = -signal.SIGKILL if message is None else int(message["exit"])
            self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Signal the kernel's process group, by way of the warm process, which alone knows that it still lives."""
        if self.poll() is None:
            self._connection.settimeout(None)
            try:
                send(self._connection, {"signal": int(number)})
            except OSError:
                self.poll()

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel."""
        self.send_signal(signal.SIGKILL)


def fork_kernel(
    warm: Path, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, streams: Sequence[int]
) -> ForkedProcess:
    """Ask the warm process that listens at a socket for a kernel; waits until it has loaded.

    Parameters
    ----------
    warm : Path
        The socket.
    arguments : sequence of str
        Of ipykernel, ``-f`` and the connection file among them.
    environment : mapping
        All variables of the kernel.
    folder : Path
        Where the kernel works.
    streams : sequence of int
        Descriptors of its standard input, output and error.

    Raises
    ------
    NotForkedError
        The warm process is gone, refuses, or does not answer.
    """
    request = Request(list(arguments), dict(environment), str(folder), code_fingerprint())
    connection = socket.socket(socket.AF_UNIX)
    reader = LineReader(connection)
    try:
        connection.settimeout(READY_S)
        connection.connect(str(warm))
        send_request(connection, request, streams)
        answer = reader.read()
    except TimeoutError:
        connection.close()
        raise NotForkedError(f"the warm process did not answer within {READY_S:.0f} s") from None
    except OSError as fault:
        connection.close()
        raise WarmProcessGoneError(f"the warm process cannot be reached ({fault.strerror or fault})") from None
    if answer is not None and "pid" in answer:
        return ForkedProcess(connection, reader, int(answer["pid"]))
    connection.close()
    if answer is not None and "refused" in answer:
        kind = WarmProcessGoneError if answer["stale"] else NotForkedError
        raise kind(str(answer["refused"]))
    raise WarmProcessGoneError("the warm process ended before it answered")
