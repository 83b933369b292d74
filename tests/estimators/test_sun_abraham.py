"""Sun and Abraham against R's did and etwfe, against a regression with dummies, and its refusals."""

import numpy as np
import pandas as pd
import pyfixest
import pytest
from alternative_cases import panel, read_mpdta, read_reference, sample_of

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators import sun_abraham
from sme_research.estimators.sun_abraham import estimate_both

# R package etwfe, inst/tinytest/test_etwfe.R, cgroup = "never": the saturated regression by fixest.
ETWFE_NEVER = {
    (2004, 2004): (-0.0105032462209509, 0.0233633078987137),
    (2006, 2004): (0.00275081875051886, 0.0196530028296998),
    (2006, 2007): (-0.041224471546218, 0.0203268606975245),
    (2007, 2003): (0.00330635669251332, 0.0245699429153858),
    (2007, 2007): (-0.0260544107191967, 0.0167358589135634),
}


@pytest.fixture(scope="module")
def mpdta() -> pd.DataFrame:
    return read_mpdta()


def test_every_cell_is_that_of_the_reference_against_the_never_treated(mpdta):
    cells = sun_abraham._fit(mpdta).cohort_effects
    rows = read_reference(xformla="~1", control_group="nevertreated", base_period="universal", kind="att_gt")
    rows = rows[rows["se"] > 0]
    assert len(rows) == len(cells) == 12
    for row in rows.itertuples():
        assert cells[row.g, row.e]["effect"] == pytest.approx(row.estimate, abs=1e-10)


def test_cells_and_errors_are_those_of_the_saturated_regression_in_r(mpdta):
    cells = sun_abraham._fit(mpdta).cohort_effects
    for (cohort, year), (estimate, error) in ETWFE_NEVER.items():
        cell = cells[cohort, year - cohort]
        assert cell["effect"] == pytest.approx(estimate, abs=1e-10)
        assert cell["se"] == pytest.approx(error, rel=1e-3)


def test_averages_are_those_of_the_reference_implementation(mpdta):
    effect, study = estimate_both(mpdta, unit="log points")
    wanted = {"xformla": "~1", "control_group": "nevertreated", "base_period": "universal"}
    simple = read_reference(**wanted, kind="overall", type="simple").iloc[0]
    assert effect.estimate == pytest.approx(simple["estimate"], abs=1e-10)
    # Ours takes the cohorts' shares as given, the reference estimates them.
    assert effect.std_error == pytest.approx(simple["se"], rel=0.03)
    rows = read_reference(**wanted, kind="aggregate", type="dynamic")
    rows = rows[rows["se"] > 0]
    assert [point.event_time for point in study.points] == list(rows["e"])
    assert [point.estimate for point in study.points] == pytest.approx(list(rows["estimate"]), abs=1e-10)
    assert [point.std_error for point in study.points] == pytest.approx(list(rows["se"]), rel=0.03)


def test_averages_on_an_unbalanced_panel_are_those_of_a_regression_with_dummies_weighed_by_hand():
    sample = panel(2, missing=0.1)
    effect, _ = estimate_both(sample.drop(columns="x_trend"), unit="1")
    time = sample["year"] - sample["cohort"]
    dummies = {
        f"c{int(cohort)}e{int(e + 20)}": ((sample["cohort"] == cohort) & (time == e)).astype(float)
        for cohort in (2018.0, 2019.0)
        for e in range(-4, 4)
        if e != -1 and ((sample["cohort"] == cohort) & (time == e)).any()
    }
    formula = f"outcome ~ {' + '.join(dummies)} | enterprise_id + year"
    fit = pyfixest.feols(formula, sample.assign(**dummies), vcov={"CRV1": "enterprise_id"})
    weights = {name: rows.sum() for name, rows in dummies.items() if int(name[6:]) >= 20}
    by_hand = np.average([fit.coef()[name] for name in weights], weights=list(weights.values()))
    assert effect.estimate == pytest.approx(by_hand, abs=1e-8)
    share = np.array([weights.get(name, 0.0) for name in fit.coef().index]) / sum(weights.values())
    assert effect.std_error == pytest.approx(np.sqrt(share @ fit._vcov @ share), rel=2e-3)


def test_covariance_of_the_event_study_belongs_to_its_points(mpdta):
    _, study = estimate_both(mpdta, unit="log points")
    assert np.sqrt(np.diag(study.covariance)) == pytest.approx([point.std_error for point in study.points])
    assert np.linalg.eigvalsh(study.covariance).min() > 0


def test_the_result_says_with_whom_it_compares_whatever_was_asked(mpdta):
    both = {estimate_both(mpdta, unit="1", comparison=asked)[0] for asked in ("never_treated", "not_yet_treated")}
    assert len(both) == 1
    assert both.pop().comparison == "never_treated"


def test_nobody_never_treated_is_an_identification_error():
    with pytest.raises(IdentificationError, match="never treated"):
        estimate_both(sample_of([(2021.0, 50, [0, 0, 1]), (2020.0, 50, [0, 1, 1])]), unit="1")


def test_a_covariate_mends_what_its_absence_breaks():
    with_it = [estimate_both(panel(seed, missing=0.1), unit="1")[0].estimate for seed in range(8)]
    without, _ = estimate_both(panel(0, missing=0.1).drop(columns="x_trend"), unit="1")
    assert abs(np.mean(with_it) - 0.2) < 0.02
    assert without.estimate - 0.2 > 0.05


def test_a_regression_too_large_for_memory_is_refused_with_its_size(mpdta, monkeypatch):
    # 2,500 rows times 12 cells times 8 bytes.
    monkeypatch.setattr(sun_abraham, "LARGEST_DESIGN", 2500 * 12 * 8 - 1)
    with pytest.raises(StudyError, match="2,500 enterprise-years on 12 columns"):
        estimate_both(mpdta, unit="log points")
    monkeypatch.setattr(sun_abraham, "LARGEST_DESIGN", 2500 * 12 * 8)
    assert estimate_both(mpdta, unit="log points")[0].n_cells == 7


def test_a_cohort_never_seen_in_the_year_before_treatment_is_left_out_and_counted(mpdta):
    hole = mpdta[~((mpdta["cohort"] == 2006) & (mpdta["year"] == 2005))]
    effect, _ = estimate_both(hole, unit="log points")
    assert (effect.n_treated, effect.n_cells, effect.n_cells_lost) == (151, 5, 2)
