"""A scheduler that stays: APScheduler wakes at each job's time, and a pass every minute misses nothing.

The minute is counted by a clock that never jumps. When this machine's clock
does, or it slept, the pass sees what is due and the times are computed anew:
APScheduler itself would wait until its old times come.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]

from sme_research.errors import FactoryError
from sme_research.factory.schedule.calendars import Calendar, calendar_of
from sme_research.factory.schedule.lease import lease
from sme_research.factory.schedule.passes import Bench, Line, run_due

TICK_S: Final = 60.0
JUMP_S: Final = 2.0


class CalendarTrigger(BaseTrigger):  # type: ignore[misc]
    """A job's calendar as APScheduler asks for it."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar

    def get_next_fire_time(self, _: datetime | None, now: datetime) -> datetime:
        """The next time after now."""
        return self.calendar.next(now).at


def stay(bench: Bench, say: Callable[[Line], None], *, tick_s: float = TICK_S) -> None:
    """Run what is due when it is due, until the bench is told to stop.

    Parameters
    ----------
    say : callable
        Is told what each pass has to say that is news.

    Raises
    ------
    FactoryError
        Another scheduler stays for the same reports.
    """
    with lease(bench.workbench.state, ".scheduler") as lock:
        if lock is None:
            raise FactoryError(
                f"another scheduler runs for {bench.workbench.state}; stop it first. run-due may run beside it."
            )
        _Resident(bench, say).stay(tick_s)


class _Resident:
    def __init__(self, bench: Bench, say: Callable[[Line], None]) -> None:
        self.bench, self.say = bench, say
        self.one_pass = Lock()
        self.said: dict[str, str] = {}
        self.scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            timezone=UTC,
        )

    def stay(self, tick_s: float) -> None:
        for job in self.bench.workbench.schedule:
            trigger = CalendarTrigger(calendar_of(job, self.bench.workbench))
            self.scheduler.add_job(self._pass, trigger, args=[job.name], id=job.name)
        self.scheduler.start()
        try:
            offset = time.time() - time.monotonic()
            while True:
                # While a job runs, whatever else is due waits for it or for the next tick.
                if self.one_pass.acquire(blocking=False):
                    try:
                        self._look()
                    finally:
                        self.one_pass.release()
                if self.bench.stop.wait(tick_s):
                    return
                if abs(time.time() - time.monotonic() - offset) > JUMP_S:
                    offset = time.time() - time.monotonic()
                    self._compute_times_anew()
        finally:
            self.bench.stop.set()
            self.scheduler.shutdown()

    def _pass(self, only: str) -> None:
        with self.one_pass:
            self._look(only)

    def _look(self, only: str | None = None) -> None:
        for line in run_due(self.bench, only=only):
            # A fault that lasts, such as a locked table, is said once and not every minute.
            if line.news and self.said.get(line.job) != line.text:
                self.say(line)
            self.said[line.job] = line.text

    def _compute_times_anew(self) -> None:
        for job in self.bench.workbench.schedule:
            self.scheduler.reschedule_job(job.name, trigger=CalendarTrigger(calendar_of(job, self.bench.workbench)))
