"""The command that tells an enterprise what its next title still asks.

Of an enterprise of the tables (``diagnose ID --data DIR``), or of a form that it
filled in (``--form FILE``, with ``--data`` for its peers); ``--blank FILE`` writes
the form. With ``--json`` it prints one object: ``kind`` ("diagnosis"), the day, the
titles held, the peers, every input with its percentile, and for each title and rule
set the gates, scores, values to fill in, and the smallest sets of changes that pass.

Exit 0 also where gates are not met, which the output says; 1 for an unknown
enterprise, bad data or a form with cells that break a rule.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sme_research.cli.options import FOLDER
from sme_research.present.words import LANGUAGES

if TYPE_CHECKING:
    from sme_research.programme.diagnosis import Diagnosis

TIERS = ("innovative", "srdi", "little_giant")
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("enterprise_id", required=False)
@click.option("--data", "folder", type=FOLDER, help="Folder with the tables: the enterprise, or a form's peers.")
@click.option("--on", "moment", type=click.DateTime(["%Y-%m-%d"]), help="Day of the assessment, YYYY-MM-DD.")
@click.option("--tier", type=click.Choice(TIERS), help="This title only.")
@click.option("--form", type=FILE, help="Read a filled form instead of the tables.")
@click.option("--blank", type=FILE, help="Write a blank form (.xlsx) and do nothing else.")
@click.option("--lang", default="en", show_default=True, type=click.Choice(LANGUAGES), help="Language.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def diagnose(
    *,
    enterprise_id: str | None,
    folder: Path | None,
    moment: datetime | None,
    tier: str | None,
    form: Path | None,
    blank: Path | None,
    lang: str,
    as_json: bool,
) -> None:
    """Say what ENTERPRISE_ID still lacks for each title, by how much, and the smallest change that would pass."""
    if sum(given is not None for given in (enterprise_id, form, blank)) != 1:
        raise click.UsageError("give one of ENTERPRISE_ID, --form FILE or --blank FILE")
    if blank is not None:
        _write_blank(blank, lang)
        return
    from sme_research.present.parts.diagnosis import diagnosis_lines
    from sme_research.programme import diagnosis as programme

    tiers = (tier,) if tier else TIERS
    on = moment.date() if moment else None
    if form is not None:
        found = _of_form(form, folder, on, tiers)
    elif folder is None or enterprise_id is None:
        raise click.UsageError("give --data DIR, the folder with the tables")
    else:
        found = _of_tables(enterprise_id, folder, on, tiers)
    if as_json:
        told = programme.diagnosis_to_json(found)
        click.echo(json.dumps(told, ensure_ascii=False, allow_nan=False, indent=1))
        return
    for line in diagnosis_lines(found, lang):
        click.echo(line)


def _write_blank(path: Path, lang: str) -> None:
    from sme_research.present.words import text
    from sme_research.programme.diagnosis import write_form

    if path.suffix.lower() != ".xlsx":
        raise click.UsageError(f"--blank {path.name} must end in .xlsx")
    write_form(path, lang)
    click.echo(text(lang, "diagnosis.form_saved", path=path.as_posix()))


def _of_tables(enterprise_id: str, folder: Path, on: date | None, tiers: tuple[str, ...]) -> Diagnosis:
    from sme_research.programme import diagnosis as programme
    from sme_research.tables import load_tables

    tables = load_tables(folder)
    day = on or programme.assessment_day(tables)
    return programme.diagnose(tables, enterprise_id, on=day, tiers=tiers)


def _of_form(form: Path, folder: Path | None, on: date | None, tiers: tuple[str, ...]) -> Diagnosis:
    from sme_research.programme import diagnosis as programme
    from sme_research.tables import load_tables

    answers = programme.read_form(form)
    tables = load_tables(folder) if folder else None
    return programme.diagnose_form(answers, tables, on=on, tiers=tiers)


COMMANDS = (diagnose,)
