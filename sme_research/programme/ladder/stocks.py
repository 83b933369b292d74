"""Titles in force to come, if today's rates stay: a yearly cohort flow, drawn many times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import StudyError
from sme_research.programme.ladder.rates import OLDEST, TierRates, estimate_rates, last_full_year, open_stays
from sme_research.programme.ladder.titles import TIERS, TITLE_YEARS, Titles
from sme_research.tables import are_in_force

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]
LEVEL: Final = 0.95
FEW_DUE: Final = 10
PRIOR: Final = 0.5
"""Jeffreys prior of a share: half an event and half a non-event."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Enterprises with a title of a tier in force at the end of a year: counted, or drawn with its interval."""

    tier: str
    year: int
    estimate: float
    ci_low: float
    ci_high: float
    counted: bool


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Stocks by tier and year with the rates they follow from.

    ``draws`` by tier: one array of n_draws counts a coming year.
    """

    stocks: tuple[Stock, ...]
    rates: tuple[TierRates, ...]
    base_year: int
    level: float
    n_draws: int
    draws: Mapping[str, Sequence[Whole]]

    def chance(self, tier: str, year: int, target: float) -> float | None:
        """Share of draws, 0 to 1, with at least so many at the end of a year; None for a year not drawn."""
        at = year - self.base_year - 1
        rows = self.draws.get(tier, ())
        return float((rows[at] >= target).mean()) if 0 <= at < len(rows) else None

    def of(self, tier: str) -> tuple[Stock, ...]:
        """Stocks of one tier by year, the counted ones first."""
        return tuple(stock for stock in self.stocks if stock.tier == tier)

    def at(self, tier: str, year: int) -> Stock | None:
        """The stock of a tier at the end of a year; None for a year that was neither counted nor drawn."""
        return next((stock for stock in self.of(tier) if stock.year == year), None)


def project_stocks(
    titles: Titles,
    *,
    until: int = 2028,
    base_year: int | None = None,
    window_years: int = 3,
    n_draws: int = 2_000,
    seed: int = 0,
) -> Projection:
    """Expected stocks to the end of ``until`` under the rates of the window.

    Each draw takes rates from their posterior, then lives through the years: titles
    that reach their term are renewed or lapse, some end early, new enterprises
    enter, holders are promoted by the years since they entered. Where the years of the window differ by more
    than chance, coming years differ as much. The interval holds all of it; it
    does not hold a change of rules or of effort.

    Parameters
    ----------
    base_year : int, optional
        Year whose end is the start; the last full year before the data's day if None.
    window_years : int
        Calendar years up to the base year in which the rates are counted.

    Raises
    ------
    StudyError
        ``until`` is not after the base year, or there is no draw.
    """
    base = last_full_year(titles.data_day) if base_year is None else base_year
    if until <= base or n_draws < 1:
        raise StudyError(f"until is {until} and draws are {n_draws}: must be after {base}, and 1 or more.")
    rates = estimate_rates(titles, base_year=base, window_years=window_years)
    past = [_counted(tier, year, titles) for tier in TIERS for year in range(base - window_years, base + 1)]
    drawn = _draw(titles, rates, base, until, np.random.default_rng(seed), n_draws)
    coming = [_told(tier, base + 1 + at, row) for tier, rows in drawn.items() for at, row in enumerate(rows)]
    order = {tier: place for place, tier in enumerate(TIERS)}
    stocks = sorted([*past, *coming], key=lambda stock: (order[stock.tier], stock.year))
    return Projection(tuple(stocks), rates, base, LEVEL, n_draws, drawn)


@dataclass(frozen=True, slots=True)
class Backtest:
    """What an earlier start would have expected for the last full year, beside what the lists then held."""

    tier: str
    start: int
    end: int
    expected: Stock
    actual: int

    @property
    def inside(self) -> bool:
        """Whether the interval held what came."""
        return self.expected.ci_low <= self.actual <= self.expected.ci_high


def backtest_stocks(
    titles: Titles, *, years_back: int = 2, window_years: int = 3, n_draws: int = 2_000, seed: int = 0
) -> tuple[Backtest, ...]:
    """The same projection started ``years_back`` years earlier, held against the last full year's lists."""
    end = last_full_year(titles.data_day)
    start = end - years_back
    past = project_stocks(titles, until=end, base_year=start, window_years=window_years, n_draws=n_draws, seed=seed)
    found = [(tier, past.at(tier, end), _counted(tier, end, titles)) for tier in TIERS]
    return tuple(
        Backtest(tier, start, end, expected, int(actual.estimate))
        for tier, expected, actual in found
        if expected is not None
    )


def _counted(tier: str, year: int, titles: Titles) -> Stock:
    frame = titles.frame
    counted = (frame["tier"] == tier) & are_in_force(frame, date(year, 12, 31))
    number = float(frame.loc[counted, "enterprise_id"].nunique())
    return Stock(tier, year, number, number, number, counted=True)


def _told(tier: str, year: int, draws: Whole) -> Stock:
    tail = (1 - LEVEL) / 2
    middle, low, high = (float(value) for value in np.quantile(draws, [0.5, tail, 1 - tail]))
    return Stock(tier, year, middle, low, high, counted=False)


def _draw(
    titles: Titles, rates: Sequence[TierRates], base: int, until: int, rng: np.random.Generator, n: int
) -> Mapping[str, list[Whole]]:
    """Stocks by tier: one array of n draws for each coming year."""
    standing = _standing(titles, base)
    cells = {rate.tier: np.repeat(_cells(standing, rate.tier, base)[None], n, axis=0) for rate in rates}
    pooled = (sum(rate.renewed for rate in rates), sum(rate.due for rate in rates))
    chances = {rate.tier: _Chances.draw(rate, pooled, rng, n) for rate in rates}
    drawn: dict[str, list[Whole]] = {rate.tier: [] for rate in rates}
    for _ in range(base + 1, until + 1):
        climbed = np.zeros(n, dtype=np.int64)
        for tier in TIERS:
            now = chances[tier]
            cells[tier] = _pass_terms(cells[tier], now, rng)
            cells[tier][:, 0, TITLE_YEARS - 1, 0] += climbed + now.draw_outside(rng)
            cells[tier], climbed = _promote(cells[tier], now, rng)
            drawn[tier].append(cells[tier].sum(axis=(1, 2, 3)))
    return drawn


def _standing(titles: Titles, base: int) -> pd.DataFrame:
    """Titles that count at the end of the base year, one an enterprise and tier, with the stay they belong to.

    A title that has just expired and whose renewal is open or came later is among them.
    """
    day, grace = pd.Timestamp(base, 12, 31), pd.Timedelta(days=titles.tolerance.after)
    stays = open_stays(titles).drop(columns=["expires_on", "fate"])
    frame = titles.frame.merge(stays, on=["enterprise_id", "tier", "spell"])
    following = frame.groupby(["enterprise_id", "tier"])["granted_on"].shift(-1)
    waiting = (frame["granted_on"] <= day) & (frame["expires_on"] + grace > day) & ~(following <= day)
    now = frame[are_in_force(frame, day) | waiting]
    return now.sort_values("expires_on").drop_duplicates(["enterprise_id", "tier"], keep="last")


def _cells(standing: pd.DataFrame, tier: str, base: int) -> Whole:
    """Stays at the end of the base year: years since entry (0 to `OLDEST`) x years to the term (1 to 3) x promoted.

    A title that waits for its renewal faces its term in the first year.
    """
    now = standing[standing["tier"] == tier]
    found = np.zeros((OLDEST + 1, TITLE_YEARS, 2), dtype=np.int64)
    age = (base - now["entered_on"].dt.year).clip(upper=OLDEST).to_numpy()
    term = (now["expires_on"].dt.year - base).clip(1, TITLE_YEARS).to_numpy() - 1
    promoted = (now["next_on"] <= pd.Timestamp(base, 12, 31)).to_numpy().astype(int)
    np.add.at(found, (age, term, promoted), 1)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Chances:
    """Drawn rates of one tier, a row a draw; ``spread`` are the variances of a year's factor."""

    promotion: Floats
    renewal: Floats
    early_end: Floats
    outside: Floats
    promotion_spread: float
    outside_spread: float

    @classmethod
    def draw(cls, rate: TierRates, pooled: tuple[int, int], rng: np.random.Generator, n: int) -> _Chances:
        """A tier with fewer than `FEW_DUE` titles at their term borrows the renewals ``pooled`` over all tiers."""
        years, total = len(rate.years), sum(rate.outside)
        renewed, due = (rate.renewed, rate.due) if rate.due >= FEW_DUE else pooled
        mean = total / years
        outside_spread = excess_variance(np.array(rate.outside), np.full(years, mean))
        promotion_spread = excess_variance(rate.promoted.sum(axis=1), _expected(rate))
        by_age = _shares(rng, rate.promoted.sum(axis=0), rate.exposed.sum(axis=0), n)
        common = _factor(rng, promotion_spread / years, n)
        return cls(
            np.minimum(by_age * common[:, None], 1.0),
            rng.beta(renewed + PRIOR, due - renewed + PRIOR, n),
            _shares(rng, np.array([rate.ended_early]), np.array([rate.in_force]), n)[:, 0],
            rng.gamma(total, 1 / years, n) * _factor(rng, outside_spread / years, n) if total else np.zeros(n),
            promotion_spread,
            outside_spread,
        )

    def draw_outside(self, rng: np.random.Generator) -> Whole:
        """Stays opened from outside the ladder in one year."""
        return rng.poisson(self.outside * _factor(rng, self.outside_spread, len(self.outside))).astype(np.int64)


def excess_variance(seen: NDArray[np.int64], expected: Floats) -> float:
    """Variance of a year's common factor around 1, beyond chance, by the method of moments; 0 with one year."""
    if len(seen) < 2 or not expected.sum() > 0:
        return 0.0
    between = ((seen - expected) ** 2).sum() * len(seen) / (len(seen) - 1)
    return float(max(0.0, (between - expected.sum()) / (expected**2).sum()))


def _expected(rate: TierRates) -> Floats:
    return np.asarray(rate.exposed @ np.nan_to_num(rate.promotion), dtype=np.float64)


def _factor(rng: np.random.Generator, variance: float, n: int) -> Floats:
    """Factors with mean 1."""
    return rng.gamma(1 / variance, variance, n) if variance > 0 else np.ones(n)


def _shares(rng: np.random.Generator, events: Whole, exposed: Whole, n: int) -> Floats:
    """Posterior draws of shares, n x n_ages; an age nobody was exposed at is as the age before.

    What never happened in the window does not happen later.
    """
    drawn = rng.beta(events + PRIOR, exposed - events + PRIOR, (n, len(events)))
    for age in np.flatnonzero(exposed == 0):
        drawn[:, age] = drawn[:, age - 1] if age else 0.0
    return np.where(events.sum() > 0, drawn, 0.0)


def _pass_terms(cells: Whole, chances: _Chances, rng: np.random.Generator) -> Whole:
    """A year passes: titles at their term are renewed or lapse, of the others some end early."""
    renewed = rng.binomial(cells[:, :, 0], chances.renewal[:, None, None])
    staying = rng.binomial(cells[:, :, 1:], 1 - chances.early_end[:, None, None, None])
    moved = np.concatenate([staying, renewed[:, :, None]], axis=2)
    older = np.zeros_like(moved)
    older[:, 1:] = moved[:, :-1]
    older[:, OLDEST] += moved[:, OLDEST]
    return older


def _promote(cells: Whole, chances: _Chances, rng: np.random.Generator) -> tuple[Whole, Whole]:
    """Those promoted keep their title and enter the next tier."""
    factor = _factor(rng, chances.promotion_spread, len(cells))
    chance = np.minimum(chances.promotion * factor[:, None], 1.0)
    now = rng.binomial(cells[:, :, :, 0], chance[:, :, None])
    moved = cells.copy()
    moved[:, :, :, 0] -= now
    moved[:, :, :, 1] += now
    return moved, now.sum(axis=(1, 2))
