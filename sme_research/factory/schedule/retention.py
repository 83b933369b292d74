"""What goes in time: old runs of reports but those signed, old attempts in the run table, their logs."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select

from sme_research.factory.editions import site_root
from sme_research.factory.plan import EDITIONS
from sme_research.factory.publish import publishing
from sme_research.factory.schedule.ledger import LOGS
from sme_research.factory.schedule.store import ALERTS, RUNS, Store
from sme_research.factory.schedule.workbench import Retention, Workbench
from sme_research.factory.site.pruning import prune


def retire(workbench: Workbench, store: Store, now: datetime) -> list[str]:
    """Remove what the workbench does not keep; nothing where it has no ``[retention]``.

    Returns
    -------
    list of str
        A sentence for each kind of thing of which something was removed.
    """
    rule = workbench.retention
    if rule is None:
        return []
    before = now - timedelta(days=rule.older_than_days)
    n_rows = _retire_rows(store, before)
    n_logs = _retire_logs(workbench.state / LOGS, store)
    sentences = [f"{n_rows} old attempt(s) and {n_logs} log(s) removed"] if n_rows or n_logs else []
    n_reports = sum(_prune_reports(folder, rule) for folder in _sites(workbench))
    return sentences + ([f"{n_reports} old run(s) of reports removed"] if n_reports else [])


def _retire_rows(store: Store, before: datetime) -> int:
    """Remove old attempts; the newest and the newest good one of each job stay, since they tell what is due."""
    newest = select(func.max(RUNS.c.id)).group_by(RUNS.c.job)
    with store.writing() as connection:
        connection.execute(delete(ALERTS).where(ALERTS.c.created_at < before, ALERTS.c.status != "waiting"))
        kept = (newest, newest.where(RUNS.c.status == "done"), newest.where(RUNS.c.status == "running"))
        old = delete(RUNS).where(RUNS.c.started_at < before, *(RUNS.c.id.not_in(ids) for ids in kept))
        return connection.execute(old).rowcount


def _retire_logs(logs: Path, store: Store) -> int:
    """Remove logs of attempts that are no longer in the table."""
    with store.reading() as connection:
        known = set(connection.execute(select(RUNS.c.id)).scalars())
    old = [
        log for log in logs.glob("*.log") if (number := re.match(r"\d+", log.name)) and int(number[0]) not in known
    ]
    for log in old:
        log.unlink(missing_ok=True)
    return len(old)


def _sites(workbench: Workbench) -> list[Path]:
    """Folders of the internal and the public site that are there."""
    return [folder for edition in EDITIONS if (folder := site_root(workbench.reports_folder, edition)).is_dir()]


def _prune_reports(folder: Path, rule: Retention) -> int:
    """Number of runs that went; what was ever signed stays, and the newest good run of every report."""
    with publishing(folder):
        return len(prune(folder, keep=rule.keep, older_than_days=rule.older_than_days).runs)
