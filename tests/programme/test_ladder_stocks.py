"""Stocks to come by hand where nothing is left to chance, and what is refused."""

from datetime import date

import numpy as np
import pytest
from ladder_cases import grants

from sme_research.errors import DataError, StudyError
from sme_research.programme.ladder import Tolerance, chain_titles, estimate_rates, project_stocks, read_targets
from sme_research.programme.ladder.stocks import excess_variance

DAY = date(2024, 12, 31)


def steady(years=range(2015, 2025), entrants=40, renewed=True):
    """The same number enters every year; all renew at every term, or none does."""
    rows = []
    for year in years:
        for at in range(entrants):
            last = year + (3 * ((2024 - year) // 3) if renewed else 0)
            rows += [(f"{year}-{at}", "innovative", f"{grant}-03-01", None) for grant in range(year, last + 1, 3)]
    return chain_titles(grants(*rows), data_day=DAY, tolerance=Tolerance(after=100))


def test_where_all_renew_the_stock_grows_by_those_who_enter():
    found = project_stocks(steady(), until=2027, n_draws=400, seed=1)
    assert found.at("innovative", 2024).estimate == 400
    # 40 more a year; the posterior of a renewal seen 279 times of 279 lies a little under 1.
    for year, wanted in ((2025, 440), (2026, 480), (2027, 520)):
        stock = found.at("innovative", year)
        assert stock.estimate == pytest.approx(wanted, abs=8)
        assert stock.ci_low < wanted < stock.ci_high


def test_where_none_renew_the_stock_is_the_last_three_years_entrants():
    found = project_stocks(steady(renewed=False), until=2028, n_draws=400, seed=1)
    assert found.at("innovative", 2024).estimate == 120
    assert found.at("innovative", 2028).estimate == pytest.approx(120, abs=5)


def test_years_that_differ_more_than_chance_widen_the_interval():
    calm = excess_variance(np.array([40, 40, 40]), np.full(3, 40.0))
    rough = excess_variance(np.array([10, 40, 70]), np.full(3, 40.0))
    # Sum of squares 1800 times 3/2, less the 120 that chance explains, over 3 x 40 squared.
    assert (calm, rough) == (0, pytest.approx((1800 * 1.5 - 120) / 4800))


def test_rates_are_the_counts_of_the_window_by_hand():
    rows = [(f"E{at}", "innovative", "2021-03-01", None) for at in range(10)]
    rows += [(f"E{at}", "srdi", f"{year}-05-01", None) for at, year in enumerate((2021, 2022, 2022, 2023))]
    rows += [("D", "srdi", "2023-05-01", None)]  # from outside the ladder
    titles = chain_titles(grants(*rows), data_day=date(2023, 12, 31), tolerance=Tolerance(after=100))
    lower, upper, *_ = estimate_rates(titles, base_year=2023, window_years=3)
    assert lower.outside == (10, 0, 0)
    assert lower.exposed[:, :3].tolist() == [[10, 0, 0], [0, 9, 0], [0, 0, 7]]
    assert lower.promoted[:, :3].tolist() == [[1, 0, 0], [0, 2, 0], [0, 0, 1]]
    assert upper.outside == (0, 0, 1)


def test_a_title_that_has_just_expired_still_waits_for_its_renewal():
    # Expired in November 2023, renewed in January 2024: not in force at the year's end, but not lost either.
    rows = [(f"E{at}", "innovative", "2020-11-15", None) for at in range(30)]
    rows += [(f"E{at}", "innovative", "2024-01-10", None) for at in range(30)]
    titles = chain_titles(grants(*rows), data_day=date(2024, 6, 1), tolerance=Tolerance(after=100))
    found = project_stocks(titles, until=2024, n_draws=200, window_years=1)
    assert found.at("innovative", 2023).estimate == 0
    assert found.at("innovative", 2024).estimate >= 28


def test_the_chance_of_a_target_is_the_share_of_draws_that_reach_it():
    found = project_stocks(steady(), until=2026, n_draws=200)
    assert found.chance("innovative", 2026, 0) == 1
    assert found.chance("innovative", 2026, 10_000) == 0
    assert found.chance("innovative", 2024, 1) is None


def test_a_projection_into_the_past_and_a_window_beyond_the_data_are_refused():
    with pytest.raises(StudyError, match="until is 2024"):
        project_stocks(steady(), until=2024)
    with pytest.raises(StudyError, match="up to 2025"):
        estimate_rates(steady(), base_year=2025)


def test_the_same_seed_gives_the_same_stocks():
    titles = steady()
    first, again = (project_stocks(titles, until=2026, n_draws=50, seed=7).stocks for _ in range(2))
    assert first == again


def test_the_plans_targets_are_those_of_the_tiers():
    shipped = {target.tier: (target.year, target.number) for target in read_targets()}
    assert shipped == {"innovative": (2025, 10_000), "srdi": (2025, 4_500), "little_giant": (2025, 450)}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{indicator: srdi, by: 2025-12-31}", "target 1: least is None"),
        ("{indicator: srdi, least: 10.5, by: 2025-12-31}", "least is 10.5"),
        ("{indicator: srdi, least: 10, by: soon}", "by is 'soon', must be a day"),
        ("{least: 10, by: 2025-12-31}", "add the indicator"),
    ],
)
def test_a_target_without_sense_is_refused_with_its_place(tmp_path, entry, said):
    path = tmp_path / "plan.yml"
    path.write_text(f"source: {{zh: 规划, en: plan}}\ntargets:\n- {entry}\n", encoding="utf-8")
    with pytest.raises(DataError, match=said):
        read_targets(path)
