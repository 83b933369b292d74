"""From design and checks to a level of evidence, and to the words a report may use.

The rules are written out with their sources in ``docs/evidence.md``; a change
here is a change there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sme_research.results import Check, Effect, Grade

DESIGN_LEVEL: Final = {"callaway_santanna": 3}
"""Maryland level of a design whose checks hold: before-after against a comparison group is 3."""

LOWERING: Final = ("pretrends", "overlap", "balance", "sample_flow", "few_clusters", "cohort_years")
"""Checks whose failure takes the design down to a comparison of unlike groups: level 2."""

SILENCING: Final = ("pretrends", "sample_flow", "few_clusters", "cohort_years")
"""Checks whose doubt leaves the level but takes the word effect away."""


def grade_evidence(effect: Effect, checks: Sequence[Check]) -> Grade:
    """Level on the Maryland Scientific Methods scale and the permitted wording.

    The word effect is permitted only where the design's level stands and no
    reason speaks against it.

    Parameters
    ----------
    effect : Effect
        Its ``estimator`` sets the design's level.
    checks : sequence of Check
        All checks that were made.

    Returns
    -------
    Grade
        ``reasons`` are ``design_…`` first, then ``failed_…``, ``untested_…``
        and ``doubt_…``.
    """
    by_name = {check.name: check for check in checks}
    level = DESIGN_LEVEL[effect.estimator]
    reasons = [f"design_{effect.estimator}"]
    for name in LOWERING:
        if name in by_name and by_name[name].verdict == "fail":
            level = min(level, 2)
            reasons.append(f"failed_{name}")
    if "pretrends" not in by_name or by_name["pretrends"].verdict == "not_applicable":
        level = min(level, 2)
        reasons.append("untested_pretrends")
    if "balance" not in by_name or by_name["balance"].verdict == "not_applicable":
        reasons.append("untested_balance")
    doubts = [f"doubt_{name}" for name in SILENCING if name in by_name and by_name[name].verdict == "warn"]
    sure = level >= 3 and len(reasons) == 1 and not doubts
    return Grade(level, "effect" if sure else "association", tuple(reasons + doubts))
