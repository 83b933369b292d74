"""One finding among many outcomes."""

from dataclasses import replace

import pytest
from check_cases import EFFECT, check
from scipy import stats

from sme_research.results import OutcomeEffect


def member(name: str, p_value: float | None) -> OutcomeEffect:
    if p_value is None:
        return OutcomeEffect(name, {}, "growth", None, "too few")
    estimate = float(stats.norm.isf(p_value / 2)) * EFFECT.std_error
    return OutcomeEffect(name, {}, "growth", replace(EFFECT, estimate=estimate))


def judged(*others: float | None, own: float):
    primary = member("own", own)
    family = (primary, *(member(f"O{at}", p) for at, p in enumerate(others)))
    return check("multiplicity", effect=primary.effect, family=family)


def test_q_values_are_those_of_benjamini_and_hochberg_by_hand():
    # Sorted 0.01, 0.02, 0.03, 0.5: q = min over later ranks of p * 4 / rank = 0.04, 0.04, 0.04, 0.5.
    answer = judged(0.01, 0.03, 0.5, own=0.02)
    assert answer.statistic == pytest.approx(0.04)
    assert answer.values["holm_primary"] == pytest.approx(0.06)
    assert answer.values["n_significant_q"] == 3.0
    assert answer.verdict == "pass"


def test_a_finding_that_does_not_survive_is_a_doubt():
    answer = judged(0.5, 0.6, 0.7, 0.8, own=0.03)
    assert (answer.verdict, answer.values["q_primary"]) == ("warn", pytest.approx(0.15))


def test_what_was_no_finding_to_begin_with_is_not_doubted():
    assert judged(0.5, 0.6, own=0.3).verdict == "pass"


def test_a_primary_outcome_outside_the_family_counts_as_asked():
    answer = check("multiplicity", family=(member("O1", 0.5), member("O2", 0.6)))
    assert answer.values["n_outcomes"] == 3.0
    assert answer.table[-1]["outcome"] == "primary"


def test_outcomes_that_could_not_be_estimated_do_not_count():
    assert judged(None, 0.5, own=0.02).values["n_outcomes"] == 2.0
    assert judged(None, own=0.02).verdict == "not_applicable"
