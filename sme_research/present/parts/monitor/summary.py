"""The first page of monitoring in sentences, and what has no number."""

from __future__ import annotations

from collections.abc import Iterable

from sme_research.present.parts.monitor.telling import (
    NO_NUMBER,
    capital,
    change,
    chosen_unit,
    detail_names,
    month_name,
    place_name,
    with_unit,
)
from sme_research.present.show import Text
from sme_research.present.words import count, join, money, sentences, share, signed, text
from sme_research.programme.monitor import INDICATORS, PROVINCE, Monitoring, Progress, Unknown

TOPICS = {
    "ladder": ("in_force_innovative", "in_force_srdi", "in_force_little_giant", "in_force_champion", "listed_srdi"),
    "loans": ("loan_firms", "loan_amount", "loan_rate", "subsidy_spent", "first_borrowers"),
    "clusters": ("clusters_provincial", "clusters_national", "cluster_members"),
    "services": ("sessions", "trained_firms", "person_times", "coached"),
    "awards": ("award_firms", "award_amount"),
}
"""Indicators that the first page tells by subject; matching and appeals have sentences of their own."""


FEW_NAMED = 5
"""Indicators without data that the first page names."""


def summarise_monitoring(found: Monitoring, lang: str, *, unit: str = "") -> Text:
    """Where the programme stands in the month, in one page of sentences."""
    place = chosen_unit(found, unit)
    told = [_topic(found, topic, place, lang) for topic in TOPICS]
    told += [_matching(found, place, lang), _appeals(found, place, lang)]
    if place == PROVINCE:
        told.append(_targets(found, lang))
    told.append(_unknown_count(found, lang))
    scope = text(
        lang,
        "monitor.scope",
        month=month_name(found.month, lang),
        before=month_name(found.year_before, lang),
        place=place_name(place, lang),
    )
    return Text("\n".join([scope, "", *(f"- {sentence}" for sentence in told if sentence)]))


def _topic(found: Monitoring, topic: str, place: str, lang: str) -> str:
    clauses = [_clause(found, name, place, lang) for name in TOPICS[topic]]
    known = [clause for clause in clauses if clause]
    if not known:
        return ""
    head, after = text(lang, f"monitor.group.{topic}"), text(lang, f"monitor.after.{topic}")
    return text(lang, "monitor.topic", head=head, clauses=join_clauses(lang, known), after=after).rstrip()


def _clause(found: Monitoring, name: str, place: str, lang: str) -> str:
    told = with_unit(found, name, place, lang)
    if told is None:
        return ""
    facts, moved = {"label": INDICATORS[name].label(lang), "value": told}, change(found, name, place, lang)
    if moved == NO_NUMBER:
        return text(lang, "monitor.clause", **facts)
    if INDICATORS[name].unit == "percent":
        moved = text(lang, "monitor.points", n=moved)
    return text(lang, "monitor.clause_with_change", change=moved, **facts)


def join_clauses(lang: str, clauses: Iterable[str]) -> str:
    """Clauses that hold commas themselves as one enumeration."""
    return ("；" if lang == "zh" else "; ").join(clauses)


def _matching(found: Monitoring, place: str, lang: str) -> str:
    matched, contracted, drawn = (
        found.at(name, found.month, place)[0] for name in ("matched_amount", "contracted_amount", "drawn_amount")
    )
    if matched is None or contracted is None or drawn is None or not matched:
        return ""
    return text(
        lang,
        "monitor.matching_said",
        events=with_unit(found, "matching_events", place, lang) or "",
        matched=money(matched, lang),
        contracted=money(contracted, lang),
        drawn=money(drawn, lang),
        contracted_share=share(contracted / matched),
        drawn_share=share(drawn / matched),
    )


def _appeals(found: Monitoring, place: str, lang: str) -> str:
    names = ("appeals_raised", "appeals_handled", "appeals_resolved", "appeals_open")
    told = {name.removeprefix("appeals_"): with_unit(found, name, place, lang) for name in names}
    if None in told.values():
        return ""
    said = [text(lang, "monitor.appeals_said", **told)]
    waits = {name: with_unit(found, f"wait_{name}", place, lang) for name in ("answer", "solution")}
    if None not in waits.values():
        said.append(text(lang, "monitor.waits_said", **waits))
    return sentences(lang, said)


def _targets(found: Monitoring, lang: str) -> str:
    clauses = [_target(each, lang) for each in found.progress if each.gap == 0 or each.pace is not None]
    if not clauses:
        return ""
    draft = "" if all(each.confirmed for each in found.progress) else text(lang, "monitor.draft")
    return text(lang, "monitor.targets_said", clauses=join_clauses(lang, clauses), draft=draft).rstrip()


def _target(each: Progress, lang: str) -> str:
    label = text(lang, f"monitor.tier.{each.indicator}")
    facts = {"value": count(each.value), "least": count(each.least), "year": each.by.year, "label": label}
    if each.gap == 0:
        return text(lang, "monitor.target_clause_met", **facts)
    recent = NO_NUMBER if each.recent is None else signed(each.recent, 0)
    return text(lang, "monitor.target_clause", gap=count(each.gap), pace=count(each.pace), recent=recent, **facts)


def _unknown_count(found: Monitoring, lang: str) -> str:
    lacking = [gap.indicator for gap in found.unknown if gap.month == found.month]
    if not lacking:
        return ""
    labels = [INDICATORS[name].label(lang) for name in lacking]
    shown = join(lang, labels[:FEW_NAMED])
    key = "unknown_said" if len(labels) <= FEW_NAMED else "unknown_said_more"
    return text(lang, f"monitor.{key}", n=len(labels), labels=shown)


def describe_unknown(found: Monitoring, lang: str) -> Text:
    """Every indicator without a number in the month and why, or that there is none."""
    gaps = [gap for gap in found.unknown if gap.month == found.month]
    if not gaps:
        return Text(text(lang, "monitor.all_known", month=month_name(found.month, lang)))
    return Text("\n".join(f"- {_why(gap, lang)}" for gap in gaps))


def _why(gap: Unknown, lang: str) -> str:
    at_month = gap.reason in ("before_data", "beyond_data")
    detail = month_name(gap.details, lang) if at_month else detail_names(gap.details, lang)
    reason = text(lang, f"monitor.reason.{gap.reason}", details=detail)
    return text(lang, "monitor.why", label=capital(INDICATORS[gap.indicator].label(lang)), reason=reason)
