"""The many estimates of one evaluation: here, or in two processes where the data are large enough to gain by it."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import pandas as pd
from joblib.externals.loky import ProcessPoolExecutor

from sme_research.processes import allowed_processes
from sme_research.results import Estimation
from sme_research.study import Study

Found = TypeVar("Found")
MOST_PROCESSES: Final = 2
LARGE: Final = 20_000
"""Account rows from which a second process gains more than it costs to start."""
ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
)
"""As many processes as processors, so that threads of their own would only wait for each other."""
_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True)
class Ask:
    """What every part is made from: the study, its tables and its sample with context.

    ``estimation`` is there for the checks alone, without its ``refit``, which a
    process makes for itself.
    """

    study: Study
    tables: Mapping[str, pd.DataFrame]
    sample: pd.DataFrame
    estimation: Estimation | None = None


Task = Callable[[Ask, str], Found]


class Run(Protocol):
    """Runs one task for each of several names and gives the answers in order."""

    def __call__(self, ask: Ask, task: Task[Any], names: Sequence[str]) -> list[Any]:
        """Answers of ``task(ask, name)``."""
        ...


@contextmanager
def workers(n_rows: int) -> Iterator[Run]:
    """A `Run` for data of so many account rows.

    Tasks must be functions of a module. In processes of their own, which start
    while the caller goes on, they work on a copy of ``ask``, so that nothing but
    their answer comes back.
    """
    if n_rows < LARGE or allowed_processes() < MOST_PROCESSES:
        yield lambda ask, task, names: [task(ask, name) for name in names]
        return
    # Loky's processes do not run the caller's script again, as the standard library's would.
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(MOST_PROCESSES, initializer=_start, env=ONE_THREAD) as pool,
    ):
        ready = [pool.submit(os.getpid) for _ in range(MOST_PROCESSES)]
        written: dict[int, Path] = {}

        def run(ask: Ask, task: Task[Any], names: Sequence[str]) -> list[Any]:
            path = written.setdefault(id(ask), Path(folder) / f"{len(written)}.pickle")
            if not path.exists():
                plain = replace(ask, tables={name: ask.tables[name] for name in _used(ask)})
                path.write_bytes(pickle.dumps(plain, protocol=pickle.HIGHEST_PROTOCOL))
            return list(pool.map(_run, [path] * len(names), [task] * len(names), names))

        yield run
        for process in ready:
            process.result()


def _used(ask: Ask) -> list[str]:
    """Tables that any of the parts may read: those of the instrument and those that every sample is made of."""
    wanted = ("accounts", "enterprises", "intellectual_property", "recognitions", "self_reports")
    names = dict.fromkeys((*ask.study.instrument_declaration.tables, *wanted))
    return [name for name in names if name in ask.tables]


def _start() -> None:
    """End with the process that asked, and load what every task needs."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    from sme_research.evaluation import compose  # noqa: PLC0415 - while the asking process still reads its tables

    del compose


@lru_cache(maxsize=1)
def _load(path: Path) -> Ask:
    # Written a moment ago by the process that started this one, in a folder of its own.
    ask: Ask = pickle.loads(path.read_bytes())
    return ask


def _run(path: Path, task: Task[Found], name: str) -> Found:
    return task(_load(path), name)
