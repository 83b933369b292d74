"""An outcome that should not move."""

from dataclasses import replace

import pytest
from check_cases import EFFECT, check
from scipy import stats

from sme_research.results import OutcomeEffect


def placebo(estimate: float) -> OutcomeEffect:
    effect = replace(EFFECT, estimate=estimate, unit="share")
    return OutcomeEffect("tax_burden", {"en": "tax burden", "zh": "税负"}, "placebo", effect)


@pytest.mark.parametrize(("estimate", "verdict"), [(0.03, "pass"), (-0.042, "warn"), (0.06, "fail")])
def test_the_verdict_is_that_of_a_test_against_zero(estimate, verdict):
    answer = check("placebo_outcome", placebo_outcome=placebo(estimate))
    assert answer.verdict == verdict
    assert answer.p_value == pytest.approx(2 * stats.norm.sf(abs(estimate) / 0.02))


def test_the_table_names_the_outcome_and_its_own_unit():
    row = check("placebo_outcome", placebo_outcome=placebo(0.0)).table[0]
    assert (row["label"]["en"], row["unit"]) == ("tax burden", "share")


def test_an_outcome_that_could_not_be_estimated_is_said():
    missing = OutcomeEffect("tax_burden", {}, "placebo", None, "no tax on record")
    assert check("placebo_outcome", placebo_outcome=missing).values["not_identified"] == 1.0
