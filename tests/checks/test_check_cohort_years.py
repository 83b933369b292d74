"""Cohort-years that could not be estimated."""

from dataclasses import replace

import pytest
from check_cases import EFFECT, check


@pytest.mark.parametrize(
    ("cells", "lost", "unsure", "verdict"),
    [(10, 0, 0, "pass"), (10, 0, 2, "warn"), (8, 2, 0, "warn"), (4, 6, 0, "fail")],
)
def test_lost_and_unsure_cells_are_told(cells, lost, unsure, verdict):
    effect = replace(EFFECT, n_cells=cells, n_cells_lost=lost, n_cells_unsure=unsure)
    assert check("cohort_years", effect=effect).verdict == verdict
