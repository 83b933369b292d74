"""The grade follows from design and checks by the rules of docs/evidence.md."""

from dataclasses import replace
from pathlib import Path

import pytest

from sme_research.checks import CHECKS
from sme_research.evidence import BARRING, DESIGN_LEVEL, LOWERING, SILENCING, grade_evidence
from sme_research.present.sentences import reason_sentence
from sme_research.results import Check, Effect

EFFECT = Effect("ATT", 0.05, 0.02, 0.01, 0.09, 0.95, "log points", 100, 50, 400, 100, 50, "callaway_santanna", "c")
NAMES = tuple(CHECKS)


def grade(**verdicts: str):
    checks = [Check(name, verdicts.get(name, "pass"), None, None) for name in NAMES if verdicts.get(name) != "absent"]
    return grade_evidence(EFFECT, checks)


def test_a_design_whose_checks_hold_is_level_three_and_may_say_effect():
    assert (grade().sms_level, grade().wording) == (3, "effect")


@pytest.mark.parametrize("name", LOWERING)
def test_a_failed_check_lowers_the_level_and_takes_the_word_away(name):
    result = grade(**{name: "fail"})
    assert (result.sms_level, result.wording) == (2, "association")
    assert f"failed_{name}" in result.reasons


@pytest.mark.parametrize("name", BARRING)
def test_a_failure_that_mixes_in_something_else_keeps_the_level_and_takes_the_word_away(name):
    result = grade(**{name: "fail"})
    assert (result.sms_level, result.wording) == (3, "association")
    assert f"failed_{name}" in result.reasons


def test_a_quick_look_never_says_effect():
    checks = [Check(name, "pass", None, None) for name in NAMES]
    result = grade_evidence(EFFECT, checks, quick=True)
    assert (result.wording, result.reasons[-1]) == ("association", "quick_look")


def test_two_way_fixed_effects_are_never_called_an_effect():
    checks = [Check(name, "pass", None, None) for name in NAMES]
    result = grade_evidence(replace(EFFECT, estimator="two_way_fixed_effects"), checks)
    assert (result.sms_level, result.wording) == (2, "association")


def test_the_rules_name_checks_that_exist():
    assert {*LOWERING, *BARRING, *SILENCING} <= set(CHECKS)
    assert not set(LOWERING) & set(BARRING)


@pytest.mark.parametrize("name", SILENCING)
def test_a_doubt_keeps_the_level_and_takes_the_word_away(name):
    result = grade(**{name: "warn"})
    assert (result.sms_level, result.wording) == (3, "association")
    assert f"doubt_{name}" in result.reasons


@pytest.mark.parametrize("verdict", ["not_applicable", "absent"])
def test_what_was_not_tested_is_never_taken_for_passed(verdict):
    assert grade(pretrends=verdict).sms_level == 2
    assert grade(balance=verdict).wording == "association"


def test_silence_of_a_weak_design_is_not_a_reason_against_it():
    assert grade(power="warn").wording == "effect"


def test_no_verdict_ever_raises_the_grade():
    order = ("pass", "warn", "fail")
    for name in NAMES:
        levels = [grade(**{name: verdict}).sms_level for verdict in order]
        assert levels == sorted(levels, reverse=True)


def test_every_reason_can_be_said_and_stands_in_the_rules():
    rules = (Path(__file__).parents[1] / "docs" / "evidence.md").read_text(encoding="utf-8")
    reasons = {f"design_{name}" for name in DESIGN_LEVEL} | {"untested_pretrends", "untested_balance", "quick_look"}
    reasons |= {f"failed_{name}" for name in (*LOWERING, *BARRING)} | {f"doubt_{name}" for name in SILENCING}
    for reason in reasons:
        assert reason_sentence(reason, "zh")
        assert reason_sentence(reason, "en")
        assert f"`{reason}`" in rules
