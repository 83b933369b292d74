"""The last unmet gate and the change of a standard, by hand."""

import pandas as pd
import pytest

from sme_research.errors import StudyError
from sme_research.programme.ladder.gates import GateTally, Standing, compare_standards, find_last_gates, outcome_of
from sme_research.rules import STATUSES, Assessment, TierRules

RULES = TierRules("a rule set", "srdi", {"zh": "专精特新", "en": "SRDI"}, (), ())

ROWS = {
    "all met": ("met", "met", "met"),
    "one short": ("met", "unmet", "met"),
    "perhaps one short": ("unknown", "unmet", "met"),
    "two short": ("unmet", "unmet", "met"),
    "to be judged": ("met", "met", "judge"),
}


def statuses(rows):
    codes = {name: code for code, name in STATUSES.items()}
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["years", "debt", "brand"])
    return frame.map(codes.__getitem__)


def assessed(frame):
    return Assessment(RULES, "first", frame, frame.min(axis=1), None, None, None, None)


def test_the_last_gate_is_told_for_sure_only_where_all_others_are_met():
    stuck = find_last_gates(RULES, statuses(ROWS))
    assert stuck.gates[0] == GateTally("debt", met=2, unmet=3, unknown=0, judge=0, last=1, perhaps_last=1)
    assert (stuck.n_enterprises, stuck.all_met, stuck.none_unmet, stuck.one_unmet, stuck.more_unmet) == (
        5,
        2,
        2,
        2,
        1,
    )
    assert {gate.gate: gate.unknown for gate in stuck.gates} == {"debt": 0, "years": 1, "brand": 0}


def test_one_gate_failed_for_sure_is_enough_and_the_unknown_never_passes():
    assert outcome_of(statuses(ROWS)).tolist() == ["passes", "fails", "fails", "fails", "to_judge"]


def test_a_change_of_standard_counts_who_newly_fails():
    before = statuses({"A": ("met",) * 3, "B": ("unmet", "met", "met"), "C": ("met", "met", "unknown")})
    after = statuses({"A": ("met", "unmet", "met"), "B": ("met",) * 3, "C": ("unmet", "met", "unknown")})
    groups = pd.DataFrame({"city": ["350100", "350100", ""]}, index=list("ABC"))
    shift = compare_standards(assessed(before), assessed(after), groups)
    assert shift.before == Standing(fails=1, may_fail=1, to_judge=0, passes=1)
    assert shift.after == Standing(fails=2, may_fail=0, to_judge=0, passes=1)
    assert shift.newly_fail == 2
    assert shift.crossed["fails", "passes"] == 1
    assert shift.groups["city"] == {"": Standing(1, 0, 0, 0), "350100": Standing(1, 0, 0, 1)}
    assert shift.gates[0].unmet == 1


def test_standards_asked_of_different_enterprises_are_refused():
    with pytest.raises(StudyError, match="same enterprises"):
        compare_standards(assessed(statuses(ROWS)), assessed(statuses(ROWS).iloc[:2]), pd.DataFrame())
