"""What a client and the warm process say to each other over a private Unix socket.

The client sends one `Request` with the kernel's standard streams, later
``{"signal": n}``. The answer is ``{"pid": n}`` or ``{"refused": reason}``; when
the kernel has ended, ``{"exit": code}``. A client that hangs up ends its kernel.
Each message is one line of JSON.
"""

from __future__ import annotations

import array
import json
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

CHUNK = 65_536
N_STREAMS = 3


@dataclass(frozen=True, slots=True)
class Request:
    """A kernel that a client wants.

    ``arguments`` are ipykernel's own, ``folder`` its working folder, ``code``
    the fingerprint of the code on disk as the client sees it now.
    """

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    code: str


class LineReader:
    """Messages that arrive on a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""

    def read(self) -> dict[str, Any] | None:
        """Next message; None where the other side has hung up.

        Raises
        ------
        BlockingIOError, TimeoutError
            It has not come yet; what has come is kept.
        """
        while b"\n" not in self._received:
            try:
                chunk = self._connection.recv(CHUNK)
            except ConnectionError:
                return None
            if not chunk:
                return None
            self._received += chunk
        line, self._received = self._received.split(b"\n", 1)
        message: dict[str, Any] = json.loads(line)
        return message


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    """Send one message."""
    connection.sendall(json.dumps(message).encode() + b"\n")


def send_request(connection: socket.socket, request: Request, streams: Sequence[int]) -> None:
    """Send a request and the descriptors of standard input, output and error."""
    content = json.dumps(asdict(request)).encode() + b"\n"
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", streams))
    sent = connection.sendmsg([content[:CHUNK]], [rights])
    if sent < len(content):  # else the answer may be here already, and the other side gone
        connection.sendall(content[sent:])


def receive_request(connection: socket.socket) -> tuple[Request, list[int]] | None:
    """A request and its three descriptors; None where the client hung up or sent something else."""
    content, descriptors = b"", array.array("i")
    while not content.endswith(b"\n"):
        chunk, rights, _, _ = connection.recvmsg(CHUNK, socket.CMSG_SPACE(N_STREAMS * descriptors.itemsize))
        for _, _, data in rights:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
        if not chunk:
            break
        content += chunk
    try:
        request = Request(**json.loads(content))
    except (ValueError, TypeError):
        request = None
    if request is None or len(descriptors) != N_STREAMS:
        return None
    return request, list(descriptors)
