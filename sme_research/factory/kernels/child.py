"""What a forked child does before it is a kernel: as if its interpreter had just been started for it."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from typing import Any

from sme_research.factory.kernels.protocol import Request

PR_SET_PDEATHSIG = 1
INLINE_BACKEND = "module://matplotlib_inline.backend_inline"
PROGRAM = "ipykernel_launcher"


def die_with_parent(parent: int, number: int) -> None:
    """Have Linux send this process a signal when its parent ends; end at once where it has ended already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(1)


def run_kernel(request: Request, streams: Sequence[int]) -> None:
    """Be the kernel that was asked for, until it ends."""
    for standard, given in enumerate(streams):
        os.dup2(given, standard)
        os.close(given)
    _reset_signals()
    _set_environment(request)
    _renew_randomness()
    _reset_matplotlib()
    # Only here: the class reads its environment when it is imported, an instance has what is given.
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415

    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(list(request.arguments))  # type: ignore[no-untyped-call]
    app.start()  # type: ignore[no-untyped-call]


def _reset_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _set_environment(request: Request) -> None:
    os.environ.clear()
    os.environ.update(request.environment, JPY_PARENT_PID=str(os.getppid()))
    # As ipykernel would, but before matplotlib's settings are read again.
    os.environ["MPLBACKEND"] = os.environ.get("MPLBACKEND") or INLINE_BACKEND
    time.tzset()
    os.chdir(request.folder)
    sys.argv = [PROGRAM, *request.arguments]


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
