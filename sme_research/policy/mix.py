"""What instruments held together go with: the records that a report of the mix reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sme_research.results import Check, Effect, Grade

Verdict = Literal["detected", "doubtful", "not_detected", "not_estimated"]


@dataclass(frozen=True, slots=True)
class CellEffect:
    """Enterprises with exactly these instruments against none, and what single instruments would add up to.

    None where too few hold them, or where the sum cannot be told.
    """

    instruments: tuple[str, ...]
    effect: Effect | None
    additive: Effect | None


@dataclass(frozen=True, slots=True)
class MixInteraction:
    """Beyond the sum of two or three instruments held together.

    ``detectable`` is the true interaction that a two-sided test at 5 % finds with
    80 % chance, in the effect's unit; ``p_value`` of zero, ``p_adjusted`` the same for
    all interactions of the report together (Holm 1979); ``checks`` hold the
    same question asked of the year before. ``reason`` says why there is no estimate.
    """

    instruments: tuple[str, ...]
    effect: Effect | None
    detectable: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    checks: tuple[Check, ...] = ()
    grade: Grade | None = None
    reason: str = ""

    @property
    def verdict(self) -> Verdict:
        """Detected, detected only if it were the one question asked, not detected, or not estimated."""
        if self.effect is None or self.p_adjusted is None:
            return "not_estimated"
        if self.effect.ci_low <= 0 <= self.effect.ci_high:
            return "not_detected"
        return "detected" if self.p_adjusted < 1 - self.effect.level else "doubtful"


@dataclass(frozen=True, slots=True)
class MixFinding:
    """Cells and interactions of a study's instruments on one outcome; labels by language.

    ``n_population`` is the number of enterprises that could have had all of
    them; ``years`` the first and last of the panel.
    """

    outcome: str
    outcome_label: Mapping[str, str]
    instruments: tuple[str, ...]
    labels: Mapping[str, Mapping[str, str]]
    unit: str
    level: float
    years: tuple[int, int]
    n_population: int | None
    cells: tuple[CellEffect, ...]
    interactions: tuple[MixInteraction, ...]

    def label(self, instruments: tuple[str, ...], lang: str) -> str:
        """A combination in words."""
        return " + ".join(self.labels[name][lang] for name in instruments)
