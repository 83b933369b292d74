"""Are the treated like those they are compared with? (threat: selection on what is seen)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from sme_research.results import Check, Estimation, judge

LARGE: Final = 0.25
"""Absolute standardised difference from which regression alone is not to be trusted."""
TOO_LARGE: Final = 1.0


def check_balance(estimation: Estimation) -> Check:
    """Standardised differences of the covariates between treated and comparison enterprises.

    Difference of means over the root of the mean of both variances, before any
    adjustment, one row an enterprise.

    Returns
    -------
    Check
        ``statistic`` is the largest absolute standardised difference: warn over
        0.25, fail over 1; not applicable without covariates.

    References
    ----------
    Imbens and Rubin (2015), Causal Inference, ch. 14.
    """
    sample = estimation.sample
    enterprises = sample.drop_duplicates("enterprise_id")
    treated = enterprises["cohort"] <= sample["year"].max()
    if not estimation.covariates or treated.all():
        return Check("balance", "not_applicable", None, None)
    rows = [
        _compare(name, enterprises.loc[treated, name], enterprises.loc[~treated, name])
        for name in estimation.covariates
    ]
    largest = max(abs(row["standardised_difference"]) for row in rows)
    verdict = judge(largest, warn_over=LARGE, fail_over=TOO_LARGE)
    return Check("balance", verdict, largest, None, values={"largest": largest, "limit": LARGE}, table=tuple(rows))


def _compare(name: str, ours: pd.Series[float], theirs: pd.Series[float]) -> dict[str, Any]:
    spread = float(np.sqrt((ours.var() + theirs.var()) / 2))
    gap = float(ours.mean() - theirs.mean())
    # A constant has a spread of rounding errors, which is not one.
    varies = max(ours.max(), theirs.max()) > min(ours.min(), theirs.min())
    return {
        "covariate": name,
        "treated": float(ours.mean()),
        "comparison": float(theirs.mean()),
        "standardised_difference": gap / spread if varies and spread > 0 else 0.0,
    }
