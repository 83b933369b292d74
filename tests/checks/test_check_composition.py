"""A changing set of enterprises."""

from dataclasses import replace

import numpy as np
import pytest
from check_cases import EFFECT, NAN, World, alarms, answer, check, refit, refuse, rows_of

UNEVEN = rows_of({"A": (2020.0, [0.0] * 5), "B": (NAN, [0.0] * 5), "C": (NAN, [0.0] * 4)})


@pytest.mark.parametrize(
    ("estimate", "std_error", "verdict"),
    [(0.06, 0.03, "pass"), (0.08, 0.03, "pass"), (0.10, 0.03, "warn"), (0.12, 0.03, "fail"), (0.12, 0.08, "pass")],
)
def test_a_shift_counts_where_it_is_large_and_more_than_the_luck_of_the_smaller_sample(estimate, std_error, verdict):
    # The full estimate is 0.05 (0.02); with an error of 0.03 the difference has sqrt(0.03^2 - 0.02^2) = 0.0224.
    refit_to, given = answer(replace(EFFECT, estimate=estimate, std_error=std_error))
    made = check("composition", sample=UNEVEN, refit=refit_to)
    assert made.statistic == pytest.approx((estimate - 0.05) / 0.02)
    assert made.verdict == verdict
    assert set(given[0]["enterprise_id"]) == {"A", "B"}


def test_a_panel_without_gaps_has_no_changing_set():
    whole = UNEVEN[UNEVEN["enterprise_id"] != "C"]
    assert check("composition", sample=whole, refit=refit).values["all_steady"] == 1.0


def test_too_few_steady_enterprises_are_said():
    made = check("composition", sample=UNEVEN, refit=refuse)
    assert (made.verdict, made.values["not_identified"], made.values["n_steady"]) == ("not_applicable", 1.0, 2.0)


def test_an_effect_found_only_among_those_who_come_and_go_is_doubted():
    sample = World(1, n=4_000, effect=0.0).sample()
    gaps = sample.groupby("enterprise_id")["year"].transform("size") < 8
    lifted = sample["outcome"] + 0.4 * (gaps & (sample["cohort"] <= sample["year"]))
    moved = sample.assign(outcome=lifted)
    effect, study = refit(moved)
    assert check("composition", sample=moved, effect=effect, event_study=study, refit=refit).verdict in (
        "warn",
        "fail",
    )


def test_gaps_at_random_are_left_alone():
    assert alarms("composition", range(8), fitted=True) <= 1 / 8


def test_the_table_counts_the_treated_behind_each_event_time():
    refit_to, _ = answer(replace(EFFECT, std_error=0.03))
    table = check("composition", sample=UNEVEN, refit=refit_to).table
    assert np.all([row["n_treated"] == 50 for row in table])
