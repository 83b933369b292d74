"""Money "matched" at finance events read as money lent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sme_research.programme.reconcile.activities import recount_matching, rows_of
from sme_research.programme.reconcile.asking import Asked, TablesLike
from sme_research.programme.reconcile.bounds import reproduces
from sme_research.programme.reconcile.records import Counted, Evidence, Figure, Trap
from sme_research.programme.reconcile.traps.common import (
    in_usual_unit,
    is_covered,
    lacking,
    of_indicator,
    usual_reading,
)

NAME = "matched_as_lent"
USUAL_STAGE: Final = {"matching_lent": "drawn", "matching_amount": "matched"}
LENT: Final = ("contracted", "drawn")
FAR_BELOW: Final = 0.8
"""The contracted or drawn amount is far below the matched one under this part of it."""


def check_matched_as_lent(figures: Sequence[Figure], tables: TablesLike) -> Trap:
    """Look for a figure of lending that is the matched amount while far less was contracted or drawn."""
    lending = [
        figure
        for figure in of_indicator(figures, *USUAL_STAGE)
        if figure.states("stage", USUAL_STAGE[figure.indicator]) in LENT
    ]
    if not lending:
        return Trap(NAME, "not_found")
    missing = lacking(tables, "matching_events")
    if missing:
        return Trap(NAME, "cannot_be_checked", tuple(lending), reason=missing)
    covered = [figure for figure in lending if is_covered(figure, "matching_events", tables)]
    if not covered:
        return Trap(NAME, "cannot_be_checked", tuple(lending), reason="beyond_data")
    checked = [_check(figure, tables) for figure in covered]
    return next((trap for trap in checked if trap.verdict == "found"), checked[0])


def _check(figure: Figure, tables: TablesLike) -> Trap:
    stage = figure.states("stage", USUAL_STAGE[figure.indicator])
    amounts = {name: _amount(name, figure, tables) for name in ("matched", "contracted", "drawn")}
    matched, meant = amounts["matched"], amounts[stage]
    if matched is None or meant is None:
        return Trap(NAME, "cannot_be_checked", (figure,), reason="no_rows")
    value = in_usual_unit(figure)
    is_matched = reproduces(value, figure.bound, "money", matched.value)
    found = is_matched and meant.value < FAR_BELOW * matched.value
    evidence = (
        Evidence("published", value, "万元"),
        *(_evidence(name, counted) for name, counted in amounts.items()),
        Evidence("drawn_share", _share(amounts), "share", matched.n_enterprises, matched.largest_share),
        Evidence("events", float(_events(figure, tables)), "events"),
    )
    return Trap(NAME, "found" if found else "not_found", (figure,), evidence)


def _amount(stage: str, figure: Figure, tables: TablesLike) -> Counted | None:
    asked = usual_reading(figure, stage=stage)
    return recount_matching(stage, tables, asked)


def _events(figure: Figure, tables: TablesLike) -> int:
    asked: Asked = usual_reading(figure)
    return int(rows_of("matching_events", "held_on", tables, asked)["event_id"].nunique())


def _evidence(name: str, counted: Counted | None) -> Evidence:
    if counted is None:
        return Evidence(name, None, "万元")
    return Evidence(name, counted.value, "万元", counted.n_enterprises, counted.largest_share)


def _share(amounts: dict[str, Counted | None]) -> float | None:
    matched, drawn = amounts["matched"], amounts["drawn"]
    return drawn.value / matched.value if matched and drawn and matched.value else None
