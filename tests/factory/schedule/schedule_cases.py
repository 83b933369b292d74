"""A small workbench in a folder, a clock to set, and a stand-in for the program that makes reports."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sme_research.factory.schedule.history import Listed, list_attempts
from sme_research.factory.schedule.passes import Bench, Line, open_bench, run_due
from sme_research.factory.schedule.workbench import read_workbench

SHANGHAI = "Asia/Shanghai"
JOB = """
[[schedule]]
name = "monthly"
day = 26
time = "03:00"
"""
# What the stand-in does is the test's to write, as Python in the workbench's folder.
STAND_IN = "exec(open('do.py').read())"
# The command line with that stand-in for `sme-research run`.
COMMAND = f"""
import sys
from sme_research.factory.schedule import work
work.PROGRAM = (sys.executable, "-c", {STAND_IN!r})
work.GRACE_S = 2.0
from sme_research.cli import main
main()
"""


def at(text: str) -> datetime:
    """Instant of a time in Shanghai."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = field(default_factory=lambda: at("2026-11-01 12:00"))

    def __call__(self) -> datetime:
        return self.now

    def set(self, text: str) -> None:
        self.now = at(text)

    def pass_by(self, **length: float) -> None:
        self.now += timedelta(**length)


@dataclass
class Office:
    """A workbench's folder, looked after at the times that its clock shows."""

    root: Path
    clock: Clock = field(default_factory=Clock)

    @property
    def state(self) -> Path:
        return self.root / ".sme-research"

    @property
    def config(self) -> Path:
        return self.root / "workbench.toml"

    def write(self, text: str = JOB, *, do: str = "") -> Office:
        self.config.write_text(text, encoding="utf-8")
        self.do(do)
        return self

    def do(self, program: str) -> None:
        (self.root / "do.py").write_text(f"open('made', 'a').write('x')\n{program}\n")

    @property
    def n_made(self) -> int:
        """How often the program was started."""
        made = self.root / "made"
        return len(made.read_text()) if made.exists() else 0

    @property
    def bench(self) -> Bench:
        opened = open_bench(read_workbench(self.config))
        return Bench(opened.workbench, opened.store, self.clock)

    def look(self, **options: Any) -> list[Line]:
        return run_due(self.bench, **options)

    def runs(self) -> list[Listed]:
        """The run table, the newest last."""
        return list_attempts(self.bench, count=1000)[::-1]

    def statuses(self) -> list[str]:
        return [run.row["status"] for run in self.runs()]

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", COMMAND, *arguments, "--config", str(self.config)]
