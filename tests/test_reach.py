"""What a notebook can reach is never less than what it uses."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sme_research import reach
from sme_research.reach import modules_reached, reach_of_modules, reach_of_notebook

EVALUATE = """
import sys
from sme_research import Study, evaluate, load_tables
evaluate(Study(instrument="loan_subsidy"), load_tables(sys.argv[1]))
print("\\n".join(name for name in sys.modules if name.split(".")[0] == "sme_research"))
"""


@pytest.fixture(scope="module")
def small_province(tmp_path_factory):
    folder = tmp_path_factory.mktemp("province") / "demo"
    command = [sys.executable, "-m", "sme_research.cli", "demo", "--enterprises", "1500", "--out", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_every_module_that_an_evaluation_imports_was_foreseen(small_province):
    answer = subprocess.run(
        [sys.executable, "-c", EVALUATE, str(small_province)], check=True, capture_output=True, text=True
    )
    used = set(answer.stdout.split())
    roots = frozenset({"sme_research.study", "sme_research.evaluation", "sme_research.tables"})
    assert len(used) > 80
    assert used - modules_reached(roots) == set()


def test_a_notebook_reaches_only_what_its_names_lead_to():
    quality = reach_of_notebook(["from sme_research import inspect_tables"])
    effect = reach_of_notebook(["from sme_research import evaluate"])
    assert quality.code != effect.code
    assert "sme_research.estimators" not in modules_reached(frozenset({"sme_research.quality"}))
    assert "sme_research.estimators.sun_abraham" in modules_reached(frozenset({"sme_research.evaluation"}))


def test_magics_are_passed_over_and_unreadable_code_reaches_everything():
    plain = reach_of_notebook(["from sme_research import load_tables"])
    assert reach_of_notebook(["%matplotlib inline\nfrom sme_research import load_tables"]) == plain
    assert reach_of_notebook(["def ("]) == reach_of_notebook(["import sme_research"])
    assert reach_of_notebook(["import numpy"]) == reach_of_notebook([])


def test_code_texts_and_reference_facts_each_have_a_fingerprint_of_their_own(tmp_path, monkeypatch):
    """A copy of the package in which one file at a time changes."""
    script = (
        "import sys; from sme_research.reach import reach_of_notebook as r; "
        "print(r(['from sme_research import evaluate']))"
    )
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(reach.PACKAGE), str(copy / "sme_research").replace("/copy/", "/")], check=True)
    subprocess.run(["cp", "-r", str(reach.REFERENCE.parent), str(tmp_path / "data")], check=True)

    def now() -> str:
        command = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {script}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def changed(path: str) -> set[str]:
        before = now()
        with (tmp_path / path).open("a", encoding="utf-8") as file:
            file.write("\n# changed\n")
        pairs = zip(_fields(before), _fields(now()), strict=True)
        return {one.split("=")[0] for one, other in pairs if one != other}

    assert changed("sme_research/estimators/sun_abraham.py") == {"code"}
    assert changed("sme_research/present/texts/zh.yml") == {"texts"}
    assert changed("data/reference/deflators.csv") == {"reference"}
    assert changed("sme_research/factory/publish.py") == set()
    assert changed("sme_research/replication.py") == set()


def _fields(shown: str) -> list[str]:
    return shown.removeprefix("Reach(").removesuffix(")").split(", ")


def test_the_same_modules_have_the_same_reach():
    assert reach_of_modules(frozenset({"sme_research.study"})) == reach_of_modules(frozenset({"sme_research.study"}))
