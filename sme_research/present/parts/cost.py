"""What the purse paid beside what is estimated, and what is not estimated: additionality and deadweight."""

from __future__ import annotations

from sme_research.present.estimates import includes_zero
from sme_research.present.sentences import absent
from sme_research.present.show import HtmlTable, Text
from sme_research.present.wording import noun
from sme_research.present.words import amount, count, money, sentences, signed, text, words
from sme_research.results import CostFigures, Finding

REVENUE = "log_revenue"


def tabulate_cost(finding: Finding, lang: str) -> HtmlTable | Text:
    """Cost in all and for each, revenue a yuan where the outcome is revenue, and the break-even."""
    cost = finding.cost
    if cost is None:
        return absent(finding, "cost", lang)
    revenue = _revenue_rows(finding, cost, lang)
    rows = [
        (text(lang, "cost.kind"), cost.label[lang]),
        (text(lang, "cost.total"), money(cost.total, lang)),
        (text(lang, "cost.per_enterprise"), money(cost.per_enterprise, lang)),
        (text(lang, "cost.n_enterprises"), count(cost.n_enterprises)),
        *revenue,
    ]
    note = text(lang, "cost.revenue_note" if revenue else "cost.note", noun=noun(finding.grade, lang))
    zero = [text(lang, "cost.zero")] if revenue and includes_zero(finding.effect) else []
    told = sentences(lang, [*zero, note])
    return HtmlTable(text(lang, "cost.caption"), words(lang, "cost.head"), rows, told, finding.grade.wording)


def _revenue_rows(finding: Finding, cost: CostFigures, lang: str) -> list[tuple[str, str]]:
    """Yuan of revenue a year for each yuan paid, the cost taken as known; only where the outcome is revenue."""
    told = finding.natural
    if told is None or finding.outcome != REVENUE or not cost.per_enterprise > 0:
        return []
    each, low, high = (
        text(lang, "cost.yuan", number=signed(value / cost.per_enterprise, 2))
        for value in (told.estimate, told.ci_low, told.ci_high)
    )
    level = f"{finding.effect.level:.0%}"
    rows = [
        (text(lang, f"cost.per_yuan_{_noun_key(finding)}"), each),
        (text(lang, "cost.per_yuan_interval", level=level), text(lang, "unit.range", low=low, high=high)),
    ]
    if cost.break_even is not None:
        rows.append((text(lang, "cost.break_even"), amount(cost.break_even, "log points", lang)))
    return rows


def describe_cost(finding: Finding, lang: str) -> Text:
    """What the cost figures can and cannot say; empty without a cost, which the table says."""
    if finding.cost is None:
        return Text("")
    key = f"cost.reading_{_noun_key(finding)}"
    return Text(text(lang, key, noun=noun(finding.grade, lang)), finding.grade.wording)


def _noun_key(finding: Finding) -> str:
    return "effect" if finding.grade.wording == "effect" else "difference"
