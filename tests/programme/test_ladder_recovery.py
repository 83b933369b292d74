"""Planted careers: the estimates find the planted rates again within sampling error, over 50 seeds."""

from collections import defaultdict

import numpy as np
import pytest

from sme_research.errors import StudyError
from sme_research.programme.ladder import (
    backtest_stocks,
    chain_titles,
    estimate_incidence,
    estimate_rates,
    follow_titles,
)
from sme_research.synthetic.careers import CareerSpec, make_careers

SEEDS = range(50)
ENTRANTS = 150
# A mean over 50 seeds of something with mean 0 and variance 1 stays within 3.5 of its standard error, 0.14.
BIAS = 3.5 / len(SEEDS) ** 0.5


def planted_incidence(spec, tier, years):
    """Shares promoted and lapsed after the notices of so many years: terms at 3, 6, ... come first."""
    chances, renewal = spec.promotion[tier], spec.renewal[tier]
    staying, promoted, lapsed = 1.0, 0.0, 0.0
    for since in range(years + 1):
        if since and since % 3 == 0:
            lapsed += staying * (1 - renewal)
            staying *= renewal
        chance = chances[min(since, len(chances) - 1)]
        promoted += staying * chance
        staying *= 1 - chance
    return {"promotion": promoted, "lapse": lapsed}


def score(events, exposed, chance):
    return (events - exposed * chance) / np.sqrt(exposed * chance * (1 - chance))


@pytest.fixture(scope="module")
def found():
    scores, covered = defaultdict(list), defaultdict(list)
    for seed in SEEDS:
        spec = CareerSpec(seed=seed, entrants=ENTRANTS)
        careers = make_careers(spec)
        titles = chain_titles(careers.recognitions, data_day=careers.data_day)
        ladder = follow_titles(titles)
        for tier in ("innovative", "srdi"):
            rows = ladder.of(tier)
            curve = estimate_incidence(rows["years"], rows["status"])
            for years in (2, 4):
                for cause, truth in planted_incidence(spec, tier, years).items():
                    if truth:
                        point = curve.at(years + 0.6, cause)
                        scores[tier, cause, years].append((point.estimate - truth) / point.std_error)
                        covered[tier, cause, years].append(point.ci_low <= truth <= point.ci_high)
        for rate in estimate_rates(titles, base_year=spec.last_year, window_years=5):
            if rate.tier in spec.promotion:
                for since, chance in enumerate(spec.promotion[rate.tier]):
                    if chance:
                        exposed, events = rate.exposed[:, since].sum(), rate.promoted[:, since].sum()
                        scores[rate.tier, "chance", since].append(score(events, exposed, chance))
            if rate.tier in spec.renewal:
                scores[rate.tier, "renewal", 0].append(score(rate.renewed, rate.due, spec.renewal[rate.tier]))
    return scores, covered


def test_the_mean_error_is_no_more_than_chance(found):
    scores, _ = found
    means = {key: np.mean(values) for key, values in scores.items()}
    assert len(means) == 16
    assert {key: mean for key, mean in means.items() if abs(mean) > BIAS} == {}


def test_the_standard_errors_are_as_large_as_the_errors(found):
    scores, _ = found
    spreads = {key: np.std(values, ddof=1) for key, values in scores.items()}
    # Chi-squared with 49 degrees: 0.7 to 1.35 holds all but one in a thousand.
    assert {key: spread for key, spread in spreads.items() if not 0.70 < spread < 1.35} == {}


def test_intervals_cover_the_planted_incidence_about_as_often_as_they_say(found):
    _, covered = found
    shares = {key: np.mean(values) for key, values in covered.items()}
    assert {key: share for key, share in shares.items() if share < 0.84} == {}
    assert 0.92 <= np.mean([np.mean(values) for values in covered.values()]) <= 0.98


def test_stocks_to_come_hold_what_came_about_as_often_as_they_say():
    inside = []
    for seed in range(12):
        careers = make_careers(CareerSpec(seed=seed, entrants=ENTRANTS))
        titles = chain_titles(careers.recognitions, data_day=careers.data_day)
        checks = backtest_stocks(titles, years_back=3, n_draws=200, seed=seed)
        inside += [check.inside for check in checks if check.tier != "champion"]
    # Of 36, at 95%: fewer than 29 would be two in ten thousand.
    assert len(inside) == 36
    assert sum(inside) >= 29


def test_careers_are_the_same_for_a_seed_and_keep_their_rules():
    first, again = (make_careers(CareerSpec(seed=3, entrants=40)).recognitions for _ in range(2))
    assert first.equals(again)
    entries = first.groupby(["enterprise_id", "tier"])["granted_on"].min().unstack()
    assert (entries["srdi"].dropna() > entries["innovative"][entries["srdi"].dropna().index]).all()


def test_a_chance_beyond_one_is_refused():
    with pytest.raises(StudyError, match="between 0 and 1"):
        CareerSpec(renewal={"srdi": 1.2})
