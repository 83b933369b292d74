"""Where Jupyter gets a kernel: forked from a warm process, or, visibly, an ordinary one."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Bool, Unicode

from sme_research.factory.kernels.client import ForkedProcess, NotForkedError, WarmProcessGoneError, fork_kernel
from sme_research.factory.kernels.start import own_warm_process, say_once

NAME = "sme-forked"
FORKED, ORDINARY = "forked", "ordinary"
FILE_OPTION = "-f"
POLL_S = 0.01


class ForkedProvisioner(LocalProvisioner):
    """Kernels forked from a warm process, spoken to through Unix sockets of this user alone.

    ``warm`` is the socket of the warm process that a run holds; where it is
    empty, the user's own is used, and started. ``kind`` and ``note`` say
    afterwards which kernel it became, and why not a forked one; ``lost`` whether it
    ended with the warm process.
    """

    warm: str = Unicode("")  # type: ignore[assignment]
    forks: bool = Bool(True)  # type: ignore[assignment]
    process: Any = None
    kind = ""
    note = ""
    lost = False
    _sockets: Path | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """As any local kernel, but never through a port that others could listen at."""
        manager = self.parent
        if manager is not None and manager.transport != "ipc":
            self._sockets = Path(tempfile.mkdtemp(prefix="sme-kernel-"))
            manager.transport, manager.ip, manager.cache_ports = "ipc", str(self._sockets / "kernel"), False
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork the kernel; start an ordinary one where that cannot be had."""
        self.kind, self.note = ORDINARY, ""
        if self.forks:
            try:
                # The warm process may still load: a server has other things to do meanwhile.
                forked = await asyncio.to_thread(self._fork, cmd, kwargs)
            except NotForkedError as reason:
                self.note = str(reason)
                self._say(f"an ordinary kernel was started: {reason}.")
            else:
                self.kind = FORKED
                self.process = forked
                self.pid = self.pgid = forked.pid
                self.cwd = kwargs.get("cwd") or Path.cwd()
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)

    def _fork(self, cmd: list[str], kwargs: Mapping[str, Any]) -> ForkedProcess:
        if not _is_own_kernel(cmd):
            raise NotForkedError("the kernelspec starts something else than this interpreter's ipykernel")
        environment = dict(kwargs.get("env") or os.environ)
        arguments = cmd[cmd.index(FILE_OPTION) :]
        folder = Path(kwargs.get("cwd") or Path.cwd()).resolve()
        with open(os.devnull, "rb") as nothing:
            streams = (
                nothing.fileno(),
                _descriptor(kwargs.get("stdout"), 1, nothing),
                _descriptor(kwargs.get("stderr"), 2, nothing),
            )
            if self.warm:
                return fork_kernel(Path(self.warm), arguments, environment, folder, streams)
            try:
                return fork_kernel(own_warm_process(environment), arguments, environment, folder, streams)
            except WarmProcessGoneError:
                return fork_kernel(own_warm_process(environment), arguments, environment, folder, streams)

    def _say(self, sentence: str) -> None:
        if self.warm:
            say_once(Path(self.warm), sentence)
        else:
            print(sentence, file=sys.stderr)

    async def wait(self) -> int | None:
        """Exit code, as soon as the kernel has ended."""
        while self.process is not None and self.process.poll() is None:
            await asyncio.sleep(POLL_S)
        self.lost = isinstance(self.process, ForkedProcess) and self.process.lost
        return await super().wait()

    async def send_signal(self, signum: int) -> None:
        """Signal the kernel and what it has started."""
        if isinstance(self.process, ForkedProcess):
            self.process.send_signal(signum)
        else:
            await super().send_signal(signum)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the folder of sockets that was made."""
        await super().cleanup(restart=restart)
        if self._sockets is not None and not restart:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None


def _is_own_kernel(cmd: list[str]) -> bool:
    program = shutil.which(cmd[0]) if cmd else None
    return program is not None and os.path.abspath(program) == sys.executable and FILE_OPTION in cmd


def _descriptor(stream: IO[Any] | int | None, inherited: int, nothing: IO[Any]) -> int:
    if stream is None:
        return inherited
    if isinstance(stream, int):
        return nothing.fileno() if stream < 0 else stream
    return stream.fileno()
