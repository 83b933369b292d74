"""Commands that make reports and list them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sme_research.cli.options import FOLDER, parse_list, parse_parameters

if TYPE_CHECKING:
    from sme_research.factory.plan import RunRequest
    from sme_research.factory.run import RunOutcome

REPORTS = click.option(
    "--reports", default="reports", show_default=True, type=FOLDER, help="Folder of the published site."
)


def _formats(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    from sme_research.factory.plan import FORMATS

    return _among("format", value, FORMATS)


def _editions(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    from sme_research.factory.plan import EDITIONS

    return _among("edition", value, EDITIONS)


def _among(kind: str, value: str, known: tuple[str, ...]) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    unknown = [name for name in asked if name not in known]
    if unknown or not asked:
        raise click.BadParameter(f"{kind} {''.join(unknown[:1])!r} is not known; choose from {', '.join(known)}")
    return asked


def _asking(command: Callable[..., None]) -> Callable[..., None]:
    """Options by which `run` and `plan` say which reports are meant."""
    options = [
        click.argument("notebooks", metavar="[NOTEBOOK]...", nargs=-1, type=click.Path(path_type=Path)),
        click.option(
            "-p",
            "parameters",
            metavar="KEY=VALUE",
            multiple=True,
            callback=parse_parameters,
            help="Set a parameter.",
        ),
        click.option("--data", type=FOLDER, help="Folder with the tables, instead of each notebook's own."),
        click.option("--lang", callback=parse_list, help="Languages, comma-separated; else all."),
        click.option("--format", "formats", default="html,pdf,docx", show_default=True, callback=_formats),
        click.option("--edition", "editions", default="internal", show_default=True, callback=_editions),
        click.option("--force", is_flag=True, help="Make also what is up to date."),
        REPORTS,
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _requests(**asked: Any) -> list[RunRequest]:
    """One request an edition, each with a site of its own."""
    from sme_research.factory.editions import site_root
    from sme_research.factory.plan import RunRequest

    notebooks, editions, reports, languages = (
        asked.pop(name) for name in ("notebooks", "editions", "reports", "lang")
    )
    return [
        RunRequest(
            notebooks=notebooks or (Path("notebooks"),),
            reports=site_root(reports, edition),
            edition=edition,
            languages=languages,
            **asked,
        )
        for edition in editions
    ]


@click.command()
@_asking
@click.option("--jobs", type=click.IntRange(1), help="Notebooks at a time.")
@click.option("--timeout", default=600, show_default=True, type=click.IntRange(1), help="Seconds a cell may take.")
@click.option("--executor", default="local", show_default=True, type=click.Choice(["local", "dask"]))
@click.option("--scheduler", metavar="tcp://HOST:PORT", help="Scheduler of the Dask cluster.")
def run(*, executor: str, scheduler: str | None, **asked: Any) -> None:
    """Run notebooks (all of notebooks/ by default) and publish those reports that are not up to date."""
    from sme_research.factory.run import run_reports

    if (executor == "dask") != (scheduler is not None):
        raise click.UsageError("--executor dask and --scheduler tcp://HOST:PORT belong together; give both or none.")
    failed = False
    for request in _requests(**asked, scheduler=scheduler):
        outcome = run_reports(request)
        _tell_outcome(outcome)
        click.echo(os.path.relpath(request.reports / "index.html"))
        failed |= not outcome.ok
    if failed:
        sys.exit(1)


def _tell_outcome(outcome: RunOutcome) -> None:
    for published in outcome.published:
        click.echo(f"published {published.slug} ({published.seconds:.1f} s)", err=True)
    if outcome.fresh:
        click.echo(f"fresh     {len(outcome.fresh)} report(s) are up to date", err=True)
    for sentence in outcome.left_out:
        click.echo(f"left out  {sentence}", err=True)
    for note in outcome.notes:
        click.echo(f"note      {note}", err=True)
    for failed in outcome.failed:
        click.echo(f"FAILED    {failed.slug}: {failed.failure}", err=True)


@click.command()
@_asking
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def plan(*, as_json: bool, **asked: Any) -> None:
    """Tell which reports a run would make, and why; run nothing."""
    from sme_research.factory.run import plan_reports

    found: list[dict[str, Any]] = []
    for request in _requests(**asked):
        judged, left_out = plan_reports(request)
        found += [
            {"report": one.planned.slug, "edition": request.edition, "do": one.standing, "reasons": list(one.reasons)}
            for one in judged
        ]
        found += [
            {"report": None, "edition": request.edition, "do": "left out", "reasons": [sentence]}
            for sentence in left_out
        ]
    if as_json:
        click.echo(json.dumps({"reports": found}, ensure_ascii=False, indent=1))
        return
    for entry in found:
        why = "; ".join(entry["reasons"]) or "nothing it is made from has changed"
        click.echo(f"{entry['do']:<8}  {entry['report'] or ''}{': ' if entry['report'] else ''}{why}")


@click.command("list")
@REPORTS
def list_(*, reports: Path) -> None:
    """List published reports with their newest run."""
    from sme_research.factory.run import list_reports

    rows = list_reports(reports)
    for row in rows:
        click.echo(f"{row.status:<10} {row.slug:<36} {row.run_id or '–':<24} {row.n_runs:>3} run(s)  {row.title}")
    if not rows:
        click.echo(f"{reports} holds no report yet; make them with: sme-research run", err=True)


COMMANDS = (plan, run, list_)
