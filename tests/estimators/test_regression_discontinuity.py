"""The jump against rdrobust, arithmetic by hand, and properties it must have."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.regression_discontinuity import estimate_jump

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def senate() -> pd.DataFrame:
    races = pd.read_csv(GOLDEN / "senate.csv").dropna().rename(columns={"margin": "score", "vote": "outcome"})
    return races.assign(enterprise_id=[f"R{at}" for at in range(len(races))])


def awards(seed: int, *, n: int = 2000, effect: float = 0.2, comply: float = 1.0) -> pd.DataFrame:
    """Scores around 60 with the outcome rising in them; above 60 a share is treated, below nobody."""
    rng = np.random.default_rng(seed)
    score = rng.normal(60, 10, n)
    treated = ((score >= 60) & (rng.random(n) < comply)).astype(float)
    outcome = 0.01 * score + effect * treated + rng.normal(0, 0.2, n)
    ids = [f"E{at}" for at in range(n)]
    return pd.DataFrame({"enterprise_id": ids, "score": score, "outcome": outcome, "treated": treated})


def test_jump_of_the_senate_is_that_of_rdrobust(senate):
    # rdrobust 4.0.0 with its defaults on the same rows.
    effect = estimate_jump(senate, cutoff=0.0, unit="percentage points")
    assert effect.estimate == pytest.approx(7.41413080, abs=1e-7)
    assert effect.std_error == pytest.approx(1.74125813, abs=1e-6)
    assert (effect.ci_low, effect.ci_high) == pytest.approx((4.0937, 10.9193), abs=1e-4)
    assert (effect.ci_low + effect.ci_high) / 2 == pytest.approx(7.50650247, abs=1e-7)
    # 360 below and 323 above within h = 17.75439722.
    assert (effect.n_enterprises, effect.n_treated) == (683, 323)


def test_two_exact_lines_give_their_distance_at_the_cutoff():
    # 1 + 0.5 x below, 3 + 0.2 x above, alternately 0.01 too high and too low: the jump is 2.
    score = np.arange(-100, 100) + 0.5
    wiggle = 0.01 * np.where(np.arange(200) % 2, 1, -1)
    outcome = np.where(score < 0, 1 + 0.5 * score, 3 + 0.2 * score) + wiggle
    frame = pd.DataFrame({"enterprise_id": np.arange(200).astype(str), "score": score, "outcome": outcome})
    assert estimate_jump(frame, cutoff=0.0, unit="log points").estimate == pytest.approx(2.0, abs=0.01)


def test_intervals_cover_a_planted_effect_where_not_everybody_complies():
    effects = [estimate_jump(awards(seed, n=1200, comply=0.6), cutoff=60, unit="log points") for seed in range(40)]
    covered = np.mean([effect.ci_low <= 0.2 <= effect.ci_high for effect in effects])
    assert covered >= 0.85
    assert np.mean([effect.estimate for effect in effects]) == pytest.approx(0.2, abs=0.02)


def test_where_all_follow_the_rule_the_column_treated_changes_nothing():
    frame = awards(1)
    assert estimate_jump(frame, cutoff=60, unit="log points") == estimate_jump(
        frame.drop(columns="treated"), cutoff=60, unit="log points"
    )


def test_a_rule_that_favours_low_scores_has_the_same_effect_as_its_mirror_image():
    frame = awards(2)
    mirrored = frame.assign(score=-frame["score"])
    there = estimate_jump(frame, cutoff=60, unit="log points")
    back = estimate_jump(mirrored, cutoff=-60, unit="log points")
    assert back.estimate == pytest.approx(there.estimate, abs=1e-9)
    assert (back.ci_low, back.ci_high) == pytest.approx((there.ci_low, there.ci_high), abs=1e-9)
    assert (back.n_enterprises, back.n_treated) == (there.n_enterprises, there.n_treated)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 50), shift=st.floats(-1e3, 1e3), scale=st.floats(0.01, 100), money=st.floats(1e-4, 1e4))
def test_units_order_and_names_do_not_matter(seed, shift, scale, money):
    frame = awards(seed, comply=0.8)
    shuffled = frame.sample(frac=1, random_state=seed)
    other = shuffled.assign(
        enterprise_id=[f"Z{at}" for at in range(len(frame))],
        score=shift + scale * shuffled["score"],
        outcome=money * shuffled["outcome"],
    )
    one = estimate_jump(frame, cutoff=60, unit="log points")
    two = estimate_jump(other, cutoff=shift + scale * 60, unit="log points")
    assert two.estimate / money == pytest.approx(one.estimate, rel=1e-4)
    assert two.std_error / money == pytest.approx(one.std_error, rel=1e-4)


def test_too_few_scores_on_a_side_are_refused():
    frame = awards(3)
    few = frame[(frame["score"] < 60) | (frame["score"] > frame["score"].nlargest(41).min())]
    with pytest.raises(IdentificationError, match="40 enterprises with 40 distinct values lie above 60"):
        estimate_jump(few, cutoff=60, unit="log points")


def test_few_distinct_scores_are_refused_with_their_number():
    frame = awards(4)
    rough = frame.assign(score=(frame["score"] / 5).round() * 5)
    with pytest.raises(IdentificationError, match=r"with \d distinct values lie (below|above) 60"):
        estimate_jump(rough, cutoff=60, unit="log points")


def test_whole_numbers_as_scores_are_accepted():
    frame = awards(5)
    whole = frame.assign(score=np.floor(frame["score"]))
    assert estimate_jump(whole, cutoff=60, unit="log points").estimate == pytest.approx(0.2, abs=0.1)


def test_a_rule_that_does_not_decide_treatment_is_refused():
    frame = awards(6)
    chance = np.random.default_rng(0).integers(0, 2, len(frame))
    with pytest.raises(IdentificationError, match="did not decide who was treated"):
        estimate_jump(frame.assign(treated=chance), cutoff=60, unit="log points")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: f.drop(columns="score"), "column 'score'"),
        (lambda f: pd.concat([f, f.iloc[:1]]), "E0 stands twice"),
        (lambda f: f.assign(outcome=f["outcome"].where(f.index > 0)), "missing or infinite values in outcome"),
        (lambda f: f.assign(treated=0.5), "must be 0 or 1"),
    ],
)
def test_what_is_no_list_of_scores_is_refused(spoil, said):
    with pytest.raises(StudyError, match=said):
        estimate_jump(spoil(awards(7)), cutoff=60, unit="log points")
