"""How old a job's data are."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sme_research.factory.schedule.workbench import Job, Workbench


@dataclass(frozen=True, slots=True)
class DataAge:
    """A job's newest data: the folder, the day as of which they are, and how many days ago that is.

    ``as_of`` and ``days`` are None where there are no data at all.
    """

    folder: Path
    as_of: date | None
    days: int | None
    limit: int

    @property
    def stale(self) -> bool:
        """Whether they are older than the workbench allows, or not there."""
        return self.days is None or self.days > self.limit


def data_age(job: Job, workbench: Workbench, now: datetime) -> DataAge | None:
    """Age of the job's data; None where the job names no folder.

    A folder named for a month is as of that month's last day, any other as of
    the day on which its newest file was written.
    """
    if not job.data:
        return None
    zone, limit = workbench.zone_of(job), workbench.health.stale_after_days
    today = now.astimezone(zone).date()
    monthly = "{month}" in job.data and "{year}" in job.data
    folder, as_of = (
        _newest_month(job.data, workbench.root, today) if monthly else (workbench.data_of(job, today), None)
    )
    assert folder is not None  # the job names one
    if not monthly and (written := max((path.stat().st_mtime for path in _files(folder)), default=None)):
        as_of = datetime.fromtimestamp(written, zone).date()
    as_of = min(as_of, today) if as_of else None
    return DataAge(folder, as_of, (today - as_of).days if as_of else None, limit)


def _newest_month(pattern: str, root: Path, today: date) -> tuple[Path, date | None]:
    """The newest month up to today's of which there is a folder with files, and that month's last day."""
    year, month = today.year, today.month
    for _ in range(240):
        folder = root / pattern.format(year=f"{year:04d}", month=f"{month:02d}")
        if any(_files(folder)):
            return folder, date(year, month, calendar.monthrange(year, month)[1])
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return root / re.sub(r"/?[^/]*\{.*", "", pattern), None


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
