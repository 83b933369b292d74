"""What the tables know of each metric that the recognition rules ask for, on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from sme_research.rules import METRICS
from sme_research.tables import Tables, are_in_force

REPORT_YEARS: Final = 3
"""Full years that a self-assessment counts for, as long as a title: older ones say nothing of today."""
INSTITUTION_LEVELS: Final[Mapping[str, int]] = {"municipal": 2, "provincial": 3, "national": 4}
REPORTED: Final[Mapping[str, str]] = {
    "niche_years": "niche_years",
    "market_share": "market_share",
    "own_brand": "brand",
    "digital_level": "digital_level",
    "equity_2y": "equity_financing",
    "equity_3y": "equity_financing_3y",
    "platform_score": "platform_score",
    "local_points": "local_points",
    "strategic_emerging": "strategic_emerging",
    "key_field": "key_field",
    "fills_gap": "fills_gap",
    "chain_supplier": "chain_supplier",
    "product_field": "product_field",
    "quality_award": "quality_award",
    "management_certificate": "management_certificate",
    "standards_joined": "standards_joined",
    "product_certified": "product_certified",
    "information_systems": "information_systems",
    "domestic_rank": "domestic_rank",
    "class_1_in_use": "class_1_in_use",
    "rd_institution": "rd_institution",
    "science_award": "science_award",
    "contest_award": "contest_award",
}
"""Metrics by the column of `self_reports` that holds them."""
ACCOUNTED: Final = (
    (
        "above_scale",
        "revenue",
        "main_revenue",
        "rd_expense",
        "profit",
        "liabilities",
        "assets",
        "rd_staff",
        "employees",
    ),
    ("revenue", "main_revenue", "rd_expense"),
    ("revenue", "main_revenue"),
)
"""Columns of `accounts` that are read of the last full year, the one before, and the one before that."""
TITLES: Final = {"innovative_valid": "innovative", "srdi_valid": "srdi"}
SHARED_LISTS: Final = {
    "tech_sme_valid": "tech_sme",
    "high_tech_valid": "high_tech",
    "ip_advantage_valid": "ip_advantage",
}


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Inputs of the rules.

    ``values`` is n_enterprises x n_metrics, indexed by ``enterprise_id``, NaN
    where the tables do not know. ``source`` names the table of each metric
    ("" where no table holds it), ``year`` the year its values speak of: one for
    all, or one an enterprise.
    """

    values: pd.DataFrame
    source: Mapping[str, str]
    year: Mapping[str, int | pd.Series[float]]
    on: date


@dataclass(slots=True, eq=False)
class _Found:
    index: pd.Index[str]
    columns: dict[str, pd.Series[float]]
    source: dict[str, str]
    year: dict[str, Any]

    def put(self, name: str, values: pd.Series[float], source: str, year: Any) -> None:
        self.columns[name], self.source[name], self.year[name] = values, source, year

    def align(self, table: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
        """Columns of a table with one row an enterprise, as floats in the order of the enterprises."""
        rows = pd.Index(table["enterprise_id"]).get_indexer(self.index)
        known = rows >= 0
        aligned = {}
        for name in columns:
            values = np.full(len(self.index), np.nan)
            values[known] = table[name].to_numpy(dtype=np.float64, na_value=np.nan)[rows[known]]
            aligned[name] = values
        return pd.DataFrame(aligned, index=self.index)

    def holds(self, ids: pd.Series[str]) -> pd.Series[float]:
        """1 for whoever is among them, 0 for everybody else."""
        rows = self.index.get_indexer(pd.Index(ids))
        held = np.zeros(len(self.index))
        held[rows[rows >= 0]] = 1.0
        return pd.Series(held, index=self.index)


def load_inputs(tables: Tables, on: date, enterprises: pd.Series[str] | None = None) -> Inputs:
    """Gather the inputs of the rules.

    The last account year is the full year before the day. Rights are those
    granted within the table's years, so that older ones are not counted; each
    counts as of own research, since a grant is no transfer. Years in the niche
    market are as reported, and the full years since. Profit is total profit,
    where the rule means net profit. A self-assessment counts for three years.

    Parameters
    ----------
    tables : Tables
        ``enterprises`` and ``accounts``; whatever else is there is used.
    on : date
        Day of the assessment.
    enterprises : Series of str, optional
        Distinct ids to gather for; all where not given.

    Raises
    ------
    DataError
        A table that is needed is absent or breaks its declaration.
    """
    ids = tables["enterprises"]["enterprise_id"] if enterprises is None else enterprises
    found = _Found(pd.Index(ids, name="enterprise_id"), {}, {}, {})
    for gather in (_accounts, _titles, _lists, _rights, _reports, _institutions, _links):
        gather(found, tables, on)
    unknown = pd.Series(np.nan, index=found.index)
    values = pd.DataFrame({name: found.columns.get(name, unknown) for name in METRICS}, index=found.index)
    source = {name: found.source.get(name, "") for name in METRICS}
    return Inputs(values, source, {name: found.year.get(name, on.year - 1) for name in METRICS}, on)


def _accounts(found: _Found, tables: Tables, on: date) -> None:
    accounts = tables["accounts"]
    last = on.year - 1
    of = {back: found.align(accounts[accounts["year"] == last - back], ACCOUNTED[back]) for back in range(3)}

    def column(name: str, back: int = 0) -> pd.Series[float]:
        return of[back][name]

    revenue, main = ([column(name, back) for back in range(3)] for name in ("revenue", "main_revenue"))
    research = [column("rd_expense", back) for back in range(2)]
    ratios = [_over(research[back], revenue[back]) for back in range(2)]
    rates, main_rates = ([_growth(series[back], series[back + 1]) for back in range(2)] for series in (revenue, main))
    gathered = {
        "above_scale": column("above_scale"),
        "revenue": revenue[0],
        "main_revenue_share": _over(main[0], revenue[0]).clip(upper=1.0),
        "main_growth": main_rates[0],
        "main_growth_mean_2y": (main_rates[0] + main_rates[1]) / 2,
        "revenue_growth_mean_2y": (rates[0] + rates[1]) / 2,
        "revenue_growth_cagr_2y": _over(revenue[0], revenue[2]) ** 0.5 - 1,
        "profit_margin": _over(column("profit"), revenue[0]),
        "debt_ratio": _over(column("liabilities"), column("assets")),
        "rd_expense": research[0],
        "rd_expense_previous": research[1],
        "rd_expense_mean_2y": (research[0] + research[1]) / 2,
        "rd_expense_sum_2y": research[0] + research[1],
        "rd_ratio": ratios[0],
        "rd_ratio_previous": ratios[1],
        "rd_staff_share": _over(column("rd_staff"), column("employees")).clip(upper=1.0),
    }
    for name, values in gathered.items():
        found.put(name, values, "accounts", last - 1 if name.endswith("_previous") else last)


def _over(part: pd.Series[float], whole: pd.Series[float]) -> pd.Series[float]:
    """A quotient; unknown where there is nothing to divide by."""
    return part / whole.where(whole > 0)


def _growth(now: pd.Series[float], before: pd.Series[float]) -> pd.Series[float]:
    return _over(now, before) - 1


def in_force(table: pd.DataFrame, column: str, kind: str, on: date) -> pd.DataFrame:
    """Rows of a table of titles that are of one kind (a value of ``column``) and in force on the day."""
    return table[(table[column] == kind) & are_in_force(table, on)]


def _titles(found: _Found, tables: Tables, on: date) -> None:
    if "recognitions" not in tables:
        return
    for name, tier in TITLES.items():
        holders = in_force(tables["recognitions"], "tier", tier, on)["enterprise_id"]
        found.put(name, found.holds(holders), "recognitions", on.year)


def _lists(found: _Found, tables: Tables, on: date) -> None:
    """Titles of other departments; a list that was not shared leaves the answer open."""
    if "qualifications" not in tables:
        return
    table = tables["qualifications"]
    shared = set(table["kind"].unique())
    for name, kind in SHARED_LISTS.items():
        if kind in shared:
            holders = in_force(table, "kind", kind, on)["enterprise_id"]
            found.put(name, found.holds(holders), "qualifications", on.year)


def _rights(found: _Found, tables: Tables, on: date) -> None:
    if "intellectual_property" not in tables:
        return
    table = tables["intellectual_property"]
    granted = table[table["year"] < on.year]
    kinds = ["class_1", "class_1_high_value", "class_2"]
    stock = granted.groupby("enterprise_id", sort=False)[kinds].sum().reset_index()
    aligned = found.align(stock, kinds).fillna(0.0)
    for name in kinds:
        found.put(name, aligned[name], "intellectual_property", on.year - 1)
    found.put("class_1_own", found.columns["class_1"], "intellectual_property", on.year - 1)


def _reports(found: _Found, tables: Tables, on: date) -> None:
    """The newest self-assessment on or before the day, where it still counts."""
    if "self_reports" not in tables:
        return
    table = tables["self_reports"]
    day = pd.Timestamp(on)
    recent = table[(table["reported_on"] <= day) & (table["reported_on"] > day - pd.DateOffset(years=REPORT_YEARS))]
    ordered = recent.sort_values("reported_on", kind="stable")
    newest = ordered.drop_duplicates("enterprise_id", keep="last")
    age = {"reported_in": newest["reported_on"].dt.year, "since": (day - newest["reported_on"]).dt.days // 365}
    known = found.align(newest.assign(**age), [*REPORTED.values(), *age])
    year = known["reported_in"]
    for name, column in REPORTED.items():
        found.put(name, known[column], "self_reports", year)
    found.put("niche_years", known["niche_years"] + known["since"], "self_reports", year)
    found.put("platform_score", known["platform_score"].where(year == on.year), "self_reports", on.year)
    before = ordered[ordered["reported_on"].dt.year == on.year - 1].drop_duplicates("enterprise_id", keep="last")
    previous = found.align(before, ["platform_score"])["platform_score"]
    found.put("platform_score_previous", previous, "self_reports", on.year - 1)


def _institutions(found: _Found, tables: Tables, on: date) -> None:
    """Recognised institutions and certificates, which outweigh what was reported."""
    if "qualifications" not in tables:
        return
    table = tables["qualifications"]
    institutions = in_force(table, "kind", "rd_institution", on)
    level = institutions["level"].map(INSTITUTION_LEVELS).astype("float64").fillna(1.0)
    best = level.groupby(institutions["enterprise_id"]).max().rename("level").reset_index()
    _outweigh(found, "rd_institution", found.align(best, ["level"])["level"], "qualifications", on)
    certified = found.holds(in_force(table, "kind", "management_certificate", on)["enterprise_id"])
    _outweigh(found, "management_certificate", certified.where(certified == 1), "qualifications", on)


def _links(found: _Found, tables: Tables, on: date) -> None:
    """Suppliers of chain leaders on the day; whoever is in no list may still supply one."""
    if "chain_links" not in tables:
        return
    table = tables["chain_links"]
    day = pd.Timestamp(on)
    linked = found.holds(table.loc[(table["since"] <= day) & ~(table["until"] <= day), "enterprise_id"])
    for name in ("chain_supplier", "key_field"):
        _outweigh(found, name, linked.where(linked == 1), "chain_links", on)


def _outweigh(found: _Found, name: str, best: pd.Series[float], source: str, on: date) -> None:
    """The larger of what a register and a report say; the source names both where both had a say."""
    if not best.notna().any():
        return
    reported = found.columns.get(name)
    if reported is None:
        found.put(name, best, source, on.year)
        return
    wins = best.notna() & ~(reported >= best)
    year = found.year[name].mask(wins, float(on.year))
    found.put(name, reported.mask(wins, best), f"{source}, self_reports", year)
