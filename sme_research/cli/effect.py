"""The command that answers one question."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from sme_research.cli.options import FOLDER, parse_list
from sme_research.present.words import LANGUAGES, text


@click.command()
@click.option("--data", required=True, type=FOLDER, help="Folder with the tables.")
@click.option("--instrument", required=True)
@click.option("--outcome", default="log_revenue", show_default=True)
@click.option(
    "--covariates", callback=parse_list, help="Names, comma-separated; else the instrument's own; '' for none."
)
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


COMMANDS = (effect,)
