"""Counts of enterprises as frames and as flows: their cells, their sums, and what may be shown of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, overload

import pandas as pd

from sme_research.disclosure.cells import Cell, CellTable, Relation
from sme_research.disclosure.protect import protect
from sme_research.disclosure.rule import DEFAULT_RULE, MARK, Rule
from sme_research.errors import StudyError

TOTAL: Final = "total"
ENDS_WEIGHT: Final = 4.0


def count_table(counts: pd.Series[int] | pd.DataFrame, *, total: str = TOTAL) -> CellTable:
    """Cells of a list or a two-way table of counts, with all its totals.

    Parameters
    ----------
    counts : Series or DataFrame of int
        Enterprises in disjoint groups; labels are unique, none is ``total``.

    Raises
    ------
    StudyError
        Labels are double, or a count is no whole number of 0 or more.
    """
    frame = _with_totals(_as_frame(counts), total)
    names = {(row, column): _name(row, column) for row in frame.index for column in frame.columns}
    cells = tuple(Cell(name=name, n=int(frame.loc[at])) for at, name in names.items())
    relations = [_relation(names, [(row, column) for column in frame.columns]) for row in frame.index]
    relations += [_relation(names, [(row, column) for row in frame.index]) for column in frame.columns]
    return CellTable(cells, tuple(relation for relation in relations if relation.parts))


@overload
def protect_counts(
    counts: pd.Series[int], *, totals: bool = ..., total: str = ..., rule: Rule = ...
) -> pd.Series[Any]: ...
@overload
def protect_counts(
    counts: pd.DataFrame, *, totals: bool = ..., total: str = ..., rule: Rule = ...
) -> pd.DataFrame: ...
def protect_counts(
    counts: pd.Series[int] | pd.DataFrame, *, totals: bool = True, total: str = TOTAL, rule: Rule = DEFAULT_RULE
) -> pd.Series[Any] | pd.DataFrame:
    """Counts with `MARK` where they may not be shown.

    Parameters
    ----------
    counts : Series or DataFrame of int
        Enterprises in disjoint groups, without totals.
    totals : bool
        Show totals, as a last row and column. Totals that a reader can get
        elsewhere count as shown, so False is for groups whose total nobody knows.
    total : str
        Label of the totals.

    Returns
    -------
    Series or DataFrame of int and str
    """
    frame = _as_frame(counts)
    if not totals:
        few = (frame > 0) & (frame < rule.threshold)
        return _like(counts, frame.astype(object).mask(few, MARK))
    shown = _with_totals(frame, total).astype(object)
    told = protect(count_table(counts, total=total), rule).counts
    for row in shown.index:
        for column in shown.columns:
            number = told[_name(row, column)]
            shown.loc[row, column] = MARK if number is None else number
    return _like(counts, shown)


def count_flow(steps: Sequence[Mapping[str, int]]) -> CellTable:
    """Cells of a sample flow: each step's counts, and what a reader gets by subtracting.

    Parameters
    ----------
    steps : sequence of mapping of arm to int
        Enterprises left after each step, by arm, such as ``enterprises`` and
        ``treated``. The first arm holds the others. Implied are who dropped out
        between two steps and, with two arms, the enterprises that are in the first only.
    """
    arms = list(steps[0])
    cells, relations = [], []
    for at, step in enumerate(steps):
        numbers = dict(step)
        # The first and the last step are those that the rest of a report speaks of.
        weight = ENDS_WEIGHT if at in (0, len(steps) - 1) else 1.0
        cells += [Cell(name=_name(at, arm), n=numbers[arm], weight=weight) for arm in arms]
        if len(arms) == 2:
            rest = _name(at, "rest")
            cells.append(Cell(name=rest, n=numbers[arms[0]] - numbers[arms[1]], shown=False))
            relations.append(Relation(_name(at, arms[0]), (_name(at, arms[1]), rest)))
    groups = [*arms, "rest"] if len(arms) == 2 else arms
    by_name = {cell.name: cell.n for cell in cells}
    for at in range(1, len(steps)):
        for arm in groups:
            before, after, lost = _name(at - 1, arm), _name(at, arm), _name(at, f"{arm} lost")
            cells.append(Cell(name=lost, n=by_name[before] - by_name[after], shown=False))
            relations.append(Relation(before, (after, lost)))
    return CellTable(tuple(cells), tuple(relations))


def protect_flow(steps: Sequence[Mapping[str, int]], rule: Rule = DEFAULT_RULE) -> list[dict[str, int | str]]:
    """Counts of a sample flow with `MARK` where they may not be shown, step by step and by arm."""
    told = protect(count_flow(steps), rule).counts
    return [
        {arm: MARK if told[_name(at, arm)] is None else int(number) for arm, number in step.items()}
        for at, step in enumerate(steps)
    ]


def write_texts(shown: pd.DataFrame, formatter: Callable[[float], str]) -> pd.DataFrame:
    """Texts of a protected frame: numbers as the formatter writes them, marks as they are."""
    return shown.map(lambda number: number if isinstance(number, str) else formatter(number))


def _as_frame(counts: pd.Series[int] | pd.DataFrame) -> pd.DataFrame:
    frame = counts.to_frame("n") if isinstance(counts, pd.Series) else counts
    for labels in (frame.index, frame.columns):
        if labels.has_duplicates:
            raise StudyError(f"counts: label {labels[labels.duplicated()][0]!r} is there twice; sum them first.")
    whole = frame.map(lambda number: float(number).is_integer() and number >= 0)
    if not whole.to_numpy().all():
        raise StudyError("counts: a cell is no whole number of 0 or more; count enterprises.")
    return frame.astype(int)


def _with_totals(frame: pd.DataFrame, total: str) -> pd.DataFrame:
    if total in frame.index or total in frame.columns:
        raise StudyError(f"counts: label {total!r} is that of the totals; leave totals out or give another label.")
    summed = pd.concat([frame, frame.sum().to_frame(total).T])
    if len(frame.columns) > 1:
        summed[total] = summed.sum(axis=1)
    return summed


def _like(counts: pd.Series[int] | pd.DataFrame, shown: pd.DataFrame) -> pd.Series[Any] | pd.DataFrame:
    if isinstance(counts, pd.DataFrame):
        return shown
    return pd.Series(shown["n"], name=counts.name)


def _relation(names: Mapping[tuple[Any, Any], str], line: list[tuple[Any, Any]]) -> Relation:
    return Relation(names[line[-1]], tuple(names[at] for at in line[:-1]))


def _name(row: object, column: object) -> str:
    return f"{row} × {column}"
