"""A growth from before the first loan used as the loans' effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from sme_research.programme.reconcile.asking import Asked, TablesLike
from sme_research.programme.reconcile.records import Evidence, Figure, Trap
from sme_research.programme.reconcile.traps.common import in_usual_unit, lacking, of_indicator

NAME = "early_growth"
GROWTHS: Final = ("loan_balance_growth", "loan_effect_growth")


def check_early_growth(figures: Sequence[Figure], tables: TablesLike) -> Trap:
    """Look for a growth said to be the loans' effect whose period ends before the first loan of the phase."""
    claimed = [
        figure
        for figure in of_indicator(figures, *GROWTHS)
        if figure.states("claim") == "effect" or figure.indicator == "loan_effect_growth"
    ]
    if not claimed:
        return Trap(NAME, "not_found")
    missing = lacking(tables, "loans")
    if missing:
        return Trap(NAME, "cannot_be_checked", tuple(claimed), reason=missing)
    checked = [_check(figure, tables) for figure in claimed]
    order = ("found", "not_found", "cannot_be_checked")
    return min(checked, key=lambda trap: order.index(trap.verdict))


def _check(figure: Figure, tables: TablesLike) -> Trap:
    loans = tables["loans"]
    # Loans up to any day: what matters is when the first was drawn.
    rows = loans[Asked(pd.Timestamp.max, figure.stated).are_phases(loans["phase"])]
    if rows.empty:
        return Trap(NAME, "cannot_be_checked", (figure,), reason="no_rows")
    first = rows["drawn_on"].min()
    n = int(rows["enterprise_id"].nunique())
    evidence = (
        Evidence("published", in_usual_unit(figure), "%"),
        Evidence("first_loan", float(first.toordinal()), "day", n),
        Evidence("days_before", float((first - pd.Timestamp(figure.as_of)).days), "days", n),
    )
    return Trap(NAME, "found" if first > pd.Timestamp(figure.as_of) else "not_found", (figure,), evidence)
