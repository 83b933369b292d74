"""One pass: whatever is due is run, what died is buried, alerts go out, old runs go.

Any number of passes may be made at once, by cron, a timer and a resident
scheduler: for each job one works, the others say so.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final, TypeVar

from sqlalchemy import Connection, RowMapping

from sme_research.errors import FactoryError
from sme_research.factory.schedule.ages import data_age
from sme_research.factory.schedule.alerts import deliver
from sme_research.factory.schedule.calendars import calendar_of
from sme_research.factory.schedule.due import Due, find_due
from sme_research.factory.schedule.lease import Process, lease, process_of
from sme_research.factory.schedule.ledger import (
    attempts_of,
    begin,
    log_name,
    name_child,
    queue_alerts,
    remember,
    reopened,
    running,
    see_job,
    settle,
)
from sme_research.factory.schedule.messages import explain
from sme_research.factory.schedule.retention import retire
from sme_research.factory.schedule.store import DiskFullError, Store, StoreError, note
from sme_research.factory.schedule.work import Order, Outcome, carry_out, order_of, read_tail
from sme_research.factory.schedule.workbench import Job, Workbench

FINISH_TRIES: Final = 12
LAST_PASS: Final = "last pass"
T = TypeVar("T")
Work = Callable[[Order, Event, Callable[[Process], None]], Outcome]


def utc_now() -> datetime:
    """The time, by this machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """What a pass has to say of one job; ``news`` where something was done or went wrong."""

    job: str
    text: str
    ok: bool = True
    news: bool = True

    def __str__(self) -> str:
        return f"{self.job}: {self.text}"


@dataclass(frozen=True, slots=True)
class Bench:
    """What a pass works with: the workbench, the run table, a clock, a way to stop, and what does the work."""

    workbench: Workbench
    store: Store
    clock: Callable[[], datetime] = utc_now
    stop: Event = field(default_factory=Event)
    work: Work = carry_out


def open_bench(workbench: Workbench) -> Bench:
    """A bench with the run table beside the workbench's reports."""
    return Bench(workbench, Store(workbench.state))


def run_due(
    bench: Bench, *, only: str | None = None, catch_up: bool = False, again: frozenset[str] = frozenset()
) -> list[Line]:
    """Make one pass.

    Parameters
    ----------
    only : str, optional
        Look at this job alone.
    catch_up : bool
        Make up also for what was due before a job was first seen.
    again : frozenset of str
        Jobs whose newest occurrence is tried anew, though its last attempt failed.

    Returns
    -------
    list of Line
        One a job, then what else is to be said.

    Raises
    ------
    FactoryError
        A job is not known, or a newer version wrote the run table.
    """
    workbench = bench.workbench
    jobs = [workbench.job(name) for name in ([only] if only else again)] or workbench.schedule
    lines = [line for job in jobs for line in _guarded(job.name, partial(_look_after, bench, job, catch_up, again))]
    lines += _guarded("data", partial(_watch_data, bench))
    lines += _guarded("alerts", partial(_send_alerts, bench))
    if workbench.retention and any(line.ok and line.news for line in lines):
        lines += _guarded("retention", partial(_retire, bench))
    return lines + _guarded("run table", partial(_note_pass, bench))


def _guarded(name: str, act: Callable[[], list[Line]]) -> list[Line]:
    """What an act has to say; where the run table or the disk is out of reach, that, and the pass goes on."""
    try:
        return act()
    except StoreError as error:
        return [Line(name, str(error), ok=False)]
    except OSError as error:
        return [Line(name, f"{error.filename or 'disk'}: {error.strerror}; the next pass tries again.", ok=False)]


def _look_after(bench: Bench, job: Job, catch_up: bool, again: frozenset[str]) -> list[Line]:
    if bench.stop.is_set():
        return []
    with lease(bench.workbench.state, job.name) as lock:
        if lock is None:
            return [_busy(bench, job)]
        bench.store.lay_ballast()
        found = _persist(bench, lambda connection: _decide(bench, connection, job, catch_up, job.name in again))
        if isinstance(found, Line):
            return [found]
        run, due = found
        before = time.monotonic()
        order = _order(bench, job, run, due, lock)
        outcome = bench.work(order, bench.stop, lambda child: _remember_child(bench, run["id"], child))
        took = time.monotonic() - before
        _finish(bench, run, outcome, took)
    return [Line(job.name, _describe(run, due, outcome, took), ok=outcome.status == "done")]


def _decide(
    bench: Bench, connection: Connection, job: Job, catch_up: bool, again: bool
) -> Line | tuple[RowMapping, Due]:
    """Under the lease and in one transaction: bury what died, find what is due, write down that it begins."""
    now, calendar = bench.clock(), calendar_of(job, bench.workbench)
    state = see_job(connection, job.name, calendar, now)
    if dead := running(connection, job.name):
        # Its lease is free, so nobody works on it.
        outcome = Outcome("abandoned", "abandoned", "\n".join(read_tail(_log(bench, dead))))
        settle(connection, bench.workbench, dead, outcome, at=now, seconds=None)
    attempts = attempts_of(connection, job.name)
    since = None if catch_up or again else state.since
    found = find_due(calendar, reopened(attempts) if again else attempts, bench.workbench.retry, since=since, now=now)
    if isinstance(found, Due):
        return begin(connection, job, found, now), found
    until = found.until.astimezone(calendar.zone)
    kind = "tries again" if found.retry else "nothing is due; next"
    failing = f" (failing since {state.failing_since:%Y-%m-%d})" if state.failing_since and not found.retry else ""
    return Line(job.name, f"{kind} {until:%Y-%m-%d %H:%M}{failing}", news=bool(dead))


def _order(bench: Bench, job: Job, run: RowMapping, due: Due, lock: int) -> Order:
    data = bench.workbench.data_of(job, due.occurrence.local.date())
    return order_of(job, bench.workbench, data=data, log=_log(bench, run), lock=lock)


def _remember_child(bench: Bench, run: int, child: Process) -> None:
    # Only needed where this process dies; the work must not fail for it.
    with suppress(StoreError), bench.store.writing() as connection:
        name_child(connection, run, child)


def _finish(bench: Bench, run: RowMapping, outcome: Outcome, seconds: float) -> None:
    """Write down how it ended, however long another process keeps the table."""

    def write(connection: Connection) -> None:
        settle(connection, bench.workbench, run, outcome, at=bench.clock(), seconds=seconds)

    _persist(bench, write, tries=FINISH_TRIES)


def _persist(bench: Bench, change: Callable[[Connection], T], *, tries: int = 1) -> T:
    """Make a change of the run table; on a full disk with the room that was kept for that."""
    while True:
        try:
            with bench.store.writing() as connection:
                return change(connection)
        except DiskFullError:
            if not bench.store.drop_ballast():
                raise
        except StoreError:
            tries -= 1
            if not tries:
                raise


def _busy(bench: Bench, job: Job) -> Line:
    """The line of a job on which another process works; one that has lost its watcher is held to its time limit."""
    with bench.store.reading() as connection:
        run = running(connection, job.name)
    if run is None:
        return Line(job.name, "another process is looking at it", news=False)
    local = run["started_at"].astimezone(bench.workbench.zone_of(job))
    text = f"runs since {local:%Y-%m-%d %H:%M} in process {run['child_pid'] or run['pid']} on {run['host']}"
    child = Process(run["child_pid"] or 0, run["child_started"] or 0, run["boot_id"])
    if process_of(run["pid"]) or not child.lives:
        return Line(job.name, text, news=False)
    up = time.clock_gettime(time.CLOCK_BOOTTIME) - child.started / os.sysconf("SC_CLK_TCK")
    if up < job.timeout.total_seconds():
        return Line(job.name, f"{text}, which has lost its scheduler", news=False)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    return Line(job.name, f"{text}, which had lost its scheduler and was over its time limit: killed", ok=False)


def _log(bench: Bench, run: RowMapping) -> Path:
    return bench.workbench.state / log_name(run["id"], run["job"])


def _describe(run: RowMapping, due: Due, outcome: Outcome, took: float) -> str:
    missed = f", in place of {due.missed} missed" if due.missed else ""
    text = f"{outcome.status} {due.occurrence} (attempt {due.attempt}{missed}, {took:.1f} s)"
    if outcome.cause:
        said = outcome.detail.splitlines()
        text += (
            f": {explain(outcome.cause, 'en')}{'; ' + said[-1] if said else ''} [{log_name(run['id'], run['job'])}]"
        )
    return text


def _watch_data(bench: Bench) -> list[Line]:
    """Call for one alert for each time that a job's data become stale."""
    now, lines = bench.clock(), []
    with bench.store.writing() as connection:
        for job in bench.workbench.schedule:
            age = data_age(job, bench.workbench, now)
            state = see_job(connection, job.name, calendar_of(job, bench.workbench), now)
            stale = age is not None and age.stale
            if age and stale and not state.stale_since:
                lines.append(Line(job.name, f"data are stale: as of {age.as_of or 'never'}, {age.folder}", ok=False))
                remember(connection, job.name, stale_since=now)
                queue_alerts(connection, bench.workbench, "stale", job.name, run=None, now=now, age=age)
            elif not stale and state.stale_since:
                remember(connection, job.name, stale_since=None)
    return lines


def _send_alerts(bench: Bench) -> list[Line]:
    return [Line("alerts", fault, ok=False) for fault in deliver(bench.workbench, bench.store, bench.clock())]


def _note_pass(bench: Bench) -> list[Line]:
    with bench.store.writing() as connection:
        note(connection, LAST_PASS, bench.clock())
    return []


def _retire(bench: Bench) -> list[Line]:
    try:
        return [Line("retention", text) for text in retire(bench.workbench, bench.store, bench.clock())]
    except StoreError:
        raise
    except FactoryError as error:
        return [Line("retention", str(error), ok=False)]
