"""The many estimates of one evaluation: here, or in two processes where the sample is large."""

from __future__ import annotations

import ctypes
import multiprocessing
import pickle
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import pandas as pd

from sme_research.study import Study

Found = TypeVar("Found")
PROCESSES: Final = 2
LARGE: Final = 200_000
"""Enterprise-years from which a second process gains more than it costs to start."""
_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True)
class Ask:
    """What every part is made from: the study, its tables and its sample with context."""

    study: Study
    tables: Mapping[str, pd.DataFrame]
    sample: pd.DataFrame


Task = Callable[[Ask, str], Found]
Run = Callable[[Task[Any], Sequence[str]], list[Any]]


@contextmanager
def workers(ask: Ask) -> Iterator[Run]:
    """A function that runs one task for each of several names and gives the answers in order.

    Tasks must be functions of a module. In processes of their own they work on
    a copy of ``ask``, so that nothing but their answer comes back.
    """
    if len(ask.sample) < LARGE:
        yield lambda task, names: [task(ask, name) for name in names]
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ask.pickle"
        plain = Ask(ask.study, {name: ask.tables[name] for name in _used(ask)}, ask.sample)
        path.write_bytes(pickle.dumps(plain, protocol=pickle.HIGHEST_PROTOCOL))
        del plain
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=_start, initargs=(path,)) as pool:
            yield lambda task, names: list(pool.map(_run, [task] * len(names), names))


def _used(ask: Ask) -> list[str]:
    """Tables that any of the parts may read: those of the instrument and those that every sample is made of."""
    wanted = {"accounts", "enterprises", "recognitions", "intellectual_property", "self_reports"}
    return [name for name in (*ask.study.instrument_declaration.tables, *sorted(wanted)) if name in ask.tables]


_ASK: Ask | None = None


def _start(path: Path) -> None:
    """Load the question; end with the process that asked."""
    global _ASK  # noqa: PLW0603 - a worker's only state, set once before its first task
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # Written a moment ago by the process that started this one, in a folder of its own.
    _ASK = pickle.loads(path.read_bytes())


def _run(task: Task[Found], name: str) -> Found:
    assert _ASK is not None
    return task(_ASK, name)
