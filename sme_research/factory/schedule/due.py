"""What is due: from a job's calendar, what the run table says of it, and the time. Reads no clock and no file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sme_research.factory.schedule.calendars import Calendar, Occurrence
from sme_research.factory.schedule.workbench import Retry

Status = Literal["running", "done", "failed", "abandoned", "stopped"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the run table says of one attempt; ``final`` where no other is to follow it."""

    occurrence: datetime
    number: int
    status: Status
    started_at: datetime
    ended_at: datetime | None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """An occurrence to run now: which attempt at it, and how many older ones it stands for."""

    occurrence: Occurrence
    attempt: int
    missed: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing to run before ``until``; ``retry`` where that is another attempt at what failed."""

    until: datetime
    retry: bool


def find_due(
    calendar: Calendar, attempts: Iterable[Attempt], retry: Retry, *, since: datetime | None, now: datetime
) -> Due | Waiting:
    """The one occurrence that is to be run now, or when the next will be.

    Only the newest occurrence is ever due: it stands for all that were missed
    before it. What the table holds of later times than ``now`` says nothing of
    what is due, so a clock that was wrong for a while stops nothing.

    Parameters
    ----------
    attempts : iterable of Attempt
        All of this job, in the order in which they were made.
    since : datetime or None
        When the job was first seen: what was due earlier is not made up for. None makes up for it.
    """
    known = [attempt for attempt in attempts if attempt.occurrence <= now]
    target = _target(calendar, known, since, now)
    mine = [attempt for attempt in known if target and attempt.occurrence == target.at]
    if target is None or any(attempt.status == "done" or attempt.final for attempt in mine):
        return Waiting(calendar.next(now).at, retry=False)
    tried = [attempt for attempt in mine if attempt.status != "stopped"]
    if tried and now < (again := _again(tried[-1], retry, now)):
        return Waiting(again, retry=True)
    missed = 0 if mine else _missed(calendar, known, since, target)
    return Due(target, len(tried) + 1, missed)


def _target(calendar: Calendar, known: list[Attempt], since: datetime | None, now: datetime) -> Occurrence | None:
    """The one occurrence that may have to be run: the newest of the calendar, or of the table where that is newer.

    The table's is newer, or the only one, where the calendar has been changed:
    then what was begun is still seen through, and nothing is made twice.
    """
    newest = calendar.newest(now)
    last = max((attempt.occurrence for attempt in known), default=None)
    if last is None or newest.at >= last:
        if since is None or newest.at >= since or newest.at == last:
            return newest
        if last is None:
            return None
    return Occurrence(last, last.astimezone(calendar.zone).replace(tzinfo=None))


def _missed(calendar: Calendar, known: list[Attempt], since: datetime | None, target: Occurrence) -> int:
    """Number of occurrences that the target stands for beside itself."""
    last = max((attempt.occurrence for attempt in known), default=None)
    start = max((moment for moment in (last, since) if moment is not None), default=target.at)
    return max(0, calendar.between(start, target.at) - 1)


def _again(attempt: Attempt, retry: Retry, now: datetime) -> datetime:
    """When to try again; at once where the clock has gone back behind the attempt, whose wait has no meaning then."""
    ended = attempt.ended_at or attempt.started_at
    return now if ended > now else ended + retry.wait_after(attempt.number)
