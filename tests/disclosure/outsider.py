"""An attack of the tests' own: it sees a published frame, and shares nothing with what protects it.

Withheld cells are written as a particular solution plus combinations of the null space of all sums;
the package works on the cells themselves and on declared relations.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from scipy.linalg import null_space
from scipy.optimize import linprog


def ranges_by_null_space(equations, knowns, unknowns, least):
    """Lowest and highest of each unknown, given equations {cell: coefficient} that sum to zero."""
    left = np.array([[equation.get(cell, 0.0) for cell in unknowns] for equation in equations])
    right = np.array(
        [-sum(sign * knowns[cell] for cell, sign in equation.items() if cell in knowns) for equation in equations]
    )
    start, *_ = np.linalg.lstsq(left, right, rcond=None)
    free = null_space(left, rcond=1e-10)
    floor = np.array([least(cell) for cell in unknowns], dtype=float)
    bounded = np.isfinite(floor)
    found = {}
    for at, cell in enumerate(unknowns):
        ends = []
        for sign in (1, -1):
            if free.shape[1] == 0 or np.abs(free[at]).max() < 1e-9:
                ends.append(start[at])
                continue
            result = linprog(sign * free[at], A_ub=-free[bounded], b_ub=(start - floor)[bounded], bounds=(None, None))
            if result.status == 4:
                result = linprog(
                    sign * free[at],
                    A_ub=-free[bounded],
                    b_ub=(start - floor)[bounded],
                    bounds=(None, None),
                    options={"presolve": False},
                )
            assert result.status in (0, 3), result.message
            ends.append(-sign * np.inf if result.status == 3 else start[at] + sign * result.fun)
        found[cell] = tuple(ends)
    return found


def sums_of_a_frame(frame: pd.DataFrame, total="total"):
    """The sums that any reader of a table with totals knows."""
    rows, columns = list(frame.index), list(frame.columns)
    sums = []
    if total in columns:
        sums += [{(row, column): -1.0 if column == total else 1.0 for column in columns} for row in rows]
    if total in rows:
        sums += [{(row, column): -1.0 if row == total else 1.0 for row in rows} for column in columns]
    return sums


def ranges_in_frame(shown: pd.DataFrame, mark="*", least=1.0):
    """What a reader can tell of each marked cell of a table of counts with totals."""
    cells = list(itertools.product(shown.index, shown.columns))
    knowns = {cell: float(shown.loc[cell]) for cell in cells if shown.loc[cell] != mark}
    unknowns = [cell for cell in cells if shown.loc[cell] == mark]
    return ranges_by_null_space(sums_of_a_frame(shown), knowns, unknowns, lambda cell: least) if unknowns else {}


def every_table(shown: pd.DataFrame, mark="*"):
    """Every table of whole numbers of 1 or more at the marks that has the shown row and column totals."""
    inner = shown.iloc[:-1, :-1]
    marked = [cell for cell in itertools.product(inner.index, inner.columns) if inner.loc[cell] == mark]
    left = {
        ("row", row): shown.loc[row, "total"] - sum(n for n in inner.loc[row] if n != mark) for row in inner.index
    }
    left |= {("column", at): shown.loc["total", at] - sum(n for n in inner[at] if n != mark) for at in inner}
    room = [range(1, min(left["row", row], left["column", column]) + 1) for row, column in marked]
    for values in itertools.product(*room):
        sums = dict.fromkeys(left, 0)
        for (row, column), value in zip(marked, values, strict=True):
            sums["row", row] += value
            sums["column", column] += value
        if sums == left:
            yield dict(zip(marked, values, strict=True))
