"""Known misreadings, one a file: each looks for itself in the figures and the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sme_research.programme.reconcile.asking import TablesLike
from sme_research.programme.reconcile.records import Figure, Trap
from sme_research.programme.reconcile.traps.balance_growth import check_balance_growth
from sme_research.programme.reconcile.traps.early_growth import check_early_growth
from sme_research.programme.reconcile.traps.loan_rate import check_loan_rate
from sme_research.programme.reconcile.traps.matched_as_lent import check_matched_as_lent
from sme_research.programme.reconcile.traps.nested_tiers import check_nested_tiers
from sme_research.programme.reconcile.traps.times_as_firms import check_times_as_firms
from sme_research.programme.reconcile.traps.unlike_shares import check_unlike_shares

TRAPS: Final[Mapping[str, Callable[[Sequence[Figure], TablesLike], Trap]]] = {
    "nested_tiers": check_nested_tiers,
    "times_as_firms": check_times_as_firms,
    "loan_rate": check_loan_rate,
    "balance_growth": check_balance_growth,
    "matched_as_lent": check_matched_as_lent,
    "early_growth": check_early_growth,
    "unlike_shares": check_unlike_shares,
}
"""Every known misreading by name."""

__all__ = ["TRAPS"]
