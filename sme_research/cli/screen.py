"""The command that lists candidates of the reserve pool."""

from __future__ import annotations

import json
import math
from datetime import datetime
from pathlib import Path

import click

from sme_research.cli.options import FOLDER
from sme_research.present.words import LANGUAGES


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Day of the screen; else that of the last count.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Work list to write, an .xlsx file.")
@click.option("--edition", default="internal", type=click.Choice(["internal", "public"]), show_default=True)
@click.option("--lang", default="zh", type=click.Choice(LANGUAGES), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def screen(*, folder: Path, on: datetime | None, out: Path | None, edition: str, lang: str, as_json: bool) -> None:
    """Screen the enterprises in DIR for the reserve pool of little giants.

    The JSON object has `on`, `rules`, `counts`, `model` (null where there were
    too few recognitions to test one) and, in the internal edition,
    `candidates` with the status of each gate.
    """
    from sme_research.present.parts.pool import describe_pool, pool_to_json, worklist_of
    from sme_research.programme.pool import screen_pool, write_worklist
    from sme_research.quality import last_count_day
    from sme_research.tables import load_tables

    if out is not None and edition == "public":
        raise click.UsageError("a work list names enterprises: --out goes with --edition internal only")
    if out is not None and out.suffix.lower() != ".xlsx":
        raise click.UsageError(f"--out is {out.name}, must end in .xlsx")
    tables = load_tables(folder)
    pool = screen_pool(tables, on.date() if on else last_count_day(tables))
    if out is not None:
        write_worklist(out, *worklist_of(pool, lang))
        click.echo(f"{out}: {len(pool.candidates):,} candidates", err=True)
    if as_json:
        content = pool_to_json(pool, edition=edition)  # type: ignore[arg-type]
        click.echo(json.dumps(_plain(content), ensure_ascii=False, allow_nan=False, indent=1))
        return
    click.echo(str(describe_pool(pool, lang, edition=edition)).replace("**", ""))  # type: ignore[arg-type]


def _plain(content: object) -> object:
    """The same without numbers that JSON does not know."""
    if isinstance(content, dict):
        return {name: _plain(part) for name, part in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(part) for part in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


COMMANDS = (screen,)
