"""Commands that make reports on time, and say whether they came."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sme_research.factory.schedule.passes import Bench, Line

CONFIG = click.option(
    "--config",
    default="workbench.toml",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The workbench: what is made, when, from which data.",
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _open(config: Path) -> Bench:
    from sme_research.factory.schedule.passes import open_bench
    from sme_research.factory.schedule.workbench import read_workbench

    return open_bench(read_workbench(config))


def _stop_on_signals(stop: Event) -> None:
    """Let SIGTERM and Ctrl-C end the work that is under way in good order."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


def _print(lines: Iterable[Line]) -> None:
    lines = list(lines)
    for line in lines:
        click.echo(str(line), err=not line.ok)
    if not all(line.ok for line in lines):
        sys.exit(1)


@click.command()
@CONFIG
@click.option("--once", is_flag=True, help="Make one pass and end, as run-due does.")
def schedule(*, config: Path, once: bool) -> None:
    """Stay, and make reports at their times; ends on SIGTERM or Ctrl-C."""
    from sme_research.factory.schedule.passes import run_due
    from sme_research.factory.schedule.resident import stay

    bench = _open(config)
    _stop_on_signals(bench.stop)
    if once:
        _print(run_due(bench))
        return
    click.echo(f"{len(bench.workbench.schedule)} job(s) of {config}; run table {bench.store.path}", err=True)
    stay(bench, lambda line: click.echo(str(line), err=True))


@click.command("run-due")
@CONFIG
@click.option("--job", help="Only this job.")
@click.option("--catch-up", is_flag=True, help="Make up also for what was due before a job was first seen.")
@click.option("--again", metavar="JOB", multiple=True, help="Try the job's newest run anew, though it has failed.")
def run_due_(*, config: Path, job: str | None, catch_up: bool, again: tuple[str, ...]) -> None:
    """Make one pass: run what is due, send alerts; for cron and systemd timers.

    Exits with 1 where something that was due is not done.
    """
    from sme_research.factory.schedule.passes import run_due

    bench = _open(config)
    _stop_on_signals(bench.stop)
    _print(run_due(bench, only=job, catch_up=catch_up, again=frozenset(again)))


@click.command()
@CONFIG
@click.option("--job", help="Only this job.")
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1), help="Number of the newest.")
@AS_JSON
def runs(*, config: Path, job: str | None, count: int, as_json: bool) -> None:
    """List scheduled runs with status, cause and duration, the newest first."""
    from sme_research.factory.schedule.history import list_attempts

    bench = _open(config)
    rows = list_attempts(bench, job=job, count=count)
    if as_json:
        click.echo(json.dumps({"runs": [row.to_record() for row in rows]}, ensure_ascii=False, indent=1))
        return
    for row in rows:
        click.echo(str(row))
    if not rows:
        click.echo("nothing was run yet; jobs run at their times by: sme-research run-due", err=True)


@click.command()
@CONFIG
@AS_JSON
def health(*, config: Path, as_json: bool) -> None:
    """Say in one line whether reports come on time; exits with 1 where something is wrong."""
    from sme_research.factory.schedule.health import assess

    state = assess(_open(config))
    record: dict[str, Any] = state.to_record()
    click.echo(json.dumps(record, ensure_ascii=False, indent=1) if as_json else str(state))
    if not state.ok:
        sys.exit(1)


COMMANDS = (schedule, run_due_, runs, health)
