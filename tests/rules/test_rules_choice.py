"""The day of a question selects its rules."""

from __future__ import annotations

from datetime import date

import pytest

from sme_research.errors import StudyError
from sme_research.rules import choose_rules, load_rule_sets

CHOICES = [
    ("innovative", "2022-08-01", "cn-2022-63"),
    ("innovative", "2026-11-28", "cn-2022-63"),  # the standard of the new base tier is pending
    ("srdi", "2022-08-01", "cn-2022-63"),
    ("srdi", "2026-03-31", "cn-2022-63"),
    ("srdi", "2026-04-01", "cn-2026-2"),
    ("little_giant", "2026-03-31", "cn-2022-63"),
    ("little_giant", "2026-04-01", "cn-2022-63"),  # the round of 2026 goes on by the old rules
    ("little_giant", "2026-12-31", "cn-2022-63"),
    ("little_giant", "2027-01-01", "cn-2026-2"),
    ("reserve_pool", "2024-04-30", "reserve-pool-2024"),
]


@pytest.mark.parametrize(("tier", "on", "expected"), CHOICES)
@pytest.mark.parametrize("occasion", ["first", "renewal"])
def test_a_day_selects_its_rules(tier, on, expected, occasion):
    assert choose_rules(tier, date.fromisoformat(on), occasion).rule_set == expected


def test_a_day_before_the_first_rules_is_refused_with_the_days_there_are():
    with pytest.raises(StudyError, match=r"no rules for srdi \(first\) are known on 2022-07-31.*2022-08-01"):
        choose_rules("srdi", date(2022, 7, 31))


def test_an_unknown_tier_is_refused():
    with pytest.raises(StudyError, match="no rule set has the tier 'giant'"):
        choose_rules("giant", date(2024, 4, 30))


def test_two_rule_sets_of_one_day_are_refused_unless_one_prevails():
    shipped = dict(load_rule_sets())
    twice = {"a": shipped["cn-2022-63"], "b": shipped["cn-2022-63"]}
    with pytest.raises(StudyError, match="a and b both apply to srdi on 2024-04-30"):
        choose_rules("srdi", date(2024, 4, 30), rule_sets=twice)
