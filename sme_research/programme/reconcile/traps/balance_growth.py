"""Growth of a loan balance that mixes same enterprises with those that came on the list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sme_research.programme.reconcile.asking import TablesLike
from sme_research.programme.reconcile.growth_split import split_growth
from sme_research.programme.reconcile.records import Evidence, Figure, GrowthSplit, Trap
from sme_research.programme.reconcile.traps.common import in_usual_unit, lacking, of_indicator

NAME = "balance_growth"
MATERIAL_POINTS: Final = 5.0
MATERIAL_SHARE: Final = 0.2
"""Same-enterprise growth differs materially when it is off by this many points and this part of the published."""


def check_balance_growth(figures: Sequence[Figure], tables: TablesLike) -> Trap:
    """Look for a published growth that the same enterprises, on the list on both days, did not have."""
    published = [
        figure for figure in of_indicator(figures, "loan_balance_growth") if figure.states("entry") != "same"
    ]
    if not published:
        return Trap(NAME, "not_found")
    missing = lacking(tables, "accounts", "recognitions")
    if missing:
        return Trap(NAME, "cannot_be_checked", tuple(published), reason=missing)
    checked = [_check(figure, tables) for figure in published]
    order = ("found", "not_found", "cannot_be_checked")
    return min(checked, key=lambda trap: order.index(trap.verdict))


def split_of(figure: Figure, tables: TablesLike) -> GrowthSplit | None:
    """The split over the calendar year that the figure ends; None where the day ends no year with accounts."""
    if (figure.as_of.month, figure.as_of.day) != (12, 31):
        return None
    return split_growth(tables, figure.as_of.year, figure.stated)


def _check(figure: Figure, tables: TablesLike) -> Trap:
    split = split_of(figure, tables)
    if split is None or split.growth is None or split.same_firm_growth is None:
        return Trap(NAME, "cannot_be_checked", (figure,), reason="beyond_data")
    value = in_usual_unit(figure)
    gap = abs(value - split.same_firm_growth)
    found = gap > max(MATERIAL_POINTS, MATERIAL_SHARE * abs(value))
    stayed = split.group("incumbents")
    n = stayed.n_enterprises
    evidence = [
        Evidence("published", value, "%"),
        Evidence("recount", split.growth, "%", n, stayed.largest_share),
        Evidence("same_firm", split.same_firm_growth, "%", n, stayed.largest_share),
    ]
    for group in split.groups:
        change = (group.end or 0.0) - (group.start or 0.0)
        evidence += [
            Evidence(group.name, float(group.n_enterprises or 0), "enterprises", group.n_enterprises),
            Evidence(f"{group.name}_change", change, "万元", group.n_enterprises, group.largest_share),
        ]
    return Trap(NAME, "found" if found else "not_found", (figure,), tuple(evidence))
