"""Values, thresholds, changes and rule sets of a diagnosis in words."""

from __future__ import annotations

import re

from sme_research.present.words import count, day, has_text, join, money, share, text
from sme_research.programme.diagnosis import Change, Diagnosis, Part, PeerGroup, TierStatus
from sme_research.rules import METRICS, Metric, TierRules
from sme_research.tables import TABLES, industry_name


def tell(value: float | None, metric: Metric, lang: str) -> str:
    """A value with its unit; "not known" where there is none."""
    if value is None:
        return text(lang, "diagnosis.unknown")
    match metric.unit:
        case "fraction":
            return share(value)
        case "万元":
            return money(value, lang)
        case "1 or 0":
            return text(lang, "diagnosis.is_yes" if value else "diagnosis.is_no")
        case "level":
            return level_name(value, metric, lang)
        case unit:
            number = f"{value:,.1f}".removesuffix(".0")
            told = text(lang, f"diagnosis.unit.{unit}", n=number)
            return told.removesuffix("s") if lang == "en" and number == "1" else told


def level_name(value: float, metric: Metric, lang: str) -> str:
    """What a level stands for, as the metric's meaning lists it; its number where that does not."""
    listed = re.split(r"[；;]\s*", metric.meaning[lang])
    for entry in listed:
        number, _, name = entry.strip().partition(" ")
        if number == f"{value:.0f}" and name:
            return name
    return text(lang, "diagnosis.level", n=f"{value:.0f}")


def tell_threshold(op: str, value: float, metric: Metric, lang: str) -> str:
    """What is asked: at least, at most, or yes."""
    if metric.kind == "boolean":
        op = "=="
    if op == ">=" and value == 1 and has_text(lang, f"diagnosis.any.{metric.name}"):
        return text(lang, f"diagnosis.any.{metric.name}")
    return text(lang, f"diagnosis.op.{op}", value=tell(value, metric, lang))


def tell_short(part: Part, lang: str) -> str:
    """By how much a value is short, in its unit; a dash where it is not, or where steps have no distance."""
    if not part.short or part.metric.kind in ("boolean", "level"):
        return text(lang, "diagnosis.none")
    if part.metric.unit == "fraction":
        return text(lang, "unit.points", number=_points(part.short))
    if part.metric.unit == "rank":
        told = text(lang, "diagnosis.rank_short", n=f"{part.short:.0f}")
        return told.removesuffix("s") if lang == "en" and f"{part.short:.0f}" == "1" else told
    return tell(part.short, part.metric, lang)


def _points(fraction: float) -> str:
    return f"{fraction * 100:.1f}" if fraction >= 0.0005 else f"{fraction * 100:.2g}"


def tell_change(change: Change, lang: str) -> str:
    """One change as a clause."""
    metric, lower = change.metric, change.metric.better == "lower"
    kind: str = change.nature if change.nature in ("wait", "title", "fill_in") else "lower" if lower else "raise"
    if kind == "raise" and metric.kind == "boolean":
        kind = "flag"
    needed = tell(change.needed, metric, lang)
    if kind == "fill_in":
        needed = tell_threshold("<=" if lower else ">=", change.needed, metric, lang)
    told = text(
        lang,
        f"diagnosis.change.{kind}",
        label=metric.label[lang],
        present=tell(change.present, metric, lang),
        needed=needed,
    )
    return told + _implied(change, lang)


def _implied(change: Change, lang: str) -> str:
    parts = [
        text(lang, "diagnosis.implied_part", label=METRICS[name].label[lang], value=tell(value, METRICS[name], lang))
        for name, value in change.implies
    ]
    return text(lang, "diagnosis.implied", parts=clauses(lang, parts)) if parts else ""


def clauses(lang: str, parts: list[str]) -> str:
    """Several clauses as one enumeration that may hold enumerations itself."""
    return ("；" if lang == "zh" else "; ").join(parts)


def tier_name(tier: str, lang: str) -> str:
    """Name of a title within a sentence."""
    return text(lang, f"diagnosis.tier.{tier}")


def rules_name(rules: TierRules, lang: str) -> str:
    """A rule set by the year in which it came into force."""
    return text(lang, "diagnosis.rules_of", year=rules.in_force[0].first_day.year)


def status_name(status: str, lang: str) -> str:
    """met, unmet, unknown or judge in words."""
    return text(lang, f"diagnosis.status.{status}")


def tier_head(tier: TierStatus, lang: str) -> str:
    """Head of a tier's rows: title, rules, whether they apply on the day, status."""
    head = text(
        lang,
        "diagnosis.gates_group",
        tier=tier_name(tier.rules.tier, lang),
        rules=rules_name(tier.rules, lang),
        today=text(lang, "diagnosis.today") if tier.applies else "",
        status=status_name(tier.status, lang),
    )
    return capital(head)


def capital(words: str) -> str:
    """With a capital letter first; the rest as it is."""
    return words[:1].upper() + words[1:]


def source_name(source: str, year: int | None, lang: str) -> str:
    """Tables by their label, with the year of the value."""
    if not source:
        return text(lang, "diagnosis.none")
    tables = [TABLES[name] for name in source.split(", ") if name in TABLES]
    labels = [table.label_zh if lang == "zh" else table.label_en for table in tables]
    told = join(lang, labels)
    return told if year is None else text(lang, "diagnosis.source", table=told, year=year)


def industry_words(code: str, lang: str) -> str:
    """An industry by its Chinese name, which is the official one, or in English by its code."""
    if not code:
        return text(lang, "diagnosis.unknown_industry")
    return industry_name(code) if lang == "zh" else f"industry {code}"


def size_words(size: str, lang: str) -> str:
    """A size class in words."""
    return text(lang, f"diagnosis.size.{size}") if size else text(lang, "diagnosis.unknown_size")


def describe_subject(diagnosis: Diagnosis, lang: str) -> str:
    """Whom the diagnosis is of, and its titles."""
    subject = diagnosis.subject
    titles = [tier_name(tier, lang) for tier in subject.held]
    held = text(lang, "diagnosis.held", titles=join(lang, titles)) if titles else text(lang, "diagnosis.held_none")
    return text(
        lang,
        "diagnosis.who" if subject.enterprise_id else "diagnosis.who_form",
        id=subject.enterprise_id,
        industry=industry_words(subject.industry, lang),
        size=size_words(subject.size, lang),
        day=day(diagnosis.on, lang),
        held=held,
    )


def describe_peers(peers: PeerGroup, lang: str) -> str:
    """Who the peers are, and whether the circle had to be drawn wider."""
    size = text(lang, f"diagnosis.size.{peers.size}") if peers.size else text(lang, "diagnosis.any_size")
    industry = industry_words(peers.industry, lang) if peers.industry else ""
    who = text(lang, f"diagnosis.peers_who.{peers.basis}", size=size, industry=industry)
    told = [text(lang, "diagnosis.peers", who=who, n=count(peers.n))]
    if peers.basis != "division":
        told.append(text(lang, "diagnosis.peers_wide"))
    return ("" if lang == "zh" else " ").join(told)
