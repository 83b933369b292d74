"""A title is in force from the day of its grant to its last day of validity, both included."""

import pandas as pd
import pytest

from sme_research.tables import are_in_force


def title(expires: str | None) -> pd.DataFrame:
    frame = pd.DataFrame({"granted_on": ["2021-12-20"], "expires_on": [expires]})
    return frame.astype("datetime64[s]")


@pytest.mark.parametrize(
    ("day", "expires", "told"),
    [
        ("2021-12-19", "2024-12-31", False),
        ("2021-12-20", "2024-12-31", True),
        ("2024-12-30", "2024-12-31", True),
        ("2024-12-31", "2024-12-31", True),  # a count at the year's end holds those valid to the year's end
        ("2025-01-01", "2024-12-31", False),
        ("2099-01-01", None, True),
    ],
)
def test_the_first_and_the_last_day_of_validity_are_days_in_force(day, expires, told):
    titles = title(expires)
    assert are_in_force(titles, pd.Timestamp(day)).tolist() == [told]
    assert are_in_force(titles, pd.Series([pd.Timestamp(day)])).tolist() == [told]


def test_a_title_without_a_day_of_its_own_is_not_in_force():
    assert are_in_force(title(None), pd.Series([pd.NaT])).tolist() == [False]
