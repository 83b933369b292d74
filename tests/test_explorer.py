"""The explorer answers what is chosen, says why it cannot, and writes studies that run."""

import re
from pathlib import Path

import pytest

from sme_research import FactoryError, StudyError
from sme_research.explorer import Explorer
from sme_research.factory.plan import RunRequest, make_plan
from sme_research.tables import load_tables

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@pytest.fixture(params=["zh", "en"])
def explorer(request, small_folder, tmp_path):
    tables = load_tables(small_folder)
    return Explorer(tables, data=str(small_folder), lang=request.param, studies=tmp_path, notebooks=NOTEBOOKS)


def test_a_choice_is_answered_at_once(explorer):
    explorer.choices["instrument"].value = "training"
    before, picture = explorer.message.value, explorer.picture.value
    explorer.choices["outcome"].value = "log_employees"
    assert explorer.message.value != before
    assert explorer.picture.value != picture
    assert bytes(explorer.picture.value).startswith(b"\x89PNG")
    assert explorer.flow.value.count("<tr>") > 3
    assert explorer.evaluation.finding.outcome == "log_employees"


def test_a_quick_look_is_never_called_an_effect(explorer):
    explorer.choices["instrument"].value = "training"
    grade = explorer.evaluation.finding.grade
    assert grade.wording == "association"
    assert "quick_look" in grade.reasons


def test_what_cannot_be_answered_says_why_and_shows_no_stale_answer(explorer):
    explorer.choices["instrument"].value = "training"
    explorer.choices["cities"].value = ("350700",)  # the smallest prefecture has too few treated
    assert "role='alert'" in explorer.message.value
    assert explorer.evaluation is None
    assert bytes(explorer.picture.value) == b""


def test_a_saved_study_is_the_question_and_runs(explorer, tmp_path):
    explorer.choices["instrument"].value = "training"
    explorer.choices["comparison"].value = "never_treated"
    explorer.choices["cities"].value = ("350200", "350500")
    path = explorer.save_study("my-question")
    planned = make_plan(RunRequest(notebooks=(path,), reports=tmp_path)).reports
    assert {report.language for report in planned} == {"zh", "en"}
    asked = planned[0].parameters
    assert (asked["instrument"], asked["comparison"]) == ("training", "never_treated")
    assert list(asked["cities"]) == ["350200", "350500"]


def test_saving_twice_under_a_name_or_under_none_is_refused(explorer):
    explorer.save_study("once")
    with pytest.raises(FactoryError, match="is there already"):
        explorer.save_study("once")
    with pytest.raises(StudyError, match="must be small letters"):
        explorer.save_study("../escape")


def test_the_button_shows_the_command_or_the_reason(explorer):
    explorer.name.value = "by-button"
    explorer.save.click()
    assert re.search(r"<code>sme-research run \S*by-button\.toml</code>", explorer.saved.value)
    explorer.save.click()
    assert "role='alert'" in explorer.saved.value


def test_going_back_to_a_question_gives_the_same_answer(explorer):
    first = explorer.choices["instrument"].value
    evaluation = explorer.evaluation
    other = next(name for _, name in explorer.choices["instrument"].options if name != first)
    explorer.choices["instrument"].value = other
    explorer.choices["instrument"].value = first
    assert explorer.evaluation is evaluation
