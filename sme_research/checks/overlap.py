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
    """Share of the treated whose covariates hardly occur among those they are compared with.

    Cohort by cohort, a logit gives every enterprise its chance of being in the
    cohort rather than among those not yet treated when the cohort was. A
    treated one is without its like where that chance exceeds 0.95 or every
    chance among its comparison enterprises.

    Returns
    -------
    Check
        ``statistic`` is that share over all cohorts: warn over 2 %, fail over
        10 %; not applicable without covariates. ``table`` counts enterprises by
        arm and tenth of the chance, over all cohorts.
    """
    sample = estimation.sample
    enterprises = sample.drop_duplicates("enterprise_id")
    covariates = [name for name in estimation.covariates if enterprises[name].max() > enterprises[name].min()]
    cohorts = sorted(enterprises.loc[enterprises["cohort"] <= sample["year"].max(), "cohort"].unique())
    chances = [_chances(enterprises, cohort, covariates) for cohort in cohorts] if covariates else []
    chances = [pair for pair in chances if len(pair[1])]
    if not chances:
        return Check("overlap", "not_applicable", None, None)
    alone = sum(int(((ours > HIGHEST) | (ours > theirs.max())).sum()) for ours, theirs in chances)
    treated = np.concatenate([ours for ours, _ in chances])
    share = alone / len(treated)
    table = _tenths(treated, np.concatenate([theirs for _, theirs in chances]))
    verdict = judge(share, warn_over=WARN_SHARE, fail_over=FAIL_SHARE)
    return Check("overlap", verdict, share, None, values={"share_alone": share, "n_alone": float(alone)}, table=table)


def _chances(enterprises: pd.DataFrame, cohort: float, covariates: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Chances among one cohort and among those not yet treated when it was."""
    pool = enterprises[enterprises["cohort"].isna() | (enterprises["cohort"] >= cohort)]
    treated = (pool["cohort"] == cohort).to_numpy()
    varying = [name for name in covariates if pool[name].max() > pool[name].min()]
    if treated.all() or not varying:
        return np.zeros(int(treated.sum())), np.zeros(int((~treated).sum()))
    chance = _chance(pool[varying], treated)
    return chance[treated], chance[~treated]


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


def _tenths(ours: np.ndarray, theirs: np.ndarray) -> tuple[dict[str, float], ...]:
    edges = np.linspace(0, 1, 11)
    counts = zip(np.histogram(ours, edges)[0], np.histogram(theirs, edges)[0], strict=True)
    return tuple(
        {"from": float(low), "to": float(high), "treated": int(a), "comparison": int(b)}
        for low, high, (a, b) in zip(edges[:-1], edges[1:], counts, strict=True)
    )
