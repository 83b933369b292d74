"""What was fixed in advance, what officials say, and where each point of the checklist is answered."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from sme_research.present.estimates import label_of
from sme_research.present.sentences import absent
from sme_research.present.show import HtmlTable, Link, Text
from sme_research.present.words import MARK, count, day, join, money, quoted, signed, text, words
from sme_research.results import Finding, OfficialFact

FINGERPRINT_SHOWN: Final = 16


def tabulate_plan(finding: Finding, lang: str) -> HtmlTable | Text:
    """Fingerprint, registration, deviations, and the lists that were fixed before any estimate."""
    plan = finding.plan
    if plan is None:
        return absent(finding, "plan", lang)
    if plan.registered is None:
        registered = text(lang, "plan.unregistered")
        deviations = text(lang, "plan.no_base")
    else:
        registered = plan.registered[:FINGERPRINT_SHOWN]
        apart = "；" if lang == "zh" else "; "
        deviations = apart.join(_deviation(told, lang) for told in plan.deviations) or text(
            lang, "plan.no_deviations"
        )
    outcomes = {entry.outcome: entry.label[lang] for entry in finding.family}
    subgroups = {entry.variable: entry.variable_label[lang] for entry in finding.subgroups}
    rows = [
        (text(lang, "plan.fingerprint"), plan.fingerprint[:FINGERPRINT_SHOWN]),
        (text(lang, "plan.registered"), registered),
        (text(lang, "plan.deviations"), deviations),
        (text(lang, "plan.specifications"), _list("specifications", plan.specifications, {}, lang)),
        (text(lang, "plan.outcomes"), _list("item", plan.outcomes, outcomes, lang)),
        (text(lang, "plan.subgroups"), _list("plan_subgroup", plan.subgroups, subgroups, lang)),
    ]
    return HtmlTable(text(lang, "plan.caption"), words(lang, "plan.head"), rows, text(lang, "plan.note"))


def _deviation(told: str, lang: str) -> str:
    """``name: before → after`` in the report's language, as far as the catalogue knows the names."""
    return re.sub(r"[A-Za-z_][A-Za-z_0-9]*", lambda found: quoted(lang, found.group()), told)


def _list(key: str, names: tuple[str, ...], labels: dict[str, str], lang: str) -> str:
    return join(lang, [labels.get(name) or label_of(key, name, lang) for name in names]) or "–"


def tabulate_facts(finding: Finding, lang: str) -> HtmlTable | Text:
    """Official figures with bound, date, perimeter and source, beside our recount and the difference."""
    if not finding.facts:
        return absent(finding, "facts", lang)
    rows = [
        (
            fact.label[lang],
            text(lang, f"facts.{fact.bound}", value=_figure(fact.value, fact.unit, lang)),
            MARK if fact.recount is None else _figure(fact.recount, fact.unit, lang),
            MARK if fact.recount is None else _difference(fact, lang),
            day(date.fromisoformat(fact.as_of), lang),
            quoted(lang, fact.perimeter),
            quoted(lang, fact.source),
        )
        for fact in finding.facts
    ]
    return HtmlTable(text(lang, "facts.caption"), words(lang, "facts.head"), rows, text(lang, "facts.note"))


def _figure(value: float, unit: str, lang: str) -> str:
    if unit == "万元":
        return money(value, lang)
    if unit == "%":
        return f"{value:.2f}%"
    shown = count(value) if float(value).is_integer() else f"{value:,.2f}"
    return text(lang, "unit.natural", number=shown, unit=quoted(lang, unit))


def _difference(fact: OfficialFact, lang: str) -> str:
    """Recount less official: relative, in points for percentages; a lower bound that is reached is kept."""
    gap = fact.recount - fact.value
    if fact.bound == "at_least" and gap >= 0:
        return text(lang, "facts.reached")
    if fact.unit == "%":
        return text(lang, "unit.points", number=signed(gap, 2))
    if not fact.value:
        return signed(gap, 0)
    return f"{signed(gap / fact.value * 100)}%"


def tabulate_points(lang: str) -> HtmlTable:
    """The points each report is scored on, with links to where this report answers them."""
    names, sections = words(lang, "points.names"), words(lang, "points.sections")
    rows = [
        (str(number), name, Link(section, f"#point-{number}"))
        for number, (name, section) in enumerate(zip(names, sections, strict=True), start=1)
    ]
    return HtmlTable(text(lang, "points.caption"), words(lang, "points.head"), rows)
