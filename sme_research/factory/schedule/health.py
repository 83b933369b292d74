"""Whether reports come on time from data of this time: one line, for people and for monitoring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, select

from sme_research.factory.schedule.ages import DataAge, data_age
from sme_research.factory.schedule.calendars import calendar_of
from sme_research.factory.schedule.due import Due, find_due
from sme_research.factory.schedule.ledger import attempts_of
from sme_research.factory.schedule.passes import LAST_PASS, Bench
from sme_research.factory.schedule.store import ALERTS, JOBS, RUNS, noted
from sme_research.factory.schedule.workbench import Job

LATE_AFTER: Final = timedelta(hours=26)
"""A scheduler that has not looked for longer, or has left what is due so long, does not run."""
SLACK: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class JobHealth:
    """One job: when it was last done, when it is next due, its data, and what is wrong with it."""

    job: str
    last_done: datetime | None
    days_since: int | None
    next_due: datetime
    data: DataAge | None
    faults: tuple[str, ...]

    def __str__(self) -> str:
        done = f"done {self.last_done:%Y-%m-%d} ({self.days_since} d ago)" if self.last_done else "not yet done"
        data = f", data of {self.data.as_of} ({self.data.days} d old)" if self.data and self.data.as_of else ""
        wrong = f" [{'; '.join(self.faults)}]" if self.faults else ""
        return f"{self.job} {done}, next {self.next_due:%Y-%m-%d %H:%M}{data}{wrong}"


@dataclass(frozen=True, slots=True)
class Health:
    """All jobs, and what is wrong with the scheduler itself."""

    jobs: tuple[JobHealth, ...]
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults and not any(job.faults for job in self.jobs)

    def __str__(self) -> str:
        wrong = f" | {'; '.join(self.faults)}" if self.faults else ""
        return f"{'ok' if self.ok else 'NOT OK'}: {' | '.join(map(str, self.jobs))}{wrong}"

    def to_record(self) -> dict[str, Any]:
        """The same for machines."""
        return {"ok": self.ok, "faults": list(self.faults), "jobs": [_record(job) for job in self.jobs]}


def assess(bench: Bench) -> Health:
    """Look at the run table, the data and the clock; changes nothing."""
    now = bench.clock()
    with bench.store.reading() as connection:
        jobs = tuple(_assess_job(bench, connection, job, now) for job in bench.workbench.schedule)
        return Health(jobs, tuple(_scheduler_faults(connection, now)))


def _assess_job(bench: Bench, connection: Connection, job: Job, now: datetime) -> JobHealth:
    calendar = calendar_of(job, bench.workbench)
    done = select(func.max(RUNS.c.ended_at)).where(RUNS.c.job == job.name, RUNS.c.status == "done")
    last = connection.execute(done).scalar_one()
    state = connection.execute(select(JOBS).where(JOBS.c.name == job.name)).mappings().one_or_none()
    age = data_age(job, bench.workbench, now)
    faults = []
    if state and state["failing_since"]:
        faults.append(f"failing since {state['failing_since'].astimezone(calendar.zone):%Y-%m-%d}")
    attempts = attempts_of(connection, job.name)
    since = state["since"] if state else now
    found = find_due(calendar, attempts, bench.workbench.retry, since=since, now=now)
    runs = bool(attempts) and attempts[-1].status == "running"
    if isinstance(found, Due) and not runs and now - found.occurrence.at > LATE_AFTER:
        faults.append(f"due since {found.occurrence} and not run")
    if age and age.stale:
        faults.append(f"data stale, limit {age.limit} d" if age.as_of else f"no data in {age.folder}")
    return JobHealth(
        job.name,
        last.astimezone(calendar.zone) if last else None,
        (now - last).days if last else None,
        calendar.next(now).at.astimezone(calendar.zone),
        age,
        tuple(faults),
    )


def _scheduler_faults(connection: Connection, now: datetime) -> list[str]:
    faults = []
    last = noted(connection, LAST_PASS)
    if last is None:
        faults.append("no pass was ever made: set up cron, the timer or the service")
    elif now - last > LATE_AFTER:
        faults.append(f"no pass since {last:%Y-%m-%d %H:%M} UTC: does cron, the timer or the service run?")
    elif last - now > SLACK:
        faults.append(f"the clock is behind the last pass, {last:%Y-%m-%d %H:%M} UTC")
    stuck = select(func.count()).where(ALERTS.c.status.in_(["waiting", "given_up"]), ALERTS.c.error.is_not(None))
    if n_stuck := connection.execute(stuck).scalar_one():
        faults.append(f"{n_stuck} alert(s) did not go out")
    return faults


def _record(job: JobHealth) -> dict[str, Any]:
    return {
        "job": job.job,
        "last_done": job.last_done and job.last_done.isoformat(),
        "next_due": job.next_due.isoformat(),
        "data_as_of": job.data.as_of.isoformat() if job.data and job.data.as_of else None,
        "data_days": job.data.days if job.data else None,
        "stale": bool(job.data and job.data.stale),
        "faults": list(job.faults),
    }
