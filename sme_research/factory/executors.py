"""Where reports are made: in processes of this machine, or on the workers of a Dask cluster.

Both take tasks and give each back with what came of it, as they finish; a task
whose process was lost comes back with None and may be given again.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Protocol

from tqdm import tqdm

from sme_research.errors import FactoryError
from sme_research.factory.kernels.start import warm_kernels
from sme_research.factory.make import Made, Task, make_report, prepare_process

if TYPE_CHECKING:
    from distributed import Client

CONNECT_TIMEOUT_S: Final = 20


class Executor(Protocol):
    """Makes reports somewhere."""

    def make(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Made | None]]:
        """Outcome of each task as it finishes; None where the process that had it was lost."""
        ...


class LocalProcesses:
    """Up to ``jobs`` processes of this machine, which die with this one."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def make(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Made | None]]:
        """Outcome of each task as it finishes; None where its process was lost."""
        executor, futures = self._submit(tasks)
        try:
            for future in as_completed(futures):
                try:
                    yield futures[future], future.result()
                except BrokenProcessPool:
                    yield futures[future], None
        except BaseException:
            # The workers leave Ctrl-C to this process; their kernels die with them.
            for process in list((executor._processes or {}).values()):
                process.kill()
            raise
        finally:
            executor.shutdown(cancel_futures=True)

    def _submit(self, tasks: Sequence[Task]) -> tuple[ProcessPoolExecutor, dict[Future[Made], Task]]:
        executor = process_pool(min(self.jobs, len(tasks)))
        with _interrupts_held():
            return executor, {executor.submit(make_report, task): task for task in tasks}


class DaskCluster:
    """The workers of a running Dask cluster, which share the folders of this machine.

    Each worker makes its reports in a process of its own, one at a time. A
    report whose worker is lost goes to another; each attempt has its own folder.

    Raises
    ------
    FactoryError
        No scheduler answers at the address.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    def make(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Made | None]]:
        """Outcome of each task as it finishes; None where its workers were lost again and again."""
        from distributed.scheduler import KilledWorker  # noqa: PLC0415  only with a cluster

        with self._client() as client:
            executor = client.get_executor(pure=False, retries=0)  # type: ignore[no-untyped-call]
            futures = {executor.submit(_make_on_worker, task): task for task in tasks}
            try:
                for future in as_completed(futures):
                    try:
                        yield futures[future], future.result()
                    except KilledWorker:
                        yield futures[future], None
            finally:
                executor.shutdown(wait=False)

    @contextmanager
    def _client(self) -> Iterator[Client]:
        from distributed import Client  # noqa: PLC0415  only with a cluster

        try:
            client = Client(self._address, timeout=CONNECT_TIMEOUT_S, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError, TimeoutError) as fault:
            raise FactoryError(
                f"no Dask scheduler answers at {self._address!r} ({fault}); "
                "start one, or give its address as tcp://HOST:PORT."
            ) from None
        try:
            if not client.scheduler_info()["workers"]:
                raise FactoryError(f"the Dask cluster at {self._address!r} has no worker; start one, then run again.")
            yield client
        finally:
            client.close()  # type: ignore[no-untyped-call]


def process_pool(jobs: int) -> ProcessPoolExecutor:
    """Fresh processes that share the progress bars of this one and end with it."""
    context = multiprocessing.get_context("spawn")
    lock = context.RLock()
    tqdm.set_lock(lock)
    shared = (os.getpid(), lock, context.Value("i", 0))
    return ProcessPoolExecutor(jobs, context, initializer=prepare_process, initargs=shared)


_pool: ProcessPoolExecutor | None = None
_warm: Path | None = None
_pool_lock = threading.Lock()
_until_exit = ExitStack()
atexit.register(_until_exit.close)


def _make_on_worker(task: Task) -> Made | None:
    """Make one report in a process of the worker's: a notebook may take that down, not the worker."""
    pool, warm = _worker_pool()
    try:
        return pool.submit(make_report, replace(task, warm=warm)).result()
    except BrokenProcessPool:
        _drop_pool(pool)
        return None


def _worker_pool() -> tuple[ProcessPoolExecutor, Path | None]:
    """The worker's processes, as many as it has threads, and its warm process, kept from one report to the next."""
    global _pool, _warm  # noqa: PLW0603 (one pool a worker, for as long as it lives)
    from distributed import get_worker  # noqa: PLC0415  only with a cluster

    with _pool_lock:
        if _pool is None:
            _pool = process_pool(get_worker().state.nthreads)
        if _warm is None:
            folder = _until_exit.enter_context(TemporaryDirectory(prefix="sme-"))
            started = _until_exit.enter_context(warm_kernels(Path(folder)))
            _warm = None if started is None else started.socket
        return _pool, _warm


def _drop_pool(broken: ProcessPoolExecutor) -> None:
    global _pool  # noqa: PLW0603
    with _pool_lock:
        if _pool is broken:
            _pool = None


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold back Ctrl-C while processes start, which inherit that: this process answers it for all."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def executor_for(jobs: int, scheduler: str | None) -> Executor:
    """The executor that a request asks for."""
    return LocalProcesses(jobs) if scheduler is None else DaskCluster(scheduler)
