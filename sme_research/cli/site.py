"""Commands about the published site: compare, verify, sign, keys, serve and prune."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sme_research.cli.options import FOLDER

if TYPE_CHECKING:
    from sme_research.factory.plan import Language
    from sme_research.factory.site.comparison import Comparison

LANGUAGES = ("zh", "en")
PASSWORD = "SME_RESEARCH_KEY_PASSWORD"
FILE = click.Path(dir_okay=False, path_type=Path)
REPORTS = click.option(
    "--reports", default="reports", show_default=True, type=FOLDER, help="Folder of the published site."
)
LANG = click.option("--lang", default="en", type=click.Choice(LANGUAGES), help="Language of the sentences.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")


@click.command()
@click.argument("older", metavar="RUN")
@click.argument("newer", metavar="[RUN]", required=False)
@LANG
@AS_JSON
@REPORTS
def compare(*, older: str, newer: str | None, lang: str, as_json: bool, reports: Path) -> None:
    """Compare two runs by estimate, and say what else differs.

    RUN is slug/run_id, a slug (its newest run) or a path. One slug alone: its newest two runs.
    """
    from sme_research.errors import FactoryError
    from sme_research.factory.site.comparison import compare_runs
    from sme_research.factory.site.runs import find_run, runs_of

    if newer is None:
        found = runs_of(reports, older.strip("/"))
        if len(found) < 2:
            raise FactoryError(
                f"{older!r} has {len(found)} run(s), must have two to compare; name both runs instead."
            )
        first, second = found[1], found[0]
    else:
        first, second = find_run(reports, older), find_run(reports, newer)
    comparison = compare_runs(first, second)
    if as_json:
        click.echo(json.dumps(comparison.to_json(), ensure_ascii=False, allow_nan=False, indent=1))
    else:
        _show(comparison, lang)


def _show(comparison: Comparison, lang: str) -> None:
    from sme_research.factory.site.history_page import tabulate_comparison
    from sme_research.factory.site.telling import tell_changes

    language: Language = "zh" if lang == "zh" else "en"
    for sentence in tell_changes(comparison, language, opening="between"):
        click.echo(sentence)
    for table in tabulate_comparison(comparison, language):
        click.echo(f"\n{table['name']}")
        for item, old, new in table["rows"]:
            click.echo(f"  {item}: {old}" if old == new else f"  {item}: {old} → {new}")


@click.command()
@click.argument("run", required=False)
@AS_JSON
@REPORTS
def verify(*, run: str | None, as_json: bool, reports: Path) -> None:
    """Find any byte that changed since publication, in the whole site or in one RUN (slug/run_id)."""
    from sme_research.factory.site.verification import verify_site

    found = verify_site(reports, only=None if run is None else run.strip("/"))
    if as_json:
        counts = {"runs": found.n_runs, "files": found.n_files, "signatures": found.n_signatures}
        record = {"ok": found.ok, "faults": list(found.faults), **counts, "head": found.head}
        click.echo(json.dumps(record, ensure_ascii=False, indent=1))
    else:
        for fault in found.faults:
            click.echo(fault)
        told = f"{found.n_runs} runs, {found.n_files} other files, {found.n_signatures} signatures"
        click.echo(
            f"{'intact' if found.ok else f'{len(found.faults)} fault(s)'}: {told}; ledger {found.head}", err=True
        )
    if not found.ok:
        sys.exit(1)


@click.command()
@click.argument("run")
@click.option("--key", required=True, type=FILE, help="Private key.")
@click.option("--role", required=True, help="Role in which to sign, as signers.toml lists it.")
@click.option("--note", default="", help="A remark that is signed too.")
@REPORTS
def sign(*, run: str, key: Path, role: str, note: str, reports: Path) -> None:
    """Sign a published RUN (slug/run_id, or a slug for its newest)."""
    from sme_research.errors import FactoryError
    from sme_research.factory.catalogue import write_index
    from sme_research.factory.publish import publishing
    from sme_research.factory.site.layout import full_disk_told
    from sme_research.factory.site.ledger import Ledger
    from sme_research.factory.site.runs import find_run
    from sme_research.factory.site.signatures import needs_password, read_key, read_signers, sign_run, signers_path
    from sme_research.factory.site.verification import verify_site

    if not key.is_file():
        raise FactoryError(f"{key} is no file; make a key with: sme-research keys new")
    private = read_key(key, _password() if needs_password(key) else "")
    found = find_run(reports, run)
    faults = verify_site(reports, only=found.path).faults
    if faults:
        raise FactoryError(f"{found.path} is not as it was published, so it cannot be signed: {'; '.join(faults)}.")
    with full_disk_told(reports), publishing(reports):
        signers = read_signers(signers_path(reports))
        path = sign_run(Ledger(reports), found, private, role=role, note=note, signers=signers)
        write_index(reports)
    click.echo(f"signed {found.path} as {role}: {path}", err=True)


@click.group()
def keys() -> None:
    """Keys for sign-off."""


@keys.command()
@click.option("--name", "role", required=True, help="Role, such as reviewer.")
@click.option("--office", required=True, help="Name of the office; no personal name.")
@click.option("--out", required=True, type=FILE, help="File of the private key; keep it off the site.")
@click.option("--no-password", is_flag=True, help="Leave the key unlocked; only the file's mode protects it.")
@REPORTS
def new(*, role: str, office: str, out: Path, no_password: bool, reports: Path) -> None:
    """Make a private key, and the entry by which signers.toml lets it sign."""
    from sme_research.errors import FactoryError
    from sme_research.factory.site.signatures import new_key, signers_path

    if out.resolve().is_relative_to(reports.resolve()):
        raise FactoryError(f"{out} lies in the published folder, must not: a private key is never published.")
    entry = new_key(role, office, out, password="" if no_password else _password(new=True))
    click.echo(entry, nl=False)
    click.echo(f"private key: {out}; add the lines above to {signers_path(reports)}", err=True)


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes any free one.")
@REPORTS
def serve(*, port: int, reports: Path) -> None:
    """Serve the published site to this machine's own browser, until Ctrl-C."""
    from sme_research.factory.site.server import HOST, make_server, serve_until_interrupted

    server = make_server(reports, port)
    click.echo(f"http://{HOST}:{server.server_address[1]}/")
    serve_until_interrupted(server)


@click.command()
@click.option("--keep", default=5, show_default=True, type=click.IntRange(1), help="Newest good runs that stay.")
@click.option("--older-than", type=click.IntRange(0), metavar="DAYS", help="Of the others, only those this old.")
@click.option("--damaged", is_flag=True, help="Remove also what is not as it was published.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@REPORTS
def prune(*, keep: int, older_than: int | None, damaged: bool, dry_run: bool, reports: Path) -> None:
    """Remove old runs, but never a report's newest good one nor one that was signed."""
    from sme_research.factory.publish import publishing
    from sme_research.factory.site.pruning import prune as prune_site

    if not reports.is_dir():
        click.echo(f"{reports} holds no report yet", err=True)
        return
    with publishing(reports):
        gone = prune_site(reports, keep=keep, older_than_days=older_than, damaged=damaged, dry_run=dry_run)
    for path in (*gone.runs, *gone.failures):
        click.echo(path)
    verb = "would free" if dry_run else "freed"
    click.echo(
        f"{len(gone.runs)} runs, {len(gone.failures)} failed attempts; {verb} {gone.freed_bytes / 2**20:.1f} MB",
        err=True,
    )


def _password(*, new: bool = False) -> str:
    """Password of a key, from the environment or from whoever sits there."""
    given = os.environ.get(PASSWORD)
    if given:
        return given
    if not sys.stdin.isatty():
        raise click.UsageError(f"the key needs a password: set {PASSWORD}{', or give --no-password' if new else ''}.")
    return str(click.prompt("Password of the key", hide_input=True, confirmation_prompt=new, err=True))


COMMANDS = (compare, verify, sign, keys, serve, prune)
