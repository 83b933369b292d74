"""Run the factory: plan, make every report in processes of their own, publish each that is whole."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

from sme_research.factory.catalogue import list_reports, write_index
from sme_research.factory.execute import Failure
from sme_research.factory.make import Made, Task, make_report, prepare_process
from sme_research.factory.manifest import code_version
from sme_research.factory.plan import PlannedReport, RunRequest, make_plan
from sme_research.factory.publish import (
    keep_failure,
    new_run_id,
    publish,
    publishing,
    session,
    write_failure,
)

__all__ = ["FailedReport", "PublishedReport", "RunOutcome", "RunRequest", "list_reports", "run_reports"]
DEFAULT_JOBS = 2


@dataclass(frozen=True, slots=True)
class PublishedReport:
    """A report that is now visible: its folder, and the seconds its notebook took."""

    slug: str
    path: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class FailedReport:
    """A report that was not made, and why."""

    slug: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What one run published and what it could not, in the order of the plan."""

    published: tuple[PublishedReport, ...]
    failed: tuple[FailedReport, ...]
    left_out: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every planned report was published."""
        return not self.failed


def run_reports(request: RunRequest, *, progress: bool = True) -> RunOutcome:
    """Make and publish every report that the request asks for.

    A report that fails does not stop the others. On an interrupt the running
    notebooks are stopped, what was published stays, and the interrupt goes on
    to the caller.

    Parameters
    ----------
    request : RunRequest
    progress : bool
        Show bars on standard error: one for all, one for each running notebook.

    Raises
    ------
    FactoryError
        The plan is not sound, or another run is publishing to the folder.
    """
    plan = make_plan(request)
    reports = request.reports.resolve()
    done: dict[str, PublishedReport | FailedReport] = {}
    with (
        session(reports) as staging,
        tqdm(total=len(plan.reports), desc="reports", unit="report", disable=None if progress else True) as bar,
    ):
        for task, made in _make_all(plan.reports, staging, request, progress=progress):
            with publishing(reports):
                done[task.planned.slug] = _settle(task, made, reports)
                write_index(reports)
            bar.update()
    ordered = [done[planned.slug] for planned in plan.reports]
    return RunOutcome(
        tuple(result for result in ordered if isinstance(result, PublishedReport)),
        tuple(result for result in ordered if isinstance(result, FailedReport)),
        plan.left_out,
    )


def _make_all(
    planned: tuple[PlannedReport, ...], staging: Path, request: RunRequest, *, progress: bool
) -> Iterator[tuple[Task, Made]]:
    """Every task with its outcome, as they finish.

    Where a worker process is killed, the pool gives up all that it held. Those
    it had begun are tried once more, each alone, so that only the culprit fails.
    """
    jobs = max(1, min(request.jobs or min(DEFAULT_JOBS, os.cpu_count() or 1), len(planned)))
    waiting = [_task(report, staging, request, jobs=jobs, progress=progress) for report in planned]
    while waiting:
        lost: list[Task] = []
        for task, made in _in_processes(waiting, jobs):
            if made is None:
                lost.append(task)
            else:
                yield task, made
        begun = [task for task in lost if task.folder.exists()]
        waiting = [task for task in lost if not task.folder.exists()] if begun else []
        # A pool that dies before it begins anything would die again.
        for task in begun or lost:
            yield from _alone(task)


def _alone(task: Task) -> Iterator[tuple[Task, Made]]:
    """Outcome of a task in a process of its own."""
    run_id = new_run_id()
    again = replace(task, run_id=run_id, folder=task.folder.with_name(run_id))
    died = Failure("WorkerDied", "the process that ran the notebook was killed")
    for _, made in _in_processes([again], 1):
        yield again, made or Made(died, 0.0)


def _task(planned: PlannedReport, staging: Path, request: RunRequest, *, jobs: int, progress: bool) -> Task:
    run_id = new_run_id()
    return Task(
        planned=planned,
        run_id=run_id,
        folder=staging / run_id,
        code=code_version(),
        timeout=request.timeout,
        progress=progress,
        one_thread=jobs > 1,
    )


def _in_processes(tasks: list[Task], jobs: int) -> Iterator[tuple[Task, Made | None]]:
    """Outcome of each task as it finishes; None where its process was lost."""
    context = multiprocessing.get_context("spawn")
    lock = context.RLock()
    tqdm.set_lock(lock)
    shared = (os.getpid(), lock, context.Value("i", 0))
    executor = ProcessPoolExecutor(jobs, context, initializer=prepare_process, initargs=shared)
    try:
        with _interrupts_held():
            futures = {executor.submit(make_report, task): task for task in tasks}
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


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold back Ctrl-C while processes start, which inherit that: this process answers it for all."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _settle(task: Task, made: Made, reports: Path) -> PublishedReport | FailedReport:
    """Publish a finished report, or keep the failed attempt; the caller holds the lock."""
    slug = task.planned.slug
    if made.failure is None:
        return PublishedReport(slug, publish(task.finished, reports, slug, task.run_id), made.seconds)
    if not task.finished.is_dir():
        task.finished.mkdir(parents=True)
        write_failure(
            task.finished,
            made.failure,
            title=task.planned.title,
            language=task.planned.language,
            started_at=datetime.now(UTC).isoformat(timespec="microseconds"),
        )
    keep_failure(task.finished, reports, slug, task.run_id)
    return FailedReport(slug, made.failure)
