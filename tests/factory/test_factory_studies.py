"""A study file is a notebook with its parameters, and runs like one."""

from pathlib import Path

import pytest

from sme_research.errors import FactoryError
from sme_research.factory.plan import RunRequest, make_plan
from sme_research.factory.studies import read_study, write_study

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def test_what_is_written_is_read_again(tmp_path):
    asked = {"instrument": "training", "cities": ("350100",), "level": 0.9, "outcome": "log_revenue", "plan": None}
    write_study(tmp_path / "mine.toml", "../notebooks/20_effect.ipynb", asked)
    notebook, parameters = read_study(tmp_path / "mine.toml")
    assert notebook == tmp_path / "../notebooks/20_effect.ipynb"
    assert parameters == {"instrument": "training", "cities": ["350100"], "level": 0.9, "outcome": "log_revenue"}


def test_a_study_is_never_overwritten(tmp_path):
    write_study(tmp_path / "mine.toml", "a.ipynb", {})
    with pytest.raises(FactoryError, match="is there already"):
        write_study(tmp_path / "mine.toml", "b.ipynb", {})
    assert read_study(tmp_path / "mine.toml")[0].name == "a.ipynb"


def test_a_study_file_is_planned_with_its_parameters(tmp_path):
    asked = {"instrument": "training", "comparison": "never_treated", "data": str(tmp_path)}
    write_study(tmp_path / "mine.toml", str(NOTEBOOKS / "20_effect.ipynb"), asked)
    plan = make_plan(RunRequest(notebooks=(tmp_path / "mine.toml",), reports=tmp_path))
    assert [report.slug for report in plan.reports] == [
        "effect-training-comparison_never_treated-zh",
        "effect-training-comparison_never_treated-en",
    ]
    assert {report.data for report in plan.reports} == {tmp_path.resolve()}


def test_the_command_lines_parameters_go_before_the_files(tmp_path):
    asked = {"instrument": "training", "data": str(tmp_path)}
    write_study(tmp_path / "mine.toml", str(NOTEBOOKS / "20_effect.ipynb"), asked)
    request = RunRequest((tmp_path / "mine.toml",), tmp_path, {"instrument": "loan_subsidy"})
    assert {report.parameters["instrument"] for report in make_plan(request).reports} == {"loan_subsidy"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "does not exist"),
        ("notebook = ", "is no TOML"),
        ("[parameters]\n", "must name its notebook"),
        ('notebook = "a.ipynb"\nparameter = 1\n', "'parameter' is not known"),
    ],
)
def test_a_file_that_is_no_study_says_why(tmp_path, content, message):
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(FactoryError, match=message):
        read_study(path)
