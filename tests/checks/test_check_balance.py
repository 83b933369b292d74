"""Balance of the covariates, by hand."""

import pytest
from check_cases import check, sample_of


def test_balance_is_the_standardised_difference_by_hand():
    # Means 1 and 0, both variances 1: the difference is one standard deviation.
    answer = check("balance", sample=sample_of([0.0, 1.0, 2.0], [-1.0, 0.0, 1.0]))
    assert answer.statistic == pytest.approx(1.0)
    assert answer.verdict == "warn"
    assert check("balance", sample=sample_of([9.0, 10.0, 11.0], [-1.0, 0.0, 1.0])).verdict == "fail"
    assert check("balance").verdict == "pass"


def test_without_covariates_there_is_nothing_to_balance():
    assert check("balance", covariates=()).verdict == "not_applicable"
