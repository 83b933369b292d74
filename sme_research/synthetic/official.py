"""The published figures of the made-up province, as a department would print them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from sme_research.synthetic import calibration as cal
from sme_research.synthetic.world import WorldSpec

SOURCE = "虚构省份的公布数 (made-up province)"


TITLED = ("enterprises", "in force, with Xiamen", "exact")
PRINTED: Final = {
    "innovative_count": TITLED,
    "srdi_count": TITLED,
    "little_giant_count": TITLED,
    "champion_count": TITLED,
    "loan_phase1_enterprises": ("enterprises", "phase 1", "exact"),
    "loan_phase1_amount": ("亿元", "phase 1", "about"),
    "loan_phase1_rate": ("%", "phase 1, mean over loans", "exact"),
    "clusters_provincial": ("clusters", "cumulative", "exact"),
    "clusters_national": ("clusters", "cumulative", "exact"),
    "loan_balance": ("亿元", "SRDI of the list of the day", "exact"),
    "loan_balance_growth": ("%", "lists of both days, so with entrants", "exact"),
    "training_sessions": ("sessions", "2023", "about"),
    "training_person_times": ("person-times", "2023", "at_least"),
}
"""Unit, perimeter and bound of each figure, as a department prints them."""


def official_figures_table(tables: Mapping[str, pd.DataFrame], spec: WorldSpec) -> pd.DataFrame:
    """The table `official_figures`: counts, loans, training, clusters, with their perimeters."""
    of_the_day = {**_titles(spec), **_loans(tables["loans"]), **_clusters(tables["clusters"], spec)}
    of_2023 = {**_balances(tables, min(2023, spec.last_year)), **_training(tables["training"])}
    dated = [(name, value, pd.Timestamp(spec.as_of)) for name, value in of_the_day.items()]
    if spec.last_year >= 2023:
        dated += [(name, value, pd.Timestamp(2023, 12, 31)) for name, value in of_2023.items()]
    table = pd.DataFrame(
        [(name, day, float(value), *PRINTED[name], SOURCE) for name, value, day in dated],
        columns=["indicator", "as_of", "value", "unit", "perimeter", "bound", "source"],
    )
    table["as_of"] = table["as_of"].astype("datetime64[s]")
    kept: pd.DataFrame = table.loc[table["value"].notna()].reset_index(drop=True)
    return kept


def _titles(spec: WorldSpec) -> dict[str, float]:
    return {
        "innovative_count": spec.scaled(cal.N_INNOVATIVE),
        "srdi_count": spec.scaled(cal.N_SRDI),
        "little_giant_count": spec.scaled(cal.N_LITTLE_GIANT),
        "champion_count": spec.scaled(cal.N_CHAMPION),
    }


def _loans(loans: pd.DataFrame) -> dict[str, float]:
    phase1 = loans[loans["phase"] == "1"]
    if phase1.empty:
        return {}
    return {
        "loan_phase1_enterprises": phase1["enterprise_id"].nunique(),
        "loan_phase1_amount": round(phase1["amount"].sum() / 10_000),
        "loan_phase1_rate": round(phase1["rate"].mean(), 2),
    }


def _clusters(clusters: pd.DataFrame, spec: WorldSpec) -> dict[str, float]:
    known = clusters[clusters["designated_on"] <= pd.Timestamp(spec.as_of)]
    return {f"clusters_{level}": int((known["level"] == level).sum()) for level in ("provincial", "national")}


def _training(training: pd.DataFrame) -> dict[str, float]:
    """Sessions to the nearest ten, person-times as "more than" so many hundred."""
    of_2023 = training[training["held_on"].dt.year == 2023]
    return {
        "training_sessions": _near(of_2023["session_id"].nunique()),
        "training_person_times": of_2023["participants"].sum() // 100 * 100,
    }


def _balances(tables: Mapping[str, pd.DataFrame], year: int) -> dict[str, float]:
    balance, growth = _balance(tables, year)
    return {"loan_balance": round(balance / 10_000, 1), "loan_balance_growth": round(growth, 1)}


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
