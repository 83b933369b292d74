"""What a warm process loads once, so that no kernel forked from it has to.

Imports alone, and nothing that starts a thread, draws, fits a model or leaves
a setting behind: a fork inherits all of it.
"""

from __future__ import annotations

import builtins
import gc
import io
import logging
import os
import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace

import sme_research

# Beside the package's own imports: the kernel's, and those that libraries put off until their first use.
# The inline backend is not among them: it must meet the kernel's shell, or figures are not shown.
MODULES = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "ipywidgets",
    "matplotlib.backends.backend_agg",
    "matplotlib.pyplot",
    "mpl_font",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.PpmImagePlugin",
    "pandas.core.reshape.reshape",
    "pandas.io.formats.style",
    "pandera.backends.pandas.register",
    "pandera.strategies.pandas_strategies",
    "pyarrow.pandas_compat",
    "pyfixest.estimation",
    "pyfixest.report",
    "scipy.cluster.hierarchy",
    "sqlite3",
    "statsmodels.formula.api",
    "tornado.platform.asyncio",
    "zmq.utils.garbage",
)
FRONT_ENDS = ("cli", "factory", "explorer")


def preload() -> dict[str, str]:
    """Import all that a report may use; logging stays as the interpreter started it.

    Returns
    -------
    dict
        The environment variables that the imports have set, for libraries that look for them later.
    """
    before = dict(os.environ)
    gc.disable()
    _import_pandas()
    for name in (*MODULES, *_own_modules()):
        import_module(name)
    for name in sme_research.__all__:
        getattr(sme_research, name)
    _list_backends()
    # pyfixest sets up the root logger when it is imported.
    logging.root.handlers.clear()
    logging.root.setLevel(logging.WARNING)
    gc.enable()
    gc.collect()
    # What is here now lives as long as the process: kernels need not search, nor so copy, it.
    gc.freeze()
    return {name: value for name, value in os.environ.items() if name not in before}


def _import_pandas() -> None:
    """Let pandas find, as it looks for when it is imported, that a kernel is to show its tables."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="UTF-8")  # spelt as ipykernel's
    builtins.get_ipython = lambda: SimpleNamespace(kernel=None)  # type: ignore[attr-defined]
    try:
        import_module("pandas")
    finally:
        del builtins.get_ipython  # type: ignore[attr-defined]


def _list_backends() -> None:
    """Let matplotlib find the backends of other packages, for which it reads what is installed."""
    from matplotlib.backends.registry import backend_registry  # noqa: PLC0415 - after pandas, as in `preload`

    backend_registry.list_all()  # type: ignore[no-untyped-call]


def count_threads() -> int:
    """Threads of this process, those of libraries included."""
    return len(os.listdir("/proc/self/task"))


def _own_modules() -> Iterator[str]:
    """Modules of this package that notebooks may come to use."""
    for child in pkgutil.iter_modules(sme_research.__path__, "sme_research."):
        if child.name.rpartition(".")[2] in FRONT_ENDS:
            continue
        yield child.name
        if child.ispkg:
            package = import_module(child.name)
            yield from (
                found.name
                for found in pkgutil.walk_packages(package.__path__, f"{child.name}.")
                if not found.name.endswith("__main__")
            )
