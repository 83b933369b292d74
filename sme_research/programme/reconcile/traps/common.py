"""What the searches for misreadings share."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sme_research.programme.reconcile.asking import Asked, TablesLike
from sme_research.programme.reconcile.comparing import DATES, FACTORS, LAG_DAYS, last_day
from sme_research.programme.reconcile.indicators import INDICATORS, find_indicator
from sme_research.programme.reconcile.perimeters import CHINA
from sme_research.programme.reconcile.records import Figure


def of_indicator(figures: Sequence[Figure], *names: str, here: bool = True) -> list[Figure]:
    """Figures of these indicators under any alias, the earliest first; ``here``: of the province only."""
    return sorted(
        (
            figure
            for figure in figures
            if (known := find_indicator(figure.indicator)) is not None
            and known.name in names
            and not (here and figure.stated.get("place") == CHINA)
        ),
        key=lambda figure: figure.as_of,
    )


def usual_reading(figure: Figure, **stated: str) -> Asked:
    """The figure's day with what it states, further axes beside."""
    return Asked(pd.Timestamp(figure.as_of), {**figure.stated, **stated})


def in_usual_unit(figure: Figure) -> float:
    """The figure's value in the recount's unit: 10,000 yuan, percent, or as it is."""
    indicator = find_indicator(figure.indicator)
    assert indicator is not None
    return figure.value * FACTORS.get(indicator.kind, {}).get(figure.unit, 1.0)


def kind_of(name: str) -> str:
    """How an indicator is printed: count, money or percent."""
    return INDICATORS[name].kind


def lacking(tables: TablesLike, *names: str) -> str:
    """Tables that are not there, as one text; empty where all are."""
    return ", ".join(name for name in names if name not in tables)


def is_covered(figure: Figure, table: str, tables: TablesLike) -> bool:
    """Whether the figure's day lies within what a dated table covers."""
    first = tables[table][DATES[table]].min()
    last = last_day(tables) + pd.Timedelta(days=LAG_DAYS)
    return not pd.isna(first) and first <= pd.Timestamp(figure.as_of) <= last
