"""Monitoring as tables: key figures, reporting units and tiers side by side."""

from __future__ import annotations

from collections.abc import Sequence

from sme_research.present.parts.monitor.telling import (
    capital,
    cell,
    change,
    chosen_unit,
    label_with_unit,
    month_name,
    place_name,
)
from sme_research.present.show import Group, HtmlTable
from sme_research.present.words import sentences, text, words
from sme_research.programme.ladder import TIERS
from sme_research.programme.monitor import ALL, GROUPS, INDICATORS, PROVINCE, Indicator, Monitoring

UNIT_TABLES = {
    "ladder": ("in_force_innovative", "in_force_srdi", "in_force_little_giant", "in_force_champion", "listed_srdi"),
    "flows": tuple(
        f"{flow}_{tier}" for tier in ("srdi", "little_giant") for flow in ("granted", "renewed", "lapsed")
    ),
    "loans": ("loan_firms", "loan_amount", "loan_rate", "subsidy_spent", "first_borrowers", "at_the_cap", "cap_used"),
    "clusters": ("clusters_provincial", "clusters_national", "cluster_members"),
    "services": ("trained_firms", "person_times", "contest_entries", "coached", "award_firms", "award_amount"),
    "matching": ("matching_firms", "matched_amount", "contracted_amount", "drawn_amount"),
    "appeals": (
        "appeals_raised",
        "appeals_handled",
        "appeals_resolved",
        "appeals_open",
        "wait_answer",
        "wait_solution",
    ),
    "actions": (
        "digital_firms",
        "digital_subsidy",
        "quality_firms",
        "quality_subsidy",
        "science_firms",
        "science_subsidy",
    ),
}
"""Indicators that stand side by side in a table of reporting units."""


def tabulate_key_figures(found: Monitoring, lang: str, *, unit: str = "") -> HtmlTable:
    """Every indicator in the month, a year before, and the change."""
    place = chosen_unit(found, unit)
    rows: list[Sequence[str] | Group] = []
    for group in GROUPS:
        rows.append(Group(text(lang, f"monitor.group.{group}")))
        rows += [_figure(found, entry, place, lang) for entry in INDICATORS.values() if entry.group == group]
    months = {"month": month_name(found.month, lang), "before": month_name(found.year_before, lang)}
    caption = text(lang, "monitor.figures_caption", place=place_name(place, lang), **months)
    return HtmlTable(caption, words(lang, "monitor.figures_head", **months), rows, text(lang, "monitor.figures_note"))


def _figure(found: Monitoring, entry: Indicator, place: str, lang: str) -> tuple[str, ...]:
    return (
        label_with_unit(entry.name, lang),
        text(lang, f"monitor.kind.{entry.kind}"),
        cell(found, entry.name, place, lang),
        cell(found, entry.name, place, lang, found.year_before),
        change(found, entry.name, place, lang),
    )


def tabulate_units(found: Monitoring, table: str, lang: str) -> HtmlTable:
    """Reporting units side by side, one of `UNIT_TABLES`; the province first.

    Raises
    ------
    KeyError
        There is no such table.
    """
    names = UNIT_TABLES[table]
    heads = [text(lang, "monitor.unit_head"), *(label_with_unit(name, lang) for name in names)]
    rows = [
        (capital(place_name(place, lang)), *(cell(found, name, place, lang) for name in names))
        for place in (PROVINCE, *found.units)
    ]
    caption = text(
        lang,
        "monitor.units_caption",
        subject=text(lang, f"monitor.unit_table.{table}"),
        month=month_name(found.month, lang),
    )
    return HtmlTable(caption, heads, rows, _units_note(found, table, lang))


def _units_note(found: Monitoring, table: str, lang: str) -> str:
    told = [text(lang, "monitor.units_note")]
    if found.edition == "public":
        told.append(text(lang, "monitor.coarse_note"))
    own = text(lang, f"monitor.table_note.{table}")
    return sentences(lang, [*told, own] if own else told)


def tabulate_tiers(found: Monitoring, lang: str, *, unit: str = "") -> HtmlTable:
    """Indicators of all enterprises and of the holders of each tier, in the month."""
    place = chosen_unit(found, unit)
    heads = [text(lang, "monitor.indicator_head"), text(lang, "monitor.all_tiers")]
    heads += [capital(text(lang, f"monitor.tier.{tier}")) for tier in TIERS]
    rows: list[Sequence[str] | Group] = []
    for group in GROUPS:
        own = [entry for entry in INDICATORS.values() if entry.group == group and entry.by_tier]
        rows += [Group(text(lang, f"monitor.group.{group}"))] if own else []
        rows += [_by_tier(found, entry, place, lang) for entry in own]
    facts = {"place": place_name(place, lang), "month": month_name(found.month, lang)}
    return HtmlTable(text(lang, "monitor.tiers_caption", **facts), heads, rows, text(lang, "monitor.tiers_note"))


def _by_tier(found: Monitoring, entry: Indicator, place: str, lang: str) -> tuple[str, ...]:
    cells = (cell(found, entry.name, place, lang, tier=tier) for tier in (ALL, *TIERS))
    return (label_with_unit(entry.name, lang), *cells)
