"""Study and tables to estimate, checks and grade: the one composition that all front ends share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from sme_research.checks import run_checks
from sme_research.covariates import covariate_label
from sme_research.estimators.callaway_santanna import covariates_of, estimate_both
from sme_research.evidence import grade_evidence
from sme_research.present.sentences import check_sentence, headline, reason_sentence
from sme_research.present.show import Record
from sme_research.present.words import LANGUAGES
from sme_research.results import Check, Estimation, Finding
from sme_research.sample import trace_sample
from sme_research.study import Study

WORDS = ("treatment", "population", "comparison", "selection", "mechanism")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything one study found."""

    study: Study
    sample: pd.DataFrame = field(repr=False, compare=False)
    finding: Finding

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
            "checks": [_check_json(check) for check in finding.checks],
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
        }
        return Record({"kind": "finding", **self.to_json(), **words})

    def _repr_html_(self) -> str:
        return self.finding.effect._repr_html_() + self.finding.grade._repr_html_()


def evaluate(
    study: Study, tables: Mapping[str, pd.DataFrame], *, instrument_label: Mapping[str, str] | None = None
) -> Evaluation:
    """Sample, estimate, check and grade.

    Parameters
    ----------
    study : Study
        The question.
    tables : mapping of str to DataFrame
        As `load_tables` gives them.
    instrument_label : mapping of language to str, optional
        What the report calls the instrument, where its own label would mislead.

    Raises
    ------
    DataError, IdentificationError
        The tables lack what the question needs, or leave nothing to compare.
    """
    sample, flow = trace_sample(study, tables)
    effect, event_study = estimate_both(
        sample, unit=study.unit, comparison=study.comparison, level=study.level, seed=study.seed
    )
    covariates = covariates_of(sample)
    checks = run_checks(Estimation(sample, flow, effect, event_study, covariates))
    instrument, outcome = study.instrument_declaration, study.outcome_declaration
    finding = Finding(
        instrument=study.instrument,
        outcome=study.outcome,
        instrument_label=instrument_label or instrument.label,
        outcome_label=outcome.label,
        covariate_label={column: covariate_label(column) for column in covariates},
        words={part: getattr(instrument, part) for part in WORDS},
        years=(int(sample["year"].min()), int(sample["year"].max())),
        flow=flow,
        effect=effect,
        event_study=event_study,
        checks=checks,
        grade=grade_evidence(effect, checks),
    )
    return Evaluation(study, sample, finding)


def _check_json(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "verdict": check.verdict,
        "statistic": check.statistic,
        "p_value": check.p_value,
        "detail": check_sentence(check, "en"),
        "values": dict(check.values),
    }
