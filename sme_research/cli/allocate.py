"""The command that allocates the next stage's budget."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sme_research.cli.options import FOLDER
from sme_research.present.words import LANGUAGES


@click.command()
@click.argument(
    "scenario", required=False, metavar="[SCENARIO]", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--data", "folder", required=True, type=FOLDER, help="Folder of tables.")
@click.option("--edition", default="internal", type=click.Choice(["internal", "public"]), show_default=True)
@click.option("--lang", default="zh", type=click.Choice(LANGUAGES), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def allocate(*, scenario: Path | None, folder: Path, edition: str, lang: str, as_json: bool) -> None:
    """Allocate the budget of SCENARIO, a TOML file, over segments of enterprises and measures.

    Without SCENARIO the shipped demonstration is used. Every measure is
    evaluated first, with all its checks: this takes a minute or two. The JSON
    object keeps to docs/schema/allocate.schema.json.
    """
    from sme_research.evaluation.allocating import plan_next_stage
    from sme_research.policy.scenario import read_scenario
    from sme_research.policy.stage import stage_to_json
    from sme_research.present.parts.stage import describe_stage
    from sme_research.tables import load_tables

    asked = read_scenario(scenario or "")
    stage = plan_next_stage(asked, load_tables(folder), progress=lambda told: click.echo(f"{told} …", err=True))
    if as_json:
        content = stage_to_json(stage, edition=edition)  # type: ignore[arg-type]
        click.echo(json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1))
        return
    click.echo(str(describe_stage(stage, lang)).replace("**", ""))


COMMANDS = (allocate,)
