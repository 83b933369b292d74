"""What another budget, or one more unit of a limit, would add: the stage's one picture, and a table."""

from __future__ import annotations

from typing import Final

from sme_research.policy.stage import Stage
from sme_research.present.canvas import AFTER, BEFORE, DASHED, GRID, PALE, draw
from sme_research.present.parts.stage.telling import measure_name
from sme_research.present.plotted import tabulate_plotted
from sme_research.present.show import HtmlTable, Picture
from sme_research.present.words import money, text, words
from sme_research.quality import Edition
from sme_research.tables.areas import area_name

WAN_IN_YI: Final = 10_000.0


def plot_frontier(stage: Stage, lang: str, *, edition: Edition = "internal") -> Picture:
    """What other budgets would add, with today's proportions at this scenario's budget."""
    points = stage.allocation.frontier
    weight = stage.scenario.goal.revenue or 1.0
    in_yi = max(point.gain.high for point in points) / weight >= WAN_IN_YI
    unit = text(lang, "stage.unit_money.yi" if in_yi else "stage.unit_money.wan")
    by = WAN_IN_YI if in_yi else 1.0
    budgets = [point.budget / by for point in points]
    spans = [[getattr(point.gain, end) / weight / by for point in points] for end in ("estimate", "low", "high")]
    mean, low, high = spans
    today = stage.allocation.today
    total = sum(stage.scenario.budget) / by
    with draw(4.0) as drawing:
        axes = drawing.one()
        axes.fill_between(budgets, low, high, color=PALE, alpha=0.6, linewidth=0)
        axes.plot(budgets, mean, color=AFTER, marker="o", label=text(lang, "stage.frontier_chosen"))
        if stage.allocation.today_enterprises.sum() > 0:
            reach = [[(today.estimate - today.low) / weight / by], [(today.high - today.estimate) / weight / by]]
            axes.errorbar(
                [total],
                [today.estimate / weight / by],
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
                *(getattr(point.gain, end) / weight for end in ("estimate", "low", "high")),
            )
            for point in points
        ],
    )
    ends = {
        "low_budget": money(points[0].budget, lang),
        "low_gain": money(points[0].gain.estimate / weight, lang),
        "high_budget": money(points[-1].budget, lang),
        "high_gain": money(points[-1].gain.estimate / weight, lang),
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
    return text(lang, f"stage.limit.{kind}", name=measure_name(of[0], lang), **year)
