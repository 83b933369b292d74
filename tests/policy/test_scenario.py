"""Scenario files: what is read, and one clear message for each way to break one."""

from __future__ import annotations

from pathlib import Path

import pytest

from sme_research.errors import StudyError
from sme_research.policy.scenario import make_scenario, read_scenario

SHIPPED = Path("data/reference/scenarios/next_stage.toml")


def content(**changes):
    base = {
        "name": "try",
        "title": {"zh": "试", "en": "Try"},
        "first_year": 2025,
        "budget": [100.0, 100.0],
        "rules": "cn-2022-63",
        "measures": {"training": {"cost": 2.0}},
    }
    return base | changes


def test_the_shipped_scenario_is_read():
    scenario = read_scenario(SHIPPED)
    assert scenario.years == (2025, 2026, 2027)
    assert set(scenario.measures) == {"loan_subsidy", "training", "cluster_membership"}


def test_the_digest_is_of_the_content_whatever_its_order(tmp_path):
    one, other = content(), dict(reversed(content().items()))
    assert make_scenario(one).digest == make_scenario(other).digest
    assert make_scenario(content(budget=[100.0, 101.0])).digest != make_scenario(one).digest


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"budget": [-1.0]}, "budget.0 is -1.0"),
        ({"budget": []}, "budget is []"),
        ({"budget": [float("nan")]}, "budget.0 is nan"),
        ({"bugdet": [1.0]}, "bugdet is not known here"),
        ({"rules": "cn-1999"}, "rules 'cn-1999' is no rule set of the tiers; choose among cn-2022-63"),
        ({"measures": {}}, "measures is {}"),
        ({"measures": {"magic": {}}}, "'magic' is no instrument; choose among award"),
        ({"measures": {"training": {"seats": [1.0]}}}, "measures.training.seats has 1 years and budget 2"),
        ({"measures": {"training": {"points": 1.0}}}, "measures.training: points and caps are terms of loan_subsidy"),
        (
            {"measures": {"training": {"least_share": 0.6, "most_share": 0.5}}},
            "least_share 0.6 is above most_share 0.5",
        ),
        ({"measures": {"training": {"tiers": ["unicorn"]}}}, "measures.training.tiers.0 is 'unicorn'"),
        ({"goal": {"revenue": 0.0}}, "every weight is 0"),
        ({"city_shares": {"3507": 0.1}}, "city_shares.3507"),
        ({"title": {"zh": "试"}}, "title needs both zh and en"),
        ({"draws": 1}, "draws is 1"),
        ({"budget": [0.0, 0.0]}, "budget is 0 in every year"),
        ({"city_shares": {"999999": 0.1}}, "city_shares: '999999' is no code of a prefecture-level city"),
        (
            {"measures": {"training": {"excluded_cities": ["Xiamen"]}}},
            "measures.training.excluded_cities: 'Xiamen' is no code of a prefecture-level city",
        ),
    ],
)
def test_what_is_broken_is_told_with_place_value_and_rule(changes, told):
    with pytest.raises(StudyError) as fault:
        make_scenario(content(**changes), "plan.toml")
    assert str(fault.value).startswith("plan.toml: ")
    assert told in str(fault.value)


def test_a_missing_part_is_named():
    with pytest.raises(StudyError, match=r"budget is missing; add it"):
        make_scenario({name: value for name, value in content().items() if name != "budget"})


def test_no_file_and_no_toml_are_told(tmp_path):
    with pytest.raises(StudyError, match="there is no such file"):
        read_scenario(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("budget = [1.0,\n")
    with pytest.raises(StudyError, match=r"broken\.toml: is no TOML"):
        read_scenario(broken)
