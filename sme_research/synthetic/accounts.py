"""Yearly accounts: untreated paths, planted effects, what is reported, what is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.synthetic import calibration as cal
from sme_research.synthetic.effects import Planted
from sme_research.synthetic.population import Floats, Population, bunch_rd
from sme_research.synthetic.recognition import NEVER, Ladder
from sme_research.synthetic.world import WorldSpec, stream


def accounts_table(
    population: Population, ladder: Ladder, planted: Planted, supported: NDArray[np.bool_], spec: WorldSpec
) -> pd.DataFrame:
    """The table `accounts`: one row an enterprise and a year in which it lived and reported.

    ``supported`` says who is ever reached by an instrument; it matters only where attrition is planted.
    """
    rng = stream(spec.seed, "accounts")
    years = np.array(spec.years)
    present = (population.entry[:, None] <= years) & (years < population.exit[:, None])
    revenue, employees = _paths(rng, population, planted, spec, present)
    if spec.traps.bunching:
        revenue = _bunch_revenue(revenue, spec, (ladder.srdi < NEVER) & (ladder.little_giant == NEVER))
    present &= rng.random(present.shape) >= cal.MISSING_ROWS
    silent = _gone_silent(revenue, present, supported, spec)
    row, column = np.nonzero(present)
    first = years[column] == population.entry[row]
    long = pd.DataFrame(
        {"row": row, "year": years[column], "revenue": revenue[present], "employees": employees[present]}
    )
    del revenue, employees
    table = _rest_of_accounts(rng, long, population, first, spec)
    table["loan_balance"] = _balances(rng, table, row, ladder, spec)
    _blank_out(rng, table)
    table.insert(0, "enterprise_id", population.ids[row])
    # Last, so that those who go on reporting report the same as without the trap.
    return table[~silent[row, column]].reset_index(drop=True) if spec.traps.attrition else table


def _paths(
    rng: np.random.Generator,
    population: Population,
    planted: Planted,
    spec: WorldSpec,
    present: NDArray[np.bool_],
) -> tuple[Floats, Floats]:
    """Revenue (10,000 yuan) and employees, each n_enterprises x n_years."""
    years = np.array(spec.years)
    growth = cal.MEAN_GROWTH + cal.GROWTH_BY_SIZE * population.size_score + cal.GROWTH_BY_RD * population.rd_score
    growth += population.by_city(cal.GROWTH_BY_CITY)
    if spec.traps.broken_trends:
        growth += cal.GROWTH_BY_HIDDEN * population.hidden
    elapsed = np.maximum(years - population.entry[:, None], 0)
    shocks = np.cumsum(np.resize(cal.YEAR_SHOCKS, len(years)))
    local = _local_walk(rng, population, len(years))
    start = cal.LOG_REVENUE_MEAN + cal.LOG_REVENUE_SD * population.scale
    log_revenue = start[:, None] + growth[:, None] * elapsed + shocks + local
    log_revenue += _walk(rng, elapsed, cal.WALK_SD, cal.PASSING_SD) + planted.total("log_revenue")
    log_employees = population.size[:, None] + 0.5 * growth[:, None] * elapsed + 0.5 * (shocks - shocks[0])
    log_employees = np.where(elapsed == 0, population.size[:, None], log_employees)
    log_employees += _walk(rng, elapsed, cal.EMPLOYEES_WALK_SD, cal.EMPLOYEES_PASSING_SD)
    log_employees += planted.total("log_employees")
    # Whole persons without a bias in the log: rounded up with the chance that keeps the mean.
    persons = np.exp(np.where(present, log_employees, 0.0))
    persons = np.floor(persons + rng.random(persons.shape))
    return np.exp(log_revenue), np.maximum(np.where(elapsed == 0, np.exp(population.size)[:, None], persons), 1.0)


def _walk(rng: np.random.Generator, elapsed: np.ndarray, lasting: float, passing: float) -> Floats:
    """Random walk from entry on, plus noise that passes; both zero in the entry year."""
    moving = elapsed > 0
    steps = np.where(moving, rng.normal(0, lasting, elapsed.shape), 0.0)
    return np.cumsum(steps, axis=1) + np.where(moving, rng.normal(0, passing, elapsed.shape), 0.0)


def _local_walk(rng: np.random.Generator, population: Population, n_years: int) -> Floats:
    """Shocks shared by the enterprises of an agglomeration; none outside."""
    count = int(population.agglomeration.max(initial=-1)) + 1
    walks = np.cumsum(rng.normal(0, cal.AGGLOMERATION_WALK_SD, (count, n_years)), axis=1)
    return np.vstack([walks, np.zeros(n_years)])[population.agglomeration]


def _bunch_revenue(revenue: Floats, spec: WorldSpec, striving: NDArray[np.bool_]) -> Floats:
    """A third of the strivers a little under 50 million, or under 5 % growth, report a little over."""
    rng = stream(spec.seed, "accounts: bunched revenue")
    reported = revenue.copy()
    some = (rng.random(revenue.shape) < 1 / 3) & striving[:, None]
    near = some & (revenue >= 4_850) & (revenue < 5_000)
    reported[near] = rng.uniform(5_000, 5_080, int(near.sum()))
    growth = reported[:, 1:] / reported[:, :-1] - 1
    slow = some[:, 1:] & (growth >= 0.04) & (growth < 0.05)
    lifted = reported[:, :-1] * rng.uniform(1.050, 1.053, growth.shape)
    reported[:, 1:][slow] = lifted[slow]
    return reported


def _gone_silent(
    revenue: Floats, present: NDArray[np.bool_], supported: NDArray[np.bool_], spec: WorldSpec
) -> NDArray[np.bool_]:
    """Years from the one on in which an unsupported enterprise shrank and no longer cared to report."""
    rng = stream(spec.seed, "accounts: attrition")
    shrank = np.zeros(revenue.shape, dtype=bool)
    shrank[:, 1:] = revenue[:, 1:] < (1 - cal.ATTRITION_FALL) * revenue[:, :-1]
    shrank[:, 1:] &= np.cumsum(present, axis=1)[:, :-1] > 0
    stops = shrank & ~supported[:, None] & (rng.random(revenue.shape) < cal.ATTRITION_SHARE)
    return np.cumsum(stops, axis=1) > 0


def _rest_of_accounts(
    rng: np.random.Generator,
    long: pd.DataFrame,
    population: Population,
    first: NDArray[np.bool_],
    spec: WorldSpec,
) -> pd.DataFrame:
    """The other items, each tied to revenue or employees; money in 10,000 yuan."""
    n = len(long)
    revenue, row = long["revenue"].to_numpy(), long["row"].to_numpy()
    intensity = np.minimum(population.rd[row] * np.exp(np.where(first, 0.0, rng.normal(0, 0.12, n))), cal.RD_MOST)
    if spec.traps.bunching:
        bunching = stream(spec.seed, "accounts: bunched research")
        intensity = np.where(first, intensity, bunch_rd(bunching, intensity))
    main = revenue * (1 - rng.beta(2, 18, n))
    assets = revenue * rng.lognormal(0.05, 0.3, n)
    exporter = population.scale[row] + rng.normal(0, 1, n) > 0.5
    staff = np.floor(long["employees"] * np.clip(intensity * rng.lognormal(1.0, 0.3, n), 0, 0.8))
    return pd.DataFrame(
        {
            "year": long["year"],
            "revenue": revenue.round(2),
            "main_revenue": main.round(2),
            "profit": (revenue * rng.normal(0.065, 0.05, n)).round(2),
            "tax": (revenue * rng.beta(4, 96, n)).round(2),
            "employees": long["employees"].astype(np.int64),
            "assets": assets.round(2),
            "liabilities": (assets * rng.beta(3.6, 5.0, n)).round(2),
            "loan_balance": 0.0,
            "fixed_assets": (assets * rng.beta(6, 14, n)).round(2),
            "rd_expense": (revenue * intensity).round(2),
            "rd_staff": staff.astype(np.int64),
            "exports": np.where(exporter, revenue * rng.beta(2, 6, n), 0.0).round(2),
            "above_scale": main >= 2_000,
        }
    )


def _balances(
    rng: np.random.Generator, table: pd.DataFrame, row: NDArray[np.intp], ladder: Ladder, spec: WorldSpec
) -> Floats:
    """Loan balances whose mean among the SRDI of the day of the count is the official one at the end of 2023.

    They grow by a few percent a year in every enterprise: the growth of the
    total of the recognised comes from the newly recognised.
    """
    raw = table["liabilities"].to_numpy() * rng.beta(8, 3, len(table))
    year = min(2023, spec.last_year)
    counted = (table["year"].to_numpy() == year) & (ladder.srdi[row] < NEVER)
    mean = raw[counted].mean() if counted.any() else cal.BALANCE_MEAN
    return np.asarray((raw * cal.BALANCE_MEAN / mean).round(2))


def _blank_out(rng: np.random.Generator, table: pd.DataFrame) -> None:
    """Answers that were not given, at random."""
    for column, share in cal.MISSING.items():
        blank = rng.random(len(table)) < share
        if table[column].dtype.kind == "i":
            table[column] = table[column].astype("Int64")
            table.loc[blank, column] = pd.NA
        else:
            table.loc[blank, column] = np.nan
