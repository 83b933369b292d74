"""Histories start at the first title of a tier and end at promotion, at lapse or at the last day that is known."""

from datetime import date

import pandas as pd
import pytest
from ladder_cases import grants

from sme_research.programme.ladder import Tolerance, chain_titles, count_cohorts, follow_titles, read_ladder
from sme_research.programme.ladder.histories import FOLLOWED, LAPSED, PROMOTED, calendar_years, size_band
from sme_research.tables import make_codes, tables_from_frames

DAY = date(2024, 12, 31)
TOLERANCE = Tolerance(after=100)  # so that all is known up to 22 September 2024


def follow(*rows):
    return follow_titles(chain_titles(grants(*rows), data_day=DAY, tolerance=TOLERANCE))


def history(ladder, tier):
    row = ladder.of(tier).iloc[0]
    return row["status"], round(row["years"], 6)


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([("A", "srdi", "2020-03-01", None)], (LAPSED, 3.0)),
        ([("A", "srdi", "2020-03-01", None), ("A", "srdi", "2023-03-01", None)], (FOLLOWED, 4 + 205 / 365)),
        ([("A", "srdi", "2020-03-01", None), ("A", "little_giant", "2022-03-01", None)], (PROMOTED, 2.0)),
        # In the days of grace a promotion comes before the lapse, after them the lapse came first.
        ([("A", "srdi", "2020-03-01", None), ("A", "little_giant", "2023-06-09", None)], (PROMOTED, 3 + 100 / 366)),
        ([("A", "srdi", "2020-03-01", None), ("A", "little_giant", "2023-06-10", None)], (LAPSED, 3.0)),
        # Who skips a rung is promoted too.
        ([("A", "srdi", "2020-03-01", None), ("A", "champion", "2021-03-01", None)], (PROMOTED, 1.0)),
        # What comes after the last known day is not used, even where it is seen.
        ([("A", "srdi", "2022-03-01", None), ("A", "little_giant", "2024-10-01", None)], (FOLLOWED, 2 + 205 / 365)),
        # A return after a lapse does not undo it.
        ([("A", "srdi", "2016-03-01", None), ("A", "srdi", "2022-03-01", None)], (LAPSED, 3.0)),
    ],
)
def test_a_history_ends_at_what_came_first(rows, wanted):
    assert history(follow(*rows), "srdi") == (wanted[0], round(wanted[1], 6))


def test_who_enters_below_a_title_held_is_not_at_risk_of_promotion():
    ladder = follow(
        ("A", "little_giant", "2020-03-01", None),
        ("A", "srdi", "2020-03-01", None),
        ("B", "srdi", "2020-03-01", None),
    )
    assert ladder.of("srdi")["enterprise_id"].tolist() == ["B"]
    assert ladder.n_above["srdi"] == 1


def test_who_entered_after_the_last_known_day_has_no_history():
    ladder = follow(("A", "srdi", "2024-10-01", None), ("B", "srdi", "2020-03-01", None))
    assert len(ladder.histories) == 1
    assert ladder.n_late["srdi"] == 1


def test_years_are_whole_at_anniversaries_whatever_leap_days_lie_between():
    starts = pd.to_datetime(pd.Series(["2021-03-01", "2019-03-01", "2020-02-29", "2020-01-01"]))
    ends = pd.to_datetime(pd.Series(["2024-03-01", "2022-03-01", "2021-03-01", "2020-07-01"]))
    assert calendar_years(starts, ends) == pytest.approx([3, 3, 1, 182 / 366])


def test_size_bands_take_their_lower_edge():
    shown = size_band(pd.Series([0, 49, 50, 99, 100, 299, 300, None], dtype="Float64"))
    bands = ["under_50"] * 2 + ["50_99"] * 2 + ["100_299"] * 2 + ["300_up", ""]
    assert shown.tolist() == bands


@pytest.fixture
def ladder():
    ids = [str(code) for code in make_codes("350199", range(4))]
    register = pd.DataFrame(
        {"enterprise_id": ids, "city_code": "350100", "county_code": ["350128", "350102", None, None],
         "industry_code": "3569"}
    )  # fmt: skip
    years = [(ids[0], 2019, 60), (ids[0], 2020, 400), (ids[0], 2024, 60), (ids[1], 2019, 20), (ids[1], 2022, 20)]
    accounts = pd.DataFrame([(*row, 1.0) for row in years], columns=["enterprise_id", "year", "employees", "revenue"])
    rows = [(code, "srdi", "2020-03-01", None) for code in ids[:3]]
    rows += [(ids[3], "srdi", "2022-03-01", None), (ids[3], "little_giant", "2023-03-01", None)]
    tables = tables_from_frames({"enterprises": register, "accounts": accounts, "recognitions": grants(*rows)})
    return read_ladder(tables, data_day="2024-12-31", grace_days=100)


def test_place_industry_and_size_are_those_at_entry(ladder):
    rows = ladder.of("srdi")
    assert rows["city"].tolist() == ["350128", "350100", "350100", "350100"]
    assert set(rows["industry"]) == {"35"}
    # The year before entry, not the year of it; unknown without accounts near it.
    assert rows["size"].tolist() == ["50_99", "under_50", "", ""]


def test_a_lapse_is_told_from_a_stop_only_where_accounts_show_it(ladder):
    # Lapsed in 2023: the first reports later, the second stopped in 2022, the third never reported.
    assert ladder.of("srdi")["ended"].tolist() == ["reporting", "stopped", "", ""]


def test_cohorts_add_up_to_those_who_entered(ladder):
    first, second = count_cohorts(ladder, "srdi")
    assert (first.entered, first.promoted, first.lapsed, first.holding) == (3, 0, 3, 0)
    assert (first.reporting, first.stopped) == (1, 1)
    assert (second.entered, second.promoted, second.lapsed, second.holding) == (1, 1, 0, 0)
