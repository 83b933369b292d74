"""The kernel as this project starts it, ordinary or forked: ipykernel, without a port that others could reach.

Run as ``python -m sme_research.factory.kernels.app -f FILE`` it is an ordinary
kernel that ends with the process that started it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import zmq
from ipykernel import kernelapp
from ipykernel.iostream import IOPubThread
from zmq.eventloop.zmqstream import ZMQStream

from sme_research.factory.kernels.parent import die_with_parent

PARENT_VARIABLE = "JPY_PARENT_PID"
IPC = "ipc://"


class PrivateIOPubThread(IOPubThread):
    """Hears the output of forked subprocesses through a Unix socket, where ipykernel's opens a TCP port."""

    def _setup_pipe_in(self) -> None:
        endpoint = self.socket.getsockopt(zmq.LAST_ENDPOINT).decode().rstrip("\0")
        if not endpoint.startswith(IPC):
            super()._setup_pipe_in()  # type: ignore[no-untyped-call]
            return
        # By a descriptor, which a fork shares: the path may be long, or relative while the notebook moves on.
        folder = os.open(Path(endpoint.removeprefix(IPC)).parent, os.O_RDONLY)
        self._pipe_address = f"{IPC}/proc/self/fd/{folder}/pipe"
        self._pipe_uuid = os.urandom(16)
        pipe = self.socket.context.socket(zmq.PULL)
        pipe.linger = 0
        pipe.bind(self._pipe_address)
        self._pipe_in = ZMQStream(pipe, self.io_loop)
        self._pipe_in.on_recv(self._handle_pipe_msg)

    def _setup_pipe_out(self) -> tuple[zmq.Context[zmq.Socket[bytes]], zmq.Socket[bytes]]:
        context = zmq.Context()
        pipe = context.socket(zmq.PUSH)
        pipe.linger = 3000
        pipe.connect(self._pipe_address)
        return context, pipe


def run_app(arguments: Sequence[str], *, parent: int) -> None:
    """Be a kernel until it ends; ``parent`` is the process that it ends with."""
    if sys.platform == "linux":
        kernelapp.IOPubThread = PrivateIOPubThread  # type: ignore[attr-defined]
    app = kernelapp.IPKernelApp.instance(parent_handle=parent)
    app.initialize(list(arguments))  # type: ignore[no-untyped-call]
    app.start()  # type: ignore[no-untyped-call]


def main() -> None:
    """Be an ordinary kernel."""
    parent = int(os.environ[PARENT_VARIABLE])
    die_with_parent(parent, signal.SIGKILL)
    run_app(sys.argv[1:], parent=parent)


if __name__ == "__main__":
    main()
