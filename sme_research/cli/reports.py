"""Commands that make reports and list them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from sme_research.cli.options import FOLDER, parse_list, parse_parameters

REPORTS = click.option(
    "--reports", default="reports", show_default=True, type=FOLDER, help="Folder of the published site."
)


@click.command()
@click.argument("notebooks", metavar="[NOTEBOOK]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-p", "parameters", metavar="KEY=VALUE", multiple=True, callback=parse_parameters, help="Set a parameter."
)
@click.option("--data", type=FOLDER, help="Folder with the tables, instead of each notebook's own.")
@click.option("--lang", callback=parse_list, help="Languages, comma-separated; else all.")
@click.option("--jobs", type=click.IntRange(1), help="Notebooks at a time.")
@click.option("--timeout", default=600, show_default=True, type=click.IntRange(1), help="Seconds a cell may take.")
@click.option("--reports", default="reports", show_default=True, type=FOLDER, help="Folder of the published site.")
def run(
    *,
    notebooks: tuple[Path, ...],
    parameters: dict[str, str],
    data: Path | None,
    lang: tuple[str, ...] | None,
    jobs: int | None,
    timeout: int,
    reports: Path,
) -> None:
    """Run notebooks (all of notebooks/ by default) and publish their reports."""
    from sme_research.factory.run import RunRequest, run_reports

    request = RunRequest(
        notebooks=notebooks or (Path("notebooks"),),
        reports=reports,
        parameters=parameters,
        data=data,
        languages=lang,
        jobs=jobs,
        timeout=timeout,
    )
    outcome = run_reports(request)
    for published in outcome.published:
        click.echo(f"published {published.slug} ({published.seconds:.1f} s)", err=True)
    for sentence in outcome.left_out:
        click.echo(f"left out  {sentence}", err=True)
    for failed in outcome.failed:
        click.echo(f"FAILED    {failed.slug}: {failed.failure}", err=True)
    click.echo(os.path.relpath(reports / "index.html"))
    if not outcome.ok:
        sys.exit(1)


@click.command("list")
@click.option("--reports", default="reports", show_default=True, type=FOLDER, help="Folder of the published site.")
def list_(*, reports: Path) -> None:
    """List published reports with their newest run."""
    from sme_research.factory.run import list_reports

    rows = list_reports(reports)
    for row in rows:
        click.echo(f"{row.status:<10} {row.slug:<36} {row.run_id or '–':<24} {row.n_runs:>3} run(s)  {row.title}")
    if not rows:
        click.echo(f"{reports} holds no report yet; make them with: sme-research run", err=True)


COMMANDS = (run, list_)
