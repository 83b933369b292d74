"""Study and tables to estimates, checks and grade."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from sme_research.cache import recall
from sme_research.checks import CHECKS, run_checks
from sme_research.context import add_context, load_placebo_group, load_population
from sme_research.covariates import covariate_label
from sme_research.errors import StudyError
from sme_research.estimators.callaway_santanna import covariates_of
from sme_research.estimators.sensitivity import bound_event_study
from sme_research.evaluation.designs import DESIGNS, attempt, estimate_design, run_densities
from sme_research.evaluation.family import estimate_outcome, own_outcome
from sme_research.evaluation.numbered import NumberedTables
from sme_research.evaluation.plan import compare_plan, compare_size
from sme_research.evaluation.primary import Estimate, estimate_primary, estimate_quickly, make_refit
from sme_research.evaluation.programme import (
    tell_cost,
    tell_facts,
    tell_in_natural_units,
    tell_literature,
    tell_rule_sets,
)
from sme_research.evaluation.publishing import Edition, publish_finding
from sme_research.evaluation.specifications import SPECIFICATIONS, estimate_specification
from sme_research.evaluation.subgroups import PARTS, compare_parts, estimate_part
from sme_research.evaluation.workers import Ask, workers
from sme_research.evidence import grade_evidence
from sme_research.present.checking import reading_of
from sme_research.present.sentences import headline, reason_sentence
from sme_research.present.show import Record
from sme_research.present.words import LANGUAGES
from sme_research.results import Check, Estimation, Finding, PlanRecord, Specification
from sme_research.sample import trace_sample
from sme_research.study import Study

TablesLike = Mapping[str, pd.DataFrame]
Labels = Mapping[str, str]
Progress = Callable[[str], None]

WORDS = ("treatment", "population", "comparison", "selection", "mechanism")
OUTCOME_WORDS = ("transformation", "zero", "missing")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything one study found.

    ``rule_sets`` are ids of the recognition rules that the finding rests on.
    """

    study: Study
    sample: pd.DataFrame = field(repr=False, compare=False)
    finding: Finding
    rule_sets: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The finding with the names of the command line's contract, made of JSON types only."""
        finding = self.finding
        effect = asdict(finding.effect)
        return {
            "instrument": finding.instrument,
            "outcome": finding.outcome,
            **effect,
            "covariates": list(covariates_of(self.sample)),
            "event_study": [asdict(point) for point in finding.event_study.points],
            "inferences": [asdict(inference) for inference in finding.inferences],
            "checks": [_check_json(check, finding) for check in finding.checks],
            "grade": {
                "sms_level": finding.grade.sms_level,
                "wording": finding.grade.wording,
                "reasons": [reason_sentence(reason, "en") for reason in finding.grade.reasons],
            },
        }

    def record(self) -> Record:
        """The finding for machines, as the factory collects it: `to_json` with labels and headline."""
        finding = self.finding
        words = {
            "instrument_label": dict(finding.instrument_label),
            "outcome_label": dict(finding.outcome_label),
            "headline": {lang: headline(finding, lang).replace("**", "") for lang in LANGUAGES},
            "population": self.study.population,
            "cities": list(self.study.cities),
            "industries": list(self.study.industries),
            "prices": self.study.prices,
            "rule_sets": list(self.rule_sets),
        }
        return Record({"kind": "finding", **self.to_json(), **words})

    def _repr_html_(self) -> str:
        return self.finding.effect._repr_html_() + self.finding.grade._repr_html_()


def sketch(study: Study, tables: TablesLike, *, instrument_label: Labels | None = None) -> Evaluation:
    """The estimate with the checks that need no further estimation: a quick look, never called an effect.

    Parameters and errors are those of `evaluate`.
    """
    estimation = estimate_study(study, tables, by=estimate_quickly)
    checks = run_checks(estimation)
    finding = _finding(study, estimation.sample, estimation, checks, instrument_label)
    return Evaluation(
        study, estimation.sample, replace(finding, grade=grade_evidence(estimation.effect, checks, quick=True))
    )


def evaluate(
    study: Study,
    tables: TablesLike,
    *,
    instrument_label: Labels | None = None,
    plan: str | Path | None = None,
    edition: Edition = "internal",
    progress: Progress = lambda _: None,
) -> Evaluation:
    """Sample, estimate, check in every way and grade.

    Parameters
    ----------
    study : Study
        The question.
    tables : mapping of str to DataFrame
        As `load_tables` gives them.
    instrument_label : mapping of language to str, optional
        What the report calls the instrument, where its own label would mislead.
    plan : path, optional
        A plan registered before, as `save_plan` writes it; deviations from it are listed.
    edition : {"internal", "public"}
        ``"public"`` withholds what would give an enterprise away, and the sample's rows.
    progress : callable, optional
        Told the name of each part as it begins.

    Raises
    ------
    DataError, IdentificationError, StudyError
        The tables lack what the question needs, leave nothing to compare, or
        the plan cannot be read. In the public edition: the edition is not known, the study
        keeps chosen places or industries, or rests on too few enterprises.

    Where the environment names a folder for kept results, an evaluation that
    was made from the same question, data, code and environment is taken from it.
    """
    _guard_edition(study, edition)
    planned = compare_plan(study, plan or None)
    question = {"study": study.settled(), "label": dict(instrument_label or {}), "plan": asdict(planned)}
    sample, finding = recall(
        "evaluation",
        question,
        tables,
        lambda: _evaluate(study, tables, instrument_label, planned, progress),
        module=__name__,
    )
    if plan and finding.plan is not None:
        smaller = compare_size(study, finding.effect, plan)
        finding = replace(finding, plan=replace(finding.plan, deviations=(*finding.plan.deviations, *smaller)))
    rule_sets = tell_rule_sets(study, tables, sample["enterprise_id"])
    if edition == "public":
        return Evaluation(study, sample.iloc[:0], publish_finding(finding), rule_sets)
    return Evaluation(study, sample, finding, rule_sets)


def _guard_edition(study: Study, edition: str) -> None:
    if edition not in ("internal", "public"):
        raise StudyError(f"edition is {edition!r}; choose 'internal' or 'public'.")
    if edition == "public" and (study.cities or study.industries):
        raise StudyError(
            "the public edition takes no cities or industries: two reports that differ by one of them "
            "give that one away; leave both empty, or make this report for the internal edition only."
        )


def _evaluate(
    study: Study, given: TablesLike, instrument_label: Labels | None, planned: PlanRecord, progress: Progress
) -> tuple[pd.DataFrame, Finding]:
    """The sample, and all that is found on it."""
    unanswered: dict[str, str] = {}
    progress("estimate")
    # This reads the register before anything that refers to it, so that its own faults are the ones reported.
    tables = NumberedTables(given)
    with workers(len(tables["accounts"])) as run:
        estimation = estimate_study(study, tables)
        bare, own = estimation.sample, estimation.effect
        estimation = surround(study, tables, estimation, unanswered)
        sample = estimation.sample
        ask = Ask(study, tables, sample)
        progress("other designs")
        designs = dict(zip(DESIGNS, run(ask, estimate_design, tuple(DESIGNS)), strict=True))
        progress("specifications")
        specifications = run(ask, estimate_specification, tuple(SPECIFICATIONS))
        progress("outcomes")
        other_outcomes = (*planned.outcomes[1:], study.instrument_declaration.placebo_outcome)
        *family, placebo_outcome = run(ask, estimate_outcome, other_outcomes)
        progress("subgroups")
        subgroups = tuple(run(ask, estimate_part, PARTS))
        progress("checks")
        full = replace(
            estimation,
            refit=None,
            sensitivity=bound_event_study(estimation.event_study, level=study.level),
            specifications=(Specification("declared", {}, own), *specifications),
            family=(own_outcome(study, own), *family),
            placebo_outcome=placebo_outcome,
        )
        checks = tuple(run(Ask(study, {}, sample, full), make_check, tuple(CHECKS)))
    unanswered |= {name: reason for name, (_, reason) in designs.items() if reason}
    natural = tell_in_natural_units(study, sample, own)
    finding = _finding(study, sample, full, checks, instrument_label)
    finding = replace(
        finding,
        **{name: found for name, (found, _) in designs.items() if found is not None},
        plan=planned,
        natural=natural,
        sensitivity=full.sensitivity,
        specifications=full.specifications,
        family=full.family,
        subgroups=subgroups,
        interactions=compare_parts(subgroups),
        densities=full.densities,
        cost=tell_cost(study, tables, sample, natural),
        facts=tell_facts(study, tables),
        literature=tell_literature(study),
        unanswered=unanswered,
    )
    return tables.with_ids(bare), finding


def make_check(ask: Ask, name: str) -> Check:
    """One check of the estimation, with the primary estimator for other samples."""
    assert ask.estimation is not None
    return CHECKS[name](replace(ask.estimation, refit=make_refit(ask.study)))


def estimate_study(study: Study, tables: TablesLike, *, by: Callable[..., Estimate] = estimate_primary) -> Estimation:
    """Sample and primary estimate."""
    sample, flow = trace_sample(study, tables)
    effect, event_study, inferences = by(study, sample)
    return Estimation(sample, flow, effect, event_study, covariates_of(sample), inferences=inferences)


def surround(study: Study, tables: TablesLike, estimation: Estimation, unanswered: dict[str, str]) -> Estimation:
    """The estimation with what its checks look at: neighbours, leavers, thresholds, the excluded."""
    return replace(
        estimation,
        sample=add_context(estimation.sample, study, tables),
        refit=make_refit(study),
        population=load_population(study, tables),
        densities=run_densities(study, tables, unanswered),
        placebo_group=attempt("placebo_group", unanswered, lambda: load_placebo_group(study, tables)),
    )


def _finding(
    study: Study,
    sample: pd.DataFrame,
    estimation: Estimation,
    checks: tuple[Check, ...],
    instrument_label: Labels | None,
) -> Finding:
    instrument, outcome = study.instrument_declaration, study.outcome_declaration
    return Finding(
        instrument=study.instrument,
        outcome=study.outcome,
        instrument_label=instrument_label or instrument.label,
        outcome_label=outcome.label,
        covariate_label={column: covariate_label(column) for column in estimation.covariates},
        words={part: getattr(instrument, part) for part in WORDS}
        | {part: getattr(outcome, part) for part in OUTCOME_WORDS},
        years=(int(sample["year"].min()), int(sample["year"].max())),
        flow=estimation.flow,
        effect=estimation.effect,
        event_study=estimation.event_study,
        checks=checks,
        grade=grade_evidence(estimation.effect, checks),
        steps=instrument.steps,
        prices=study.prices,
        inferences=estimation.inferences,
    )


def _check_json(check: Check, finding: Finding) -> dict[str, Any]:
    return {
        "name": check.name,
        "verdict": check.verdict,
        "statistic": check.statistic,
        "p_value": check.p_value,
        "detail": reading_of(finding, check, "en"),
        "values": dict(check.values),
    }
