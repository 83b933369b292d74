"""The next stage in words, tables and a picture: one page of decision, then a page for each measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, Protocol

import numpy as np

from sme_research.disclosure import coarse_count
from sme_research.instruments import INSTRUMENTS
from sme_research.policy.allocation import Span, span_of
from sme_research.policy.evaluation import StagePlan
from sme_research.policy.shrinkage import ShrunkPart
from sme_research.policy.stage import FEWEST, Stage
from sme_research.policy.verdicts import MeasureVerdict, Price
from sme_research.present.canvas import AFTER, BEFORE, DASHED, GRID, PALE, draw
from sme_research.present.plotted import tabulate_plotted
from sme_research.present.show import Group, HtmlTable, Picture, Text
from sme_research.present.words import (
    MINUS,
    amount,
    amount_range,
    cell,
    count,
    day,
    join,
    money,
    p_value,
    sentences,
    share,
    signed,
    text,
    words,
)
from sme_research.quality import Edition
from sme_research.tables.areas import area_name

REVENUE: Final = "log_revenue"
WAN_IN_YI: Final = 10_000.0
WAN: Final = 10_000.0
LITERATURE: Final = 7 / 9
"""Cai and Szeidl (2024): competitors' loss of 7 % where all have access, over the 9 % that access brings."""
DISPLACEMENT_SOURCE: Final = {"zh": "Cai 和 Szeidl，2024", "en": "Cai and Szeidl 2024"}


class Learned(Protocol):
    """What a learned rule came to, as `estimators.policy_learning` tells it."""

    @property
    def n_enterprises(self) -> int:
        """Enterprises learned from and judged by."""

    @property
    def against_random(self) -> Any:
        """Gain over lots."""

    @property
    def against_today(self) -> Any:
        """Gain over today's choice."""

    @property
    def is_better(self) -> bool:
        """Whether both gains are shown."""


def _name(instrument: str, lang: str) -> str:
    return INSTRUMENTS[instrument].label[lang]


def _years(stage: Stage, lang: str) -> str:
    first, last = stage.scenario.years[0], stage.scenario.years[-1]
    if first == last:
        return f"{first} 年" if lang == "zh" else f"{first}"
    return f"{first}—{last} 年" if lang == "zh" else f"{first} to {last}"


def _ends(name: str, span: Span, lang: str) -> dict[str, str]:
    ends = {name: span.mean, f"{name}_low": span.low, f"{name}_high": span.high}
    return {key: money(value, lang) for key, value in ends.items()}


def _counts(name: str, draws: Any) -> dict[str, str]:
    span = span_of(np.asarray(draws))
    told = {name: span.mean, f"{name}_low": span.low, f"{name}_high": span.high}
    return {key: count(value).replace("-", MINUS) for key, value in told.items()}


def _spans(stage: Stage) -> tuple[Span, Span, Span]:
    """Revenue gained by the choice, in today's proportions, and the difference."""
    chosen, today = stage.draws[REVENUE].to_numpy(), stage.today[REVENUE].to_numpy()
    return span_of(chosen), span_of(today), span_of(chosen - today)


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
        regret = max(found.regret.mean, 0.0) / stage.scenario.goal.revenue
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
    if len(frontier) > 1 and frontier[-1].gain.mean > 0:
        first = frontier[0]
        part = first.gain.mean / frontier[-1].gain.mean
        told.append(text(lang, "stage.early", first=money(first.budget, lang), part=share(part)))
    if stage.n_failing:
        told.append(text(lang, "stage.titles_lost", n=count(stage.n_failing)))
    net = gain.mean * (1 - LITERATURE) if not any(map(stage.scenario.displaced, stage.scenario.measures)) else None
    told.append(text(lang, "stage.goal_note"))
    if net is not None:
        told.append(text(lang, "stage.displaced_note", net=money(net, lang), part=share(LITERATURE)))
    return Text("\n".join(f"- {sentence}" for sentence in told))


def _chance(fraction: float, lang: str) -> str:
    """A share of draws, never quite sure of either."""
    if 0.01 <= fraction <= 0.99:
        return share(fraction)
    return text(lang, "stage.hardly" if fraction < 0.01 else "stage.nearly")


def _price(price: Price, lang: str, *, spent: float) -> str:
    if spent == 0:
        return text(lang, "stage.no_price")
    if price.low is None:
        return text(lang, "stage.no_gain")
    if price.high is None or price.estimate is None:
        return text(lang, "stage.price_no_upper", low=_yuan(price.low))
    return text(
        lang, "stage.price_range", estimate=_yuan(price.estimate), low=_yuan(price.low), high=_yuan(price.high)
    )


def _yuan(value: float) -> str:
    """A price in yuan for 万元 of revenue: two digits that say something."""
    yuan = value * WAN
    return f"{yuan:,.0f}" if yuan >= 10 else f"{yuan:.2g}"


def tabulate_decision(stage: Stage, lang: str) -> HtmlTable:
    """What to keep, change, stop or test, each with its evidence and price."""
    rows = [
        (
            _name(one.instrument, lang),
            text(lang, f"stage.verdict.{one.verdict}"),
            text(lang, f"stage.grade.{one.belief.wording}"),
            text(lang, "stage.share_today", share=share(one.share), today=share(one.share_today)),
            _price(one.price, lang, spent=sum(one.money)),
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
        rows.append(Group(_name(one.instrument, lang)))
        rows += [
            ("", str(year), _number(n, public=public), _sum(spent, lang, public=public))
            for year, n, spent in zip(stage.scenario.years, one.enterprises, one.money, strict=True)
        ]
        n, spent = sum(one.enterprises), sum(one.money)
        rows.append(("", text(lang, "stage.plan_total"), _number(n, public=public), _sum(spent, lang, public=public)))
    notes = [text(lang, "stage.plan_note"), *([text(lang, "stage.public_note")] if public else [])]
    return HtmlTable(text(lang, "stage.plan_caption"), words(lang, "stage.plan_head"), rows, sentences(lang, notes))


def _number(n: float, *, public: bool) -> str:
    return count(coarse_count(round(n)) if public else n)


def _sum(wan: float, lang: str, *, public: bool) -> str:
    """An amount; in the public edition to three digits, from which no number of enterprises can be told."""
    return money(float(f"{wan:.3g}") if public else wan, lang)


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
            rows.append((area_name(city, lang), _sum(spent, lang, public=edition == "public"), share(part)))
    notes = [text(lang, "stage.city_note")]
    if edition == "public" and len(rows) < cities.nunique():
        notes.append(text(lang, "stage.city_withheld"))
    return HtmlTable(text(lang, "stage.city_caption"), words(lang, "stage.city_head"), rows, sentences(lang, notes))


def plot_frontier(stage: Stage, lang: str, *, edition: Edition = "internal") -> Picture:
    """What other budgets would add, with today's proportions at this scenario's budget."""
    points = stage.allocation.frontier
    weight = stage.scenario.goal.revenue or 1.0
    in_yi = max(point.gain.high for point in points) / weight >= WAN_IN_YI
    unit = text(lang, "stage.unit_money.yi" if in_yi else "stage.unit_money.wan")
    by = WAN_IN_YI if in_yi else 1.0
    budgets = [point.budget / by for point in points]
    spans = [[getattr(point.gain, end) / weight / by for point in points] for end in ("mean", "low", "high")]
    mean, low, high = spans
    today = stage.allocation.today
    total = sum(stage.scenario.budget) / by
    with draw(4.0) as drawing:
        axes = drawing.one()
        axes.fill_between(budgets, low, high, color=PALE, alpha=0.6, linewidth=0)
        axes.plot(budgets, mean, color=AFTER, marker="o", label=text(lang, "stage.frontier_chosen"))
        if stage.allocation.today_enterprises.sum() > 0:
            reach = [[(today.mean - today.low) / weight / by], [(today.high - today.mean) / weight / by]]
            axes.errorbar(
                [total],
                [today.mean / weight / by],
                yerr=reach,
                fmt="D",
                color=BEFORE,
                capsize=3,
                label=text(lang, "stage.frontier_today"),
            )
        axes.axvline(total, color=BEFORE, linestyle=DASHED, linewidth=0.9, label=text(lang, "stage.frontier_budget"))
        axes.axhline(0, color=BEFORE, linewidth=0.6)
        axes.grid(color=GRID)
        axes.legend(loc="lower right")
        drawing.label(
            axes, lang, x=text(lang, "stage.frontier_x", unit=unit), y=text(lang, "stage.frontier_y", unit=unit)
        )
    data = tabulate_plotted(
        words(lang, "stage.frontier_head"),
        [
            (
                point.budget,
                float(f"{point.spent:.3g}") if edition == "public" else point.spent,
                *(getattr(point.gain, end) / weight for end in ("mean", "low", "high")),
            )
            for point in points
        ],
    )
    ends = {
        "low_budget": money(points[0].budget, lang),
        "low_gain": money(points[0].gain.mean / weight, lang),
        "high_budget": money(points[-1].budget, lang),
        "high_gain": money(points[-1].gain.mean / weight, lang),
    }
    return Picture(drawing.png, text(lang, "stage.frontier_alt", **ends), text(lang, "stage.frontier_caption"), data)


def tabulate_limits(stage: Stage, lang: str) -> HtmlTable:
    """What one more unit of each limit would add, largest first."""
    prices = sorted(stage.allocation.solution.shadow_prices.items(), key=lambda pair: -abs(pair[1]))
    weight = stage.scenario.goal.revenue or 1.0
    rows = [(_limit(name, lang), money(value / weight, lang, sign=True)) for name, value in prices]
    return HtmlTable(
        text(lang, "stage.limits_caption"), words(lang, "stage.limits_head"), rows, text(lang, "stage.limits_note")
    )


def _limit(name: str, lang: str) -> str:
    kind, *of = name.split(".")
    if kind == "budget":
        return text(lang, "stage.limit.budget", year=of[0])
    if kind == "city_share":
        return text(lang, "stage.limit.city_share", city=area_name(of[0], lang))
    year = {"year": of[1]} if kind == "seats" else {}
    return text(lang, f"stage.limit.{kind}", name=_name(of[0], lang), **year)


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


def tabulate_beliefs(stage: Stage, lang: str) -> HtmlTable:
    """The effects on revenue that the plan rests on, and how each was drawn."""
    rows = []
    for one in stage.verdicts:
        belief = one.belief
        low, high = belief.span()
        own = (belief.estimate - 1.96 * belief.std_error, belief.estimate + 1.96 * belief.std_error)
        drawn = {"low": amount(low, belief.unit, lang), "high": amount(high, belief.unit, lang)}
        rows.append(
            (
                _name(one.instrument, lang),
                amount(belief.estimate, belief.unit, lang),
                amount_range(*own, belief.unit, lang),
                text(lang, f"wording.{belief.wording}"),
                text(lang, f"stage.drawn.{belief.wording}", **drawn),
            )
        )
    return HtmlTable(
        text(lang, "stage.effects_caption"), words(lang, "stage.effects_head"), rows, text(lang, "stage.effects_note")
    )


def tabulate_shrunk(stage: Stage, lang: str, *, edition: Edition = "internal") -> HtmlTable | Text:
    """Effects by part, before and after shrinkage."""
    parts = [part for part in stage.beliefs.parts if part.raw.outcome == REVENUE]
    if not parts:
        return Text(text(lang, "stage.no_parts"))
    units = {one.instrument: one.belief.unit for one in stage.verdicts}
    rows = [_part_row(part, units[part.raw.instrument], lang, public=edition == "public") for part in parts]
    return HtmlTable(
        text(lang, "stage.parts_caption"), words(lang, "stage.parts_head"), rows, text(lang, "stage.parts_note")
    )


def _part_row(part: ShrunkPart, unit: str, lang: str, *, public: bool) -> tuple[str, ...]:
    raw = part.raw
    shrunk, error = part.common + part.deviation, float(np.hypot(part.common_error, part.std_error))
    return (
        _name(raw.instrument, lang),
        text(lang, f"stage.variable.{raw.variable}"),
        text(lang, f"stage.part.{raw.part}"),
        count(coarse_count(raw.n_treated) if public else raw.n_treated),
        text(
            lang,
            "stage.with_range",
            mean=amount(raw.estimate, unit, lang),
            low=cell(raw.estimate - 1.96 * raw.std_error, unit),
            high=cell(raw.estimate + 1.96 * raw.std_error, unit),
        ),
        text(
            lang,
            "stage.with_range",
            mean=amount(shrunk, unit, lang),
            low=cell(shrunk - 1.96 * error, unit),
            high=cell(shrunk + 1.96 * error, unit),
        ),
        p_value(part.p_value),
    )


def tabulate_learning(found: Mapping[str, Learned | None], lang: str) -> HtmlTable:
    """Whether a learned rule beats lots and today's choice, by measure; None where too few were supported."""
    rows: list[tuple[str, ...]] = []
    for name, value in found.items():
        if value is None:
            rows.append((_name(name, lang), "–", "–", "–", text(lang, "stage.not_learned")))
            continue
        gains = [
            text(
                lang,
                "stage.with_range",
                mean=signed(100 * gain.estimate, 2),
                low=signed(100 * gain.ci_low, 2),
                high=signed(100 * gain.ci_high, 2),
            )
            for gain in (value.against_random, value.against_today)
        ]
        usable = text(lang, "stage.usable" if value.is_better else "stage.not_usable")
        rows.append((_name(name, lang), count(value.n_enterprises), *gains, usable))
    better = [_name(name, lang) for name, value in found.items() if value is not None and value.is_better]
    said = text(lang, "stage.some_better", names=join(lang, better)) if better else text(lang, "stage.not_better")
    return HtmlTable(
        text(lang, "stage.learning_caption"),
        words(lang, "stage.learning_head"),
        rows,
        sentences(lang, [text(lang, "stage.learning_note"), said]),
    )


def tabulate_measure(
    stage: Stage, instrument: str, lang: str, *, plan: StagePlan | None = None, edition: Edition = "internal"
) -> HtmlTable:
    """One measure on one page, in the same seven rows as every other."""
    one = next(verdict for verdict in stage.verdicts if verdict.instrument == instrument)
    contents = {
        "who": _whom(stage, one, lang, public=edition == "public"),
        "money": _money(stage, one, lang, public=edition == "public"),
        "evidence": _evidence(one, lang),
        "gain": text(
            lang,
            "stage.measure_gain",
            gain=money(one.gain.mean, lang),
            low=money(one.gain.low, lang),
            high=money(one.gain.high, lang),
            price=_price(one.price, lang, spent=sum(one.money)),
        ),
        "test": _test(plan, one, lang),
        "keep": _kept(plan, instrument, lang),
        "risk": text(lang, f"stage.risk.{one.belief.wording}"),
    }
    caption = text(
        lang,
        "stage.measure_caption",
        name=_name(instrument, lang),
        verdict=text(lang, f"stage.verdict.{one.verdict}"),
    )
    rows = [(text(lang, f"stage.row.{row}"), content) for row, content in contents.items()]
    return HtmlTable(caption, words(lang, "stage.measure_head"), rows, kind="own-page")


def tabulate_measures(
    stage: Stage, lang: str, *, plan: StagePlan | None = None, edition: Edition = "internal"
) -> list[HtmlTable]:
    """Every measure on a page of its own, in the scenario's order."""
    return [tabulate_measure(stage, one.instrument, lang, plan=plan, edition=edition) for one in stage.verdicts]


def _whom(stage: Stage, one: MeasureVerdict, lang: str, *, public: bool) -> str:
    measure = stage.scenario.measures[one.instrument]
    tiers = join(lang, [text(lang, f"stage.tier.{tier}") for tier in measure.tiers]) or text(lang, "stage.tiers_all")
    cities = join(lang, [area_name(city, lang) for city in measure.excluded_cities])
    places = text(lang, "stage.except", cities=cities) if cities else text(lang, "stage.everywhere")
    segments = stage.allocation.problem.segments
    n = int(segments.eligible[:, segments.instruments.index(one.instrument)].sum())
    return text(lang, "stage.who", tiers=tiers, places=places, n=count(coarse_count(n) if public else n))


def _money(stage: Stage, one: MeasureVerdict, lang: str, *, public: bool) -> str:
    spent, n = sum(one.money), sum(one.enterprises)
    if spent == 0:
        return text(lang, "stage.measure_no_money", today=share(one.share_today))
    by_year = [
        text(lang, "stage.year_money", year=year, money=_sum(part, lang, public=public))
        for year, part in zip(stage.scenario.years, one.money, strict=True)
    ]
    return text(
        lang,
        "stage.measure_money",
        money=_sum(spent, lang, public=public),
        share=share(one.share),
        today=share(one.share_today),
        n=_number(n, public=public),
        years=join(lang, by_year),
        each=_sum(spent / n, lang, public=public),
    )


def _evidence(one: MeasureVerdict, lang: str) -> str:
    belief = one.belief
    low, high = belief.estimate - 1.96 * belief.std_error, belief.estimate + 1.96 * belief.std_error
    return text(
        lang,
        "stage.measure_evidence",
        estimate=amount(belief.estimate, belief.unit, lang),
        low=amount(low, belief.unit, lang),
        high=amount(high, belief.unit, lang),
        wording=text(lang, f"stage.grade.{belief.wording}"),
    )


def _test(plan: StagePlan | None, one: MeasureVerdict, lang: str) -> str:
    studies = [] if plan is None else [study for study in plan.studies if study.measure.instrument == one.instrument]
    if not studies:
        return text(lang, "stage.no_test")
    first = studies[0]
    told = [
        text(
            lang,
            "stage.measure_test",
            design=first.design.label[lang],
            how=first.design.how[lang].rstrip("。."),
            answer=day(date.fromisoformat(first.answer_on), lang),
        )
    ]
    low, high = one.belief.span()
    if first.measure.outcome == REVENUE and first.detectable is not None and first.measure.design != "cap_kink":
        smallest = first.detectable.mde
        facts = {"mde": amount(smallest, first.unit, lang), "n": count(first.n_units)}
        told.append(text(lang, "stage.mde_beyond" if smallest > max(high, -low) else "stage.mde_within", **facts))
    return sentences(lang, told)


def _kept(plan: StagePlan | None, instrument: str, lang: str) -> str:
    studies = [] if plan is None else [study for study in plan.studies if study.measure.instrument == instrument]
    kept = [words_of[lang] for study in studies for words_of in study.keep]
    return ("；" if lang == "zh" else "; ").join(dict.fromkeys(kept)) or text(lang, "stage.measure_keep")
