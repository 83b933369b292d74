"""The warm process: it has loaded what reports use, and forks a ready kernel for each request.

Run as ``python -P -m sme_research.factory.kernels.warm``; `start` does so. It
listens on a socket that it is given already bound, so that clients may ask
while it still loads.
"""

from __future__ import annotations

import argparse
import os
import selectors
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

from sme_research.factory.kernels.child import run_kernel
from sme_research.factory.kernels.environment import start_variables
from sme_research.factory.kernels.identity import code_fingerprint
from sme_research.factory.kernels.parent import die_with_parent
from sme_research.factory.kernels.preload import count_threads, preload
from sme_research.factory.kernels.protocol import LineReader, Request, receive_request, send

POLL_S = 1.0
REQUEST_S = 5.0


@dataclass(slots=True)
class Kernel:
    """A forked kernel and the client that asked for it."""

    pid: int
    connection: socket.socket
    reader: LineReader

    def signal(self, number: int) -> None:
        """Signal the kernel's process group: its own since before the client learnt its number."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)


@dataclass(slots=True)
class Fork:
    """What a child is to become, and its standard streams."""

    request: Request
    streams: list[int]


@dataclass(slots=True)
class WarmProcess:
    """The loop of the warm process.

    ``parent`` is the process it ends with, or 0; ``idle_s`` the seconds without
    a kernel after which it ends by itself, or 0.
    """

    listener: socket.socket
    code: str
    start: dict[str, str]
    parent: int
    idle_s: float
    kernels: dict[int, Kernel] = field(default_factory=dict)
    selector: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)
    listening: bool = True
    stopped: bool = False
    last_used: float = field(default_factory=time.monotonic)
    pid: int = field(default_factory=os.getpid)
    _wakeup: tuple[socket.socket, socket.socket] = field(default_factory=socket.socketpair)

    def serve(self) -> Fork | None:
        """Answer until there is nothing left to do, then return None; in each child, return what it is to become."""
        self._listen_for_signals()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(self._wakeup[0], selectors.EVENT_READ)
        while not self._is_done():
            for key, _ in self.selector.select(POLL_S):
                if key.fileobj is self.listener:
                    fork = self._answer()
                    if fork is not None:
                        return fork
                elif key.fileobj is self._wakeup[0]:
                    self._wakeup[0].recv(512)
                else:
                    self._hear(key.data)
            self._reap()
        for kernel in self.kernels.values():
            kernel.signal(signal.SIGKILL)
        return None

    def _listen_for_signals(self) -> None:
        for end in self._wakeup:
            end.setblocking(False)
        signal.set_wakeup_fd(self._wakeup[1].fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, *_: object) -> None:
        self.stopped = True

    def _is_done(self) -> bool:
        if self.stopped or (self.parent and os.getppid() != self.parent):
            return True
        if self.kernels:
            self.last_used = time.monotonic()
            return False
        idle = bool(self.idle_s) and time.monotonic() - self.last_used > self.idle_s
        return idle or not self.listening

    def _answer(self) -> Fork | None:
        """Accept one request; in the child, what it is to become."""
        connection, _ = self.listener.accept()
        connection.settimeout(REQUEST_S)
        received = _receive(connection)
        if received is None:
            connection.close()
            return None
        request, streams = received
        refusal = self._refusal(request)
        if refusal:
            _refuse(connection, refusal, stale=not self.listening)
        else:
            fork = self._fork(connection, request, streams)
            if fork is not None:
                return fork
        for descriptor in streams:
            os.close(descriptor)
        return None

    def _refusal(self, request: Request) -> str:
        """Why this process must not fork the kernel; empty where it may."""
        if request.code != self.code:
            if not self.parent:
                self._make_room()
            return "the code on disk has changed since the warm process loaded it"
        wanted = start_variables(request.environment)
        differing = sorted(name for name in wanted | self.start if wanted.get(name) != self.start.get(name))
        if differing:
            return f"the warm process was started with another {', '.join(differing)}"
        threads = count_threads()
        return f"{threads} threads run in the warm process" if threads > 1 else ""

    def _make_room(self) -> None:
        """Leave the socket to another warm process, and end with the last kernel."""
        self.listening = False
        self.selector.unregister(self.listener)
        self.listener.close()

    def _fork(self, connection: socket.socket, request: Request, streams: list[int]) -> Fork | None:
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            pid = os.fork()
        except OSError as fault:
            _refuse(connection, f"the warm process could not fork: {fault.strerror}")
            return None
        if pid == 0:
            self._leave(connection)
            return Fork(request, streams)
        connection.setblocking(False)
        kernel = Kernel(pid, connection, LineReader(connection))
        self.kernels[pid] = kernel
        self.selector.register(connection, selectors.EVENT_READ, kernel)
        return None

    def _leave(self, connection: socket.socket) -> None:
        """Child: become a session of its own, let go of all that is the warm process's, tell the client."""
        os.setsid()
        die_with_parent(self.pid, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        self.selector.close()
        for held in (self.listener, *self._wakeup, *(kernel.connection for kernel in self.kernels.values())):
            held.close()
        send(connection, {"pid": os.getpid()})
        connection.close()

    def _hear(self, kernel: Kernel) -> None:
        """What a client says about its kernel; one that has hung up ends it."""
        with suppress(BlockingIOError):
            while (message := kernel.reader.read()) is not None:
                kernel.signal(int(message["signal"]))
            kernel.signal(signal.SIGKILL)
            self.selector.unregister(kernel.connection)
            kernel.connection.close()

    def _reap(self) -> None:
        """Tell the clients whose kernels have ended."""
        for pid, kernel in list(self.kernels.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            del self.kernels[pid]
            if kernel.connection.fileno() < 0:
                continue
            self.selector.unregister(kernel.connection)
            with suppress(OSError):  # the client may be gone
                send(kernel.connection, {"exit": os.waitstatus_to_exitcode(status)})
            kernel.connection.close()


def _receive(connection: socket.socket) -> tuple[Request, list[int]] | None:
    try:
        return receive_request(connection)
    except OSError:  # the client is gone, or takes its time
        return None


def _refuse(connection: socket.socket, reason: str, *, stale: bool = False) -> None:
    with suppress(OSError):  # the client may be gone
        send(connection, {"refused": reason, "stale": stale})
    connection.close()


def main() -> None:
    """Load, serve, and in each child become the kernel that was asked for."""
    parser = argparse.ArgumentParser()
    for option in ("--listener", "--parent"):
        parser.add_argument(option, type=int, required=True)
    parser.add_argument("--idle", type=float, required=True)
    given = parser.parse_args()
    if given.parent:
        die_with_parent(given.parent, signal.SIGTERM)
    # Both are taken before anything is loaded: what changes meanwhile must not pass for what is loaded.
    code, start = code_fingerprint(), start_variables(os.environ)
    listener = socket.socket(fileno=given.listener)
    set_by_imports = preload()
    fork = WarmProcess(listener, code, start, parent=given.parent, idle_s=given.idle).serve()
    if fork is not None:
        run_kernel(fork.request, fork.streams, set_by_imports)


if __name__ == "__main__":
    main()
