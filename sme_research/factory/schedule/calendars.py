"""When a job is due, as instants, in its own time zone."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sme_research.factory.schedule.workbench import WEEKDAYS, Job, Workbench

# A calendar comes round once a year at least; a zone may have left out a day.
LONGEST_GAP_DAYS = 370
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time at which a job is due: the instant in UTC, and the day and time that the calendar names."""

    at: datetime
    local: datetime

    def __str__(self) -> str:
        return f"{self.local:%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Calendar:
    """A day and a time in a zone; ``months`` in which there is such a day."""

    day: int | str
    time: time
    months: frozenset[int]
    zone: ZoneInfo

    def __str__(self) -> str:
        months = "" if len(self.months) == 12 else f" of months {', '.join(map(str, sorted(self.months)))}"
        return f"{self.day}{months} {self.time:%H:%M} {self.zone}"

    def newest(self, now: datetime) -> Occurrence:
        """The occurrence at ``now`` or last before it."""
        today = now.astimezone(self.zone).date()
        return next(o for o in self._days(today + timedelta(days=1), -1) if o.at <= now)

    def next(self, now: datetime) -> Occurrence:
        """The first occurrence after ``now``."""
        today = now.astimezone(self.zone).date()
        return next(o for o in self._days(today - timedelta(days=1), 1) if o.at > now)

    def between(self, after: datetime, until: datetime) -> int:
        """Number of occurrences after one instant, up to and with another."""
        count, at = 0, self.next(after).at
        while at <= until:
            count, at = count + 1, self.next(at).at
        return count

    def _days(self, start: date, step: int) -> Iterator[Occurrence]:
        for offset in range(LONGEST_GAP_DAYS):
            day = start + timedelta(days=step * offset)
            if self._names(day):
                local = datetime.combine(day, self.time)
                yield Occurrence(resolve(local, self.zone), local)

    def _names(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        last = calendar.monthrange(day.year, day.month)[1]
        match self.day:
            case "daily":
                return True
            case "last":
                return day.day == last
            case int(number):
                return day.day == min(number, last)
            case weekday:
                return WEEKDAYS[day.weekday()] == weekday


def calendar_of(job: Job, workbench: Workbench) -> Calendar:
    """The calendar that a job of the workbench follows."""
    return Calendar(job.day, job.time, frozenset(job.months), workbench.zone_of(job))


def resolve(local: datetime, zone: ZoneInfo) -> datetime:
    """Instant of a local time, in UTC.

    A time that comes twice is its first; one that does not exist, since the
    clocks are put forward over it, is the first moment after the gap.
    """
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant
    early, late = local.replace(tzinfo=zone, fold=1).astimezone(UTC), instant
    before = early.astimezone(zone).utcoffset()
    while late - early > SECOND:  # the clocks change between the two
        middle = early + (late - early) // 2
        early, late = (middle, late) if middle.astimezone(zone).utcoffset() == before else (early, middle)
    return late.replace(microsecond=0)
