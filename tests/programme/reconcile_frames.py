"""Small tables by hand, in which every count can be checked by eye."""

import pandas as pd

FIGURE = {
    "indicator": "srdi",
    "as_of": "2023-12-31",
    "value": 3.0,
    "unit": "enterprises",
    "perimeter": "Fujian",
    "bound": "exact",
    "source": "a notice",
}


def official(*rows):
    """The table `official_figures`: each row says what differs from one SRDI count."""
    frame = pd.DataFrame([FIGURE | row for row in rows])
    frame["as_of"] = pd.to_datetime(frame["as_of"])
    return frame


def enterprises(cities):
    ids = list(cities)
    return pd.DataFrame(
        {
            "enterprise_id": ids,
            "city_code": [cities[name] for name in ids],
            "county_code": None,
            "industry_code": "301",
            "listed_on": pd.NaT,
        }
    )


def titles(*rows):
    frame = pd.DataFrame(rows, columns=["enterprise_id", "tier", "granted_on", "expires_on"])
    for column in ("granted_on", "expires_on"):
        frame[column] = pd.to_datetime(frame[column])
    return frame


def accounts(balances, **columns):
    """One row an enterprise and year: ``{("a", 2022): 100.0}``."""
    rows = [(name, year, balance) for (name, year), balance in balances.items()]
    frame = pd.DataFrame(rows, columns=["enterprise_id", "year", "loan_balance"])
    return frame.assign(revenue=100.0, profit=10.0, above_scale=True, **columns)


def loans(*rows):
    frame = pd.DataFrame(rows, columns=["enterprise_id", "phase", "drawn_on", "amount", "rate"])
    frame["drawn_on"] = pd.to_datetime(frame["drawn_on"])
    return frame.assign(subsidy_points=1.0)


def events(*rows):
    columns = ["event_id", "enterprise_id", "held_on", "matched_amount", "contracted_amount", "drawn_amount"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["held_on"] = pd.to_datetime(frame["held_on"])
    return frame


def training(*rows):
    frame = pd.DataFrame(rows, columns=["session_id", "enterprise_id", "held_on", "participants"])
    frame["held_on"] = pd.to_datetime(frame["held_on"])
    return frame


PROVINCE = {
    "enterprises": enterprises({"a": "350100", "b": "350200", "c": "350500", "d": "350100"}),
    "recognitions": titles(
        ("a", "innovative", "2020-05-01", "2026-04-30"),
        ("a", "srdi", "2021-05-01", "2024-04-30"),
        ("b", "innovative", "2020-05-01", "2026-04-30"),
        ("b", "srdi", "2021-05-01", "2024-04-30"),
        ("c", "innovative", "2020-05-01", "2026-04-30"),
        ("c", "srdi", "2021-05-01", "2024-04-30"),
        ("c", "little_giant", "2022-08-01", "2025-07-31"),
        ("d", "srdi", "2019-05-01", "2022-04-30"),
    ),
    "loans": loans(
        ("a", "1", "2023-02-01", 100.0, 2.6),
        ("b", "1", "2023-03-01", 300.0, 2.2),
        ("c", "2", "2023-12-05", 500.0, 2.4),
    ),
}
"""SRDI at the end of 2023: a, b (Xiamen), c in force; d lapsed in 2022."""


def province(*figures, **tables):
    """The province above with official figures, and with tables added or, where None, taken away."""
    held = {**PROVINCE, **tables, "official_figures": official(*figures)}
    return {name: table for name, table in held.items() if table is not None}
