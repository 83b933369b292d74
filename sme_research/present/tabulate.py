"""Tables of a report, in its language."""

from __future__ import annotations

from sme_research.present.sentences import both_ways, check_sentence, interval, list_labels, reason_sentence
from sme_research.present.show import HtmlTable
from sme_research.present.words import count, percent_of, signed, text, words
from sme_research.results import EventStudy, Finding, SampleFlow


def tabulate_question(finding: Finding, lang: str) -> HtmlTable:
    """Population, treatment, comparator, outcome, period, estimand."""
    item = finding.outcome_label[lang]
    parts = {
        "population": finding.words["population"][lang],
        "treatment": finding.words["treatment"][lang],
        "comparison": finding.words["comparison"][lang],
        "outcome": text(lang, "question.logarithm", item=finding.outcome_label[lang]),
        "period": text(lang, "question.years", first_year=finding.years[0], last_year=finding.years[1]),
        "estimand": text(lang, "question.estimand_text", item=item),
        "covariates": list_labels(finding, lang) or "–",
    }
    rows = [(text(lang, f"question.{part}"), content) for part, content in parts.items()]
    return HtmlTable(text(lang, "question.caption"), words(lang, "question.head"), rows)


def tabulate_flow(flow: SampleFlow, lang: str) -> HtmlTable:
    """From the population to the analysis sample."""
    rows = [
        (
            text(lang, f"flow.{step.name}"),
            *map(count, (step.n_enterprises, step.n_treated, step.n_observations)),
        )
        for step in flow.steps
    ]
    return HtmlTable(text(lang, "flow.caption"), words(lang, "flow.head"), rows)


def tabulate_effect(finding: Finding, lang: str) -> HtmlTable:
    """The estimate in percent and in log points, with its interval, power and sample."""
    effect = finding.effect
    rows = [
        (text(lang, "effect.percent"), signed(percent_of(effect.estimate))),
        (text(lang, "effect.interval", level=f"{effect.level:.0%}"), interval(effect.ci_low, effect.ci_high, lang)),
        (text(lang, "effect.log"), f"{signed(effect.estimate, 4)} ({effect.std_error:.4f})"),
        (text(lang, "effect.mde"), both_ways(finding.check("power").values["mde"], lang)),
        (text(lang, "effect.n_enterprises"), count(effect.n_enterprises)),
        (text(lang, "effect.n_treated"), count(effect.n_treated)),
        (text(lang, "effect.n_observations"), count(effect.n_observations)),
    ]
    caption = text(lang, "effect.caption", item=finding.outcome_label[lang])
    return HtmlTable(caption, words(lang, "effect.head"), rows, text(lang, "effect.note"))


def tabulate_event_study(study: EventStudy, lang: str) -> HtmlTable:
    """The event study's figure as numbers."""
    rows = [
        (
            signed(point.event_time, 0),
            signed(percent_of(point.estimate)),
            interval(point.ci_low, point.ci_high, lang),
            count(point.n_treated),
        )
        for point in study.points
    ]
    return HtmlTable(
        text(lang, "event_study.table_caption"), words(lang, "event_study.head", level=f"{study.level:.0%}"), rows
    )


def tabulate_checks(finding: Finding, lang: str) -> HtmlTable:
    """Every check with its verdict and what it says."""
    rows = [
        (
            text(lang, f"checks.{check.name}"),
            text(lang, f"verdict.{check.verdict}"),
            check_sentence(check, lang),
        )
        for check in finding.checks
    ]
    return HtmlTable(text(lang, "checks.caption"), words(lang, "checks.head"), rows)


def tabulate_balance(finding: Finding, lang: str) -> HtmlTable:
    """First-year characteristics of both arms."""
    rows = [
        (
            finding.covariate_label[row["covariate"]][lang],
            f"{row['treated']:.3f}",
            f"{row['comparison']:.3f}",
            signed(row["standardised_difference"], 2),
        )
        for row in finding.check("balance").table
    ]
    return HtmlTable(text(lang, "balance.caption"), words(lang, "balance.head"), rows)


def tabulate_grade(finding: Finding, lang: str) -> HtmlTable:
    """Level of evidence, permitted wording, reasons."""
    grade = finding.grade
    reasons = ("" if lang == "zh" else " ").join(reason_sentence(reason, lang) for reason in grade.reasons)
    rows = [
        (text(lang, "grade.level"), text(lang, "grade.level_value", level=grade.sms_level)),
        (text(lang, "grade.wording"), text(lang, f"wording.{grade.wording}")),
        (text(lang, "grade.reasons"), reasons),
    ]
    return HtmlTable(text(lang, "grade.caption"), words(lang, "grade.head"), rows)
