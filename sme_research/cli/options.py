"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

FOLDER = click.Path(file_okay=False, path_type=Path)


def parse_list(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Comma-separated names; an empty text is an empty list."""
    return None if value is None else tuple(part.strip() for part in value.split(",") if part.strip())


def parse_parameters(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Values by name of repeated KEY=VALUE texts."""
    pairs = {}
    for value in values:
        name, equals, content = value.partition("=")
        if not (equals and name):
            raise click.BadParameter(f"{value!r} must be KEY=VALUE")
        pairs[name.strip()] = content
    return pairs
