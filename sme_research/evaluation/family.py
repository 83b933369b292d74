"""The same instrument on every outcome of the family, and on one that it should not move."""

from __future__ import annotations

from typing import Final

from sme_research.cache import recall
from sme_research.errors import SmeResearchError
from sme_research.evaluation.numbered import NumberedTables
from sme_research.evaluation.primary import make_refit
from sme_research.evaluation.workers import Ask
from sme_research.outcomes import OUTCOMES
from sme_research.results import Effect, OutcomeEffect
from sme_research.sample import load_sample
from sme_research.study import Study

MOST_FOR_COUNTS: Final = 300_000
"""Enterprise-years up to which a report estimates a count beside its own outcome: it needs ten times the work."""


def estimate_outcome(ask: Ask, name: str) -> OutcomeEffect:
    """The study's question asked of another outcome, or the reason why it cannot be.

    The studies of one instrument show the same outcomes beside their own: each
    is taken from the kept results, where the environment names a folder for them.
    """
    study = ask.study.model_copy(update={"outcome": name, "estimator": None})
    question = {"study": study.settled(), "counts": len(ask.sample) <= MOST_FOR_COUNTS}
    tables = ask.tables.given if isinstance(ask.tables, NumberedTables) else ask.tables
    return recall("outcome", question, tables, lambda: _estimate(ask, study), module=__name__)


def _estimate(ask: Ask, study: Study) -> OutcomeEffect:
    name, outcome = study.outcome, study.outcome_declaration
    missing = [place for place in outcome.columns if place.split(".")[0] not in ask.tables]
    if missing:
        return _entry(name, reason=f"the table {missing[0].split('.')[0]} is not there")
    if outcome.count and len(ask.sample) > MOST_FOR_COUNTS:
        return _entry(
            name,
            reason=f"a count model of {len(ask.sample):,} enterprise-years takes a report of its own; ask for it",
        )
    try:
        return _entry(name, effect=make_refit(study)(load_sample(study, ask.tables))[0])
    except SmeResearchError as error:
        return _entry(name, reason=str(error))


def own_outcome(study: Study, effect: Effect) -> OutcomeEffect:
    """The study's own outcome as a member of the family."""
    return _entry(study.outcome, effect=effect)


def _entry(name: str, *, effect: Effect | None = None, reason: str = "") -> OutcomeEffect:
    outcome = OUTCOMES[name]
    definition = {"transformation": outcome.transformation, "zero": outcome.zero, "missing": outcome.missing}
    return OutcomeEffect(name, outcome.label, outcome.family, effect, reason, definition)
