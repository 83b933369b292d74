"""The numbers of a picture as a small table, for readers who reckon on with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sme_research.present.words import MARK, scale, text, unit_head
from sme_research.results import Effect

Value = str | float | int | None
Plotted = Sequence[Mapping[str, Value]]
"""One mapping a row; its keys are the heads, with the unit, in the report's language."""
_DECIMALS: Final = 4
"""Of every number: more than a picture shows, fewer than differ between machines."""


def tabulate_plotted(heads: Sequence[str], rows: Iterable[Sequence[Value]]) -> Plotted:
    """Rows by head, their numbers rounded."""
    return tuple(dict(zip(heads, map(_rounded, row), strict=True)) for row in rows)


def heads(lang: str, *names: str, **values: str) -> list[str]:
    """Heads by name from the catalogue's ``plotted``."""
    return [text(lang, f"plotted.{name}", **values) for name in names]


def interval_heads(lang: str, unit: str, level: float, *, first: Sequence[str] = ()) -> list[str]:
    """Heads of an estimate with its interval, in the unit of its axis."""
    told = {"unit": unit_head(unit, lang), "level": f"{level:.0%}"}
    return [*first, *heads(lang, "estimate", "low", "high", **told)]


def counted(number: float | None) -> Value:
    """A count, or the mark where it is withheld."""
    return MARK if number is None else number


def in_axis(unit: str, *values: float) -> list[float]:
    """Numbers as the axis shows them: percent or percentage points."""
    return [scale(value, unit) for value in values]


def effect_values(effect: Effect) -> list[float]:
    """Estimate and interval as the axis shows them."""
    return in_axis(effect.unit, effect.estimate, effect.ci_low, effect.ci_high)


def _rounded(value: Value) -> Value:
    if isinstance(value, bool) or not isinstance(value, float):
        return value
    return int(value) if value.is_integer() else round(value, _DECIMALS) + 0.0
