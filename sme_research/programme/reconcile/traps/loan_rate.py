"""The rate of the subsidised loans against its ceiling: the loan prime rate of the drawdown day less the subsidy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from sme_research.lending import prime_rate_on
from sme_research.programme.reconcile.asking import TablesLike, largest_part
from sme_research.programme.reconcile.bounds import reproduces
from sme_research.programme.reconcile.loans import loans_of
from sme_research.programme.reconcile.records import Evidence, Figure, Trap
from sme_research.programme.reconcile.traps.common import (
    in_usual_unit,
    is_covered,
    lacking,
    of_indicator,
    usual_reading,
)

NAME = "loan_rate"
SUBSIDY_POINTS: Final = 1.0
"""Points that the subsidy takes over where a loan does not say (rule of the programme, all phases)."""
HAIR: Final = 1e-6  # points, for rates that are stored as binary fractions


def check_loan_rate(figures: Sequence[Figure], tables: TablesLike) -> Trap:
    """Look for loans over the ceiling, and for a published mean that lies over the mean ceiling.

    Loans drawn on a day that the table of prime rates does not know are counted
    apart and held against nothing.
    """
    published = of_indicator(figures, "loan_average_rate")
    missing = lacking(tables, "loans")
    if missing:
        return Trap(NAME, "cannot_be_checked", tuple(published), reason=missing)
    covered = [figure for figure in published if is_covered(figure, "loans", tables)]
    if not covered:
        # The loans themselves are held against their ceiling, whatever is published.
        return _check(None, tables["loans"])
    checked = [_check(figure, loans_of(tables, usual_reading(figure))) for figure in covered]
    return next((trap for trap in checked if trap.verdict == "found"), checked[-1])


def _check(figure: Figure | None, loans: pd.DataFrame) -> Trap:
    figures = () if figure is None else (figure,)
    if loans.empty:
        return Trap(NAME, "cannot_be_checked", figures, reason="no_rows")
    ceiling = ceilings(loans)
    told = _told(figure, loans, ceiling)
    known = ceiling.notna()
    if not known.any():
        return Trap(NAME, "cannot_be_checked", figures, told, reason="prime_rate")
    over = bool((loans["rate"] > ceiling + HAIR).any())
    found = over or (figure is not None and bool(known.all()) and _is_over(figure, loans, ceiling))
    return Trap(NAME, "found" if found else "not_found", figures, told)


def _is_over(figure: Figure, loans: pd.DataFrame, ceiling: pd.Series[float]) -> bool:
    """Whether a published mean lies over the mean ceiling, whichever way that is weighted."""
    means = (float(np.average(ceiling, weights=loans["amount"])), float(ceiling.mean()))
    return in_usual_unit(figure) > max(means) + HAIR


def ceilings(loans: pd.DataFrame) -> pd.Series[float]:
    """Highest rate after the subsidy of each loan, percent; NaN where the prime rate of its day is not known."""
    points = loans["subsidy_points"].astype("float64").fillna(SUBSIDY_POINTS)
    return prime_rate_on(loans["drawn_on"]) - points


def _told(figure: Figure | None, loans: pd.DataFrame, ceiling: pd.Series[float]) -> tuple[Evidence, ...]:
    firms = loans["enterprise_id"]
    n, known = int(firms.nunique()), ceiling.notna()
    over = loans["rate"] > ceiling + HAIR
    by_loan = float(loans["rate"].mean())
    by_amount = float(np.average(loans["rate"], weights=loans["amount"]))
    share = largest_part(loans.groupby("enterprise_id")["amount"].sum())
    weights = loans.loc[known, "amount"]
    mean_ceiling = float(np.average(ceiling[known], weights=weights)) if known.any() else None
    published = (
        ()
        if figure is None
        else (
            Evidence("published", in_usual_unit(figure), "%"),
            Evidence("loan_reproduces", float(_is(figure, by_loan)), "yes"),
            Evidence("amount_reproduces", float(_is(figure, by_amount)), "yes"),
        )
    )
    return (
        *published,
        Evidence("by_loan", by_loan, "%", n),
        Evidence("by_amount", by_amount, "%", n, share),
        Evidence("mean_ceiling", mean_ceiling, "%", n, share),
        Evidence("loans", float(len(loans)), "loans", n),
        Evidence("over", float(over.sum()), "loans", int(firms[over].nunique())),
        Evidence("amount_over", float(loans.loc[over, "amount"].sum()), "万元", *_behind(loans[over])),
        Evidence("unknown_day", float((~known).sum()), "loans", int(firms[~known].nunique())),
    )


def _behind(loans: pd.DataFrame) -> tuple[int, float]:
    each = loans.groupby("enterprise_id")["amount"].sum()
    return len(each), largest_part(each)


def _is(figure: Figure, percent: float) -> bool:
    return reproduces(in_usual_unit(figure), figure.bound, "percent", percent)
