"""Checks are found by file name, answer under it, and have nothing to say where there is nothing to look at."""

import pytest
from check_cases import check, estimation_of

from sme_research.checks import CHECKS, run_checks

NEEDS_MATERIAL = (
    "above_scale",
    "attrition",
    "bundle",
    "composition",
    "honest_did",
    "influence",
    "manipulation",
    "multiplicity",
    "placebo_date",
    "placebo_group",
    "placebo_outcome",
    "specification_curve",
    "spillovers",
)


def test_every_check_answers_under_its_own_name():
    assert [answer.name for answer in run_checks(estimation_of())] == sorted(CHECKS)


def test_what_the_checks_share_is_no_check():
    assert not [name for name in CHECKS if name.startswith("_")]


@pytest.mark.parametrize("name", NEEDS_MATERIAL)
def test_without_material_a_check_is_not_applicable(name):
    answer = check(name)
    assert (answer.verdict, answer.statistic, answer.p_value) == ("not_applicable", None, None)


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_every_check_states_its_rule(name):
    assert "Returns" in CHECKS[name].__doc__
