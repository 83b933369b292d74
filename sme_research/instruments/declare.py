"""What a policy instrument declares about itself; everything else follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

TablesLike = Mapping[str, pd.DataFrame]
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Instrument:
    """A policy tool as the analysis sees it.

    Attributes
    ----------
    tables
        Tables that record it.
    columns
        Optional columns, as table.column, without which the question cannot be
        answered.
    first_treated
        Tables -> frame with ``enterprise_id`` and ``first_on``, one row a
        treated enterprise (and ``cluster_id`` where assigned by cluster).
    assigned_by
        Whether each enterprise or each cluster is assigned: sets the
        independent groups of the standard error.
    eligible_tiers, excluded_cities
        Who could have been treated: holders of one of these titles outside
        these prefectures. Empty: everybody.
    covariates
        Names of `COVARIATES` to adjust for unless a study says otherwise.
    treatment, population, comparison, selection, mechanism
        Sentences for the report, by language.
    """

    name: str
    label: Words
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    first_treated: Callable[[TablesLike], pd.DataFrame]
    assigned_by: Literal["enterprise", "cluster"]
    eligible_tiers: tuple[str, ...]
    excluded_cities: tuple[str, ...]
    covariates: tuple[str, ...]
    treatment: Words
    population: Words
    comparison: Words
    selection: Words
    mechanism: Words


def first_dates(table: str, date_column: str) -> Callable[[TablesLike], pd.DataFrame]:
    """Make a `first_treated` that takes each enterprise's earliest date in one table."""

    def first_treated(tables: TablesLike) -> pd.DataFrame:
        first = tables[table].groupby("enterprise_id")[date_column].min()
        return first.rename("first_on").reset_index()

    return first_treated
