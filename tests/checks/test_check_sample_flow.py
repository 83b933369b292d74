"""Losses to missing data by arm."""

import pytest
from check_cases import check

from sme_research.results import FlowStep, SampleFlow


@pytest.mark.parametrize(("treated_left", "verdict"), [(95, "pass"), (88, "warn"), (70, "fail")])
def test_losses_compare_the_arms(treated_left, verdict):
    flow = SampleFlow(
        (FlowStep("treated_inside_panel", 200, 100, 800), FlowStep("two_years", treated_left + 95, treated_left, 700))
    )
    answer = check("sample_flow", flow=flow)
    assert answer.statistic == pytest.approx(abs((100 - treated_left) / 100 - 0.05))
    assert answer.verdict == verdict
