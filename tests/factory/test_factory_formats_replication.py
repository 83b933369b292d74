"""The replication package: unpacked elsewhere, its command gives the same numbers."""

import csv
import io
import json
import os
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

import sme_research
from sme_research.factory.formats import write_replication
from sme_research.factory.formats.replication import remake_command
from sme_research.factory.manifest import read_manifest
from sme_research.factory.plan import RunRequest
from sme_research.factory.run import run_reports
from sme_research.synthetic import WorldSpec, write_province

ROOT = Path(sme_research.__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "20_effect.ipynb"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folder of the data, the published run and its replication package, unpacked."""
    folder = tmp_path_factory.mktemp("replication")
    write_province(WorldSpec(n_enterprises=600), folder / "demo")
    request = RunRequest(
        notebooks=(NOTEBOOK,),
        reports=folder / "reports",
        parameters={"instrument": "training"},
        data=folder / "demo",
        languages=("en",),
        jobs=1,
    )
    assert run_reports(request, progress=False).failed == ()
    run = next((folder / "reports" / "effect-training-en").glob("2*"))
    manifest = read_manifest(run)
    write_replication(folder, manifest, NOTEBOOK, ROOT)
    with zipfile.ZipFile(folder / "replication.zip") as archive:
        archive.extractall(folder / "unpacked")
    return folder, run


def said(run: Path) -> dict:
    """Findings of a run, without when and in which run they were made."""
    content = json.loads((run / "findings.json").read_text())
    for record in (content, *content["findings"]):
        del record["run_id"], record["made_on"]
    return content


def test_the_command_of_the_package_gives_the_same_numbers(made):
    folder, run = made
    readme = (folder / "unpacked" / "README.md").read_text()
    command = next(line.strip() for line in readme.splitlines() if line.startswith("    sme-research run"))
    arguments = shlex.split(command.replace("DATA", str(folder / "demo")))[1:]
    again = folder / "again"
    subprocess.run(
        [sys.executable, "-m", "sme_research.cli", *arguments, "--format", "html", "--reports", again],
        cwd=folder / "unpacked",
        env={**os.environ, "PYTHONPATH": str(folder / "unpacked"), "PYTHONSAFEPATH": "1"},
        check=True,
        capture_output=True,
        timeout=300,
    )
    remade = next((again / "effect-training-en").glob("2*"))
    assert said(remade) == said(run)
    assert said(run)["findings"]


def test_the_package_holds_neither_data_nor_what_the_notebook_showed(made):
    folder, run = made
    # What lies in the package, not what was left beside it when its report was made again.
    names = set(zipfile.ZipFile(run / "replication.zip").namelist())
    assert {name for name in names if name.startswith("data/") and not name.startswith("data/reference/")} == set()
    assert not any(name.startswith(("tests/", ".git/")) or "__pycache__" in name for name in names)
    notebook = nbformat.read(folder / "unpacked" / "notebooks" / NOTEBOOK.name, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    tables = list(csv.reader(io.StringIO((folder / "unpacked" / "tables.csv").read_text("utf-8-sig"))))
    assert tables[0] == ["name", "rows", "sha256"]
    assert {row[0]: row[2] for row in tables[1:]} == {table.name: table.sha256 for table in read_manifest(run).tables}


def test_the_same_report_gives_the_same_package(made):
    folder, run = made
    before = (folder / "replication.zip").read_bytes()
    write_replication(folder, read_manifest(run), NOTEBOOK, ROOT)
    assert (folder / "replication.zip").read_bytes() == before


def test_the_command_names_what_differs_from_the_notebook_s_own(made):
    _, run = made
    manifest = read_manifest(run)
    changed = manifest.model_copy(
        update={"parameters": {**manifest.parameters, "covariates": ["size"], "level": 0.9}}
    )
    command = remake_command(changed, NOTEBOOK)
    given = [command[place + 1] for place, word in enumerate(command) if word == "-p"]
    assert given == ["covariates=['size']", "instrument=training", "level=0.9"]
