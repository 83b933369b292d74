"""A study is checked before any data are read."""

import pytest

from sme_research import INSTRUMENTS, OUTCOMES, Study, StudyError
from sme_research.covariates import COVARIATES


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            {"instrument": "loans"},
            "instrument 'loans' is not known; choose one of 'award', 'cluster_membership'",
        ),
        (
            {"instrument": "training", "outcome": "profit"},
            "outcome 'profit' is not known; choose one of 'exit', 'fixed_assets_growth'",
        ),
        ({"instrument": "training", "covariates": ["sizes"]}, "covariate 'sizes' is not known; choose one of 'city'"),
        (
            {"instrument": "training", "comparison": "all"},
            "comparison is 'all': input should be 'not_yet_treated' or",
        ),
        ({"instrument": "training", "estimator": "ols"}, "estimator is 'ols'"),
        ({"instrument": "training", "level": 95}, "level is 95: input should be less than 1"),
        ({"instrument": "training", "sed": 1}, "sed is 1: extra inputs are not permitted"),
        ({}, "instrument is .*: field required"),
    ],
)
def test_a_study_that_cannot_be_understood_says_why(asked, words):
    with pytest.raises(StudyError, match=words):
        Study(**asked)


def test_covariates_are_the_instruments_own_unless_asked_otherwise():
    assert Study(instrument="training").adjusted_for == INSTRUMENTS["training"].covariates
    assert Study(instrument="training", covariates=[]).adjusted_for == ()


@pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=INSTRUMENTS.keys())
def test_every_instrument_declares_what_a_report_needs(instrument):
    for part in ("label", "treatment", "population", "comparison", "selection", "mechanism"):
        words = getattr(instrument, part)
        assert set(words) == {"zh", "en"}
        assert all(words.values())
    assert set(instrument.covariates) <= set(COVARIATES)
    assert instrument.tables


def test_every_outcome_has_a_label_in_both_languages():
    assert all(set(outcome.label) == {"zh", "en"} for outcome in OUTCOMES.values())
