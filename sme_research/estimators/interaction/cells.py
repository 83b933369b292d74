"""Each combination of instruments against none, beside the sum of what its single instruments go with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.interaction.effect import FEWEST, make_effect
from sme_research.estimators.interaction.fitting import SATURATED, leave_out_own_group
from sme_research.estimators.interaction.panel import FIRST_PREFIX, Floats, Mask, WidePanel, widen
from sme_research.results import Effect

Pair = tuple[Effect | None, Effect | None]


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
    wide = widen(panel)
    unknown = [name for name in instruments if name not in wide.names]
    if unknown:
        raise StudyError(f"instrument {unknown[0]!r} has no column {FIRST_PREFIX}{unknown[0]} in the panel.")
    rows = _imputed(wide, [wide.names.index(name) for name in instruments])
    cells = [cell for size in range(1, len(instruments) + 1) for cell in combinations(range(len(instruments)), size)]
    return {tuple(instruments[at] for at in cell): _cell(wide, rows, cell, (unit, level)) for cell in cells}


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


def _imputed(wide: WidePanel, chosen: list[int]) -> _Rows:
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
            residual = leave_out_own_group(span, change[none] - design[none] @ slope, wide.group[none])
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


def _cell(wide: WidePanel, rows: _Rows, cell: tuple[int, ...], told: tuple[str, float]) -> Pair:
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
    wide: WidePanel, rows: _Rows, weights: Floats, centre: Floats, holders: Mask, told: tuple[str, float],
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
    return make_effect(wide, influence, estimate, (holders, seen), estimand, told, (int(used.sum()), 0, 0))
