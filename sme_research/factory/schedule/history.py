"""The run table as a list for people and machines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, select

from sme_research.factory.schedule.messages import NOTHING, explain
from sme_research.factory.schedule.passes import Bench
from sme_research.factory.schedule.store import ALERTS, RUNS

COLUMNS = (
    "id",
    "job",
    "occurrence_local",
    "attempt",
    "missed",
    "status",
    "cause",
    "detail",
    "n_published",
    "n_failed",
    "duration_s",
    "host",
    "pid",
    "log",
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One attempt, with the alerts that it called for by their status."""

    row: RowMapping
    alerts: dict[str, int]

    def __str__(self) -> str:
        row = self.row
        took = NOTHING if row["duration_s"] is None else f"{row['duration_s']:.0f} s"
        counts = "" if row["n_published"] is None else f"{row['n_published']} published, {row['n_failed']} failed"
        why = explain(row["cause"], "en") if row["cause"] else ""
        alerts = ", ".join(f"{number} alert(s) {status}" for status, number in sorted(self.alerts.items()))
        rest = "; ".join(part for part in (counts, why, alerts) if part)
        head = f"{row['id']:>5} {row['job']:<16} {row['occurrence_local']:<16} {row['attempt']:>2}"
        return f"{head} {row['status']:<9} {took:>8}  {rest}".rstrip()

    def to_record(self) -> dict[str, Any]:
        """The same for machines, with times in UTC."""
        times = {name: _text(self.row[name]) for name in ("occurrence", "started_at", "ended_at")}
        return {**{name: self.row[name] for name in COLUMNS}, **times, "alerts": self.alerts}


def list_attempts(bench: Bench, *, job: str | None = None, count: int = 20) -> list[Listed]:
    """The newest attempts, the newest first; FactoryError where the workbench has no such job."""
    chosen = select(RUNS).order_by(RUNS.c.id.desc()).limit(count)
    if job:
        chosen = chosen.where(RUNS.c.job == bench.workbench.job(job).name)
    by_status = select(ALERTS.c.run, ALERTS.c.status, func.count()).group_by(ALERTS.c.run, ALERTS.c.status)
    with bench.store.reading() as connection:
        rows = connection.execute(chosen).mappings().all()
        alerts: dict[int, dict[str, int]] = {}
        for run, status, number in connection.execute(by_status):
            alerts.setdefault(run, {})[status] = number
    return [Listed(row, alerts.get(row["id"], {})) for row in rows]


def _text(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
