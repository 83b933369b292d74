"""Tables of a report's core, in its language."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from sme_research.present.checking import SYMBOLS, find_check, in_order, reading_of
from sme_research.present.sentences import item_of, list_labels, reason_sentence
from sme_research.present.show import Group, HtmlTable
from sme_research.present.wording import noun, noun_first
from sme_research.present.words import (
    MARK,
    both_ways,
    cell,
    count,
    interval,
    natural,
    sentences,
    signed,
    text,
    unit_head,
    words,
)
from sme_research.results import Finding, SampleFlow


def tabulate_question(finding: Finding, lang: str) -> HtmlTable:
    """Population, treatment, comparator, outcome, period, estimand."""
    item = item_of(finding, lang)
    parts = {
        "population": finding.words["population"][lang],
        "treatment": finding.words["treatment"][lang],
        "comparison": finding.words["comparison"][lang],
        "outcome": _outcome(finding, lang),
        "prices": text(lang, f"question.{finding.prices}"),
        "period": text(lang, "question.years", first_year=finding.years[0], last_year=finding.years[1]),
        "estimand": text(lang, "question.estimand_text", item=item),
        "covariates": list_labels(finding, lang) or "–",
    }
    rows = [(text(lang, f"question.{part}"), content) for part, content in parts.items()]
    return HtmlTable(text(lang, "question.caption"), words(lang, "question.head"), rows)


def _outcome(finding: Finding, lang: str) -> str:
    """The outcome with what was done to it, and what zero and missing mean, where the finding tells."""
    told = {
        part: finding.words[part][lang] for part in ("transformation", "zero", "missing") if part in finding.words
    }
    label = finding.outcome_label[lang]
    if "transformation" in told:
        label = text(lang, "question.transformed", item=label, transformation=told.pop("transformation"))
    return ("；" if lang == "zh" else "; ").join([label, *told.values()])


def tabulate_flow(flow: SampleFlow, lang: str) -> HtmlTable:
    """From the population to the analysis sample."""
    rows = [
        (text(lang, f"flow.{step.name}"), *map(count, (step.n_enterprises, step.n_treated, step.n_observations)))
        for step in flow.steps
    ]
    return HtmlTable(text(lang, "flow.caption"), words(lang, "flow.head"), rows)


def tabulate_effect(finding: Finding, lang: str) -> HtmlTable:
    """The estimate in its unit and in natural units, with interval, power and sample."""
    effect, unit = finding.effect, finding.effect.unit
    power = find_check(finding, "power")
    named = {
        "noun_first": noun_first(finding.grade, lang),
        "unit": unit_head(unit, lang),
        "level": f"{effect.level:.0%}",
    }
    rows = [
        (text(lang, "effect.estimate", **named), cell(effect.estimate, unit)),
        (text(lang, "effect.interval", **named), interval(effect.ci_low, effect.ci_high, unit, lang)),
    ]
    if unit == "log points":
        rows.append((text(lang, "effect.log", **named), f"{signed(effect.estimate, 4)} ({effect.std_error:.4f})"))
    else:
        rows.append((text(lang, "effect.std_error", **named), f"{effect.std_error * 100:.2f}"))
    rows += _natural_rows(finding, lang)
    rows += [
        (text(lang, "effect.mde"), both_ways(power.values["mde"], unit, lang) if power else "–"),
        (text(lang, "effect.n_enterprises"), count(effect.n_enterprises)),
        (text(lang, "effect.n_treated"), count(effect.n_treated)),
        (text(lang, "effect.n_observations"), count(effect.n_observations)),
        (text(lang, "effect.n_clusters"), f"{count(effect.n_clusters)} ({count(effect.n_treated_clusters)})"),
    ]
    caption = text(lang, "effect.caption", item=item_of(finding, lang))
    note = text(lang, f"effect.note.{unit}")
    if finding.natural is not None:
        note = sentences(lang, [note, text(lang, "effect.natural_note")])
    return HtmlTable(caption, words(lang, "effect.head"), rows, note, finding.grade.wording)


def _natural_rows(finding: Finding, lang: str) -> list[tuple[str, str]]:
    told = finding.natural
    if told is None:
        return []
    low, high = natural(told.ci_low, told.unit, lang), natural(told.ci_high, told.unit, lang)
    level = f"{finding.effect.level:.0%}"
    return [
        (text(lang, "effect.base"), natural(told.base, told.unit, lang, sign=False)),
        (text(lang, "effect.natural"), natural(told.estimate, told.unit, lang)),
        (text(lang, "effect.natural_interval", level=level), text(lang, "unit.range", low=low, high=high)),
    ]


def tabulate_event_study(finding: Finding, lang: str) -> HtmlTable:
    """The event study's figure as numbers."""
    study, grade = finding.event_study, finding.grade
    rows = [
        (
            signed(point.event_time, 0),
            cell(point.estimate, study.unit),
            interval(point.ci_low, point.ci_high, study.unit, lang),
            count(point.n_treated),
        )
        for point in study.points
    ]
    named = {"noun": noun(grade, lang), "noun_first": noun_first(grade, lang), "unit": unit_head(study.unit, lang)}
    caption = text(lang, "event_study.table_caption", **named)
    head = words(lang, "event_study.head", level=f"{study.level:.0%}", **named)
    return HtmlTable(caption, head, rows, "", grade.wording)


def tabulate_checks(finding: Finding, lang: str) -> HtmlTable:
    """Every check with its verdict and what it says, by what it speaks to."""
    rows: list[tuple[str, ...] | Group] = [Group(_totals(finding, lang))]
    for group, members in groupby(in_order(finding.checks), key=lambda pair: pair[0]):
        rows.append(Group(text(lang, f"checks_group.{group}")))
        rows += [
            (
                text(lang, f"checks.{check.name}"),
                f"{SYMBOLS[check.verdict]} {text(lang, f'verdict.{check.verdict}')}",
                reading_of(finding, check, lang),
            )
            for _, check in members
        ]
    return HtmlTable(
        text(lang, "checks.caption"),
        words(lang, "checks.head"),
        rows,
        text(lang, "checks.note"),
        finding.grade.wording,
        kind="checks",
    )


def _totals(finding: Finding, lang: str) -> str:
    made = Counter(check.verdict for check in finding.checks)
    by_verdict = {f"n_{verdict}": made[verdict] for verdict in SYMBOLS}
    return text(lang, "checks.totals", n=len(finding.checks), **by_verdict)


def tabulate_balance(finding: Finding, lang: str) -> HtmlTable:
    """First-year characteristics of both arms."""
    rows = [
        (
            finding.covariate_label[row["covariate"]][lang],
            _mean(row["treated"]),
            _mean(row["comparison"]),
            MARK if row["standardised_difference"] is None else signed(row["standardised_difference"], 2),
        )
        for row in finding.check("balance").table
    ]
    return HtmlTable(text(lang, "balance.caption"), words(lang, "balance.head"), rows)


def _mean(value: float | None) -> str:
    return MARK if value is None else f"{value:.3f}"


def tabulate_grade(finding: Finding, lang: str) -> HtmlTable:
    """Level of evidence, permitted wording, reasons."""
    grade = finding.grade
    rows = [
        (text(lang, "grade.level"), text(lang, "grade.level_value", level=grade.sms_level)),
        (text(lang, "grade.wording"), text(lang, f"wording.{grade.wording}")),
        (text(lang, "grade.reasons"), sentences(lang, [reason_sentence(reason, lang) for reason in grade.reasons])),
    ]
    return HtmlTable(text(lang, "grade.caption"), words(lang, "grade.head"), rows)
