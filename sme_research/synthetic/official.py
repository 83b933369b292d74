"""The published figures of the made-up province, as a department would print them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sme_research.synthetic import calibration as cal
from sme_research.synthetic.world import WorldSpec

SOURCE = "虚构省份的公布数 (made-up province)"


def official_figures_table(tables: Mapping[str, pd.DataFrame], spec: WorldSpec) -> pd.DataFrame:
    """The table `official_figures`: counts, loans, training, clusters, with their perimeters."""
    as_of = pd.Timestamp(spec.as_of)
    loans, training, clusters = tables["loans"], tables["training"], tables["clusters"]
    phase1 = loans[loans["phase"] == "1"]
    in_2023 = training[training["held_on"].dt.year == 2023]
    known = clusters[clusters["designated_on"] <= as_of]
    balance, growth = _balance(tables, min(2023, spec.last_year))
    rows = [
        (
            "innovative_count",
            as_of,
            spec.scaled(cal.N_INNOVATIVE),
            "enterprises",
            "in force, with Xiamen",
            "exact",
        ),
        ("srdi_count", as_of, spec.scaled(cal.N_SRDI), "enterprises", "in force, with Xiamen", "exact"),
        (
            "little_giant_count",
            as_of,
            spec.scaled(cal.N_LITTLE_GIANT),
            "enterprises",
            "in force, with Xiamen",
            "exact",
        ),
        (
            "champion_count",
            as_of,
            spec.scaled(cal.N_CHAMPION),
            "enterprises",
            "in force, with Xiamen",
            "exact",
        ),
        (
            "loan_phase1_enterprises",
            as_of,
            phase1["enterprise_id"].nunique(),
            "enterprises",
            "phase 1",
            "exact",
        ),
        ("loan_phase1_amount", as_of, round(phase1["amount"].sum() / 10_000), "亿元", "phase 1", "about"),
        (
            "loan_phase1_rate",
            as_of,
            round(phase1["rate"].mean(), 2),
            "%",
            "phase 1, mean over loans",
            "exact",
        ),
        (
            "loan_balance",
            "2023-12-31",
            round(balance / 10_000, 1),
            "亿元",
            "SRDI of the list of the day",
            "exact",
        ),
        (
            "loan_balance_growth",
            "2023-12-31",
            round(growth, 1),
            "%",
            "lists of both days, so with entrants",
            "exact",
        ),
        (
            "training_sessions",
            "2023-12-31",
            _near(in_2023["session_id"].nunique()),
            "sessions",
            "2023",
            "about",
        ),
        (
            "training_person_times",
            "2023-12-31",
            in_2023["participants"].sum() // 100 * 100,
            "person-times",
            "2023",
            "at_least",
        ),
        (
            "clusters_provincial",
            as_of,
            int((known["level"] == "provincial").sum()),
            "clusters",
            "cumulative",
            "exact",
        ),
        (
            "clusters_national",
            as_of,
            int((known["level"] == "national").sum()),
            "clusters",
            "cumulative",
            "exact",
        ),
    ]
    table = pd.DataFrame(rows, columns=["indicator", "as_of", "value", "unit", "perimeter", "bound"])
    table["as_of"] = pd.to_datetime(table["as_of"]).astype("datetime64[s]")
    table["value"] = table["value"].astype(float)
    table["source"] = SOURCE
    published = table["value"].notna() & (table["as_of"].dt.year <= spec.last_year)
    kept: pd.DataFrame = table.loc[published].reset_index(drop=True)
    return kept


def _near(count: int) -> int:
    """A count as a press release rounds it."""
    return max(round(count, -1), count if count < 10 else 10)


def _balance(tables: Mapping[str, pd.DataFrame], year: int) -> tuple[float, float]:
    """Loan balance of the SRDI on the list at a year's end (10,000 yuan) and its growth over that year, percent."""
    accounts, titles = tables["accounts"], tables["recognitions"]
    srdi = titles[titles["tier"] == "srdi"]
    totals = []
    for at in (year, year - 1):
        day = pd.Timestamp(at, 12, 31)
        listed = srdi.loc[(srdi["granted_on"] <= day) & (srdi["expires_on"] > day), "enterprise_id"]
        rows = (accounts["year"] == at) & accounts["enterprise_id"].isin(listed)
        totals.append(float(accounts.loc[rows, "loan_balance"].sum()))
    return totals[0], (totals[0] / totals[1] - 1) * 100 if totals[1] else float("nan")
