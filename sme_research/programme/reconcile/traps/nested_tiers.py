"""Nested tiers added up: a total of recognised enterprises that counts each once for every title."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from sme_research.programme.reconcile.asking import TablesLike, count_firms
from sme_research.programme.reconcile.bounds import reproduces
from sme_research.programme.reconcile.records import Counted, Evidence, Figure, Trap
from sme_research.programme.reconcile.titles import TIERS, titled
from sme_research.programme.reconcile.traps.common import is_covered, lacking, of_indicator, usual_reading

NAME = "nested_tiers"


def check_nested_tiers(figures: Sequence[Figure], tables: TablesLike) -> Trap:
    """Look for a published total that is the sum of two or more tiers and not of distinct enterprises."""
    totals = of_indicator(figures, "recognised_total")
    missing = lacking(tables, "recognitions")
    if missing:
        return Trap(NAME, "cannot_be_checked" if totals else "not_found", tuple(totals), reason=missing)
    covered = [figure for figure in totals if is_covered(figure, "recognitions", tables)]
    if totals and not covered:
        return Trap(NAME, "cannot_be_checked", tuple(totals), reason="beyond_data")
    checked = [_check(figure, tables) for figure in covered]
    return next(
        (trap for trap in checked if trap.verdict == "found"), checked[-1] if checked else Trap(NAME, "not_found")
    )


def _check(figure: Figure, tables: TablesLike) -> Trap:
    asked = usual_reading(figure)
    counts = {tier: count_firms(titled(tables, asked, tier)) for tier in TIERS}
    distinct = count_firms(titled(tables, asked, *TIERS))
    added = _added(figure, counts)
    is_sum = added is not None and not _is(figure, distinct.value)
    told = added if added is not None and is_sum else sum(counted.value for counted in counts.values())
    evidence = (
        Evidence("published", figure.value, "enterprises"),
        Evidence("distinct", distinct.value, "enterprises", distinct.n_enterprises),
        Evidence("added_up", told, "enterprises", distinct.n_enterprises),
        Evidence("too_many", told - distinct.value, "enterprises", distinct.n_enterprises),
        *(Evidence(tier, counted.value, "enterprises", counted.n_enterprises) for tier, counted in counts.items()),
    )
    return Trap(NAME, "found" if is_sum else "not_found", (figure,), evidence)


def _added(figure: Figure, counts: dict[str, Counted]) -> float | None:
    """The sum of tiers that the figure equals; None where it equals none."""
    for size in range(len(TIERS), 1, -1):
        for tiers in combinations(TIERS, size):
            total = sum(counts[tier].value for tier in tiers)
            if total > 0 and _is(figure, total):
                return total
    return None


def _is(figure: Figure, number: float) -> bool:
    return reproduces(figure.value, figure.bound, "count", number)
