"""Person-times, or attendances, read as enterprises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sme_research.programme.reconcile.activities import rows_of
from sme_research.programme.reconcile.asking import TablesLike
from sme_research.programme.reconcile.bounds import reproduces
from sme_research.programme.reconcile.records import Evidence, Figure, Trap
from sme_research.programme.reconcile.traps.common import is_covered, lacking, of_indicator, usual_reading

NAME = "times_as_firms"
TABLES: Final = {"training_enterprises": "training", "matching_enterprises": "matching_events"}
"""Table behind each figure that says how many enterprises took part."""


def check_times_as_firms(figures: Sequence[Figure], tables: TablesLike) -> Trap:
    """Look for a number of enterprises that is the number of person-times or of attendances."""
    published = of_indicator(figures, *TABLES)
    if not published:
        return Trap(NAME, "not_found")
    missing = lacking(tables, *{TABLES[figure.indicator] for figure in published})
    if missing:
        return Trap(NAME, "cannot_be_checked", tuple(published), reason=missing)
    covered = [figure for figure in published if is_covered(figure, TABLES[figure.indicator], tables)]
    if not covered:
        return Trap(NAME, "cannot_be_checked", tuple(published), reason="beyond_data")
    checked = [_check(figure, tables) for figure in covered]
    return next((trap for trap in checked if trap.verdict == "found"), checked[0])


def _check(figure: Figure, tables: TablesLike) -> Trap:
    rows = rows_of(TABLES[figure.indicator], "held_on", tables, usual_reading(figure))
    n = int(rows["enterprise_id"].nunique())
    times = {"attendances": float(len(rows))}
    if "participants" in rows:
        times = {"person_times": float(rows["participants"].sum())} | times
    misread = next((name for name, number in times.items() if number != n and _is(figure, number)), None)
    found = misread is not None and not _is(figure, n)
    evidence = (
        Evidence("published", figure.value, "enterprises"),
        Evidence("enterprises", float(n), "enterprises", n),
        *(Evidence(name, number, "times", n) for name, number in times.items()),
        Evidence("times_each", times[misread or next(iter(times))] / n if n else None, "ratio", n),
    )
    return Trap(NAME, "found" if found else "not_found", (figure,), evidence)


def _is(figure: Figure, number: float) -> bool:
    return reproduces(figure.value, figure.bound, "count", number)
