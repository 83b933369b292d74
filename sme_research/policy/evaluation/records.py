"""What one will know of each measure, as presented and registered."""

from __future__ import annotations

from dataclasses import dataclass

from sme_research.policy.evaluation.designs import Design, Measure, Words
from sme_research.policy.evaluation.power import Detectable


@dataclass(frozen=True, slots=True)
class MeasureStudy:
    """One measure's study with its power on the department's panel.

    ``detectable`` is None where the tables cannot carry the trial, with the
    ``reason``. ``n_pool`` real enterprises lend their paths, ``n_units`` are
    planned and ``n_kept`` of them are expected to report to the end;
    ``n_needed`` detect the smallest effect worth knowing, None where more than
    the panel holds would. ``by_formula`` is the detectable effect by formula,
    None where there is none; ``correlation`` that within clusters.
    """

    measure: Measure
    design: Design
    keep: tuple[Words, ...]
    answer_on: str
    unit: str
    n_pool: int
    n_units: int
    n_kept: int
    detectable: Detectable | None
    n_needed: int | None
    by_formula: float | None
    correlation: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StagePlan:
    """The whole evaluation plan of the next stage: one study a measure, in the table's order."""

    studies: tuple[MeasureStudy, ...]
    level: float
    power: float
    strata: tuple[str, ...]
    n_draws: int
    seed: int
