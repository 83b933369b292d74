"""What a forked child does before it is a kernel: as if its interpreter had just been started for it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from sme_research.factory.kernels.app import run_app
from sme_research.factory.kernels.protocol import Request

INLINE_BACKEND = "module://matplotlib_inline.backend_inline"
PROGRAM = "ipykernel_launcher"


def run_kernel(request: Request, streams: Sequence[int], set_by_imports: Mapping[str, str]) -> None:
    """Be the kernel that was asked for, until it ends.

    Parameters
    ----------
    request : Request
    streams : sequence of int
        Descriptors of its standard input, output and error.
    set_by_imports : mapping
        Variables that would be in its environment had it imported all that is loaded.
    """
    for standard, given in enumerate(streams):
        os.dup2(given, standard)
        os.close(given)
    _reset_signals()
    _set_environment({**set_by_imports, **request.environment})
    os.chdir(request.folder)
    sys.argv = [PROGRAM, *request.arguments]
    _renew_randomness()
    _reset_matplotlib()
    run_app(request.arguments, parent=os.getppid())


def _reset_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _set_environment(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment, JPY_PARENT_PID=str(os.getppid()))
    # As ipykernel would, but before matplotlib's settings are read again.
    os.environ["MPLBACKEND"] = os.environ.get("MPLBACKEND") or INLINE_BACKEND
    time.tzset()


def _renew_randomness() -> None:
    """Take new seeds from the system; the standard library's own generator does so at each fork."""
    import numpy as np  # noqa: PLC0415 - the warm process, which imports this module first, loads it in its own order

    np.random.seed()  # noqa: NPY002 - the one that notebooks may draw from is renewed
    multiprocessing.current_process().authkey = os.urandom(32)


def _reset_matplotlib() -> None:
    """Give matplotlib the settings that it would read now, were it imported now."""
    import matplotlib  # noqa: PLC0415

    # The backend first: while it is open, matplotlib chooses one at the first glance at its settings.
    matplotlib.rcParams["backend"] = os.environ["MPLBACKEND"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # settings that are on their way out are copied too
        fresh: Any = {name: value for name, value in matplotlib.rc_params().items() if name != "backend"}
        matplotlib.rcParamsOrig.update(fresh)
        matplotlib.rcParams.update(fresh)
