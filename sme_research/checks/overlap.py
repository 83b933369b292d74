"""Is there for every treated enterprise somebody like it? (threat: extrapolation)."""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import expit
from statsmodels.discrete.discrete_model import Logit
from statsmodels.tools.sm_exceptions import PerfectSeparationError, PerfectSeparationWarning

from sme_research.results import Check, Estimation, judge

WARN_SHARE: Final = 0.02
FAIL_SHARE: Final = 0.10
HIGHEST: Final = 0.95
"""Chance of being treated from which an enterprise has almost no like among the untreated."""


def check_overlap(estimation: Estimation) -> Check:
    """Share of the treated whose covariates hardly occur among the comparison enterprises.

    A logit gives every enterprise its chance of being treated within the panel;
    a treated one is without its like where that chance exceeds 0.95 or every
    chance among the comparison enterprises.

    Returns
    -------
    Check
        ``statistic`` is that share: warn over 2 %, fail over 10 %; not
        applicable without covariates. ``table`` counts enterprises by arm and
        tenth of the chance.
    """
    sample = estimation.sample
    enterprises = sample.drop_duplicates("enterprise_id")
    treated = (enterprises["cohort"] <= sample["year"].max()).to_numpy()
    covariates = [name for name in estimation.covariates if enterprises[name].std() > 0]
    if not covariates or treated.all():
        return Check("overlap", "not_applicable", None, None)
    chance = _chance(enterprises[covariates], treated)
    alone = treated & ((chance > HIGHEST) | (chance > chance[~treated].max()))
    share = float(alone.sum() / treated.sum())
    verdict = judge(share, warn_over=WARN_SHARE, fail_over=FAIL_SHARE)
    values = {
        "share_alone": share,
        "n_alone": float(alone.sum()),
        "highest_comparison": float(chance[~treated].max()),
    }
    return Check("overlap", verdict, share, None, values=values, table=_tenths(chance, treated))


def _chance(covariates: pd.DataFrame, treated: np.ndarray) -> np.ndarray:
    """Chance of being treated, 0 to 1; certain where the covariates separate the arms."""
    spread = covariates.std()
    scaled = ((covariates - covariates.mean()) / spread).to_numpy(dtype=float)
    design = np.column_stack([np.ones(len(scaled)), scaled])
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            fit = Logit(treated.astype(float), design).fit(disp=0, maxiter=100, warn_convergence=False)
        except (PerfectSeparationWarning, PerfectSeparationError, np.linalg.LinAlgError):
            return treated.astype(float)
    return np.asarray(expit(design @ fit.params))


def _tenths(chance: np.ndarray, treated: np.ndarray) -> tuple[dict[str, float], ...]:
    edges = np.linspace(0, 1, 11)
    ours, _ = np.histogram(chance[treated], edges)
    theirs, _ = np.histogram(chance[~treated], edges)
    return tuple(
        {"from": float(low), "to": float(high), "treated": int(a), "comparison": int(b)}
        for low, high, a, b in zip(edges[:-1], edges[1:], ours, theirs, strict=True)
    )
