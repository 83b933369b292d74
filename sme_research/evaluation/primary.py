"""The estimate that a report stands on: which estimator, which inference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from sme_research.estimators import ESTIMATORS, callaway_santanna, cluster_inference
from sme_research.results import Effect, EventStudy, Inference, Refit
from sme_research.study import Study

Estimate = tuple[Effect, EventStudy, tuple[Inference, ...]]


def estimate_primary(study: Study, sample: pd.DataFrame) -> Estimate:
    """The average and the event study as the study asks, with every inference that its design calls for.

    Where whole clusters are assigned, the group-time estimate carries the
    inference chosen by the number of treated clusters; enterprises assigned one
    by one need no other than clustered standard errors.
    """
    clustered = study.instrument_declaration.assigned_by == "cluster"
    if clustered and study.estimator_name == callaway_santanna.ESTIMATOR:
        return cluster_inference.infer(
            sample,
            unit=study.unit,
            comparison=study.comparison,
            level=study.level,
            adjustment=study.adjustment_name,
            anticipation=study.anticipation_years,
            seed=study.seed,
        )
    return (*_plain(study)(sample), ())


def estimate_quickly(study: Study, sample: pd.DataFrame) -> Estimate:
    """The same estimate without the inferences that stand beside the primary one."""
    if "cluster_id" in sample:
        inside = sample["cohort"] <= sample["year"].max()
        enough = sample.loc[inside, "cluster_id"].nunique() >= cluster_inference.FEWEST_FOR_JACKKNIFE
        if enough and _by_jackknife(study):
            effect, event_study, inference = cluster_inference.jackknife(sample, **_jackknife_options(study))
            return effect, event_study, (inference,)
    return estimate_primary(study, sample)


def make_refit(study: Study) -> Refit:
    """The primary estimator for another sample, with the cheapest inference that is right for it."""
    return _jackknife(study) if _by_jackknife(study) else _plain(study)


def _by_jackknife(study: Study) -> bool:
    clustered = study.instrument_declaration.assigned_by == "cluster"
    group_time = study.estimator_name == callaway_santanna.ESTIMATOR
    return clustered and group_time and study.adjustment_name == "outcome_regression"


def _jackknife_options(study: Study) -> dict[str, Any]:
    asked = {"unit": study.unit, "comparison": study.comparison, "level": study.level}
    return {**asked, "anticipation": study.anticipation_years}


def _jackknife(study: Study) -> Refit:
    options = _jackknife_options(study)

    def refit(sample: pd.DataFrame) -> tuple[Effect, EventStudy]:
        return cluster_inference.jackknife(sample, **options)[:2]

    return refit


def _plain(study: Study) -> Refit:
    estimate: Callable[..., tuple[Effect, EventStudy]] = ESTIMATORS[study.estimator_name]
    options: dict[str, Any] = {
        "unit": study.unit,
        "comparison": study.comparison,
        "level": study.level,
        "seed": study.seed,
    }
    if study.estimator_name == callaway_santanna.ESTIMATOR:
        options |= {"adjustment": study.adjustment_name, "anticipation": study.anticipation_years}

    def refit(sample: pd.DataFrame) -> tuple[Effect, EventStudy]:
        return estimate(sample, **options)

    return refit
