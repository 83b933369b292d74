"""What a policy instrument declares about itself; everything else follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

TablesLike = Mapping[str, pd.DataFrame]
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Dose:
    """How much of an instrument an enterprise received.

    ``measure`` takes the tables and gives ``enterprise_id`` and ``dose``, one
    row a treated enterprise, above zero, in ``unit``; ``columns`` names the
    optional columns it needs, as table.column.
    """

    label: Words
    unit: Words
    measure: Callable[[TablesLike], pd.DataFrame]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """What the public purse paid: ``measure`` gives ``enterprise_id`` and ``cost`` in 10,000 yuan."""

    label: Words
    measure: Callable[[TablesLike], pd.DataFrame]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """An official figure of this instrument with our own recount of it.

    ``indicator`` is the key in the table `official_figures`; ``recount`` takes
    the tables and gives our number in the same unit.
    """

    indicator: str
    label: Words
    recount: Callable[[TablesLike], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A policy tool as the analysis sees it.

    Attributes
    ----------
    tables
        Tables that record it; ``tables[0]`` holds the treatment, ``timing`` its date column.
    timing
        Column whose earliest date is the first treatment.
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
    threats
        Names of the checks that speak to this instrument's design.
    treatment, population, comparison, selection, mechanism
        Sentences for the report, by language.
    absorbing
        Whether once treated is always treated. Where not, estimates are of the first treatment and
        all that follows it (intention to treat).
    anticipation
        Years before treatment in which enterprises may already act on it.
    adjustment
        How covariates enter: both models, or the outcome's alone where so few groups are assigned that
        their chance of it cannot be modelled.
    dose, cost
        How much was received and what it cost; None where the tables do not say.
    asked, caps
        What enterprises asked for before any ceiling, and the ceilings on what was
        paid for, in its unit, by name: places where a kink may be studied.
    placebo_outcome
        Name of an outcome on which no mechanism is known.
    facts
        Official figures that the report shows beside a recount.
    steps
        The mechanism as a chain, by language: instrument, what it changes, outcome.
    """

    name: str
    label: Words
    tables: tuple[str, ...]
    timing: str
    columns: tuple[str, ...]
    first_treated: Callable[[TablesLike], pd.DataFrame]
    assigned_by: Literal["enterprise", "cluster"]
    eligible_tiers: tuple[str, ...]
    excluded_cities: tuple[str, ...]
    covariates: tuple[str, ...]
    threats: tuple[str, ...]
    treatment: Words
    population: Words
    comparison: Words
    selection: Words
    mechanism: Words
    steps: Mapping[str, tuple[str, ...]]
    absorbing: bool = True
    anticipation: int = 0
    adjustment: Literal["doubly_robust", "outcome_regression"] = "doubly_robust"
    dose: Dose | None = None
    cost: Cost | None = None
    asked: Dose | None = None
    caps: Mapping[str, float] = field(default_factory=dict)
    placebo_outcome: str = "tax_burden"
    facts: tuple[Fact, ...] = ()


def first_dates(table: str, date_column: str) -> Callable[[TablesLike], pd.DataFrame]:
    """Make a `first_treated` that takes each enterprise's earliest date in one table."""

    def first_treated(tables: TablesLike) -> pd.DataFrame:
        first = tables[table].groupby("enterprise_id")[date_column].min()
        return first.rename("first_on").reset_index()

    return first_treated


def count_rows(table: str, *, unit: Words, label: Words) -> Dose:
    """Dose as the number of an enterprise's rows in one table, such as sessions attended."""

    def measure(tables: TablesLike) -> pd.DataFrame:
        return tables[table].groupby("enterprise_id").size().rename("dose").astype("float64").reset_index()

    return Dose(label, unit, measure)


def sum_column(table: str, column: str, *, unit: Words, label: Words) -> Dose:
    """Dose as the sum of one column over an enterprise's rows; rows without it count nothing."""

    def measure(tables: TablesLike) -> pd.DataFrame:
        total = tables[table].groupby("enterprise_id")[column].sum(min_count=1)
        return total[total > 0].rename("dose").astype("float64").reset_index()

    return Dose(label, unit, measure, (f"{table}.{column}",))
