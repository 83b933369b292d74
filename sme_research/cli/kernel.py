"""Commands about the kernels of JupyterLab, nbval and nbconvert."""

from __future__ import annotations

from pathlib import Path

import click

from sme_research.cli.options import FOLDER


@click.group()
def kernel() -> None:
    """Kernels that start in a tenth of a second, for JupyterLab, nbval and nbconvert."""


@kernel.command()
@click.option("--user", is_flag=True, help="For this user, in all environments.")
@click.option("--prefix", type=FOLDER, help="For the environment in this folder; by default, this one.")
def install(*, user: bool, prefix: Path | None) -> None:
    """Install the kernelspec sme-warm."""
    from sme_research.factory.kernels.spec import install_kernelspec

    if user and prefix is not None:
        raise click.UsageError("choose one of --user and --prefix.")
    click.echo(install_kernelspec(user=user, prefix=prefix))


COMMANDS = (kernel,)
