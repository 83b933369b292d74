"""The published figures of the made-up province, as a department would print them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from sme_research.synthetic import calibration as cal
from sme_research.synthetic.world import WorldSpec
from sme_research.tables import are_in_force

SOURCE = "虚构省份的公布数 (made-up province)"
SHARE_YEARS: Final = (2022, 2023)


TITLED = ("enterprises", "Fujian; in force, with Xiamen", "exact")
SHARED = ("%", "Fujian; of above-scale industrial enterprises", "exact")
PRINTED: Final = {
    "innovative_count": TITLED,
    "srdi_count": TITLED,
    "little_giant_count": TITLED,
    "champion_count": TITLED,
    "loan_beneficiaries": ("enterprises", "Fujian; phase 1", "exact"),
    "loan_facility_scale": ("万元", "Fujian; phase 1", "about"),
    "loan_average_rate": ("%", "Fujian; phase 1, mean over loans", "exact"),
    "award_srdi": ("万元", "Fujian; province, an enterprise", "exact"),
    "award_little_giant": ("万元", "Fujian; province, an enterprise", "exact"),
    "contest_editions": ("editions", "Fujian; cumulative", "exact"),
    "clusters_provincial": ("clusters", "Fujian; cumulative", "exact"),
    "clusters_national": ("clusters", "Fujian; cumulative", "exact"),
    "loan_balance": ("万元", "Fujian; SRDI of the list of the day", "exact"),
    "loan_balance_growth": ("%", "Fujian; lists of both days, so with entrants", "exact"),
    "training_sessions": ("sessions", "Fujian; 2023", "about"),
    "training_person_times": ("person-times", "Fujian; 2023", "at_least"),
    "training_enterprises": ("enterprises", "Fujian; 2023", "exact"),
    "matching_events": ("events", "Fujian; 2023", "at_least"),
    "matching_amount": ("万元", "Fujian; 2023; intentions, not loans", "at_least"),
    "matching_lent": ("万元", "Fujian; 2023; money lent", "exact"),
    "recognised_total": TITLED,
    "little_giant_share_number": SHARED,
    "little_giant_share_revenue": SHARED,
}
"""Unit, perimeter and bound of each figure, as a department prints them."""


def official_figures_table(tables: Mapping[str, pd.DataFrame], spec: WorldSpec) -> pd.DataFrame:
    """The table `official_figures`: counts, loans, training, clusters, with their perimeters."""
    of_the_day = {
        **_titles(tables["recognitions"], spec),
        **_loans(tables["loans"]),
        **_clusters(tables["clusters"], spec),
        **{f"award_{tier}": amount for tier, amount in cal.AWARD_AMOUNTS.items()},
        **_contests(tables["contests"], spec),
    }
    of_2023 = {
        **_balances(tables, min(2023, spec.last_year)),
        **_training(tables["training"], spec),
        **_matching(tables["matching_events"], spec),
    }
    dated = [(name, value, pd.Timestamp(spec.as_of)) for name, value in of_the_day.items()]
    if spec.last_year >= 2023:
        dated += [(name, value, pd.Timestamp(2023, 12, 31)) for name, value in of_2023.items()]
        dated += [figure for year in SHARE_YEARS for figure in _shares(tables, year, spec)]
    table = pd.DataFrame(
        [(name, day, float(value), *PRINTED[name], SOURCE) for name, value, day in dated],
        columns=["indicator", "as_of", "value", "unit", "perimeter", "bound", "source"],
    )
    if spec.traps.early_growth:
        growth = table["indicator"] == "loan_balance_growth"
        table.loc[growth, "perimeter"] += "; effect of the loans of phase 1"
    table["as_of"] = table["as_of"].astype("datetime64[s]")
    kept: pd.DataFrame = table.loc[table["value"].notna()].reset_index(drop=True)
    return kept


def _titles(titles: pd.DataFrame, spec: WorldSpec) -> dict[str, float]:
    """Holders by tier, and in all: each once, or, where a department adds the tiers up, once a title."""
    day = pd.Timestamp(spec.as_of)
    valid = titles[are_in_force(titles, day)]
    by_tier = valid.groupby("tier")["enterprise_id"].nunique()
    return {
        "recognised_total": by_tier.sum() if spec.traps.summed_tiers else valid["enterprise_id"].nunique(),
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
        "loan_beneficiaries": phase1["enterprise_id"].nunique(),
        "loan_facility_scale": _hundred_million(phase1["amount"].sum()),
        "loan_average_rate": round(phase1["rate"].mean(), 2),
    }


def _contests(contests: pd.DataFrame, spec: WorldSpec) -> dict[str, float]:
    known = contests[contests["held_on"] <= pd.Timestamp(spec.as_of)]
    return {"contest_editions": known["contest"].nunique()} if len(known) else {}


def _matching(events: pd.DataFrame, spec: WorldSpec) -> dict[str, float]:
    """Events as "more than" so many tens, the amount as "more than" so many billions, and what was lent of it."""
    of_2023 = events[events["held_on"].dt.year == 2023]
    held = of_2023["event_id"].nunique()
    lent = "matched_amount" if spec.traps.matched_as_lent else "drawn_amount"
    return {
        "matching_events": held // 10 * 10 if held >= 10 else held,
        "matching_amount": of_2023["matched_amount"].sum() // 10_000 * 10_000,
        "matching_lent": _hundred_million(of_2023[lent].sum()),
    }


def _clusters(clusters: pd.DataFrame, spec: WorldSpec) -> dict[str, float]:
    known = clusters[clusters["designated_on"] <= pd.Timestamp(spec.as_of)]
    return {f"clusters_{level}": int((known["level"] == level).sum()) for level in ("provincial", "national")}


def _training(training: pd.DataFrame, spec: WorldSpec) -> dict[str, float]:
    """Sessions to the nearest ten, person-times as "more than" so many hundred, and enterprises."""
    of_2023 = training[training["held_on"].dt.year == 2023]
    times, firms = of_2023["participants"].sum(), of_2023["enterprise_id"].nunique()
    return {
        "training_enterprises": times if spec.traps.times_as_firms else firms,
        "training_sessions": _near(of_2023["session_id"].nunique()),
        "training_person_times": times // 100 * 100,
    }


def _balances(tables: Mapping[str, pd.DataFrame], year: int) -> dict[str, float]:
    balance, growth = _balance(tables, year)
    return {"loan_balance": round(balance, -3), "loan_balance_growth": round(growth, 1)}


def _hundred_million(amount: float) -> float:
    """An amount in 10,000 yuan, to the nearest hundred million yuan where it is as much as that."""
    return round(amount, -4) if amount >= 10_000 else round(amount)


def _near(count: int) -> int:
    """A count as a press release rounds it."""
    return max(round(count, -1), count if count < 10 else 10)


def _balance(tables: Mapping[str, pd.DataFrame], year: int) -> tuple[float, float]:
    """Loan balance of the SRDI on the list at a year's end (10,000 yuan) and its growth over that year, percent."""
    accounts, titles = tables["accounts"], tables["recognitions"]
    totals = []
    for at in (year, year - 1):
        day = pd.Timestamp(at, 12, 31)
        listed = _holders(titles, "srdi", day)
        rows = (accounts["year"] == at) & accounts["enterprise_id"].isin(listed)
        totals.append(float(accounts.loc[rows, "loan_balance"].sum()))
    return totals[0], (totals[0] / totals[1] - 1) * 100 if totals[1] else float("nan")


def _shares(tables: Mapping[str, pd.DataFrame], year: int, spec: WorldSpec) -> list[tuple[str, float, pd.Timestamp]]:
    """Little giants' share of above-scale industry's enterprises and revenue, percent; no rows without any."""
    if year not in spec.years:
        return []
    accounts, day = tables["accounts"], pd.Timestamp(year, 12, 31)
    rows = accounts[accounts["year"] == year]
    division = tables["enterprises"].set_index("enterprise_id")["industry_code"].str[:2].astype(int)
    industry = rows[rows["above_scale"] & rows["enterprise_id"].map(division).between(*cal.INDUSTRY)]
    of_srdi = rows[rows["enterprise_id"].isin(_holders(tables["recognitions"], "srdi", day))]
    whole = of_srdi if spec.traps.unlike_shares and year == SHARE_YEARS[-1] else industry
    giants = _holders(tables["recognitions"], "little_giant", day)
    number = industry["enterprise_id"].isin(giants).mean()
    revenue = whole.loc[whole["enterprise_id"].isin(giants), "revenue"].sum() / whole["revenue"].sum()
    shares = {"little_giant_share_number": number, "little_giant_share_revenue": revenue}
    return [(name, round(100 * share, 1), day) for name, share in shares.items() if share > 0]


def _holders(titles: pd.DataFrame, tier: str, day: pd.Timestamp) -> pd.Series[str]:
    valid = (titles["tier"] == tier) & are_in_force(titles, day)
    return titles.loc[valid, "enterprise_id"]
