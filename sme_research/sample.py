"""From tables and a study to the rows an estimator may use, with a count of who was lost where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd

from sme_research.covariates import COVARIATES
from sme_research.errors import DataError, IdentificationError
from sme_research.instruments import Instrument
from sme_research.prices import log_price_index
from sme_research.results import COVARIATE_PREFIX, FlowStep, SampleFlow
from sme_research.study import Study

TablesLike = Mapping[str, pd.DataFrame]

GROUP_DIGITS = 3
LOST_TO_MISSING = ("outcome_observed", "covariates_observed", "two_years")
"""Steps that lose rows because something was not reported, not because of the design."""
SMALLEST_CELL = 5
"""Enterprises in a county x industry group for it to count as a place that could become a cluster."""


def load_sample(study: Study, tables: TablesLike) -> pd.DataFrame:
    """Rows an estimator may use.

    Parameters
    ----------
    study : Study
        The question.
    tables : mapping of str to DataFrame
        As `load_tables` gives them.

    Returns
    -------
    DataFrame, one row an enterprise and observed year
        ``enterprise_id``, ``year``, ``cohort`` (first treated year, missing for
        the never treated), ``event_time`` (years since then), ``outcome`` in
        ``study.unit``, one numeric column ``x_…`` or several for each
        covariate, and ``cluster_id`` where the instrument is assigned by cluster.

    Raises
    ------
    DataError
        A table or a column that the question needs is not there.
    IdentificationError
        Nobody is left.
    """
    return trace_sample(study, tables)[0]


def trace_sample(study: Study, tables: TablesLike, *, complete: bool = True) -> tuple[pd.DataFrame, SampleFlow]:
    """The sample as `load_sample` gives it, with the way from population to sample.

    Where not ``complete``, rows lost to missing data stay: the population that the study speaks of.
    """
    _require_columns(study, tables)
    rows = _all_rows(study, tables)
    steps: list[FlowStep] = []
    for name, keep in _steps(study, tables):
        if name in LOST_TO_MISSING and not complete:
            continue
        rows = keep(rows)
        steps.append(_counted(name, rows))
        if steps[-1].n_treated == 0:
            raise IdentificationError(_nobody_left(study, steps[-1]))
    steps.append(_seen_before_and_after(rows))
    fixed = ["enterprise_id", "year", "cohort", "event_time", "outcome"]
    asked_for = [name for name in ("cluster_id",) if name in rows]
    columns = [*fixed, *(name for name in rows if str(name).startswith(COVARIATE_PREFIX)), *asked_for]
    return rows[columns].reset_index(drop=True), SampleFlow(tuple(steps))


def _steps(study: Study, tables: TablesLike) -> list[tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]]:
    """The steps from population to sample, by name, in order; only those that this study takes."""
    instrument = study.instrument_declaration
    restricted = instrument.eligible_tiers or instrument.excluded_cities
    steps: list[tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]] = [("accounts", lambda rows: rows)]
    if restricted and study.population == "eligible":
        steps.append(("eligible", partial(_eligible, instrument=instrument, titles=tables["recognitions"])))
    if study.cities:
        steps.append(("chosen_cities", lambda rows: rows[rows["city_code"].isin(study.cities)]))
    if study.industries:
        industry = tables["enterprises"].set_index("enterprise_id")["industry_code"]
        steps.append(("chosen_industries", partial(_chosen_industries, chosen=study.industries, industry=industry)))
    if instrument.assigned_by == "cluster":
        steps.append(("comparable_place", _comparable_place))
    steps += [
        ("treated_inside_panel", _treated_inside_panel),
        ("outcome_observed", _outcome_observed),
    ]
    if study.adjusted_for:
        steps.append(("covariates_observed", partial(_covariates_observed, study=study, tables=tables)))
    return [*steps, ("two_years", _two_years)]


def _counted(name: str, rows: pd.DataFrame) -> FlowStep:
    """Who is left; the treated are those whose treatment is recorded at all."""
    treated = rows.loc[rows["cohort"].notna(), "enterprise_id"].nunique()
    return FlowStep(name, rows["enterprise_id"].nunique(), treated, len(rows))


def _seen_before_and_after(rows: pd.DataFrame) -> FlowStep:
    """The same rows; of the treated, those seen both in the year before treatment and later."""
    treated = rows.loc[rows["cohort"].notna(), ["enterprise_id", "event_time"]]
    base = treated.loc[treated["event_time"] == -1, "enterprise_id"].unique()
    after = pd.Series(treated.loc[treated["event_time"] >= 0, "enterprise_id"].unique())
    return FlowStep("before_and_after", rows["enterprise_id"].nunique(), int(after.isin(base).sum()), len(rows))


def _nobody_left(study: Study, step: FlowStep) -> str:
    """Why no enterprise, or no treated one, passed a step, and what to do."""
    who = "treated enterprise" if step.n_enterprises else "enterprise"
    reasons = {
        "accounts": f"the tables record nobody treated by {study.instrument!r} among the enterprises with accounts",
        "eligible": f"none in the accounts meets the rules of {study.instrument!r}; check the table recognitions, "
        "or ask with population 'all'",
        "chosen_cities": f"none is in the prefectures {', '.join(study.cities)}",
        "chosen_industries": f"none is in the industries {', '.join(study.industries)}",
        "comparable_place": f"no county and industry holds {SMALLEST_CELL} enterprises or more",
        "treated_inside_panel": f"all were treated by {study.instrument!r} before or in their first account year: "
        "add earlier accounts",
        "outcome_observed": f"none has a value of the outcome {study.outcome!r}",
        "covariates_observed": f"none has all of {', '.join(study.adjusted_for)} in its first account year; "
        "ask with other covariates",
        "two_years": f"none has the outcome {study.outcome!r} in two years",
    }
    return f"No {who} is left to compare: {reasons[step.name]}."


def _require_columns(study: Study, tables: TablesLike) -> None:
    """Every column that the question needs holds at least one value.

    The register is read before anything that refers to it, so that its own
    faults are the ones reported.
    """
    tables["enterprises"]
    needed = dict.fromkeys(study.outcome_declaration.columns, f"outcome {study.outcome!r}")
    needed |= dict.fromkeys(study.instrument_declaration.columns, f"instrument {study.instrument!r}")
    for name in study.adjusted_for:
        needed |= dict.fromkeys(COVARIATES[name].columns, f"covariate {name!r}")
    for place, reason in needed.items():
        table, column = place.split(".")
        if column not in tables[table] or tables[table][column].isna().all():
            raise DataError(
                f"table {table} has no value in column {column}, which {reason} needs: "
                "fill it in, or ask for another outcome or other covariates."
            )


def _all_rows(study: Study, tables: TablesLike) -> pd.DataFrame:
    """Every account row with cohort, event time, outcome and place."""
    accounts, enterprises = tables["accounts"], tables["enterprises"]
    rows = accounts[["enterprise_id", "year"]].copy()
    rows["year"] = rows["year"].astype("int64")
    rows["outcome"] = _outcome(study, tables)
    rows = rows.merge(_cohorts(study, tables), on="enterprise_id", how="left")
    rows["event_time"] = rows["year"] - rows["cohort"]
    place = enterprises.set_index("enterprise_id")
    rows["city_code"] = rows["enterprise_id"].map(place["city_code"])
    if study.instrument_declaration.assigned_by == "cluster":
        rows["cluster_id"] = _clusters(rows, tables)
    return rows.sort_values(["enterprise_id", "year"], ignore_index=True)


def _outcome(study: Study, tables: TablesLike) -> pd.Series[float]:
    """The outcome of every account row, in the prices asked for."""
    outcome, years = study.outcome_declaration, tables["accounts"]["year"]
    values = outcome.values(tables)
    if study.prices == "nominal" or not outcome.money:
        return values
    if outcome.unit == "log points a year":
        return values - (log_price_index(years) - log_price_index(years - 1))
    return values - log_price_index(years)


def _cohorts(study: Study, tables: TablesLike) -> pd.DataFrame:
    first = study.instrument_declaration.first_treated(tables)
    cohort = pd.to_datetime(first["first_on"]).dt.year.astype("float64")
    columns = [name for name in ("enterprise_id", "cluster_id") if name in first]
    return first[columns].assign(cohort=cohort).rename(columns={"cluster_id": "own_cluster"})


def _clusters(rows: pd.DataFrame, tables: TablesLike) -> pd.Series[str]:
    """The designated cluster of a member; county and industry group of everybody else.

    Missing for an enterprise in a designated county and industry that is on no
    list: it may have been reached all the same, so it is no comparison.
    """
    place_of, taken = place_codes(tables["enterprises"], tables["clusters"])
    cell = rows["enterprise_id"].map(place_of)
    others = cell.where(~cell.isin(set(taken.dropna())))
    return others.where(rows["own_cluster"].isna(), rows["own_cluster"])


def place_codes(enterprises: pd.DataFrame, designated: pd.DataFrame) -> tuple[pd.Series[str], pd.Series[str]]:
    """County x industry group by enterprise, and of each row of the table `clusters`.

    Groups of GB/T 4754 have three digits; where a table knows fewer, all are compared at that depth.
    """
    codes = pd.concat([enterprises["industry_code"], designated["industry_code"]]).dropna()
    depth = min(GROUP_DIGITS, int(codes.str.len().min()))
    place = enterprises["county_code"] + "-" + enterprises["industry_code"].str[:depth]
    taken = designated["county_code"] + "-" + designated["industry_code"].str[:depth]
    return pd.Series(place.to_numpy(), index=enterprises["enterprise_id"]), taken


def _eligible(rows: pd.DataFrame, *, instrument: Instrument, titles: pd.DataFrame) -> pd.DataFrame:
    """Who could have been treated by the end of the panel, by title held and by prefecture."""
    held = titles["tier"].isin(instrument.eligible_tiers)
    held &= pd.to_datetime(titles["granted_on"]).dt.year <= rows["year"].max()
    holders = set(titles.loc[held, "enterprise_id"])
    return rows[rows["enterprise_id"].isin(holders) & ~rows["city_code"].isin(instrument.excluded_cities)]


def _chosen_industries(rows: pd.DataFrame, *, chosen: tuple[str, ...], industry: pd.Series[str]) -> pd.DataFrame:
    return rows[rows["enterprise_id"].map(industry).str.startswith(chosen).fillna(False).astype(bool)]


def _comparable_place(rows: pd.DataFrame) -> pd.DataFrame:
    """Treated enterprises, and those whose place is large enough to have become a cluster."""
    size = rows.groupby("cluster_id")["enterprise_id"].transform("nunique")
    return rows[rows["cohort"].notna() | (size >= SMALLEST_CELL)]


def _treated_inside_panel(rows: pd.DataFrame) -> pd.DataFrame:
    """Without a year before treatment there is nothing to measure a change from."""
    first_seen = rows.groupby("enterprise_id")["year"].transform("min")
    kept: pd.DataFrame = rows[rows["cohort"].isna() | (rows["cohort"] > first_seen)]
    return kept


def _outcome_observed(rows: pd.DataFrame) -> pd.DataFrame:
    kept: pd.DataFrame = rows[np.isfinite(rows["outcome"])]
    return kept


def _covariates_observed(rows: pd.DataFrame, *, study: Study, tables: TablesLike) -> pd.DataFrame:
    """Rows with their enterprise's covariates, which come from its first account row and the register.

    A covariate that is the same for all who are left says nothing and is not kept.
    """
    first = first_rows(tables, rows)
    each = [first[[]], *(COVARIATES[name].build(first) for name in study.adjusted_for)]
    built = pd.concat(each, axis=1).add_prefix(COVARIATE_PREFIX).dropna()
    rows = rows[rows["enterprise_id"].isin(built.index)]
    rows = rows.assign(**built.reindex(rows["enterprise_id"]).set_axis(rows.index))
    constant = [name for name in built if rows[name].min() == rows[name].max()]
    kept: pd.DataFrame = rows.drop(columns=constant)
    return kept


def first_rows(tables: TablesLike, rows: pd.DataFrame) -> pd.DataFrame:
    """First account row and register entry of each enterprise of the rows, by id."""
    accounts, ids = tables["accounts"], rows["enterprise_id"].unique()
    asked = accounts[accounts["enterprise_id"].isin(ids)]
    first = asked.loc[asked.groupby("enterprise_id")["year"].idxmin()].set_index("enterprise_id")
    return first.join(tables["enterprises"].set_index("enterprise_id"))


def _two_years(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["enterprise_id"].duplicated(keep=False)]
