"""Environment of kernels: what is the same for all reports, and what counts only when a process starts."""

from __future__ import annotations

import os
from collections.abc import Mapping

REPORTS = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "TZ": "UTC", "MATPLOTLIBRC": os.devnull}
"""The same for every user and every run."""
THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
)
# A process that forks must have one thread; jemalloc, which pyarrow brings, starts one of its own.
SINGLE = {**dict.fromkeys(THREAD_LIMITS, "1"), "JE_ARROW_MALLOC_CONF": "background_thread:false"}
# They count when an interpreter or a library starts, so that a fork cannot change them.
_START_NAMES = ("LANG", "HOME")
_START_PREFIXES = ("PYTHON", "LC_", "LD_", "MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")


def environment_of_reports(environment: Mapping[str, str]) -> dict[str, str]:
    """Copy of an environment with what all reports have in common."""
    kept = {name: value for name, value in environment.items() if name != "PYTHONSTARTUP"}
    return {**kept, **REPORTS}


def start_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables of an environment that a process can be given only when it starts."""
    return {
        name: value for name, value in environment.items() if name in _START_NAMES or name.startswith(_START_PREFIXES)
    }
