"""papermill's engine for forked kernels: it waits for the kernel's answers, never for a fixed time."""

from __future__ import annotations

import asyncio
import time
from queue import Empty
from typing import Any

from jupyter_client.client import KernelClient
from jupyter_client.manager import KernelManager
from jupyter_core.utils import ensure_async, run_sync
from nbclient.util import run_hook
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from sme_research.factory.kernels.manager import ForkedKernelManager
from sme_research.factory.kernels.provisioner import NAME

ANSWER_S = 0.2
"""Seconds after which a question that the kernel was not yet up to hear is asked again."""
END_S = 5.0


class PromptClient(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client without its fixed waits: 0.2 s once a kernel is ready, tenths of seconds when it ends."""

    km: Any
    kc: Any

    def __init__(self, notebook_manager: Any, *, kernel_manager: KernelManager | None = None, **options: Any) -> None:
        super().__init__(notebook_manager, **options)
        self._given = kernel_manager

    def create_kernel_manager(self) -> KernelManager:
        """The manager that was given; else one of this interpreter and the user's own warm process."""
        manager = self._given or ForkedKernelManager()
        self.km = manager
        return manager

    async def async_start_new_kernel_client(self) -> KernelClient:
        """Client of a kernel that answers and whose outputs arrive."""
        client: KernelClient = self.km.client()
        self.kc = client
        try:
            self.kc.start_channels()
            await self._wait_until_ready()
        except Exception:
            await self._async_cleanup_kernel()
            raise
        self.kc.allow_stdin = False
        await run_hook(self.on_notebook_start, notebook=self.nb)
        return client

    start_new_kernel_client = run_sync(async_start_new_kernel_client)

    async def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self.startup_timeout
        while time.monotonic() < deadline:
            self.kc.kernel_info()
            try:
                reply = await self.kc.shell_channel.get_msg(timeout=1)
                # A first message shows that outputs will not be missed.
                if reply["msg_type"] == "kernel_info_reply" and await self.kc.iopub_channel.get_msg(timeout=ANSWER_S):
                    return
            except Empty:
                if not await ensure_async(self.km.is_alive()):
                    raise RuntimeError("the kernel ended before it answered") from None
        raise RuntimeError(f"the kernel did not answer within {self.startup_timeout} s")

    async def _async_cleanup_kernel(self) -> None:
        """End the kernel at once: nothing of it is wanted any more."""
        try:
            provisioner = self.km.provisioner
            if provisioner is not None and provisioner.has_process:
                await provisioner.kill()
                await asyncio.wait_for(provisioner.wait(), END_S)
        finally:
            await ensure_async(self.km.cleanup_resources())
            if self.kc is not None:
                self.kc.stop_channels()
            self.kc = self.km = None

    _cleanup_kernel = run_sync(_async_cleanup_kernel)


class ForkedEngine(NBClientEngine):  # type: ignore[misc]
    """Runs a notebook as papermill does, by a `PromptClient`, in a kernel of this interpreter."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        log_output: bool = False,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **options: Any,
    ) -> Any:
        """Run the notebook that ``nb_man`` holds; ``kernel_manager`` among the options says by which kernel."""
        options.pop("input_path", None)
        client = PromptClient(
            nb_man,
            kernel_name=kernel_name,
            startup_timeout=start_timeout,
            timeout=execution_timeout,
            log_output=log_output,
            **options,
        )
        return client.execute()


def register_engine() -> str:
    """Make the engine known also where this package runs from a checkout without entry points: its name."""
    papermill_engines.register(NAME, ForkedEngine)
    return NAME
