"""Cost of what was added: by hand, its interval by trials, and what is said of a gain that may be nothing."""

from __future__ import annotations

from dataclasses import replace
from math import expm1, inf, isnan, log

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sme_research.errors import StudyError
from sme_research.evaluation import sketch
from sme_research.instruments import INSTRUMENTS
from sme_research.policy.beliefs import Belief
from sme_research.policy.fiscal import Spent, account_costs
from sme_research.policy.worth.additionality import measure_gross, split_additional
from sme_research.policy.worth.base import Base, measure_base
from sme_research.policy.worth.cost import weigh_in_real, weigh_worth
from sme_research.policy.worth.value import weigh_finding
from sme_research.results import Grade
from sme_research.study import Study
from sme_research.tables import tables_from_frames

SPENT = Spent("loan_subsidy", 10.0, 9.0, 2024, 100, 0, 0.02)
BASE = Base(8_000.0, "nominal", None, 100)


def effect_of(estimate, error, *, outcome="log_revenue", wording="effect", unit="log points"):
    return Belief("loan_subsidy", outcome, estimate, error, unit, wording)


def test_a_yuan_of_revenue_by_hand():
    # 8,000 x 2 % = 160 of revenue a year for 10: 0.0625 yuan a yuan. Interval: log 1.02 plus and minus 1.96 x 0.005.
    worth = weigh_worth(effect_of(log(1.02), 0.005), SPENT, BASE, n_draws=400_000)
    assert worth.kind == "bounded"
    assert worth.gain.estimate == pytest.approx(160)
    assert worth.cost.estimate == pytest.approx(0.0625)
    low, high = (8_000 * expm1(log(1.02) + sign * 1.959964 * 0.005) for sign in (-1, 1))
    assert (worth.cost.low, worth.cost.high) == pytest.approx((10 / high, 10 / low), rel=0.01)
    assert (worth.measure, worth.prices, worth.base_year) == ("revenue", "nominal", None)


def test_a_job_and_a_promotion_by_hand():
    job = weigh_worth(effect_of(log(1.05), 0.001, outcome="log_employees"), SPENT, Base(120.0, "nominal", None, 90))
    assert (job.measure, job.cost.estimate) == ("job", pytest.approx(10 / 6))
    rise = weigh_worth(effect_of(0.04, 0.01, outcome="promotion", unit="share"), SPENT, None)
    assert (rise.measure, rise.cost.estimate) == ("promotion", pytest.approx(250))


def test_real_money_takes_outlays_and_base_of_one_year():
    real = weigh_worth(effect_of(log(1.02), 0.005), SPENT, Base(7_200.0, "real", 2024, 100))
    assert real.cost.estimate == pytest.approx(9 / 144)
    with pytest.raises(StudyError, match="base is in prices of 2020, the outlays of 2024"):
        weigh_worth(effect_of(0.02, 0.005), SPENT, Base(7_200.0, "real", 2020, 100))
    job = weigh_worth(effect_of(log(1.05), 0.001, outcome="log_employees"), SPENT, Base(120.0, "nominal", None, 90))
    assert weigh_in_real(job, SPENT).cost.estimate == pytest.approx(9 / 6)
    assert weigh_in_real(job, SPENT).gain == job.gain
    with pytest.raises(StudyError, match="base in real money"):
        weigh_in_real(real, SPENT)
    undeflated = Spent("loan_subsidy", 10.0, None, 2024, 100, 0, 0.02)
    with pytest.raises(StudyError, match="not on file"):
        weigh_in_real(job, undeflated)


def test_a_gain_that_may_be_nothing_has_a_lower_limit_and_no_upper_one():
    worth = weigh_worth(effect_of(0.01, 0.02), SPENT, BASE)
    assert worth.kind == "no_upper_limit"
    assert isnan(worth.cost.estimate)
    assert worth.cost.high == inf
    assert worth.cost.low == pytest.approx(10 / worth.gain.high)
    assert 0.6 < worth.chance_of_gain < 0.75


def test_a_loss_has_no_cost_a_unit():
    worth = weigh_worth(effect_of(-0.05, 0.01), SPENT, BASE)
    assert worth.kind == "no_gain"
    assert isnan(worth.cost.estimate)
    assert worth.chance_of_gain == 0


@pytest.mark.parametrize("wording", ["association", "description"])
def test_what_may_not_be_called_an_effect_never_has_an_upper_limit(wording):
    worth = weigh_worth(effect_of(0.05, 0.001, wording=wording), SPENT, BASE)
    assert worth.kind == "no_upper_limit"
    assert worth.gain.low == 0


@given(st.floats(-0.2, 0.2), st.floats(0.0005, 0.2), st.floats(0.1, 1_000))
@settings(max_examples=60, deadline=None)
def test_no_number_of_a_cost_is_ever_negative_or_beyond_its_limits(estimate, error, paid):
    spent = Spent("loan_subsidy", paid, paid, 2024, 100, 0, 0.02)
    worth = weigh_worth(effect_of(estimate, error), spent, BASE, n_draws=2_000)
    assert worth.cost.low > 0
    assert worth.cost.low <= worth.cost.high
    assert (worth.kind == "bounded") == np.isfinite(worth.cost.high)
    if worth.kind == "bounded":
        assert worth.cost.low <= worth.cost.estimate * 1.01
        assert worth.cost.estimate <= worth.cost.high * 1.01


@pytest.mark.parametrize(("truth", "error"), [(0.03, 0.01), (0.02, 0.015), (0.005, 0.02)])
def test_the_interval_holds_the_true_cost_in_about_95_of_100_trials(truth, error):
    true_cost = 10 / (8_000 * expm1(truth))
    estimates = truth + error * np.random.default_rng(7).standard_normal(400)
    found = [weigh_worth(effect_of(float(each), error), SPENT, BASE, n_draws=2_000) for each in estimates]
    # Where no gain is found the true cost is missed.
    held = np.mean([each.kind != "no_gain" and each.cost.low <= true_cost <= each.cost.high for each in found])
    assert 0.925 <= held <= 0.975


def test_questions_that_have_no_answer_are_refused():
    with pytest.raises(StudyError, match="cannot be counted"):
        weigh_worth(effect_of(0.1, 0.1, outcome="rd_intensity"), SPENT, BASE)
    with pytest.raises(StudyError, match="give both of one"):
        weigh_worth(Belief("training", "log_revenue", 0.1, 0.1, "log points", "effect"), SPENT, BASE)
    with pytest.raises(StudyError, match="give the base"):
        weigh_worth(effect_of(0.1, 0.1), SPENT, None)


def sample_of(paths, *, first=2021):
    """Outcome and level by enterprise, in years from 2020 on; treated in ``first`` where the name is capital."""
    rows = [
        {"enterprise_id": name, "year": year, "cohort": first if name.isupper() else np.nan,
         "event_time": year - first if name.isupper() else np.nan, "outcome": log(level), "level": float(level)}
        for name, levels in paths.items()
        for year, level in enumerate(levels, start=2020)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_base_is_the_mean_of_the_treated_in_the_year_before():
    sample = sample_of({"A": [100, 110], "B": [300, 330], "c": [900, 900]})
    assert measure_base(sample) == Base(200.0, "nominal", None, 2)
    # Producer prices rose by 8.1 % in 2021.
    assert measure_base(sample, base_year=2021).value == pytest.approx(200 * 1.081)
    with pytest.raises(StudyError, match="above zero"):
        measure_base(sample.assign(event_time=np.nan))


def test_the_gross_change_is_that_of_the_treated_with_errors_by_enterprise():
    # Growth of 0.2 and 0.4 in log points: mean 0.3, deviations of 0.1: sqrt(2 x 0.01 x 2 / 1) / 2 = 0.1.
    sample = sample_of({"A": [100, 100 * np.exp(0.2)], "B": [100, 100 * np.exp(0.4)], "c": [100, 50]})
    assert measure_gross(sample) == pytest.approx((0.3, 0.1, 2))
    with pytest.raises(StudyError, match="must be 2 or more"):
        measure_gross(sample[sample["enterprise_id"] != "A"])


def test_deadweight_is_what_the_growth_owes_to_nobody():
    # Of 12 log points of growth 3 are the instrument's: a quarter additional, three quarters would have come anyway.
    found = split_additional(effect_of(0.03, 0.003), (0.12, 0.0, 500))
    assert found.share.estimate == pytest.approx(0.25)
    assert found.deadweight.estimate == pytest.approx(0.75)
    assert (found.deadweight.low, found.deadweight.high) == pytest.approx((1 - 0.299, 1 - 0.201), abs=0.005)


def test_deadweight_where_the_supported_did_not_surely_grow_is_anything_or_nothing():
    unsure = split_additional(effect_of(0.03, 0.02), (0.01, 0.02, 50))
    assert (unsure.share.low, unsure.share.high) == (-inf, inf)
    assert (unsure.deadweight.low, unsure.deadweight.high) == (0, 1)
    shrank = split_additional(effect_of(0.03, 0.01), (-0.05, 0.01, 50))
    assert (shrank.share, shrank.deadweight) == (None, None)


def test_below_the_causal_grade_all_of_it_may_be_deadweight():
    found = split_additional(effect_of(0.03, 0.001, wording="association"), (0.12, 0.001, 500))
    assert found.deadweight.high == 1


def test_the_share_s_interval_holds_the_truth_in_about_95_of_100_trials():
    # The effect is the gross change less the counterfactual one, so their errors go together.
    rng = np.random.default_rng(11)
    held = []
    for _ in range(400):
        gross, anyway = 0.10 + 0.01 * rng.standard_normal(), 0.06 + 0.012 * rng.standard_normal()
        error = float(np.hypot(0.01, 0.012))
        found = split_additional(effect_of(gross - anyway, error), (gross, 0.01, 200), n_draws=2_000)
        held.append(found.share.low <= 0.4 <= found.share.high)
    assert 0.925 <= np.mean(held) <= 0.975


@pytest.fixture(scope="module")
def province(small_province):
    return tables_from_frames(small_province.tables, made_up=True)


def test_a_finding_is_weighed_by_its_own_sample_and_outlays(province):
    study = Study(instrument="science_action", outcome="log_revenue")
    found = sketch(study, province)
    value = weigh_finding(found.finding, found.sample, province, account_costs(province))
    firsts = (
        found.sample.dropna(subset="cohort").drop_duplicates("enterprise_id").set_index("enterprise_id")["cohort"]
    )
    revenue = province["accounts"].set_index(["enterprise_id", "year"])["revenue"]
    base = revenue.reindex([(name, int(cohort) - 1) for name, cohort in firsts.items()]).mean()
    assert value.nominal.gain.estimate == pytest.approx(base * expm1(found.finding.effect.estimate))
    paid = (
        INSTRUMENTS["science_action"].cost.measure(province).set_index("enterprise_id")["cost"].reindex(firsts.index)
    )
    assert value.nominal.spent == pytest.approx(paid.mean())
    assert value.nominal.n_enterprises == paid.notna().sum()
    assert (value.nominal.prices, value.real.prices, value.real.base_year) == ("nominal", "real", 2024)
    assert value.real.spent != pytest.approx(value.nominal.spent, rel=1e-4)
    assert value.additionality.gross == pytest.approx(measure_gross(found.sample)[0])
    assert value.nominal.kind == "no_upper_limit"  # a sketch is never called an effect


def test_a_finding_that_is_graded_causal_is_weighed_by_its_interval(province):
    found = sketch(Study(instrument="science_action", outcome="log_employees"), province)
    sure = replace(
        found.finding,
        grade=Grade(4, "effect", ()),
        effect=replace(found.finding.effect, estimate=0.05, std_error=0.01),
    )
    value = weigh_finding(sure, found.sample, province, account_costs(province))
    assert (value.nominal.kind, value.nominal.measure) == ("bounded", "job")
    assert value.real.gain == value.nominal.gain
    assert value.real.cost.estimate == pytest.approx(value.real.spent / value.nominal.gain.estimate)


def test_what_has_no_price_is_not_weighed(province):
    found = sketch(Study(instrument="training", outcome="log_revenue"), province)
    assert weigh_finding(found.finding, found.sample, province, account_costs(province)) is None
