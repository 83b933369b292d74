"""Old runs out of the site: never the newest good one of a report, nor one that an office signed."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sme_research.errors import FactoryError
from sme_research.factory.site.histories import History, failures_folder, read_histories
from sme_research.factory.site.layout import SIGNATURES, STAGING, full_disk_told, sync
from sme_research.factory.site.ledger import Ledger
from sme_research.factory.site.pages import write_pages


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went, or would go: runs by "slug/run_id", failed attempts likewise, and the bytes that they held."""

    runs: tuple[str, ...]
    failures: tuple[str, ...]
    freed_bytes: int


def prune(
    reports: Path, *, keep: int, older_than_days: int | None = None, damaged: bool = False, dry_run: bool = False
) -> Pruned:
    """Remove old runs and old failed attempts; the caller holds the lock.

    Pages stop leading to a run before it goes. The newest good run of every
    report and every run that was ever signed stay.

    Parameters
    ----------
    keep : int
        Newest good runs of every report that stay in any case, 1 or more.
    older_than_days : int, optional
        Of the others, remove only those made longer ago than this.
    damaged : bool
        Remove also what is not as it was published, and strike runs that are gone.
    dry_run : bool
        Only say what would go.

    Raises
    ------
    FactoryError
        ``keep`` is less than 1, or the disk is full.
    """
    if keep < 1:
        raise FactoryError(f"keep is {keep}, must be 1 or more: the newest good run of a report always stays.")
    with full_disk_told(reports):
        ledger = Ledger(reports)
        histories = read_histories(reports, ledger)
        runs = [path for history in histories for path in _old_runs(history, reports, keep, older_than_days)]
        if damaged:
            runs += _damaged(histories, ledger, reports)
        failures = _old_failures(histories, reports.resolve(), older_than_days)
        gone = Pruned(tuple(runs), tuple(failures), sum(_size(reports / path) for path in [*runs, *failures]))
        if not dry_run:
            ledger.settle()
            write_pages(reports, ledger, without=frozenset(runs))
            for path in runs:
                _remove_run(ledger, path)
            for path in failures:
                shutil.rmtree(reports / path)
    return gone


def _old_runs(history: History, reports: Path, keep: int, older_than_days: int | None) -> list[str]:
    return [
        run.path
        for run in history.runs[keep:]
        if not _was_signed(reports, run.path) and _is_old(run.manifest.started_at, older_than_days)
    ]


def _was_signed(reports: Path, path: str) -> bool:
    return any((reports / SIGNATURES / path).glob("*.json"))


def _damaged(histories: list[History], ledger: Ledger, reports: Path) -> list[str]:
    damaged = [f"{history.slug}/{name}" for history in histories for name in history.damaged]
    published = [line.path for line in ledger.last.values() if line.what == "published"]
    lost = [*damaged, *(path for path in published if not (reports / path).exists())]
    return [path for path in lost if not _was_signed(reports, path)]


def _old_failures(histories: list[History], reports: Path, older_than_days: int | None) -> list[str]:
    """Failed attempts, less the one that the site still shows."""
    shown = {(history.slug, history.failure.run_id) for history in histories if history.failure}
    folder = failures_folder(reports)
    attempts = [path for path in folder.glob("*/*/") if (path.parent.name, path.name) not in shown]
    return [
        os.path.relpath(path, reports)
        for path in sorted(attempts)
        if _is_old(datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(), older_than_days)
    ]


def _is_old(moment: str, days: int | None) -> bool:
    return days is None or datetime.fromisoformat(moment) < datetime.now(UTC) - timedelta(days=days)


def _remove_run(ledger: Ledger, path: str) -> None:
    """Take a run out by one rename, said before and after."""
    folder, trash = ledger.reports / path, ledger.reports / STAGING / f"trash-{secrets.token_hex(6)}"
    if folder.exists():
        trash.parent.mkdir(parents=True, exist_ok=True)
        last = ledger.last.get(path)
        ledger.append("pruning", path, last.sha256 if last else "")
        os.rename(folder, trash)
        sync(folder.parent)
        ledger.settle()
        shutil.rmtree(trash)
    else:
        ledger.append("pruned", path)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
