"""Least squares with residuals that leave out a row's own group (CV3)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sme_research.estimators.interaction.panel import Floats

SATURATED: Final = 1e-8
SMALLEST: Final = 1e-3
"""Of a column's own variation, in enterprises: below, others tell it and there is nothing to estimate."""


def isolate_column(
    asked: Floats, others: Floats, change: Floats, group: NDArray[np.intp]
) -> tuple[float, Floats] | None:
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
    return estimate, rest * leave_out_own_group(span, residual, group) / size


def leave_out_own_group(span: Floats, residual: Floats, group: NDArray[np.intp]) -> Floats:
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
