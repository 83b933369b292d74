"""The interaction: every year in which somebody receives a second instrument is an experiment of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.interaction.effect import FEWEST, make_effect
from sme_research.estimators.interaction.fitting import isolate_column
from sme_research.estimators.interaction.panel import Floats, Mask, WidePanel, widen
from sme_research.results import Effect

ROWS_A_TERM: Final = 5
"""Receivers of one instrument a covariate, for its difference to be let vary with covariates."""


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
    wide = widen(panel)
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
    return make_effect(
        wide, total.influence / total.weight, total.estimate / total.weight, (total.holding, total.seen),
        "interaction", (unit, level), (total.n_rows, total.n_stacks, total.n_lost),
    )  # fmt: skip


def _chosen(wide: WidePanel, together: Sequence[str]) -> tuple[int, ...]:
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


def _stacks(wide: WidePanel, *, placebo: bool) -> Iterator[tuple[int, int]]:
    for start in sorted({int(year) for year in wide.first[np.isfinite(wide.first)]}):
        if start - 1 in wide.years:
            yield from ((start, year) for year in ([start - 2] if placebo else range(start, wide.years[-1] + 1)))


def _add_stack(total: _Sum, wide: WidePanel, chosen: tuple[int, ...], start: int, year: int) -> None:
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
    fitted = isolate_column(newly.astype(np.float64), others, change[rows], wide.group[rows])
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


def _others(wide: WidePanel, rows: NDArray[np.intp], before: Mask, now: Mask, chosen: tuple[int, ...]) -> Floats:
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
