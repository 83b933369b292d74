"""What past money brought, for several evaluations at once; and the trials of a scenario's measures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from sme_research.errors import StudyError
from sme_research.evaluation.compose import Evaluation
from sme_research.evaluation.plan import fingerprint, write_stage
from sme_research.evaluation.power import plan_stage
from sme_research.outcomes import OUTCOMES
from sme_research.policy.beliefs import CAUSAL
from sme_research.policy.evaluation import StagePlan, load_designs
from sme_research.policy.fiscal import Costs
from sme_research.policy.scenario import Scenario
from sme_research.policy.worth.cost import MEASURES
from sme_research.policy.worth.value import Value, weigh_finding
from sme_research.results import Finding
from sme_research.sample import load_sample
from sme_research.tables import Tables

FURTHER: Final = tuple(outcome for outcome in MEASURES if outcome != "log_revenue")


def weigh_all(evaluations: Sequence[Evaluation], tables: Tables, costs: Costs) -> list[Value]:
    """What an added yuan, job and promotion cost, by evaluation; those without a known cost are left out.

    Jobs and promotions come from the outcomes that an evaluation estimated besides
    its own. They passed no checks by themselves, so they are never called effects.
    """
    found = []
    for evaluation in evaluations:
        for finding in (evaluation.finding, *_further(evaluation.finding)):
            # Growth without support is that of the finding's own outcome.
            sample = load_sample(evaluation.study.model_copy(update={"outcome": finding.outcome}), tables)
            value = weigh_finding(
                finding, sample, tables, costs, anticipation_years=evaluation.study.anticipation_years
            )
            if value is not None:
                found.append(value)
    return found


def _further(finding: Finding) -> Iterator[Finding]:
    wording = "association" if finding.grade.wording == CAUSAL else finding.grade.wording
    for member in finding.family:
        if member.outcome in FURTHER and member.effect is not None:
            yield replace(
                finding,
                outcome=member.outcome,
                outcome_label=OUTCOMES[member.outcome].label,
                effect=member.effect,
                grade=replace(finding.grade, wording=wording),
            )


def plan_trials(scenario: Scenario, tables: Tables, *, designs: str = "", n_draws: int = 200) -> StagePlan:
    """Power of the studies of a scenario's measures, on the department's own panel.

    Parameters
    ----------
    scenario : Scenario
    tables : Tables
    designs : str
        A file of evaluation designs; the shipped ones where empty.
    n_draws : int
        Trials of each planted effect.

    Raises
    ------
    StudyError
        No design is given for any of the measures.
    """
    given = load_designs(designs or None)
    kept = tuple(measure for measure in given.measures if measure.instrument in scenario.measures)
    if not kept:
        raise StudyError("the evaluation designs name none of the scenario's measures; add one of them.")
    return plan_stage(given.model_copy(update={"measures": kept}), tables, n_draws=n_draws)


def register_stage(plan: StagePlan) -> str:
    """The fingerprint by which later reports are held against a stage's plan."""
    return fingerprint(write_stage(plan))
