"""The command that gives the published findings to other programs.

It prints one object, or writes it (``--out FILE.json``), or writes one row a
finding (``--out FILE.parquet``). Of each report stand the findings of its
newest good run, over all its languages; ``--since`` leaves out reports whose
newest good run began before that day (UTC). What the fields mean is in
``docs/findings.md``, their form in ``docs/schema/findings-feed-1.schema.json``.

``--schema N`` keeps a reader working that knows no newer version: 0 is a bare list
of findings as reports held it before there were versions.

Runs that cannot be read are named on standard error and under ``unread``. The
rest is still written; the exit code is then 1 where such a run is newer than
what is written of its report (``outdates``), and 0 where it is older.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

import click

from sme_research.cli.options import FOLDER


@click.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only reports made on this day (UTC) or later.")
@click.option("--reports", default="reports", show_default=True, type=FOLDER, help="Folder of the published site.")
@click.option("--edition", default="internal", show_default=True, type=click.Choice(["internal", "public"]))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write, .json or .parquet; else print JSON.",
)
@click.option(
    "--schema", "version", type=click.IntRange(0, 1), help="Version that the reader knows; else the newest."
)
def findings(*, since: datetime | None, reports: Path, edition: str, out: Path | None, version: int | None) -> None:
    """Merge the newest findings of every published report to one JSON object or Parquet table.

    Exits with 1, after writing, where a run that could not be read leaves the findings outdated.
    """
    from sme_research.factory.editions import site_root
    from sme_research.factory.feed import FEED_VERSION, FILE_KINDS, merge_findings, tell_feed, write_feed

    if out is not None and out.suffix.lower() not in FILE_KINDS:
        raise click.UsageError(f"--out {out.name} must end in {' or '.join(FILE_KINDS)}")
    if out is not None and out.suffix.lower() == ".parquet" and version not in (None, FEED_VERSION):
        raise click.UsageError("--schema chooses a version of the JSON; a table has only the newest")
    asked = FEED_VERSION if version is None else version
    root = site_root(reports, "public" if edition == "public" else "internal")
    feed = merge_findings(root, since=since.date() if since else None)
    for run in feed.unread:
        stands = "so the findings may be outdated" if run.outdates else "but older than the findings that stand"
        click.echo(f"{run.run}: {run.reason}; left out, {stands}", err=True)
    if out is None:
        click.echo(json.dumps(tell_feed(feed, version=asked), ensure_ascii=False, allow_nan=False, indent=1))
    else:
        write_feed(feed, out, version=asked)
        click.echo(f"{out}: {len(feed.findings)} finding(s) of {len(feed.reports)} report(s)", err=True)
    if not feed.whole:
        sys.exit(1)


COMMANDS = (findings,)
