"""The kernelspec by which JupyterLab, nbval and nbconvert get forked kernels."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from ipykernel.kernelspec import write_kernel_spec
from jupyter_client.kernelspec import KernelSpecManager

from sme_research.factory.kernels.manager import APP
from sme_research.factory.kernels.provisioner import NAME

KERNELSPEC = "sme-warm"
DISPLAY_NAME = "Python 3 (sme-research, warm)"


def install_kernelspec(*, user: bool = False, prefix: Path | None = None) -> Path:
    """Install the kernelspec for this interpreter.

    Parameters
    ----------
    user : bool
        Where only this user finds it, in all environments.
    prefix : Path, optional
        Environment in which it is found; this interpreter's by default.

    Returns
    -------
    Path
        The kernelspec's folder.
    """
    overrides = {
        "argv": [sys.executable, "-P", "-m", APP, "-f", "{connection_file}"],
        "display_name": DISPLAY_NAME,
        "metadata": {"debugger": True, "kernel_provisioner": {"provisioner_name": NAME}},
    }
    with tempfile.TemporaryDirectory() as folder:
        written = write_kernel_spec(Path(folder) / KERNELSPEC, overrides)
        place = None if user else str((prefix or Path(sys.prefix)).absolute())
        return Path(KernelSpecManager().install_kernel_spec(written, KERNELSPEC, user=user, prefix=place))
