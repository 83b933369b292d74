"""The manager of a report's kernel: of this very interpreter, behind sockets in the run's folder."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from traitlets import default

from sme_research.factory.kernels.provisioner import NAME, ForkedProvisioner

APP = "sme_research.factory.kernels.app"


class ForkedKernelManager(AsyncKernelManager):
    """Kernels of this very interpreter, forked where that can be had.

    A kernelspec found by name could be a stray one of the user.

    Parameters
    ----------
    warm : Path, optional
        Socket of the warm process to fork from; the user's own by default.
    forks : bool
        False for an ordinary kernel.
    """

    def __init__(self, *, warm: Path | None = None, forks: bool = True, **options: Any) -> None:
        self._provisioning = {"warm": str(warm or ""), "forks": forks}
        super().__init__(**options)

    @property
    def kernel_spec(self) -> KernelSpec:
        """The running interpreter, whatever kernelspecs are installed."""
        register_provisioner()
        return KernelSpec(
            argv=[sys.executable, "-P", "-m", APP, "-f", "{connection_file}"],
            display_name="Python 3 (ipykernel)",
            language="python",
            metadata={"kernel_provisioner": {"provisioner_name": NAME, "config": self._provisioning}},
        )


class OwnKernelManager(ForkedKernelManager):
    """Kernels of a report, spoken to through sockets in the run's folder.

    TCP ports could collide between runs that start at the same time.
    """

    @default("transport")
    def _transport_default(self) -> str:
        return "ipc"

    @default("ip")
    def _ip_default(self) -> str:
        # Relative, because a socket's path may have 107 characters at most;
        # both processes start in the run's working folder.
        return "../kernel/socket"


def register_provisioner() -> None:
    """Make the provisioner known also where this package runs from a checkout without entry points."""
    value = f"{ForkedProvisioner.__module__}:{ForkedProvisioner.__name__}"
    point = EntryPoint(NAME, value, KernelProvisionerFactory.GROUP_NAME)
    KernelProvisionerFactory.provisioners.setdefault(NAME, point)
