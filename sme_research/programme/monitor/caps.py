"""How much a borrower may draw in all, by day: the phases of the loan programme as data."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from typing import Final

import pandas as pd

from sme_research.tables import reference_path

FILE: Final = "loan_phases.csv"


@dataclass(frozen=True, slots=True)
class Caps:
    """Caps on a day, 万元, over all phases since the first one's opening."""

    since: pd.Timestamp
    srdi: float
    little_giant: float


def loan_caps(day: pd.Timestamp) -> Caps | None:
    """Caps of the phase that was the last to open by a day; None before the first.

    A phase that states no cap of its own for little giants has one cap for all.
    """
    opened = [phase for phase in _phases() if phase[0] <= day]
    if not opened:
        return None
    _, srdi, little_giant = opened[-1]
    return Caps(opened[0][0], srdi, little_giant)


@cache
def _phases() -> tuple[tuple[pd.Timestamp, float, float], ...]:
    """Opening day, cap of SRDI and of little giants by phase, in order."""
    with reference_path(FILE).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return tuple(sorted((_day(row["open_date"]), *_caps(row)) for row in rows))


def _caps(row: dict[str, str]) -> tuple[float, float]:
    srdi = float(row["cap_loan_srdi_10k"])
    return srdi, float(row["cap_loan_lg_10k"] or srdi)


def _day(opened: str) -> pd.Timestamp:
    """First day of an opening that is told as a day, a month, or a span of either."""
    return pd.Period(opened.split("..", maxsplit=1)[0]).start_time.normalize()
