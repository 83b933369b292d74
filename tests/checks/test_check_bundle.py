"""Other instruments that arrive at the same time."""

import numpy as np
import pandas as pd
import pytest
from check_cases import World, alarms, check, estimation_of

from sme_research.checks import CHECKS


def frame(starts: dict[str, float], *, n: int = 100) -> pd.DataFrame:
    """Treated in 2020 and never treated; by arm the share that starts training in 2020."""
    rows = [
        (f"{arm}{at:03d}", year, cohort, 2020.0 if at < share * n else np.nan)
        for (arm, share), cohort in zip(starts.items(), (2020.0, np.nan), strict=True)
        for at in range(n)
        for year in (2018, 2019, 2020, 2021)
    ]
    sample = pd.DataFrame(rows, columns=["enterprise_id", "year", "cohort", "other_training"])
    return sample.assign(outcome=0.0)


def test_the_excess_is_the_difference_of_shares_by_hand():
    answer = check("bundle", sample=frame({"T": 0.40, "C": 0.10}))
    assert answer.values["excess"] == pytest.approx(0.30)
    assert answer.values["share_treated"] == pytest.approx(0.40)
    assert answer.values["share_comparison"] == pytest.approx(0.10)
    assert answer.verdict == "fail"


@pytest.mark.parametrize(("share", "verdict"), [(0.12, "pass"), (0.20, "warn"), (0.24, "warn"), (0.40, "fail")])
def test_limits_are_five_and_fifteen_points(share, verdict):
    assert check("bundle", sample=frame({"T": share, "C": 0.10}, n=300)).verdict == verdict


@pytest.mark.parametrize(("year", "counted"), [(2018.0, 0.0), (2019.0, 1.0), (2021.0, 1.0), (2022.0, 0.0)])
def test_a_start_counts_within_a_year_of_treatment(year, counted):
    sample = frame({"T": 1.0, "C": 0.0})
    moved = sample.assign(other_training=sample["other_training"].where(sample["other_training"].isna(), year))
    assert check("bundle", sample=moved).values["excess"] == pytest.approx(counted)


def test_training_that_comes_with_the_loan_is_found():
    assert alarms("bundle", range(4), bundled=0.6) == 1.0


def test_instruments_that_come_by_themselves_are_left_alone():
    assert alarms("bundle", range(8)) == 0.0


def test_larger_enterprises_that_receive_more_of_everything_are_no_bundle():
    # Training goes with size alone, and so does treatment.
    sample = World(5, n=4_000).sample()
    enterprises = sample.drop_duplicates("enterprise_id").set_index("enterprise_id")
    rng = np.random.default_rng(1)
    chance = np.clip(0.4 + 0.15 * enterprises["x_size"], 0, 1)
    start = pd.Series(
        np.where(rng.random(len(chance)) < chance, rng.choice(World.years, len(chance)), np.nan), chance.index
    )
    answer = CHECKS["bundle"](estimation_of(sample=sample.assign(other_training=sample["enterprise_id"].map(start))))
    assert answer.verdict == "pass"
    assert abs(answer.values["excess"]) < 0.05


def test_every_other_instrument_has_its_row():
    sample = frame({"T": 0.40, "C": 0.10}).assign(other_award=np.nan)
    answer = check("bundle", sample=sample)
    assert [row["instrument"] for row in answer.table] == ["award", "training"]
    assert (answer.values["n_others"], answer.values["n_together"]) == (2.0, 1.0)
