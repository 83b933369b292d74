"""The house keeps its own rules: one list of dependencies, notebooks that ask and show, labels with one home."""

import ast
import json
import re
import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

import sme_research

REPOSITORY = Path(__file__).parents[1]
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
MOST_LINES = 12


def direct_dependencies() -> set[str]:
    groups = PYPROJECT["dependency-groups"]
    return {*PYPROJECT["project"]["dependencies"], *groups["build"], *groups["test"]}


def name_of(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9_.-]+", requirement)[0].lower().replace("_", "-")


def test_conda_users_get_the_same_environment():
    environment = yaml.safe_load((REPOSITORY / "environment.yml").read_text())
    python, pip, packages = environment["dependencies"]
    assert python == f"python {PYPROJECT['project']['requires-python']}"
    assert pip == "pip"
    assert set(packages["pip"]) == direct_dependencies() | {"-e ."}


def test_every_direct_dependency_is_locked_with_hashes():
    lock = "".join((REPOSITORY / name).read_text() for name in ("requirements.lock", "requirements-test.lock"))
    blocks = re.findall(r"^([A-Za-z0-9_.-]+)==\S+(.*?)(?=^\S|\Z)", lock, re.MULTILINE | re.DOTALL)
    locked = {name.lower().replace("_", "-") for name, _ in blocks}
    assert {name_of(requirement) for requirement in direct_dependencies()} <= locked
    assert all("--hash=sha256:" in rest for _, rest in blocks)


def pins(name: str) -> dict[str, str]:
    lines = re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", (REPOSITORY / name).read_text(), re.MULTILINE)
    return {package.lower(): version for package, version in lines}


def test_both_locks_pin_the_same_versions():
    reports, tests = pins("requirements.lock"), pins("requirements-test.lock")
    assert {name for name in reports.keys() & tests.keys() if reports[name] != tests[name]} == set()


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [REPOSITORY / line for line in listed.stdout.splitlines()]


def test_no_file_names_a_package_index():
    # Written in pieces, so that this file does not name one either.
    hosts = re.compile(
        "|".join(["pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", "deb" + r"\.debian"])
    )
    texts = (path for path in tracked_files() if path.suffix not in {".png", ".otf", ".gz"} and path.exists())
    assert [path.name for path in texts if hosts.search(path.read_text(encoding="utf-8", errors="replace"))] == []


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_a_notebook_asks_and_shows(notebook):
    for cell in code_cells(notebook):
        tree = ast.parse(cell.source)
        assert not [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda))]
        modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert modules <= {"sme_research"}
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
        # Parameters are a list, one a line.
        assert len(cell.source.splitlines()) <= MOST_LINES or "parameters" in cell.metadata.get("tags", [])


def test_a_notebook_has_every_heading_in_both_languages(notebook):
    headings = {"zh": [], "en": []}
    for cell in notebook.cells:
        for lang in headings:
            if f"lang-{lang}" in cell.metadata.get("tags", []):
                headings[lang] += re.findall(r"^#+", cell.source, re.MULTILINE)
    assert headings["zh"] == headings["en"]
    assert headings["zh"]


def test_a_notebook_is_stored_with_its_outputs_and_without_a_machine(notebook):
    text = json.dumps(notebook)
    assert all(cell.execution_count for cell in code_cells(notebook))
    assert "papermill" not in notebook.metadata
    assert not re.search(r"/(home|root|work|Users|tmp)/", text)


def test_every_public_name_exists_and_is_explained():
    for name in sme_research.__all__:
        public = getattr(sme_research, name)
        if callable(public):
            assert public.__doc__, name


def test_a_researcher_completes_names_with_tab():
    assert {"Study", "load_tables", "evaluate", "plot_event_study"} <= set(dir(sme_research))


def test_decisions_are_numbered_without_a_gap():
    records = sorted((REPOSITORY / "docs" / "decisions").glob("*.md"))
    assert [path.name[:4] for path in records] == [f"{number:04d}" for number in range(1, len(records) + 1)]


def test_the_glossary_has_every_term_in_both_languages():
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", (REPOSITORY / "GLOSSARY.md").read_text(), re.MULTILINE
    )
    terms = [row for row in rows if row[0] not in {"term", "---"}]
    assert len(terms) > 25
    assert all(re.search(r"[\u4e00-\u9fff]", zh) for _, _, zh in terms)
