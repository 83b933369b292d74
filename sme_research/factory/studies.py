"""A study kept in a file: a notebook and the parameters with which to run it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sme_research.errors import FactoryError
from sme_research.toml import read_toml

SUFFIX: Final = ".toml"


def read_study(path: Path) -> tuple[Path, dict[str, Any]]:
    """Notebook and parameters of a study file.

    The notebook is looked for from the study file's folder.

    Raises
    ------
    FactoryError
        The file is not there, is no TOML, or lacks its notebook.
    """
    try:
        content = read_toml(path)
    except FileNotFoundError:
        raise FactoryError(f"study {str(path)!r} does not exist.") from None
    except ValueError as error:
        raise FactoryError(f"study {str(path)!r} is no TOML: {error}.") from None
    unknown = sorted(content.keys() - {"notebook", "parameters"})
    if unknown:
        raise FactoryError(f"study {str(path)!r}: {unknown[0]!r} is not known; write notebook and [parameters].")
    notebook, parameters = content.get("notebook"), content.get("parameters", {})
    if not isinstance(notebook, str) or not isinstance(parameters, dict):
        raise FactoryError(f"study {str(path)!r} must name its notebook as a text and its [parameters] as a table.")
    return path.parent / notebook, parameters


def write_study(path: Path, notebook: str, parameters: Mapping[str, Any]) -> None:
    """Write a study file; FactoryError where there is one already, which is never overwritten."""
    lines = ["# Made by the explorer. Run it with: sme-research run " + path.as_posix(), ""]
    lines += [f"notebook = {_toml(notebook)}", "", "[parameters]"]
    lines += [f"{name} = {_toml(value)}" for name, value in parameters.items() if value is not None]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except FileExistsError:
        raise FactoryError(f"study {str(path)!r} is there already; choose another name.") from None


def _toml(value: Any) -> str:
    """A text, number, truth value or list of them as TOML, which writes these as JSON does."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
