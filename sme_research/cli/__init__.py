"""The command ``sme-research``: exit 0 done, 1 the data, the study or a report failed, 2 wrong usage."""

from __future__ import annotations

import io
import sys

import click

from sme_research.cli import (
    allocate,
    data,
    diagnose,
    effect,
    findings,
    kernel,
    monitor,
    reconcile,
    reports,
    schedule,
    screen,
    site,
)
from sme_research.errors import SmeResearchError

# Commands import what they need when they run: `list` should not wait for the estimators, nor a
# worker process, which imports this module again, for the tables.

INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sme-research")
def cli() -> None:
    """Relate a province's SME instruments to enterprise growth, and report it honestly."""


for module in (
    allocate,
    data,
    diagnose,
    effect,
    findings,
    kernel,
    monitor,
    reconcile,
    reports,
    schedule,
    screen,
    site,
):
    for command in module.COMMANDS:
        cli.add_command(command)


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
