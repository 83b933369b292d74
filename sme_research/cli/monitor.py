"""The command that says where the programme stands in a month."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sme_research.cli.options import FOLDER
from sme_research.present.words import LANGUAGES


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--month", help="Such as 2024-04; else the newest that the tables cover.")
@click.option("--edition", default="internal", type=click.Choice(["internal", "public"]), show_default=True)
@click.option("--lang", default="zh", type=click.Choice(LANGUAGES), show_default=True)
@click.option("--json", "form", flag_value="json", help="Print one JSON object and nothing else.")
@click.option("--csv", "form", flag_value="csv", help="Print the series as CSV and nothing else.")
def monitor(*, folder: Path, month: str | None, edition: str, lang: str, form: str | None) -> None:
    """Show the programme's indicators in DIR, up to a month: stocks at its end, flows of twelve months.

    The JSON object has `indicators`, `series` (indicator, month, reporting
    unit, tier, value, enterprises behind it, status), `progress` to the plan's
    targets, and `unknown` with the reason of whatever has no number.
    """
    from sme_research.present.parts.monitor.telling import cell, label_with_unit
    from sme_research.programme.monitor import INDICATORS, PROVINCE, monitor_programme, monitoring_to_json
    from sme_research.tables import load_tables

    found = monitor_programme(load_tables(folder), month or "", edition=edition)  # type: ignore[arg-type]
    if form == "json":
        click.echo(json.dumps(monitoring_to_json(found), ensure_ascii=False, allow_nan=False, indent=1))
        return
    if form == "csv":
        click.echo(found.frame.to_csv(index=False, lineterminator="\n"), nl=False)
        return
    click.echo(found.month)
    for name in INDICATORS:
        click.echo(f"  {label_with_unit(name, lang)}: {cell(found, name, PROVINCE, lang)}")


COMMANDS = (monitor,)
