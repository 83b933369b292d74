"""The stage in sentences: what it costs and adds, against today's proportions, and what competitors may lose."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sme_research.policy.allocation import span_of
from sme_research.policy.stage import Stage
from sme_research.present.parts.stage.telling import REVENUE
from sme_research.present.show import Text
from sme_research.present.words import MINUS, count, join, money, sentences, share, text
from sme_research.results import Span

LITERATURE: Final = 7 / 9
"""Cai and Szeidl (2024): competitors' loss of 7 % where all have access, over the 9 % that access brings."""
DISPLACEMENT_SOURCE: Final = {"zh": "Cai 和 Szeidl，2024", "en": "Cai and Szeidl 2024"}


def describe_stage(stage: Stage, lang: str) -> Text:
    """What the plan costs and is expected to add, against today's proportions, and how sure that is."""
    found = stage.allocation
    gain, today, difference = _spans(stage)
    total = sum(stage.scenario.budget)
    three = len(stage.scenario.budget) == 3
    facts = {"years": _years(stage, lang), "budget": money(total, lang), "spent": money(found.spent, lang)}
    told = [text(lang, "stage.summary" if three else "stage.summary_years", **facts, **_ends("gain", gain, lang))]
    if found.today_enterprises.sum() > 0:
        worse = float((stage.draws[REVENUE] < stage.today[REVENUE]).mean())
        told.append(
            text(
                lang,
                "stage.against_today",
                worse=_chance(worse, lang),
                spent=money(found.spent, lang),
                spent_today=money(found.spent_today, lang),
                **_ends("today", today, lang),
                **_ends("difference", difference, lang),
            )
        )
    else:
        told.append(text(lang, "stage.no_today"))
    counts = {**_counts("jobs", stage.draws["log_employees"]), **_counts("titles", stage.draws["promotion"])}
    told.append(text(lang, "stage.other_goals", **counts))
    if stage.scenario.goal.jobs == stage.scenario.goal.promotions == 0:
        regret = max(found.regret.estimate, 0.0) / stage.scenario.goal.revenue
        told.append(text(lang, "stage.regret", regret=money(regret, lang)))
    left = [
        (year, budget - spent)
        for year, budget, spent in zip(
            stage.scenario.years,
            stage.scenario.budget,
            np.sum([one.money for one in stage.verdicts], axis=0),
            strict=True,
        )
        if budget - spent > 0.005 * budget
    ]
    if left:
        by_year = [text(lang, "stage.year_money", year=year, money=money(part, lang)) for year, part in left]
        told.append(text(lang, "stage.unspent", unspent=join(lang, by_year)))
    frontier = [point for point in found.frontier if 0 < point.budget <= total]
    if len(frontier) > 1 and frontier[-1].gain.estimate > 0:
        first = frontier[0]
        part = first.gain.estimate / frontier[-1].gain.estimate
        told.append(text(lang, "stage.early", first=money(first.budget, lang), part=share(part)))
    if stage.n_failing:
        told.append(text(lang, "stage.titles_lost", n=count(stage.n_failing)))
    told.append(text(lang, "stage.goal_note"))
    if not any(map(stage.scenario.displaced, stage.scenario.measures)):
        net = gain.estimate * (1 - LITERATURE)
        told.append(text(lang, "stage.displaced_note", net=money(net, lang), part=share(LITERATURE)))
    return Text("\n".join(f"- {sentence}" for sentence in told))


def _years(stage: Stage, lang: str) -> str:
    first, last = stage.scenario.years[0], stage.scenario.years[-1]
    if first == last:
        return f"{first} 年" if lang == "zh" else f"{first}"
    return f"{first}—{last} 年" if lang == "zh" else f"{first} to {last}"


def _ends(name: str, span: Span, lang: str) -> dict[str, str]:
    ends = {name: span.estimate, f"{name}_low": span.low, f"{name}_high": span.high}
    return {key: money(value, lang) for key, value in ends.items()}


def _counts(name: str, draws: Any) -> dict[str, str]:
    span = span_of(np.asarray(draws))
    told = {name: span.estimate, f"{name}_low": span.low, f"{name}_high": span.high}
    return {key: count(value).replace("-", MINUS) for key, value in told.items()}


def _spans(stage: Stage) -> tuple[Span, Span, Span]:
    """Revenue gained by the choice, in today's proportions, and the difference."""
    chosen, today = stage.draws[REVENUE].to_numpy(), stage.today[REVENUE].to_numpy()
    return span_of(chosen), span_of(today), span_of(chosen - today)


def _chance(fraction: float, lang: str) -> str:
    """A share of draws, never quite sure of either."""
    if 0.01 <= fraction <= 0.99:
        return share(fraction)
    return text(lang, "stage.hardly" if fraction < 0.01 else "stage.nearly")


def describe_displacement(stage: Stage, lang: str) -> Text:
    """What competitors may lose, what the literature found, and from where on it does not pay."""
    scenario = stage.scenario
    displaced = sorted({scenario.displaced(name) for name in scenario.measures})
    told = text(
        lang,
        "stage.caution",
        displacement=join(lang, [share(part) for part in displaced]),
        reference=DISPLACEMENT_SOURCE[lang],
    )
    facts = {"value_added": f"{scenario.value_added_share:g}"}
    if stage.break_even is None:
        even = text(lang, "stage.never_even", **facts)
    else:
        even = text(lang, "stage.break_even", break_even=share(stage.break_even), **facts)
    return Text(sentences(lang, [told, even]))
