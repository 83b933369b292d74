"""The command that holds published figures against the tables.

With ``--json`` it prints one object: ``kind`` ("reconciliation"), ``edition``,
``counts`` (figures by verdict: ``agrees``, ``explained_by_perimeter``,
``contradicts``, ``cannot_be_checked``), ``figures``, ``traps`` and ``split``.

Each of ``figures`` has ``indicator``, ``label`` (``zh``, ``en``), ``as_of``,
``value``, ``unit``, ``bound``, ``perimeter`` as it is printed, ``stated`` as it
was read (axis to value), ``unread`` (its parts that were not understood; where
none was, the figure cannot be checked), ``source``, ``verdict``, ``recount`` and
``difference`` (published less recount, in ``unit``), the ``reading`` on which
the recount stands with the axes on which it ``departs`` from what is stated or
usual, ``reason`` and ``details`` where it cannot be checked, and ``withheld``.

Each of ``traps`` has ``name``, ``verdict`` (``found``, ``not_found``,
``cannot_be_checked``), the ``figures`` concerned, ``evidence`` (``name``,
``value``, ``unit``) and ``reason``. ``split`` is the growth of the loan balance
by groups (``enterprises``, ``start`` and ``end`` in 10,000 yuan), or null.

Exit 0 also where figures contradict, which the output says; 1 for bad data.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from sme_research.cli.options import FOLDER
from sme_research.present.words import LANGUAGES


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--lang", default="en", show_default=True, type=click.Choice(LANGUAGES), help="Language of the lines.")
@click.option(
    "--edition", default="internal", show_default=True, type=click.Choice(["internal", "public"]), help="For whom."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def reconcile(*, folder: Path, lang: str, edition: str, as_json: bool) -> None:
    """Hold every official figure of DIR against a recount of its tables, and look for known misreadings."""
    from sme_research.present.parts.reconcile.report import reconciliation_lines
    from sme_research.present.parts.reconcile.wording import heading_of
    from sme_research.present.words import join, text
    from sme_research.programme import reconcile as programme
    from sme_research.tables import load_tables

    tables = load_tables(folder)
    found = programme.reconcile(tables, edition="public" if edition == "public" else "internal")
    for note in tables.notes:
        click.echo(f"note: {note}", err=True)
    if as_json:
        told = programme.reconciliation_to_json(found)
        click.echo(json.dumps(told, ensure_ascii=False, allow_nan=False, indent=1))
        return
    for line in reconciliation_lines(found, lang):
        click.echo(line)
    for figure in (entry.figure for entry in found.comparisons):
        if figure.unread and figure.understood:
            parts = join(lang, list(figure.unread))
            click.echo(text(lang, "reconcile.unread", figure=heading_of(figure, lang), parts=parts), err=True)


COMMANDS = (reconcile,)
