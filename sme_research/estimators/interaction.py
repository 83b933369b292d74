"""Do two instruments together go with more, or less, than the sum of each? Stacked differences, clean comparisons.

A two-way regression with an interaction compares late receivers with early
ones, and takes the years in which a first instrument still unfolds for an
interaction. Here each year in which somebody receives a second instrument is
an experiment of its own, in which nobody's instruments change but those of
that year.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.callaway_santanna import covariates_of
from sme_research.results import Effect

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

ESTIMATOR: Final = "stacked_interaction"
COMPARISON: Final = "not_yet_treated"
FIRST_PREFIX: Final = "first_"
"""Columns of a panel that begin so hold the first treated year by one instrument, missing where never."""
FEWEST: Final = 10
"""Enterprises that hold the combination, with fewer of whom there is no interval."""
ROWS_A_TERM: Final = 5
"""Receivers of one instrument a covariate, for its difference to be let vary with covariates."""
SATURATED: Final = 1e-8
SMALLEST: Final = 1e-3
"""Of a column's own variation, in enterprises: below, others tell it and there is nothing to estimate."""


Pair = tuple[Effect | None, Effect | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Wide:
    """One row an enterprise: outcomes by year, first years by instrument (inf: never), covariates, groups."""

    ids: NDArray[np.generic]
    years: list[int]
    outcome: Floats
    first: Floats
    covariates: Floats
    group: NDArray[np.intp]
    names: tuple[str, ...]
    clustered: bool

    def at(self, year: int) -> Floats:
        """Outcomes of one year; missing where the panel has none."""
        if year not in self.years:
            return np.full(len(self.ids), np.nan)
        return np.asarray(self.outcome[:, self.years.index(year)])


def estimate_interaction(
    panel: pd.DataFrame, together: Sequence[str], *, unit: str, level: float = 0.95, placebo: bool = False
) -> Effect:
    """What two (or three) instruments held together go with, beyond the sum of each.

    For every year s in which an enterprise comes to hold all of ``together``
    and every later year t, changes since s - 1 are compared among enterprises
    of which each instrument was held before s, came at s, or had not come by
    t; all others are left out. An instrument held before has a change of its
    own for each of its cohorts, one that comes at s one that may vary with
    covariates; what remains of those who now hold all is the interaction. The
    (s, t) weigh by the enterprises that came to hold all at s and are seen.

    Parameters
    ----------
    panel : DataFrame, one row an enterprise and year
        ``enterprise_id``, ``year``, ``outcome``, a column ``first_NAME`` for every
        instrument that is to be held fixed or estimated (first treated year, missing
        where never), covariates ``x_…``, fixed for an enterprise; standard errors are
        clustered by ``cluster_id`` where it is there, else by enterprise.
    together : sequence of str
        Two or three of the instruments. Of two, the number averages over those
        with and without the others.
    unit : str
        Unit of ``outcome``; carried to the result.
    level : float
        Coverage of the interval, a fraction.
    placebo : bool
        Ask the same of the change from s - 1 to s - 2, before any of it could matter.

    Returns
    -------
    Effect
        In ``unit``. ``n_treated`` counts the enterprises seen to come to hold all.
        Errors are those of leaving out one group after another (CV3).
        By enterprise the interval is normal; by cluster it is Student's t with one degree of freedom
        less than there are clusters with such enterprises.

    Raises
    ------
    StudyError
        The panel lacks a column or holds a row twice, or ``together`` is not two or three of its instruments.
    IdentificationError
        Fewer than ten came to hold all, or nobody holds the parts to compare them with.

    References
    ----------
    Cengiz, Dube, Lindner and Zipperer (2019), Quarterly Journal of Economics
    134(3), for the stacks; Olden and Moen (2022), Econometrics Journal 25(3),
    for the triple difference; Strezhnev (2023), arXiv 2307.02735, for its
    forbidden comparisons under staggered timing.
    """
    wide = _widen(panel)
    chosen = _chosen(wide, together)
    total = _Sum(len(wide.ids))
    for start, year in _stacks(wide, placebo=placebo):
        _add_stack(total, wide, chosen, start, year)
    reached = int(total.holding.sum())
    if reached < FEWEST:
        raise IdentificationError(
            f"{reached} enterprises came to hold {' and '.join(together)} and can be compared; {FEWEST} are needed. "
            "Ask for more years or another combination."
        )
    return _effect(
        wide, total.influence / total.weight, total.estimate / total.weight, (total.holding, total.seen),
        "interaction", (unit, level), (total.n_rows, total.n_stacks, total.n_lost),
    )  # fmt: skip


def estimate_cells(
    panel: pd.DataFrame, instruments: Sequence[str], *, unit: str, level: float = 0.95
) -> dict[tuple[str, ...], Pair]:
    """Each combination of instruments against none, and what its single instruments would add up to.

    An enterprise-year belongs to the combination it holds by then. Its change
    since the year before its first instrument is held against that of
    enterprises without any by that year, whose changes are fitted on
    covariates year pair by year pair. The sum takes, for each instrument held
    and each year since it came, the mean of enterprises that hold it alone for
    as long (for the longest known where nobody holds it alone so long).

    Parameters
    ----------
    panel : DataFrame
        As for `estimate_interaction`.
    instruments : sequence of str
        Those whose combinations are asked for.

    Returns
    -------
    dict of tuple of str to (Effect or None, Effect or None)
        By the instruments held, every combination but none, the single ones first: the
        difference from none, and what single instruments would add up to (None for a single
        one). Both are None where fewer than ten enterprises hold the combination, the sum also where
        nobody holds one of its instruments alone. Intervals as for `estimate_interaction`.

    Raises
    ------
    StudyError
        The panel lacks a column or holds a row twice.
    IdentificationError
        Nobody is left who holds none.
    """
    wide = _widen(panel)
    unknown = [name for name in instruments if name not in wide.names]
    if unknown:
        raise StudyError(f"instrument {unknown[0]!r} has no column {FIRST_PREFIX}{unknown[0]} in the panel.")
    rows = _imputed(wide, [wide.names.index(name) for name in instruments])
    cells = [cell for size in range(1, len(instruments) + 1) for cell in combinations(range(len(instruments)), size)]
    return {tuple(instruments[at] for at in cell): _cell(wide, rows, cell, (unit, level)) for cell in cells}


def _widen(panel: pd.DataFrame) -> _Wide:
    names = tuple(str(name).removeprefix(FIRST_PREFIX) for name in panel if str(name).startswith(FIRST_PREFIX))
    lacking = [name for name in ("enterprise_id", "year", "outcome") if name not in panel]
    if lacking or len(names) < 2:
        raise StudyError(
            f"panel: column {lacking[0] if lacking else FIRST_PREFIX + 'NAME of two instruments'!r} is not there; "
            "make it with load_mix_panel."
        )
    twice = panel.duplicated(["enterprise_id", "year"])
    if twice.any():
        row = panel[twice].iloc[0]
        raise StudyError(f"panel: enterprise {row['enterprise_id']} has year {row['year']} twice; keep one row.")
    outcomes = panel.set_index(["enterprise_id", "year"])["outcome"].unstack().sort_index()  # noqa: PD010  rows are unique
    firms = panel.drop_duplicates("enterprise_id").set_index("enterprise_id").reindex(outcomes.index)
    first = firms[[FIRST_PREFIX + name for name in names]].to_numpy(dtype=np.float64)
    covariates = firms[list(covariates_of(panel))].to_numpy(dtype=np.float64)
    spread = covariates.std(axis=0)
    kept = covariates[:, spread > 0]
    clustered = "cluster_id" in panel
    group = firms["cluster_id"] if clustered else pd.Series(outcomes.index, index=outcomes.index)
    return _Wide(
        outcomes.index.to_numpy(),
        [int(year) for year in outcomes.columns],
        outcomes.to_numpy(dtype=np.float64),
        np.where(np.isnan(first), np.inf, first),
        (kept - kept.mean(axis=0)) / spread[spread > 0],
        pd.factorize(group, sort=True)[0],
        names,
        clustered,
    )


def _chosen(wide: _Wide, together: Sequence[str]) -> tuple[int, ...]:
    if not (2 <= len(together) <= 3 and len(set(together)) == len(together) and set(together) <= set(wide.names)):
        raise StudyError(
            f"together is {list(together)}, must be two or three of {', '.join(map(repr, sorted(wide.names)))}."
        )
    return tuple(wide.names.index(name) for name in together)


class _Sum:
    """What the stacks add up to: weighted estimate, influence by enterprise, who was seen."""

    def __init__(self, n: int) -> None:
        self.estimate = self.weight = 0.0
        self.influence = np.zeros(n)
        self.holding, self.seen = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self.n_rows = self.n_stacks = self.n_lost = 0


def _stacks(wide: _Wide, *, placebo: bool) -> Iterator[tuple[int, int]]:
    for start in sorted({int(year) for year in wide.first[np.isfinite(wide.first)]}):
        if start - 1 in wide.years:
            yield from ((start, year) for year in ([start - 2] if placebo else range(start, wide.years[-1] + 1)))


def _add_stack(total: _Sum, wide: _Wide, chosen: tuple[int, ...], start: int, year: int) -> None:
    change = wide.at(year) - wide.at(start - 1)
    before, now = wide.first < start, wide.first == start
    steady = (before | now | (wide.first > max(year, start))).all(axis=1)
    rows = np.flatnonzero(steady & np.isfinite(change))
    before, now = before[rows], now[rows]
    held = before | now
    newly = held[:, chosen].all(axis=1) & now[:, chosen].any(axis=1)
    if not newly.any():
        return
    others = _others(wide, rows, before, now, chosen)
    fitted = _isolate(newly.astype(np.float64), others, change[rows], wide.group[rows])
    weight = float(newly.sum())
    if fitted is None:
        total.n_lost += 1
        return
    estimate, influence = fitted
    total.estimate += weight * estimate
    total.weight += weight
    total.influence[rows] += weight * influence
    total.holding[rows[newly]] = True
    total.seen[rows] = True
    total.n_rows += len(rows)
    total.n_stacks += 1


def _others(wide: _Wide, rows: NDArray[np.intp], before: Mask, now: Mask, chosen: tuple[int, ...]) -> Floats:
    """All that explains the change but the interaction asked for."""
    covariates, held = wide.covariates[rows], before | now
    columns: list[NDArray[np.generic]] = [np.ones((len(rows), 1)), covariates]
    for at in range(len(wide.names)):
        cohorts = np.unique(wide.first[rows[before[:, at]], at])
        columns += [(wide.first[rows, at] == cohort)[:, None] for cohort in cohorts]
        columns.append(now[:, [at]])
        alone = now[:, at] & ~held[:, [other for other in chosen if other != at]].any(axis=1)
        if at in chosen and alone.sum() >= ROWS_A_TERM * covariates.shape[1]:
            columns.append(now[:, [at]] * covariates)
    asked = set(chosen)
    for size in (2, 3):
        for several in combinations(range(len(wide.names)), size):
            if size == 3 and set(several) != asked:
                continue
            both = np.asarray(held[:, several].all(axis=1))
            settled = np.asarray(before[:, several].all(axis=1))
            columns.append(settled[:, None])
            if set(several) != asked:
                columns.append((both & ~settled)[:, None])
    return np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])


def _isolate(asked: Floats, others: Floats, change: Floats, group: NDArray[np.intp]) -> tuple[float, Floats] | None:
    """Coefficient of one column beside others, and by row what it would lose without the row's group."""
    left, values, _ = np.linalg.svd(others, full_matrices=False)
    basis = left[:, values > SATURATED * values[0]]
    rest = asked - basis @ (basis.T @ asked)
    size = float(rest @ rest)
    if size < SMALLEST:
        return None
    estimate = float(rest @ change) / size
    residual = change - basis @ (basis.T @ change) - estimate * rest
    span = np.column_stack([basis, rest / np.sqrt(size)])
    return estimate, rest * _without_own(span, residual, group) / size


def _without_own(span: Floats, residual: Floats, group: NDArray[np.intp]) -> Floats:
    """Residuals of a fit that leaves out the row's own group; ``span`` is an orthonormal basis of the fit.

    Where a group alone tells some column, what only it tells is left out (a generalised inverse).
    """
    _, inside, sizes = np.unique(group, return_inverse=True, return_counts=True)
    free = 1 - (span**2).sum(axis=1)
    left_out = np.where(free > SATURATED, residual / np.where(free > SATURATED, free, 1.0), 0.0)
    order, starts = np.argsort(inside, kind="stable"), np.cumsum(sizes) - sizes
    for size in np.unique(sizes[sizes > 1]):
        # All groups of one size at once: n_groups x size.
        rows = order[starts[sizes == size][:, None] + np.arange(size)]
        values, vectors = np.linalg.eigh(np.eye(size) - span[rows] @ span[rows].transpose(0, 2, 1))
        turned = np.einsum("gij,gi->gj", vectors, residual[rows])
        kept = values > SATURATED
        turned = np.where(kept, turned / np.where(kept, values, 1.0), 0.0)
        left_out[rows] = np.einsum("gij,gj->gi", vectors, turned)
    return left_out


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Enterprise-years that hold something: differences from none, and the fits that they come from."""

    firm: NDArray[np.intp]
    held: Mask
    since: Floats
    difference: Floats
    stack: NDArray[np.intp]
    fits: list[tuple[NDArray[np.intp], Floats, Floats]]
    design: Floats


def _imputed(wide: _Wide, chosen: list[int]) -> _Rows:
    first = wide.first[:, chosen]
    earliest = first.min(axis=1)
    design = np.column_stack([np.ones(len(wide.ids)), wide.covariates])
    parts = []
    fits: list[tuple[NDArray[np.intp], Floats, Floats]] = []
    for start in sorted({int(year) for year in earliest[np.isfinite(earliest)]} & {y + 1 for y in wide.years}):
        for year in range(start, wide.years[-1] + 1):
            change = wide.at(year) - wide.at(start - 1)
            seen = np.isfinite(change)
            none, some = np.flatnonzero(seen & (earliest > year)), np.flatnonzero(seen & (earliest == start))
            if len(none) < FEWEST + design.shape[1] or not len(some):
                continue
            inverse = np.linalg.pinv(design[none].T @ design[none])
            slope = inverse @ design[none].T @ change[none]
            left, values, _ = np.linalg.svd(design[none], full_matrices=False)
            span = left[:, values > SATURATED * values[0]]
            residual = _without_own(span, change[none] - design[none] @ slope, wide.group[none])
            since = year - first[some]
            parts.append(
                (some, since >= 0, since, change[some] - design[some] @ slope, np.full(len(some), len(fits)))
            )
            fits.append((none, inverse, residual))
    if not parts:
        raise IdentificationError(
            "no year leaves enough enterprises without any of the instruments to compare with: "
            "ask with fewer instruments or more years."
        )
    firm, held, since, difference, stack = (np.concatenate(each) for each in zip(*parts, strict=True))
    return _Rows(firm, held, since, difference, stack, fits, design)


def _cell(wide: _Wide, rows: _Rows, cell: tuple[int, ...], told: tuple[str, float]) -> Pair:
    exact = np.zeros(rows.held.shape[1], dtype=bool)
    exact[list(cell)] = True
    here = (rows.held == exact).all(axis=1)
    holders = np.zeros(len(wide.ids), dtype=bool)
    holders[rows.firm[here]] = True
    if holders.sum() < FEWEST:
        return None, None
    mean = np.full(len(here), rows.difference[here].mean())
    effect = _functional(wide, rows, here / here.sum(), mean, holders, told)
    weighted = _additive_weights(rows, here, cell) if len(cell) > 1 else None
    return effect, None if weighted is None else _functional(wide, rows, *weighted, holders, told, "additive")


def _additive_weights(rows: _Rows, here: Mask, cell: tuple[int, ...]) -> tuple[Floats, Floats] | None:
    """Weights of the single-instrument rows in the sum, and their means by years held."""
    weights, centre = np.zeros(len(here)), np.zeros(len(here))
    for at in cell:
        alone = rows.held[:, at] & (rows.held.sum(axis=1) == 1)
        known = np.unique(rows.since[alone, at])
        if not len(known):
            return None
        for since, count in zip(*np.unique(rows.since[here, at], return_counts=True), strict=True):
            nearest = known[np.searchsorted(known, since, side="right") - 1] if since >= known[0] else known[0]
            like = alone & (rows.since[:, at] == nearest)
            weights[like] += count / here.sum() / like.sum()
            centre[like] = rows.difference[like].mean()
    return weights, centre


def _functional(  # noqa: PLR0913, PLR0917 - one step of `_cell`
    wide: _Wide, rows: _Rows, weights: Floats, centre: Floats, holders: Mask, told: tuple[str, float],
    estimand: str = "cell",
) -> Effect:  # fmt: skip
    """A weighted sum of differences from none, with the error of both their sides."""
    influence, seen = np.zeros(len(wide.ids)), np.zeros(len(wide.ids), dtype=bool)
    used = weights > 0
    np.add.at(influence, rows.firm[used], (weights * (rows.difference - centre))[used])
    seen[rows.firm[used]] = True
    for number in np.unique(rows.stack[used]):
        none, inverse, residual = rows.fits[number]
        mine = used & (rows.stack == number)
        pulled = weights[mine] @ rows.design[rows.firm[mine]]
        influence[none] -= (rows.design[none] @ (inverse @ pulled)) * residual
        seen[none] = True
    estimate = float(weights @ rows.difference)
    return _effect(wide, influence, estimate, (holders, seen), estimand, told, (int(used.sum()), 0, 0))


def _effect(  # noqa: PLR0913, PLR0917 - what a record is made of
    wide: _Wide, influence: Floats, estimate: float, who: tuple[Mask, Mask], estimand: str,
    told: tuple[str, float], counts: tuple[int, int, int],
) -> Effect:  # fmt: skip
    holding, seen = who
    unit, level = told
    sums = np.bincount(wide.group, weights=influence)
    n_groups, n_holding = len(np.unique(wide.group[seen])), len(np.unique(wide.group[holding]))
    error = float(np.sqrt((sums**2).sum() * (n_groups - 1) / n_groups))
    tail = 0.5 + level / 2
    reach = stats.t.ppf(tail, max(n_holding - 1, 1)) if wide.clustered else stats.norm.ppf(tail)
    half = float(reach) * error
    if not np.isfinite(half) or error == 0:
        raise IdentificationError("the difference has no standard error: the outcome never changes.")
    n_rows, n_cells, n_lost = counts
    return Effect(
        estimand=estimand,
        estimate=estimate,
        std_error=error,
        ci_low=estimate - half,
        ci_high=estimate + half,
        level=level,
        unit=unit,
        n_enterprises=int(seen.sum()),
        n_treated=int(holding.sum()),
        n_observations=n_rows,
        n_clusters=n_groups,
        n_treated_clusters=n_holding,
        estimator=ESTIMATOR,
        comparison=COMPARISON,
        n_cells=n_cells,
        n_cells_lost=n_lost,
    )


def detectable_interaction(effect: Effect, *, power: float = 0.80) -> float:
    """Size of the true interaction that the two-sided test finds with this chance, in the effect's unit.

    Taken from the interval's own half-width, so that few clusters count.

    References
    ----------
    Bloom (1995), Evaluation Review 19(5).
    """
    return (effect.ci_high - effect.ci_low) / 2 + float(stats.norm.ppf(power)) * effect.std_error
