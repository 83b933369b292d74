"""A few enterprises that carry the estimate."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from check_cases import EFFECT, NAN, World, alarms, answer, check, refit, refuse

from sme_research.checks._panel import panel_of
from sme_research.checks.influence import _changes


def frame(n: int = 200) -> pd.DataFrame:
    """Treated in 2020 and never treated; enterprise number k changes by k from 2019 to 2020."""
    rows = [
        (f"{arm}{at:03d}", year, cohort, float(at) * (year == 2020))
        for arm, cohort in (("T", 2020.0), ("C", NAN))
        for at in range(n)
        for year in (2019, 2020)
    ]
    return pd.DataFrame(rows, columns=["enterprise_id", "year", "cohort", "outcome"])


def test_half_a_percent_goes_at_either_end_of_each_arm():
    refit_to, given = answer(EFFECT)
    made = check("influence", sample=frame(), refit=refit_to)
    assert set(frame()["enterprise_id"]) - set(given[0]["enterprise_id"]) == {"T000", "T199", "C000", "C199"}
    assert made.values["n_trimmed"] == 4.0


@pytest.mark.parametrize(
    ("trimmed", "verdict"), [(0.065, "pass"), (0.025, "warn"), (0.10, "fail"), (0.0, "fail"), (-0.06, "fail")]
)
def test_the_shift_in_standard_errors_sets_the_verdict(trimmed, verdict):
    refit_to, _ = answer(replace(EFFECT, estimate=trimmed, ci_low=trimmed - 0.04, ci_high=trimmed + 0.04))
    assert check("influence", sample=frame(), refit=refit_to).verdict == verdict


def test_changes_count_from_the_base_year_and_average_over_cohorts():
    rows = [
        # A, treated in 2020: (4 + 6) / 2 - 1 = 4. B, never: 2020 against 2019: (3 + 5) / 2 - 2 = 2; 2021: 5 - 3 = 2.
        *(("A", year, 2020.0, value) for year, value in ((2019, 1.0), (2020, 4.0), (2021, 6.0))),
        *(("B", year, NAN, value) for year, value in ((2019, 2.0), (2020, 3.0), (2021, 5.0))),
        *(("C", year, 2021.0, value) for year, value in ((2019, 0.0), (2020, 7.0), (2021, 8.0))),
    ]
    treated, change = _changes(panel_of(pd.DataFrame(rows, columns=["enterprise_id", "year", "cohort", "outcome"])))
    assert treated.tolist() == [True, False, True]
    assert change.tolist() == [4.0, 2.0, 1.0]


def test_a_handful_that_grew_a_hundredfold_is_found():
    sample = World(1, n=2_000).sample()
    few = sample.loc[sample["event_time"] >= 0, "enterprise_id"].unique()[:3]
    jumped = sample["outcome"] + 8.0 * (sample["enterprise_id"].isin(few) & (sample["event_time"] >= 0))
    moved = sample.assign(outcome=jumped)
    effect, study = refit(moved)
    assert check("influence", sample=moved, effect=effect, event_study=study, refit=refit).verdict != "pass"


def test_ordinary_enterprises_are_left_alone():
    assert alarms("influence", range(6), fitted=True) == 0.0


def test_the_largest_share_is_of_the_treated_total_in_treated_years():
    sample = frame(20)
    level = np.where(sample["enterprise_id"] == "T007", 81.0, 1.0)
    refit_to, _ = answer(EFFECT)
    made = check("influence", sample=sample.assign(level=level), refit=refit_to)
    assert made.values["share_largest"] == pytest.approx(0.81)


def test_too_few_left_is_said():
    assert check("influence", sample=frame(), refit=refuse).values["not_identified"] == 1.0
