"""What surrounds a sample: neighbours, chain partners, other instruments, doses, who was lost.

A sample answers the study's question; the columns and frames made here let the
checks ask what could have gone wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sme_research.errors import IdentificationError
from sme_research.instruments import INSTRUMENTS, Instrument
from sme_research.prices import log_price_index
from sme_research.sample import SMALLEST_CELL, place_codes, trace_sample
from sme_research.study import Study

TablesLike = Mapping[str, pd.DataFrame]

DIVISION_DIGITS = 2
OTHER_PREFIX = "other_"


def add_context(sample: pd.DataFrame, study: Study, tables: TablesLike) -> pd.DataFrame:
    """The sample with `level`, `cell`, neighbours, partners, dose and other instruments where the tables tell.

    Parameters
    ----------
    sample : DataFrame
        As `load_sample` gives it.
    study : Study
    tables : mapping of str to DataFrame

    Returns
    -------
    DataFrame
        The same rows in the same order. ``level`` is the outcome's item in natural
        units, ``cell`` county x industry division; ``neighbours_treated`` is the share, 0
        to 1, of the other enterprises of the same county x industry division
        treated by that year; ``partners_treated`` the same among enterprises
        linked through a supply chain; ``exposure`` the dose of the treated;
        ``eligible_since`` the year of the first title that the instrument asks for;
        ``other_NAME`` the first treated year by each other instrument on
        record, missing where never.
    """
    first = first_years(study.instrument_declaration, tables)
    keys = pd.MultiIndex.from_frame(sample[["enterprise_id", "year"]])
    added = sample.assign(cell=sample["enterprise_id"].map(division_cells(tables["enterprises"])))
    if study.outcome_declaration.level is not None:
        accounts = tables["accounts"].set_index(["enterprise_id", "year"], drop=False)
        added["level"] = _level(study, tables).set_axis(accounts.index).reindex(keys).to_numpy()
    added["neighbours_treated"] = _neighbours_treated(added, first, tables)
    if "chain_links" in tables:
        added["partners_treated"] = _partners_treated(sample, first, tables["chain_links"])
    dose = study.instrument_declaration.dose
    if dose is not None and has_columns(dose.columns, tables):
        received = dose.measure(tables).set_index("enterprise_id")["dose"]
        added["exposure"] = added["enterprise_id"].map(received).where(added["cohort"].notna())
    if study.instrument_declaration.eligible_tiers:
        added["eligible_since"] = added["enterprise_id"].map(_eligible_since(study.instrument_declaration, tables))
    for name, other in INSTRUMENTS.items():
        if name != study.instrument and all(table in tables for table in other.tables):
            years = first_years(other, tables)
            added[OTHER_PREFIX + name] = added["enterprise_id"].map(years).astype("float64")
    return added


def _level(study: Study, tables: TablesLike) -> pd.Series[float]:
    """The outcome's item in natural units; real money is in prices of the panel's last year."""
    outcome, years = study.outcome_declaration, tables["accounts"]["year"]
    assert outcome.level is not None
    level = outcome.level(tables)
    if study.prices == "nominal" or not outcome.money:
        return level
    index = log_price_index(years)
    last = float(index.loc[years == years.max()].iloc[0])
    in_last = level.to_numpy(dtype="float64") * np.exp(last - index.to_numpy(dtype="float64"))
    return pd.Series(in_last, index=level.index)


def division_cells(enterprises: pd.DataFrame) -> pd.Series[str]:
    """County x industry division by enterprise: the local market; missing where the register lacks either."""
    if "county_code" not in enterprises:
        return pd.Series(np.nan, index=enterprises["enterprise_id"], dtype=object)
    cell = enterprises["county_code"] + "-" + enterprises["industry_code"].str[:DIVISION_DIGITS]
    return pd.Series(cell.to_numpy(), index=enterprises["enterprise_id"])


def first_years(instrument: Instrument, tables: TablesLike) -> pd.Series[float]:
    """First treated year by enterprise, for the treated alone."""
    first = instrument.first_treated(tables)
    years = pd.to_datetime(first["first_on"]).dt.year.astype("float64")
    return pd.Series(years.to_numpy(), index=first["enterprise_id"])


def has_columns(columns: tuple[str, ...], tables: TablesLike) -> bool:
    """Whether every table.column is there with at least one value."""
    places = [place.split(".") for place in columns]
    return all(table in tables and column in tables[table] and tables[table][column].notna().any()
               for table, column in places)  # fmt: skip


def _neighbours_treated(sample: pd.DataFrame, first: pd.Series[float], tables: TablesLike) -> pd.Series[float]:
    cells = division_cells(tables["enterprises"])
    members = pd.DataFrame({"cell": cells, "first": [first.get(name, np.nan) for name in cells.index]})
    size = members.groupby("cell").size()
    started = pd.crosstab(members["cell"], members["first"])
    years = sorted({*started.columns, *map(float, sample["year"].unique())})
    treated = started.reindex(columns=years, fill_value=0).cumsum(axis=1)
    row, column = (
        treated.index.get_indexer(pd.Index(sample["cell"])),
        treated.columns.get_indexer(pd.Index(sample["year"])),
    )
    # A cell in which nobody was ever treated has no row: its count is zero, unless the cell is not known.
    found = treated.to_numpy(dtype="float64")[row, column] if len(treated) else np.zeros(len(sample))
    count = np.where(sample["cell"].isna(), np.nan, np.where(row >= 0, found, 0.0))
    own = (sample["cohort"] <= sample["year"]).to_numpy(dtype="float64")
    others = sample["cell"].map(size).to_numpy(dtype="float64") - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(others > 0, (count - own) / others, np.where(np.isnan(count), np.nan, 0.0))
    return pd.Series(share, index=sample.index)


def _partners_treated(sample: pd.DataFrame, first: pd.Series[float], links: pd.DataFrame) -> pd.Series[float]:
    """Share of chain partners treated by the year; an enterprise without partners has none."""
    both = pd.concat(
        [
            links[["leader_id", "enterprise_id"]].set_axis(["enterprise_id", "partner"], axis=1),
            links[["enterprise_id", "leader_id"]].set_axis(["enterprise_id", "partner"], axis=1),
        ]
    ).drop_duplicates()
    both["first"] = both["partner"].map(first)
    keys = sample[["enterprise_id", "year"]].merge(both, on="enterprise_id")
    share = (keys["first"] <= keys["year"]).groupby([keys["enterprise_id"], keys["year"]]).mean()
    index = pd.MultiIndex.from_frame(sample[["enterprise_id", "year"]])
    return pd.Series(share.reindex(index).fillna(0.0).to_numpy(), index=sample.index)


def load_population(study: Study, tables: TablesLike) -> pd.DataFrame:
    """Account rows of everybody who could be in the sample, reported outcome or not.

    Returns
    -------
    DataFrame
        ``enterprise_id``, ``year``, ``cohort``, ``event_time``, ``outcome``,
        and ``above_scale`` (0, 1 or missing), one row an enterprise and account
        year, before any row was lost to missing data.
    """
    rows, _ = trace_sample(study, tables, complete=False)
    accounts = tables["accounts"]
    if "above_scale" not in accounts:
        return rows.assign(above_scale=np.nan)
    scale = accounts.set_index(["enterprise_id", "year"])["above_scale"].astype("float64")
    index = pd.MultiIndex.from_frame(rows[["enterprise_id", "year"]])
    return rows.assign(above_scale=scale.reindex(index).to_numpy())


def load_placebo_group(study: Study, tables: TablesLike) -> pd.DataFrame | None:
    """Title holders whom the rules exclude by place, as if treated when the scheme began.

    They are compared with enterprises of the same places without a title. None
    where the instrument excludes no place or nobody there holds a title.
    """
    rows = _excluded_places(study, tables)
    if rows is None:
        return None
    began = first_years(study.instrument_declaration, tables).min()
    cohort = rows["titled"].map({True: began, False: np.nan})
    group = rows.assign(cohort=cohort, event_time=rows["year"] - cohort).drop(columns="titled")
    return group if group["cohort"].notna().any() and group["cohort"].isna().any() else None


def load_triple_difference(study: Study, tables: TablesLike) -> pd.DataFrame | None:
    """Title holders and others, inside and outside the scheme's places; None where no place is excluded.

    Returns
    -------
    DataFrame or None
        A sample with ``titled`` (holds an eligible title within the panel) and
        ``scheme_year`` (first year of the scheme; missing where excluded).
    """
    instrument = study.instrument_declaration
    if not (instrument.excluded_cities and instrument.eligible_tiers):
        return None
    everybody = study.model_copy(update={"population": "all"})
    rows, _ = trace_sample(everybody, tables)
    rows = rows.assign(titled=rows["enterprise_id"].isin(_holders(study, tables)))
    cities = tables["enterprises"].set_index("enterprise_id")["city_code"]
    excluded = rows["enterprise_id"].map(cities).isin(instrument.excluded_cities)
    began = first_years(instrument, tables).min()
    return rows.assign(scheme_year=np.where(excluded, np.nan, began), eligible=~excluded)


def _excluded_places(study: Study, tables: TablesLike) -> pd.DataFrame | None:
    rows = load_triple_difference(study, tables)
    if rows is None:
        return None
    outside = rows[rows["scheme_year"].isna() & rows["cohort"].isna()]
    return outside.drop(columns=["scheme_year", "eligible"]).reset_index(drop=True) if len(outside) else None


def _eligible_since(instrument: Instrument, tables: TablesLike) -> pd.Series[float]:
    """Year of the first eligible title, by enterprise."""
    titles = tables["recognitions"]
    held = titles[titles["tier"].isin(instrument.eligible_tiers)]
    years = pd.to_datetime(held["granted_on"]).dt.year.astype("float64")
    return years.groupby(held["enterprise_id"]).min()


def _holders(study: Study, tables: TablesLike) -> set[str]:
    """Who held an eligible title by the end of the panel."""
    titles = tables["recognitions"]
    held = titles["tier"].isin(study.instrument_declaration.eligible_tiers)
    held &= pd.to_datetime(titles["granted_on"]).dt.year <= tables["accounts"]["year"].max()
    return set(titles.loc[held, "enterprise_id"])


def count_enterprises_by_place(study: Study, tables: TablesLike) -> pd.DataFrame:
    """Enterprises with accounts by cluster, or undesignated county and industry group, and year.

    Returns
    -------
    DataFrame
        ``cluster_id``, ``year``, ``cohort`` (year of designation, missing where
        none) and ``n_enterprises``, zero in years without any.

    Raises
    ------
    IdentificationError
        The instrument is not assigned by cluster.
    """
    if study.instrument_declaration.assigned_by != "cluster":
        raise IdentificationError(f"{study.instrument!r} is not assigned by cluster: it has no entry margin.")
    designated = tables["clusters"]
    place, taken = place_codes(tables["enterprises"], designated)
    year_of = pd.to_datetime(designated["designated_on"]).dt.year.astype("float64").groupby(taken).min()
    accounts = tables["accounts"]
    cell = accounts["enterprise_id"].map(place)
    counts = accounts.assign(cluster_id=cell).pivot_table(
        index="cluster_id", columns="year", values="enterprise_id", aggfunc="nunique", fill_value=0
    )
    counts = counts[(counts.max(axis=1) >= SMALLEST_CELL) | counts.index.isin(year_of.index)]
    places = counts.reset_index().melt(id_vars="cluster_id", var_name="year", value_name="n_enterprises")
    return places.assign(cohort=places["cluster_id"].map(year_of))
