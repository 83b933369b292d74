"""How one will know: designs by measure, lots that anybody can draw again, power on the department's own panel."""

from sme_research.policy.evaluation.designs import Design, Measure, StageDesigns, load_designs
from sme_research.policy.evaluation.lots import (
    Draw,
    commit_seed,
    draw_seats,
    draw_waves,
    fingerprint_register,
    verify_draw,
)
from sme_research.policy.evaluation.records import MeasureStudy, StagePlan

__all__ = [
    "Design",
    "Draw",
    "Measure",
    "MeasureStudy",
    "StageDesigns",
    "StagePlan",
    "commit_seed",
    "draw_seats",
    "draw_waves",
    "fingerprint_register",
    "load_designs",
    "verify_draw",
]
