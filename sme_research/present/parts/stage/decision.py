"""The decision in tables: what to keep, change, stop or test, then the plan by measure, year and place."""

from __future__ import annotations

from collections.abc import Sequence

from sme_research.policy.stage import FEWEST, Stage
from sme_research.present.parts.stage.telling import measure_name, told_number, told_price, told_sum
from sme_research.present.show import Group, HtmlTable
from sme_research.present.words import sentences, share, text, words
from sme_research.quality import Edition
from sme_research.tables.areas import area_name


def tabulate_decision(stage: Stage, lang: str) -> HtmlTable:
    """What to keep, change, stop or test, each with its evidence and price."""
    rows = [
        (
            measure_name(one.instrument, lang),
            text(lang, f"stage.verdict.{one.verdict}"),
            text(lang, f"stage.grade.{one.belief.wording}"),
            text(lang, "stage.share_today", share=share(one.share), today=share(one.share_today)),
            told_price(one.price, lang, spent=sum(one.money)),
            text(lang, f"stage.reason.{one.reason}"),
        )
        for one in stage.verdicts
    ]
    return HtmlTable(
        text(lang, "stage.decision_caption"),
        words(lang, "stage.decision_head"),
        rows,
        text(lang, "stage.decision_note", test_share=share(stage.scenario.test_share)),
    )


def tabulate_stage(stage: Stage, lang: str, *, edition: Edition = "internal") -> HtmlTable:
    """Enterprises and money by measure and year; in tens and three digits in the public edition."""
    public = edition == "public"
    rows: list[Sequence[str] | Group] = []
    for one in stage.verdicts:
        rows.append(Group(measure_name(one.instrument, lang)))
        rows += [
            ("", str(year), told_number(n, public=public), told_sum(spent, lang, public=public))
            for year, n, spent in zip(stage.scenario.years, one.enterprises, one.money, strict=True)
        ]
        n, spent = sum(one.enterprises), sum(one.money)
        rows.append(
            ("", text(lang, "stage.plan_total"), told_number(n, public=public), told_sum(spent, lang, public=public))
        )
    notes = [text(lang, "stage.plan_note"), *([text(lang, "stage.public_note")] if public else [])]
    return HtmlTable(text(lang, "stage.plan_caption"), words(lang, "stage.plan_head"), rows, sentences(lang, notes))


def tabulate_places(stage: Stage, lang: str, *, edition: Edition = "internal") -> HtmlTable:
    """Money by place; the public edition leaves out places with few eligible enterprises."""
    found = stage.allocation
    money_by_segment = (found.solution.enterprises * found.problem.cost).sum(axis=(1, 2))
    cities = found.problem.segments.table["city_code"].astype(str)
    eligible = found.problem.segments.eligible.max(axis=1)
    rows = []
    for city in sorted(cities.unique()):
        own = (cities == city).to_numpy()
        if edition == "internal" or eligible[own].sum() >= FEWEST:
            spent = float(money_by_segment[own].sum())
            part = spent / found.spent if found.spent else 0.0
            rows.append((area_name(city, lang), told_sum(spent, lang, public=edition == "public"), share(part)))
    notes = [text(lang, "stage.city_note")]
    if edition == "public" and len(rows) < cities.nunique():
        notes.append(text(lang, "stage.city_withheld"))
    return HtmlTable(text(lang, "stage.city_caption"), words(lang, "stage.city_head"), rows, sentences(lang, notes))
