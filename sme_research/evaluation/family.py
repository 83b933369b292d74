"""The same instrument on every outcome of the family, and on one that it should not move."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sme_research.errors import SmeResearchError
from sme_research.evaluation.primary import make_refit
from sme_research.outcomes import OUTCOMES
from sme_research.results import Effect, OutcomeEffect
from sme_research.sample import load_sample
from sme_research.study import Study

TablesLike = Mapping[str, pd.DataFrame]


def run_family(
    study: Study, tables: TablesLike, own: Effect, outcomes: tuple[str, ...]
) -> tuple[OutcomeEffect, ...]:
    """One entry an outcome, the study's own first; the reason where one cannot be estimated."""
    return tuple(
        _entry(name, effect=own) if name == study.outcome else estimate_outcome(study, tables, name)
        for name in outcomes
    )


def estimate_outcome(study: Study, tables: TablesLike, name: str) -> OutcomeEffect:
    """The study's question asked of another outcome."""
    other = study.model_copy(update={"outcome": name, "estimator": None})
    missing = [place for place in OUTCOMES[name].columns if place.split(".")[0] not in tables]
    if missing:
        return _entry(name, reason=f"the table {missing[0].split('.')[0]} is not there")
    try:
        return _entry(name, effect=make_refit(other)(load_sample(other, tables))[0])
    except SmeResearchError as error:
        return _entry(name, reason=str(error))


def _entry(name: str, *, effect: Effect | None = None, reason: str = "") -> OutcomeEffect:
    outcome = OUTCOMES[name]
    return OutcomeEffect(name, outcome.label, outcome.family, effect, reason)
