"""The specification curve: a list fixed in advance, every result reported.

Each entry asks the study's question in one other way that a sensible analyst
might have chosen; none was added or left out after seeing what it gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from sme_research.errors import SmeResearchError
from sme_research.estimators import ESTIMATORS, imputation
from sme_research.estimators.fixed_effects import estimate_contrast
from sme_research.evaluation.primary import make_refit
from sme_research.evaluation.workers import Ask
from sme_research.results import COVARIATE_PREFIX, Effect, Specification
from sme_research.sample import load_sample
from sme_research.study import Study

LARGEST_SHARE: Final = 0.05
TRIMMED_SHARE: Final = 0.01
PANDEMIC_YEAR: Final = 2020


def _with(changes: Callable[[Study], dict[str, object]]) -> Callable[[Ask], Effect]:
    """The same question by another study; StudyError where that is the study itself."""

    def run(ask: Ask) -> Effect:
        study = ask.study.model_copy(update=changes(ask.study))
        same_rows = {"comparison", "adjustment", "anticipation"}.issuperset(changes(ask.study))
        sample = ask.sample if same_rows else load_sample(study, ask.tables)
        return make_refit(study)(sample)[0]

    return run


def _on(keep: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Ask], Effect]:
    """The same question on part of the sample."""

    def run(ask: Ask) -> Effect:
        return make_refit(ask.study)(keep(ask.sample))[0]

    return run


def _by(estimator: str) -> Callable[[Ask], Effect]:
    """The same question by another estimator."""

    def run(ask: Ask) -> Effect:
        study = ask.study
        options = {"unit": study.unit, "comparison": study.comparison, "level": study.level, "seed": study.seed}
        return ESTIMATORS[estimator](ask.sample, **options)[0]

    return run


def _imputation(ask: Ask) -> Effect:
    return imputation.estimate_average(ask.sample, unit=ask.study.unit, level=ask.study.level)


def _two_way(ask: Ask) -> Effect:
    return estimate_contrast(ask.sample, unit=ask.study.unit, level=ask.study.level, seed=ask.study.seed).effect


def _other_comparison(study: Study) -> dict[str, object]:
    return {"comparison": "never_treated" if study.comparison == "not_yet_treated" else "not_yet_treated"}


def _other_adjustment(study: Study) -> dict[str, object]:
    regression = study.adjustment_name == "outcome_regression"
    return {"adjustment": "doubly_robust" if regression else "outcome_regression"}


def _balanced(sample: pd.DataFrame) -> pd.DataFrame:
    years = sample.groupby("enterprise_id")["year"].transform("size")
    return sample[years == sample["year"].nunique()]


def _without_year(sample: pd.DataFrame) -> pd.DataFrame:
    return sample[sample["year"] != PANDEMIC_YEAR]


def _without_largest(sample: pd.DataFrame) -> pd.DataFrame:
    first = sample.sort_values("year").drop_duplicates("enterprise_id").set_index("enterprise_id")["outcome"]
    return sample[sample["enterprise_id"].map(first) <= first.quantile(1 - LARGEST_SHARE)]


def _trimmed(sample: pd.DataFrame) -> pd.DataFrame:
    low, high = sample["outcome"].quantile([TRIMMED_SHARE, 1 - TRIMMED_SHARE])
    return sample.assign(outcome=sample["outcome"].clip(low, high))


def _bare(sample: pd.DataFrame) -> pd.DataFrame:
    return sample[[name for name in sample if not str(name).startswith(COVARIATE_PREFIX)]]


@dataclass(frozen=True, slots=True)
class _Entry:
    choices: Mapping[str, str]
    run: Callable[[Ask], Effect]


SPECIFICATIONS: Final[Mapping[str, _Entry]] = {
    "never_treated": _Entry({"comparison": "other"}, _with(_other_comparison)),
    "no_covariates": _Entry({"covariates": "none"}, _on(_bare)),
    "more_covariates": _Entry(
        {"covariates": "more"},
        _with(lambda study: {"covariates": tuple(dict.fromkeys((*study.adjusted_for, "first_revenue")))}),
    ),
    "without_research": _Entry(
        {"covariates": "without R&D"},
        _with(lambda study: {"covariates": tuple(name for name in study.adjusted_for if name != "rd_intensity")}),
    ),
    "other_adjustment": _Entry({"covariates": "other model"}, _with(_other_adjustment)),
    "anticipation_1": _Entry(
        {"anticipation": "one year more"}, _with(lambda study: {"anticipation": study.anticipation_years + 1})
    ),
    "balanced_panel": _Entry({"sample": "balanced"}, _on(_balanced)),
    "without_2020": _Entry({"sample": "without 2020"}, _on(_without_year)),
    "without_largest": _Entry({"sample": "without the largest"}, _on(_without_largest)),
    "trimmed_outcome": _Entry({"sample": "outcome trimmed"}, _on(_trimmed)),
    "all_enterprises": _Entry({"sample": "all enterprises"}, _with(lambda _: {"population": "all"})),
    "imputation": _Entry({"estimator": "imputation"}, _imputation),
    "sun_abraham": _Entry({"estimator": "sun_abraham"}, _by("sun_abraham")),
    "two_way_fixed_effects": _Entry({"estimator": "two_way_fixed_effects"}, _two_way),
}


def estimate_specification(ask: Ask, name: str) -> Specification:
    """One specification of the list, or the reason why it has no estimate."""
    entry = SPECIFICATIONS[name]
    why_not = _inapplicable(name, ask.study)
    if why_not:
        return Specification(name, entry.choices, None, why_not)
    try:
        return Specification(name, entry.choices, entry.run(ask))
    except SmeResearchError as error:
        return Specification(name, entry.choices, None, str(error))


def _inapplicable(name: str, study: Study) -> str:
    """Why a specification would only repeat the declared one, or does not fit the outcome."""
    instrument = study.instrument_declaration
    if name == "all_enterprises" and not (instrument.eligible_tiers or instrument.excluded_cities):
        return "the population is everybody already"
    if name == "no_covariates" and not study.adjusted_for:
        return "there are no covariates already"
    if name == "without_research" and "rd_intensity" not in study.adjusted_for:
        return "R&D intensity is not adjusted for already"
    counted = {"other_adjustment", "anticipation_1", "never_treated"}
    if study.estimator_name != "callaway_santanna" and name in counted:
        return f"the estimator {study.estimator_name} has no such choice"
    if study.outcome_declaration.count and name in {
        "imputation",
        "sun_abraham",
        "two_way_fixed_effects",
        "trimmed_outcome",
    }:
        return "a count is not estimated by a linear model"
    return ""
