"""A plan is written down, fingerprinted, and deviations from it are listed."""

import json

import pytest

from sme_research.errors import StudyError
from sme_research.evaluation.plan import compare_plan, fingerprint, save_plan, write_plan
from sme_research.study import Study

STUDY = Study(instrument="training")


def test_a_study_held_against_its_own_plan_has_no_deviations(tmp_path):
    written = save_plan(STUDY, tmp_path / "plan.json")
    record = compare_plan(STUDY, tmp_path / "plan.json")
    assert record.fingerprint == record.registered == written
    assert record.deviations == ()


def test_every_departure_is_listed_with_what_was_registered(tmp_path):
    save_plan(STUDY, tmp_path / "plan.json")
    changed = STUDY.model_copy(update={"comparison": "never_treated", "covariates": ("size",)})
    record = compare_plan(changed, tmp_path / "plan.json")
    assert record.fingerprint != record.registered
    assert record.deviations == (
        "covariates: size, rd_intensity, city → size",
        "comparison: not_yet_treated → never_treated",
    )


def test_without_a_registered_plan_the_record_says_so():
    record = compare_plan(STUDY, None)
    assert record.registered is None
    assert record.fingerprint == fingerprint(write_plan(STUDY))


def test_spelling_out_the_instruments_own_choices_is_the_same_plan():
    spelled = Study(instrument="training", covariates=STUDY.adjusted_for, estimator="callaway_santanna")
    assert write_plan(spelled) == write_plan(STUDY)


def test_the_level_of_the_intervals_is_not_part_of_the_plan():
    assert write_plan(STUDY.model_copy(update={"level": 0.9})) == write_plan(STUDY)


def test_the_studys_own_outcome_stands_first_and_once():
    outcomes = write_plan(Study(instrument="training", outcome="profit_margin"))["outcomes"]
    assert outcomes[0] == "profit_margin"
    assert len(outcomes) == len(set(outcomes))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is not there"),
        ("{", "cannot be read"),
        ("[]", "is not a plan"),
        ('{"study": {}}', "is not a plan"),
    ],
)
def test_a_plan_that_cannot_be_read_says_why(tmp_path, content, message):
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(StudyError, match=message):
        compare_plan(STUDY, path)


def test_a_plan_changed_after_registration_is_refused(tmp_path):
    path = tmp_path / "plan.json"
    save_plan(STUDY, path)
    plan = json.loads(path.read_text())
    plan["study"]["comparison"] = "never_treated"
    path.write_text(json.dumps(plan))
    with pytest.raises(StudyError, match="was changed after it was registered"):
        compare_plan(STUDY, path)
