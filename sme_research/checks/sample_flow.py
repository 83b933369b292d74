"""Who was lost on the way to the sample, and more so in one arm? (threat: attrition)."""

from __future__ import annotations

from typing import Final

from sme_research.results import Check, Estimation, FlowStep, judge

WARN_GAP: Final = 0.05
FAIL_GAP: Final = 0.10
START: Final = "treated_inside_panel"
END: Final = "two_years"
"""Losses count between these steps: around them stand the rules of the design, between them only missing data."""


def check_sample_flow(estimation: Estimation) -> Check:
    """Share of enterprises lost to missing data, treated against comparison.

    Returns
    -------
    Check
        ``statistic`` is the difference between the arms' shares: warn over 5
        points, fail over 10.

    References
    ----------
    What Works Clearinghouse (2022), Procedures and Standards Handbook 5.0, attrition.
    """
    steps = {step.name: step for step in estimation.flow.steps}
    start, end = steps.get(START), steps.get(END)
    if start is None or end is None:
        return Check("sample_flow", "not_applicable", None, None)
    lost_treated = _lost(start.n_treated, end.n_treated)
    lost_comparison = _lost(_comparison(start), _comparison(end))
    gap = abs(lost_treated - lost_comparison)
    verdict = judge(gap, warn_over=WARN_GAP, fail_over=FAIL_GAP)
    values = {"lost_treated": lost_treated, "lost_comparison": lost_comparison, "gap": gap}
    return Check("sample_flow", verdict, gap, None, values=values)


def _comparison(step: FlowStep) -> int:
    return step.n_enterprises - step.n_treated


def _lost(before: int, after: int) -> float:
    return 1 - after / before if before else 0.0
