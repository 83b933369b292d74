"""What the run table remembers of jobs and attempts, and the alerts that follow from it in the same transaction."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, insert, select, update

from sme_research.factory.plan import Language
from sme_research.factory.schedule.calendars import Calendar
from sme_research.factory.schedule.due import Attempt, Due
from sme_research.factory.schedule.lease import Process, boot_id
from sme_research.factory.schedule.messages import NOTHING, compose, explain, words_of_age
from sme_research.factory.schedule.store import ALERTS, JOBS, RUNS
from sme_research.factory.schedule.work import Outcome
from sme_research.factory.schedule.workbench import Event, Job, Workbench

LOGS: Final = "logs"


@dataclass(frozen=True, slots=True)
class JobState:
    """What is remembered of a job between its runs."""

    name: str
    since: datetime
    failing_since: datetime | None
    stale_since: datetime | None


def see_job(connection: Connection, name: str, calendar: Calendar, now: datetime) -> JobState:
    """What is remembered of a job; where it is new or its calendar changed, it counts from now on.

    So it does where it was first seen at a time that has not come: the clock was wrong then.
    """
    row = connection.execute(select(JOBS).where(JOBS.c.name == name)).mappings().one_or_none()
    if row is None:
        connection.execute(insert(JOBS).values(name=name, calendar=str(calendar), since=now))
        return JobState(name, now, None, None)
    since = row["since"]
    if row["calendar"] != str(calendar) or since > now:
        since = now
        remember(connection, name, calendar=str(calendar), since=now)
    return JobState(name, since, row["failing_since"], row["stale_since"])


def remember(connection: Connection, name: str, **values: Any) -> None:
    """Change what is remembered of a job."""
    connection.execute(update(JOBS).where(JOBS.c.name == name).values(**values))


def attempts_of(connection: Connection, name: str) -> list[Attempt]:
    """All attempts of a job in the order in which they were made."""
    rows = connection.execute(select(RUNS).where(RUNS.c.job == name).order_by(RUNS.c.id)).mappings()
    return [
        Attempt(row["occurrence"], row["attempt"], row["status"], row["started_at"], row["ended_at"], row["final"])
        for row in rows
    ]


def begin(connection: Connection, job: Job, due: Due, now: datetime) -> RowMapping:
    """Write down that an attempt begins."""
    new = insert(RUNS).values(
        job=job.name,
        occurrence=due.occurrence.at,
        occurrence_local=str(due.occurrence),
        attempt=due.attempt,
        missed=due.missed,
        status="running",
        started_at=now,
        host=socket.gethostname(),
        boot_id=boot_id(),
        pid=os.getpid(),
    )
    return connection.execute(new.returning(RUNS)).mappings().one()


def name_child(connection: Connection, run: int, child: Process) -> None:
    """Write down which process does the work, for the case that this one dies."""
    connection.execute(update(RUNS).where(RUNS.c.id == run).values(child_pid=child.pid, child_started=child.started))


def log_name(run: int, job: str) -> str:
    """Path of a run's log in the state folder."""
    return f"{LOGS}/{run:06d}-{job}.log"


def running(connection: Connection, job: str) -> RowMapping | None:
    """The attempt that the table calls running."""
    chosen = select(RUNS).where(RUNS.c.job == job, RUNS.c.status == "running")
    return connection.execute(chosen).mappings().one_or_none()


def settle(connection: Connection, workbench: Workbench, run: RowMapping, outcome: Outcome, **ended: Any) -> Outcome:
    """Write down how an attempt ended, and the alerts that this calls for.

    Parameters
    ----------
    ended : ``at``, the time, and ``seconds``, how long it took; None where nobody watched.

    Returns
    -------
    Outcome
        As it stands in the table.
    """
    now, log = ended["at"], log_name(run["id"], run["job"])
    tried = outcome.status in ("failed", "abandoned")
    final = tried and (run["attempt"] >= workbench.retry.attempts or not outcome.retry)
    connection.execute(
        update(RUNS)
        .where(RUNS.c.id == run["id"])
        .values(
            status=outcome.status,
            final=final,
            cause=outcome.cause,
            detail=outcome.detail or None,
            ended_at=now,
            duration_s=ended["seconds"],
            n_published=outcome.n_published,
            n_failed=outcome.n_failed,
            log=log if (workbench.state / log).exists() else None,
        )
    )
    _call_for_alerts(connection, workbench, run, outcome, final=final, now=now)
    return outcome


def _call_for_alerts(
    connection: Connection,
    workbench: Workbench,
    run: RowMapping,
    outcome: Outcome,
    *,
    final: bool,
    now: datetime,
) -> None:
    failing = connection.execute(select(JOBS.c.failing_since).where(JOBS.c.name == run["job"])).scalar_one()
    words = {
        "occurrence": run["occurrence_local"],
        "attempts": run["attempt"],
        "published": NOTHING if outcome.n_published is None else outcome.n_published,
        "failed": NOTHING if outcome.n_failed is None else outcome.n_failed,
        "log": workbench.state / log_name(run["id"], run["job"]),
        "detail": outcome.detail,
        "cause": outcome.cause,
    }
    if final:
        remember(connection, run["job"], failing_since=failing or now)
        queue_alerts(connection, workbench, "failed", run["job"], run=run["id"], now=now, **words)
    elif outcome.status == "done" and failing:
        remember(connection, run["job"], failing_since=None)
        queue_alerts(connection, workbench, "recovered", run["job"], run=run["id"], now=now, **words)


def queue_alerts(
    connection: Connection,
    workbench: Workbench,
    event: Event,
    name: str,
    *,
    run: int | None,
    now: datetime,
    **words: Any,
) -> None:
    """Write down the alerts of an event, one for each that wants it; they are sent after the transaction."""
    job = workbench.job(name)
    for alert in workbench.alert:
        if event not in alert.on:
            continue
        message = compose(event, alert.language, job=job.title or name, name=name, **_said(words, alert.language))
        connection.execute(
            insert(ALERTS).values(
                alert=alert.name,
                event=event,
                job=name,
                run=run,
                subject=message.subject,
                body=message.body,
                created_at=now,
                status="waiting",
            )
        )


def _said(words: dict[str, Any], language: Language) -> dict[str, Any]:
    """The words of a message, its cause and the age of the data in the language."""
    age = words_of_age(words["age"], language) if "age" in words else {}
    return {**words, **age, "cause": explain(words["cause"], language) if words.get("cause") else ""}


def reopened(attempts: list[Attempt]) -> list[Attempt]:
    """The attempts as if none had failed: the newest occurrence is tried anew unless it is done."""
    return [replace(attempt, final=False) for attempt in attempts if attempt.status == "done"]
