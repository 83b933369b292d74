"""Commands about tables: the made-up province, and the check of a folder."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sme_research.cli.options import FOLDER
from sme_research.errors import StudyError


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


@click.command()
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


@click.command()
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


COMMANDS = (demo, check)
