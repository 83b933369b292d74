"""The command ``sme-research``: exit 0 done, 1 the data, the study or a report failed, 2 wrong usage."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import click

from sme_research.errors import SmeResearchError, StudyError
from sme_research.present.words import LANGUAGES, text

# Commands import what they need when they run: `list` should not wait for the estimators, nor a
# worker process, which imports this module again, for the tables.

INTERRUPTED = 130
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sme-research")
def cli() -> None:
    """Relate a province's SME instruments to enterprise growth, and report it honestly."""


def _traps(_: click.Context, __: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    from sme_research.synthetic import Traps

    try:
        Traps.switched(on=names)
    except StudyError as error:
        raise click.BadParameter(str(error)) from None
    return names


def _years(_: click.Context, __: click.Parameter, value: str) -> tuple[int, int]:
    first, colon, last = value.partition(":")
    if not (colon and first.isdecimal() and last.isdecimal()):
        raise click.BadParameter("must be two years such as 2016:2024")
    return int(first), int(last)


def _list(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Comma-separated names; an empty text is an empty list."""
    return None if value is None else tuple(part.strip() for part in value.split(",") if part.strip())


@cli.command()
@click.option("--seed", default=2024, show_default=True, help="Same seed, same bytes.")
@click.option("--enterprises", default=6_000, show_default=True, help="How many.")
@click.option("--years", default="2016:2024", show_default=True, callback=_years, help="First and last account year.")
@click.option("--out", default="data/demo", show_default=True, type=FOLDER, help="Folder to write.")
@click.option("--trap", "on", metavar="NAME", multiple=True, callback=_traps, help="Switch a planted trap on.")
@click.option("--no-trap", "off", metavar="NAME", multiple=True, callback=_traps, help="Switch one off.")
def demo(
    *,
    seed: int,
    enterprises: int,
    years: tuple[int, int],
    out: Path,
    on: tuple[str, ...],
    off: tuple[str, ...],
) -> None:
    """Write the made-up province with its truth (truth.json)."""
    from sme_research.synthetic import Traps, WorldSpec, write_province

    spec = WorldSpec(seed, enterprises, *years, Traps.switched(on, off))
    province = write_province(spec, out, progress=True)
    rows = sum(len(table) for table in province.tables.values())
    click.echo(f"{out}: {len(province.tables)} tables, {rows:,} rows, all made up; their truth is in truth.json")


@cli.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
def check(*, folder: Path) -> None:
    """Read the tables in DIR and print every fault with file, row, column, value and rule."""
    from sme_research.tables import check_folder, describe_faults, load_tables

    faults = check_folder(folder)
    for line in describe_faults(faults):
        click.echo(line)
    if faults:
        click.echo(f"{folder}: {len(faults):,} fault(s)", err=True)
        sys.exit(1)
    tables = load_tables(folder)
    for note in tables.notes:
        click.echo(f"note: {note}")
    click.echo(f"{folder}: {len(tables)} tables ({', '.join(tables.names)}) keep every rule")


@cli.command()
@click.option("--data", required=True, type=FOLDER, help="Folder with the tables.")
@click.option("--instrument", required=True)
@click.option("--outcome", default="log_revenue", show_default=True)
@click.option("--covariates", callback=_list, help="Names, comma-separated; else the instrument's own; '' for none.")
@click.option("--comparison", default="not_yet_treated", type=click.Choice(["not_yet_treated", "never_treated"]))
@click.option("--population", default="eligible", type=click.Choice(["eligible", "all"]), help="Whom to keep.")
@click.option("--estimator", help="Else the one that fits the outcome.")
@click.option("--prices", default="nominal", type=click.Choice(["nominal", "real"]), help="Deflate money or not.")
@click.option("--plan", type=click.Path(path_type=Path), help="File of a registered plan, to list deviations from.")
@click.option("--lang", default="en", type=click.Choice(LANGUAGES), help="Language of the sentences.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def effect(*, data: Path, as_json: bool, lang: str, plan: Path | None, **asked: object) -> None:
    """Estimate one effect with its event study, checks and grade."""
    from sme_research.evaluation import evaluate
    from sme_research.present.checking import reading_of
    from sme_research.present.sentences import headline
    from sme_research.study import Study
    from sme_research.tables import load_tables

    study = Study(**asked)
    tables = load_tables(data)
    evaluation = evaluate(study, tables, plan=plan, progress=_tell)
    for note in tables.notes:
        click.echo(f"note: {note}", err=True)
    if as_json:
        click.echo(json.dumps(evaluation.to_json(), ensure_ascii=False, allow_nan=False, indent=1))
        return
    finding = evaluation.finding
    click.echo(headline(finding, lang).replace("**", ""))
    for item in finding.checks:
        verdict, sentence = text(lang, f"verdict.{item.verdict}"), reading_of(finding, item, lang)
        click.echo(f"  {text(lang, f'checks.{item.name}')} — {verdict}: {sentence}")


def _tell(part: str) -> None:
    """Say what is being done, to somebody who watches."""
    if sys.stderr.isatty():
        click.echo(f"… {part}", err=True)


def _parameters(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for value in values:
        name, equals, content = value.partition("=")
        if not (equals and name):
            raise click.BadParameter(f"{value!r} must be KEY=VALUE")
        pairs[name.strip()] = content
    return pairs


@cli.command()
@click.argument("notebooks", metavar="[NOTEBOOK]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("-p", "parameters", metavar="KEY=VALUE", multiple=True, callback=_parameters, help="Set a parameter.")
@click.option("--data", type=FOLDER, help="Folder with the tables, instead of each notebook's own.")
@click.option("--lang", callback=_list, help="Languages, comma-separated; else all.")
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


@cli.command("list")
@click.option("--reports", default="reports", show_default=True, type=FOLDER, help="Folder of the published site.")
def list_(*, reports: Path) -> None:
    """List published reports with their newest run."""
    from sme_research.factory.run import list_reports

    rows = list_reports(reports)
    for row in rows:
        click.echo(f"{row.status:<10} {row.slug:<36} {row.run_id or '–':<24} {row.n_runs:>3} run(s)  {row.title}")
    if not rows:
        click.echo(f"{reports} holds no report yet; make them with: sme-research run", err=True)


def main() -> None:
    """Run the command line; a user's mistake is one message, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal's encoding may lack a sign such as the true minus
            stream.reconfigure(errors="replace")
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except SmeResearchError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"{place}{error.strerror or error}. Check the path and its permissions.", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
