"""Competing risks by hand, against one minus Kaplan-Meier, and at the ends where formulas break."""

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from sme_research.errors import StudyError
from sme_research.programme.ladder import estimate_incidence

FOLLOWED, PROMOTED, LAPSED = 0, 1, 2
TIMES = [1, 2, 2, 3, 3, 3, 4, 5]
STATUS = [PROMOTED, LAPSED, FOLLOWED, PROMOTED, PROMOTED, LAPSED, FOLLOWED, LAPSED]


def test_incidence_equals_the_hand_calculation_with_ties():
    # At risk 8, 7, 5, 2, 1. All-cause survival just before: 1, 7/8, 6/8, 3/10, 3/10.
    found = estimate_incidence(TIMES, STATUS)
    assert found.times.tolist() == [1, 2, 3, 4, 5]
    assert found.n_at_risk.tolist() == [8, 7, 5, 2, 1]
    assert found.promotion == pytest.approx([1 / 8, 1 / 8, 1 / 8 + 3 / 4 * 2 / 5, 0.425, 0.425])
    assert found.lapse == pytest.approx([0, 1 / 8, 1 / 8 + 3 / 4 / 5, 0.275, 0.575])
    # Who is left at the end is neither; here nobody.
    assert found.promotion[-1] + found.lapse[-1] == pytest.approx(1)


def test_standard_errors_equal_the_hand_calculation():
    # Without censoring the delta method is the binomial: sqrt(p (1 - p) / n), also where all are gone.
    found = estimate_incidence([1, 1, 2, 3, 3], [PROMOTED, LAPSED, PROMOTED, LAPSED, PROMOTED])
    for share, error in ((found.promotion, found.promotion_se), (found.lapse, found.lapse_se)):
        assert error == pytest.approx(np.sqrt(share * (1 - share) / 5))


def test_with_censoring_the_last_standard_error_continues_the_one_before():
    # The last one left has the event of the other cause: the variance of promotion gains nothing.
    found = estimate_incidence(TIMES, STATUS)
    assert np.isfinite(found.promotion_se).all()
    assert np.isfinite(found.lapse_se).all()
    assert found.promotion_se[-1] == pytest.approx(found.promotion_se[-2])
    # All have left, so what is not promotion is lapse, with the same doubt.
    assert found.lapse_se[-1] == pytest.approx(found.promotion_se[-1])


def test_with_one_cause_incidence_is_one_minus_kaplan_meier():
    rng = np.random.default_rng(4)
    times, status = rng.integers(1, 12, 200), rng.integers(0, 2, 200)
    found = estimate_incidence(times, status)
    plain = SurvfuncRight(times, status)
    at = np.searchsorted(found.times, plain.surv_times)
    assert found.promotion[at] == pytest.approx(1 - plain.surv_prob)
    assert found.promotion_se[at][:-1] == pytest.approx(plain.surv_prob_se[:-1])
    assert not found.lapse.any()


def test_the_interval_lies_on_the_loglog_scale():
    point = estimate_incidence(TIMES, STATUS).at(3, "promotion")
    half = 1.959964 * point.std_error / (0.425 * np.log(0.425))
    assert (point.ci_low, point.ci_high) == pytest.approx((0.425 ** np.exp(-half), 0.425 ** np.exp(half)), abs=1e-6)
    assert 0 < point.ci_low < point.estimate < point.ci_high < 1


def test_no_event_among_n_has_the_exact_upper_bound():
    point = estimate_incidence([2.0] * 30, [FOLLOWED] * 30).at(2.0, "lapse")
    assert (point.estimate, point.ci_low) == (0, 0)
    assert (1 - point.ci_high) ** 30 == pytest.approx(0.025)


def test_nothing_is_told_beyond_the_follow_up():
    found = estimate_incidence(TIMES, STATUS)
    assert found.at(5.0, "lapse") is not None
    assert found.at(5.1, "lapse") is None
    before = found.at(0.5, "lapse")
    assert (before.estimate, before.n_at_risk) == (0, 8)


def test_who_is_followed_after_a_time_is_told_beside_it():
    assert [estimate_incidence(TIMES, STATUS).at(time, "lapse").n_at_risk for time in (1, 2, 3, 4)] == [7, 5, 2, 1]


@pytest.mark.parametrize("times", [[], [-1.0], [float("nan")]])
def test_times_without_sense_are_refused(times):
    with pytest.raises(StudyError, match="incidence needs"):
        estimate_incidence(times, [0] * len(times))
