"""The replication package of one report: all but the data that it takes to make the report again."""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sme_research.factory.formats.archive import pack
from sme_research.factory.manifest import Manifest
from sme_research.factory.notebooks import parse_notebook
from sme_research.factory.parameters import read_parameters
from sme_research.factory.plan import METADATA_KEY
from sme_research.factory.render import render_fragment

PACKAGE_NAME: Final = "replication.zip"
LOOSE_FILES: Final = ("pyproject.toml", "environment.yml", "requirements.lock", "LICENSE")
"""Files of the project's root that go along where they are there."""
FOLDERS: Final = ("sme_research", "data/reference")
IN_COMMAND: Final = ("lang", "data")
"""Parameters that the command line has options for."""


def write_replication(folder: Path, manifest: Manifest, notebook_source: Path, package_root: Path) -> None:
    """Write ``replication.zip``: code, notebook, parameters, lock, the tables' hashes and the command; no data.

    The same inputs give the same bytes.
    """
    members = {
        "README.md": _readme(manifest, notebook_source).encode(),
        "parameters.json": _json(manifest.parameters),
        "tables.csv": _tables(manifest),
        f"notebooks/{manifest.notebook}": _without_outputs(notebook_source),
        **dict(_sources(package_root)),
    }
    moment = int(datetime.fromisoformat(manifest.started_at).timestamp())
    (folder / PACKAGE_NAME).write_bytes(pack(members, epoch=moment))


def remake_command(manifest: Manifest, notebook_source: Path) -> list[str]:
    """Arguments of ``sme-research`` that make the report again; ``DATA`` stands for the folder of tables.

    Parameters that are as the notebook declares them are left to it.
    """
    notebook = parse_notebook(notebook_source.read_bytes(), manifest.notebook)
    declared = read_parameters(notebook, manifest.notebook)
    chosen = notebook.metadata.get(METADATA_KEY, {}).get("matrix", {})
    command = ["run", f"notebooks/{manifest.notebook}"]
    for name, value in sorted(manifest.parameters.items()):
        if name not in IN_COMMAND and (name in chosen or name not in declared or declared[name].default != value):
            command += ["-p", f"{name}={value}"]
    if manifest.tables and "data" in manifest.parameters:
        command += ["--data", "DATA"]
    return [*command, "--lang", manifest.language, "--edition", manifest.edition]


def _readme(manifest: Manifest, notebook_source: Path) -> str:
    command = shlex.join(["sme-research", *remake_command(manifest, notebook_source)])
    return render_fragment("replication.md.j2", manifest=manifest, command=command, zh=manifest.language == "zh")


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _tables(manifest: Manifest) -> bytes:
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(("name", "rows", "sha256"))
    writer.writerows((table.name, table.rows, table.sha256) for table in manifest.tables)
    return target.getvalue().encode("utf-8-sig")


def _without_outputs(source: Path) -> bytes:
    """The notebook as authored; what it showed its author may hold data and stays behind."""
    notebook = json.loads(source.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode() + b"\n"


def _sources(root: Path) -> Iterator[tuple[str, bytes]]:
    for name in LOOSE_FILES:
        if (root / name).is_file():
            yield name, (root / name).read_bytes()
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            hidden = any(part.startswith((".", "__pycache__")) for part in path.relative_to(root).parts)
            if path.is_file() and not hidden:
                yield path.relative_to(root).as_posix(), path.read_bytes()
