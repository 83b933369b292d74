"""Overlap of the covariates."""

import numpy as np
from check_cases import check, sample_of


def test_overlap_counts_the_treated_without_their_like():
    rng = np.random.default_rng(3)
    alike = sample_of(list(rng.normal(0, 1, 500)), list(rng.normal(0, 1, 500)))
    apart = sample_of(list(rng.normal(3, 1, 500)), list(rng.normal(0, 1, 500)))
    separate = sample_of(list(rng.uniform(5, 6, 50)), list(rng.uniform(0, 1, 50)))
    assert check("overlap", sample=alike).verdict == "pass"
    assert check("overlap", sample=apart).verdict == "fail"
    assert check("overlap", sample=separate).statistic == 1.0
    assert sum(row["treated"] + row["comparison"] for row in check("overlap", sample=alike).table) == 1_000
