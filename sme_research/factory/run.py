"""Run the factory: plan, make what is not up to date, publish each report that is whole."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

from sme_research.factory.catalogue import list_reports, write_index
from sme_research.factory.editions import claim_site, failures_of, seal_key, staging_of, state_folder
from sme_research.factory.execute import Failure
from sme_research.factory.executors import Executor, executor_for
from sme_research.factory.freshness import Judged, judge_reports
from sme_research.factory.kernels.start import warm_kernels
from sme_research.factory.make import Made, Task
from sme_research.factory.manifest import code_version
from sme_research.factory.plan import LANGUAGES, RunRequest, make_plan
from sme_research.factory.publish import (
    keep_failure,
    mend,
    new_run_id,
    publish,
    publishing,
    session,
    write_failure,
)

__all__ = [
    "FailedReport",
    "PublishedReport",
    "RunOutcome",
    "RunRequest",
    "list_reports",
    "plan_reports",
    "run_reports",
]
DEFAULT_JOBS = 2
MOST_CACHE_BYTES = 2_000_000_000
INDEX_EVERY = 5
"""The catalogue is written again when this many times its own time has gone by, and at the end."""


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
    """What one run published and what it could not, in the order of the plan.

    ``fresh`` are the slugs that were up to date; ``notes`` remarks on how
    reports were made, such as a damaged result that was made anew.
    """

    published: tuple[PublishedReport, ...]
    failed: tuple[FailedReport, ...]
    left_out: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every planned report was published."""
        return not self.failed


def plan_reports(request: RunRequest) -> tuple[list[Judged], tuple[str, ...]]:
    """What a run would make and why, and what the data cannot answer; nothing runs.

    Raises
    ------
    FactoryError
        The plan is not sound.
    """
    plan = make_plan(request)
    return judge_reports(plan.reports, request.reports.resolve(), force=request.force), plan.left_out


def run_reports(request: RunRequest, *, progress: bool = True) -> RunOutcome:
    """Make and publish every report that the request asks for and that is not up to date.

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
    judged, left_out = plan_reports(request)
    due = [one for one in judged if one.standing != "fresh"]
    fresh = tuple(one.planned.slug for one in judged if one.standing == "fresh")
    if not due:
        mend(request.reports.resolve())
        return RunOutcome((), (), left_out, fresh)
    done, notes = _make_and_publish(due, request, progress=progress)
    ordered = [done[one.planned.slug] for one in due]
    return RunOutcome(
        tuple(result for result in ordered if isinstance(result, PublishedReport)),
        tuple(result for result in ordered if isinstance(result, FailedReport)),
        left_out,
        fresh,
        tuple(dict.fromkeys(notes)),
    )


def _make_and_publish(
    due: list[Judged], request: RunRequest, *, progress: bool
) -> tuple[dict[str, PublishedReport | FailedReport], list[str]]:
    reports = request.reports.resolve()
    claim_site(reports, request.edition)
    done: dict[str, PublishedReport | FailedReport] = {}
    notes: list[str] = []
    with (
        session(reports, staging_of(reports, request.edition)) as staging,
        _warm(staging, request) as warm,
        tqdm(total=len(due), desc="reports", unit="report", disable=None if progress else True) as bar,
    ):
        index = _Index(reports)
        try:
            for task, made in _make_all(due, staging, request, warm=warm, progress=progress):
                with publishing(reports):
                    done[task.planned.slug] = _settle(task, made, reports)
                notes += made.notes
                index.write_sometimes()
                bar.update()
        finally:
            index.write()
    from sme_research.cache import trim_cache  # noqa: PLC0415  only once something was made

    trim_cache(_cache_folder(reports), most_bytes=MOST_CACHE_BYTES)
    return done, notes


class _Index:
    """Writes the catalogue while a run goes on, without taking much of its time."""

    def __init__(self, reports: Path) -> None:
        self._reports = reports
        self._next = 0.0

    def write_sometimes(self) -> None:
        if time.monotonic() >= self._next:
            self.write()

    def write(self) -> None:
        began = time.monotonic()
        with publishing(self._reports):
            write_index(self._reports)
        ended = time.monotonic()
        self._next = ended + INDEX_EVERY * (ended - began)


@contextmanager
def _warm(staging: Path, request: RunRequest) -> Iterator[Path | None]:
    """Socket of the warm process from which this machine's kernels are forked; a cluster's workers have their own."""
    if request.scheduler is not None:
        yield None
        return
    with warm_kernels(staging) as warm:
        yield None if warm is None else warm.socket


def _make_all(
    due: list[Judged], staging: Path, request: RunRequest, *, warm: Path | None, progress: bool
) -> Iterator[tuple[Task, Made]]:
    """Every task with its outcome, as they finish.

    Where a worker process is killed, the pool gives up all that it held. Those
    it had begun are tried once more, each alone, so that only the culprit fails.
    """
    jobs = max(1, min(request.jobs or min(DEFAULT_JOBS, os.cpu_count() or 1), len(due)))
    executor = executor_for(jobs, request.scheduler)
    # All of one language before the next: the results it keeps are then there for the other.
    in_turn = sorted(due, key=lambda one: LANGUAGES.index(one.planned.language))
    show = progress and request.scheduler is None
    alone = jobs == 1 and request.scheduler is None
    waiting = [_task(one, staging, request, warm=warm, progress=show, one_thread=not alone) for one in in_turn]
    while waiting:
        lost: list[Task] = []
        for task, made in executor.make(waiting):
            if made is None:
                lost.append(task)
            else:
                yield task, made
        begun = [task for task in lost if task.folder.exists()]
        waiting = [task for task in lost if not task.folder.exists()] if begun else []
        # A pool that dies before it begins anything would die again.
        for task in begun or lost:
            yield from _alone(task, executor)


def _alone(task: Task, executor: Executor) -> Iterator[tuple[Task, Made]]:
    """Outcome of a task that has the executor for itself."""
    run_id = new_run_id()
    again = replace(task, run_id=run_id, folder=task.folder.with_name(run_id))
    died = Failure("WorkerDied", "the process that ran the notebook was killed")
    for _, made in executor.make([again]):
        yield again, made or Made(died, 0.0, again.folder)


def _task(
    judged: Judged, staging: Path, request: RunRequest, *, warm: Path | None, progress: bool, one_thread: bool
) -> Task:
    run_id = new_run_id()
    return Task(
        planned=judged.planned,
        run_id=run_id,
        folder=staging / run_id,
        code=code_version(),
        timeout=request.timeout,
        progress=progress,
        one_thread=one_thread,
        cache=_cache_folder(request.reports.resolve()),
        previous=judged.newest,
        warm=warm,
        seal=seal_key(request.reports.resolve()) if request.edition == "public" else "",
    )


def _cache_folder(reports: Path) -> Path:
    """Where results are kept: beside the site, never in it."""
    return state_folder(reports) / "cache"


def _settle(task: Task, made: Made, reports: Path) -> PublishedReport | FailedReport:
    """Publish a finished report, or keep the failed attempt; the caller holds the lock."""
    slug = task.planned.slug
    if made.failure is None:
        return PublishedReport(slug, publish(made.finished, reports, slug, task.run_id), made.seconds)
    if not made.finished.is_dir():
        made.finished.mkdir(parents=True)
        write_failure(
            made.finished,
            made.failure,
            title=task.planned.title,
            language=task.planned.language,
            started_at=datetime.now(UTC).isoformat(timespec="microseconds"),
        )
    keep_failure(made.finished, failures_of(reports, task.planned.edition), slug, task.run_id)
    return FailedReport(slug, made.failure)
