"""From design and checks to a level of evidence, and to the words a report may use.

The rules are written out with their sources in ``docs/evidence.md``; a change
here is a change there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sme_research.results import Check, Effect, Grade, Wording

DESIGN_LEVEL: Final = {
    "callaway_santanna": 3,
    "imputation": 3,
    "sun_abraham": 3,
    "wooldridge_poisson": 3,
    "two_way_fixed_effects": 2,
}
"""Maryland level of a design whose checks hold: before-after against a comparison group is 3."""

LOWERING: Final = (
    "pretrends",
    "anticipation",
    "placebo_date",
    "placebo_group",
    "overlap",
    "balance",
    "sample_flow",
    "attrition",
    "few_clusters",
    "cohort_years",
)
"""Checks whose failure takes the design down to a comparison of unlike groups: level 2."""

BARRING: Final = ("spillovers", "bundle", "placebo_outcome", "composition", "influence", "specification_curve")
"""Checks whose failure leaves the design but says that its number is not the instrument's alone: no word effect."""

SILENCING: Final = (
    "pretrends",
    "anticipation",
    "sample_flow",
    "attrition",
    "few_clusters",
    "cohort_years",
    "bundle",
    "multiplicity",
)
"""Checks whose doubt leaves the level but takes the word effect away."""

NEEDED: Final = ("pretrends", "balance")
"""Checks without which the word effect is never used; untested trends also take the level down."""


def grade_evidence(effect: Effect, checks: Sequence[Check], *, quick: bool = False) -> Grade:
    """Level on the Maryland Scientific Methods scale and the permitted wording.

    The word effect is permitted only where the design's level stands and no
    reason speaks against it.

    Parameters
    ----------
    effect : Effect
        Its ``estimator`` sets the design's level.
    checks : sequence of Check
        All checks that were made.
    quick : bool
        Whether only some of the checks were made: the word effect is then not used.

    Returns
    -------
    Grade
        ``reasons`` are ``design_…`` first, then ``failed_…``, ``untested_…``,
        ``doubt_…`` and ``quick_look``.
    """
    verdicts = {check.name: check.verdict for check in checks}
    level = DESIGN_LEVEL[effect.estimator]
    failed = [name for name in (*LOWERING, *BARRING) if verdicts.get(name) == "fail"]
    untested = [name for name in NEEDED if verdicts.get(name, "not_applicable") == "not_applicable"]
    doubts = [name for name in SILENCING if verdicts.get(name) == "warn"]
    if "pretrends" in untested or set(failed) & set(LOWERING):
        level = min(level, 2)
    against = [f"failed_{name}" for name in failed] + [f"untested_{name}" for name in untested]
    against += [f"doubt_{name}" for name in doubts] + (["quick_look"] if quick else [])
    wording: Wording = "effect" if level >= 3 and not against else "association"
    return Grade(level, wording, (f"design_{effect.estimator}", *against))
