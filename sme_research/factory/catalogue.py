"""The list of published reports, read from what lies in the folder, and the pages that show it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sme_research.factory.site.histories import FailedAttempt, History, read_failure, read_histories
from sme_research.factory.site.layout import FINDINGS_NAME, INDEX_NAME, full_disk_told
from sme_research.factory.site.ledger import Ledger
from sme_research.factory.site.pages import write_pages

__all__ = [
    "FINDINGS_NAME",
    "INDEX_NAME",
    "FailedAttempt",
    "ReportRow",
    "list_reports",
    "newest_failure",
    "write_index",
]
Status = Literal["published", "failed", "damaged"]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One line of the list of reports. Times are UTC in ISO format, ``duration_s`` in seconds."""

    slug: str
    title: str
    language: str
    run_id: str | None
    started_at: str | None
    duration_s: float | None
    status: Status
    n_runs: int


def list_reports(reports: Path) -> list[ReportRow]:
    """One row a slug, by slug: its newest good run and whether a later attempt failed."""
    return [_row(history) for history in read_histories(reports, Ledger(reports))]


def newest_failure(reports: Path, slug: str) -> FailedAttempt | None:
    """Newest failed attempt at a report; None where there is none."""
    return read_failure(reports, slug)


def write_index(reports: Path) -> None:
    """Rewrite every page of the site that lags behind what the folder holds; the caller holds the lock."""
    with full_disk_told(reports):
        ledger = Ledger(reports)
        ledger.settle()
        write_pages(reports, ledger)


def _row(history: History) -> ReportRow:
    newest = history.newest.manifest if history.newest else None
    return ReportRow(
        slug=history.slug,
        title=history.title,
        language=history.language or "",
        run_id=newest.run_id if newest else None,
        started_at=newest.started_at if newest else None,
        duration_s=newest.duration_s if newest else None,
        status="failed" if history.failure else "published" if newest else "damaged",
        n_runs=len(history.runs),
    )
