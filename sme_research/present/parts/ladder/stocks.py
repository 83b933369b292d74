"""Stocks to come beside the plan's targets, and the rates behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from sme_research.present.canvas import AFTER, BEFORE, DASHED, GRID, INK, draw
from sme_research.present.parts.ladder.telling import FEWEST, Edition, heading, month_of, tier_name, told_count
from sme_research.present.plotted import Value, counted, tabulate_plotted
from sme_research.present.show import HtmlTable, Picture, Text
from sme_research.present.words import count, join, sentences, share, text, words
from sme_research.programme.ladder import TIERS, Backtest, Projection, Stock, Target, TierRates, Titles
from sme_research.programme.ladder.stocks import FEW_DUE


def projected_tiers(projection: Projection) -> list[str]:
    """Tiers with enough enterprises at the start to be carried on."""
    base = {tier: projection.at(tier, projection.base_year) for tier in TIERS}
    return [tier for tier, stock in base.items() if stock is not None and stock.estimate >= FEWEST]


def describe_coming(projection: Projection, backtests: Sequence[Backtest], lang: str, edition: Edition) -> list[str]:
    """The last year's expectation in one sentence, and how the same method would have fared before."""
    tiers = projected_tiers(projection)
    if not tiers:
        return []
    last = max(stock.year for stock in projection.stocks)
    parts = [_part(projection, tier, last, lang, edition) for tier in tiers]
    window = _window(projection)
    told = [text(lang, "ladder.stock", year=last, parts=_clauses(lang, parts), **window)]
    checked = [_past(row, lang, edition) for row in backtests if row.tier in tiers]
    if checked:
        years = {"start": backtests[0].start, "end": backtests[0].end}
        told.append(text(lang, "ladder.stock_past", parts=_clauses(lang, checked), **years))
        failed = [tier_name(row.tier, lang) for row in backtests if row.tier in tiers and not row.inside]
        if failed:
            told[-1] = sentences(lang, [told[-1], text(lang, "ladder.stock_failed", tiers=join(lang, failed))])
    return told


def describe_absent(projection: Projection, titles: Titles, lang: str) -> list[str]:
    """Why a tier is not projected: the list has none of it, or too few to take rates from."""
    return [_absent(projection, titles, tier, lang) for tier in TIERS if tier not in projected_tiers(projection)]


def _absent(projection: Projection, titles: Titles, tier: str, lang: str) -> str:
    granted = titles.frame.loc[titles.frame["tier"] == tier, "granted_on"]
    name = heading(tier_name(tier, lang))
    if granted.empty:
        return text(lang, "ladder.stock_none", tier=name)
    facts = {"first": month_of(granted.min(), lang), "year": projection.base_year, "fewest": FEWEST}
    return text(lang, "ladder.stock_absent", tier=name, **facts)


def _clauses(lang: str, parts: list[str]) -> str:
    return ("；" if lang == "zh" else "; ").join(parts)


def _window(projection: Projection) -> dict[str, int]:
    years = projection.rates[0].years
    return {"first": years[0], "last": years[-1]}


def _numbers(stock: Stock | None, edition: Edition) -> dict[str, str]:
    names = ("estimate", "ci_low", "ci_high")
    told = [count(None if stock is None else told_count(getattr(stock, name), edition)) for name in names]
    return dict(zip(("estimate", "low", "high"), told, strict=True))


def _part(projection: Projection, tier: str, year: int, lang: str, edition: Edition) -> str:
    base = _numbers(projection.at(tier, projection.base_year), edition)["estimate"]
    facts = {"base_year": projection.base_year, "base": base, "level": f"{projection.level:.0%}"}
    numbers = _numbers(projection.at(tier, year), edition)
    return text(lang, "ladder.stock_part", tier=tier_name(tier, lang), **facts, **numbers)


def _past(row: Backtest, lang: str, edition: Edition) -> str:
    numbers = _numbers(row.expected, edition)
    return text(
        lang,
        "ladder.stock_past_part",
        tier=tier_name(row.tier, lang),
        low=numbers["low"],
        high=numbers["high"],
        actual=count(told_count(row.actual, edition)),
        verdict=text(lang, f"ladder.{_verdict_of(row)}"),
    )


def _verdict_of(row: Backtest) -> str:
    if row.inside:
        return "inside"
    return "outside_high" if row.actual < row.expected.ci_low else "outside_low"


def plot_stocks(
    projection: Projection, targets: Sequence[Target], lang: str, *, edition: Edition = "internal"
) -> Picture | Text:
    """Small multiples by tier: counted years, then the middle and the interval of the draws, with the target."""
    tiers = projected_tiers(projection)
    if not tiers:
        return Text(text(lang, "ladder.nobody"))
    with draw(1.0 + 2.1 * len(tiers)) as drawing:
        panels = drawing.figure.subplots(len(tiers), 1, squeeze=False, sharex=True)[:, 0]
        for axes, tier in zip(panels, tiers, strict=True):
            _panel(axes, projection, tier, [target for target in targets if target.tier == tier], lang, edition)
        panels[0].legend(loc="lower left", bbox_to_anchor=(0, 1.16), ncols=2, borderaxespad=0.0)
        drawing.label(panels[-1], lang, x=text(lang, "ladder.stocks_x"))
    facts = {"base_year": projection.base_year, **_window(projection)}
    parts = [_alt(projection, tier, lang, edition) for tier in tiers]
    alt = text(lang, "ladder.stocks_alt", parts="".join(parts) if lang == "zh" else " ".join(parts))
    data = tabulate_plotted(words(lang, "ladder.stocks_heads"), _rows(projection, tiers, lang, edition))
    return Picture(drawing.png, alt, text(lang, "ladder.stocks_caption", **facts), data)


def _panel(
    axes: Axes, projection: Projection, tier: str, targets: Sequence[Target], lang: str, edition: Edition
) -> None:
    stocks = projection.of(tier)
    past = [stock for stock in stocks if stock.counted]
    coming = [past[-1], *(stock for stock in stocks if not stock.counted)]
    told = np.array(
        [[told_count(n, edition) or 0.0 for n in (s.estimate, s.ci_low, s.ci_high)] for s in coming], dtype=float
    )
    years = [stock.year for stock in coming]
    axes.fill_between(
        years, told[:, 1], told[:, 2], color=AFTER, alpha=0.15, linewidth=0,
        label=text(lang, "ladder.stocks_band", level=f"{projection.level:.0%}"),
    )  # fmt: skip
    axes.plot(years, told[:, 0], color=AFTER, linestyle=DASHED, label=text(lang, "ladder.stocks_drawn"))
    counts = [told_count(stock.estimate, edition) for stock in past]
    seen = [np.nan if number is None else number for number in counts]
    axes.plot([s.year for s in past], seen, color=INK, marker="o", label=text(lang, "ladder.stocks_counted"))
    for at, target in enumerate(targets):
        label = text(lang, "ladder.stocks_target") if at == 0 else None
        axes.plot(
            [target.year], [target.number], "D", color="white", markeredgecolor=BEFORE, markersize=8, label=label
        )
    axes.set_title(heading(tier_name(tier, lang)), fontsize=10.5, loc="left")
    axes.set_xticks([s.year for s in stocks])
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(axis="y", color=GRID)


def _alt(projection: Projection, tier: str, lang: str, edition: Edition) -> str:
    last = projection.of(tier)[-1]
    base = _numbers(projection.at(tier, projection.base_year), edition)["estimate"]
    facts = {"tier": tier_name(tier, lang), "base_year": projection.base_year, "base": base, "year": last.year}
    return text(lang, "ladder.stocks_alt_part", **facts, **_numbers(last, edition))


def _rows(projection: Projection, tiers: Sequence[str], lang: str, edition: Edition) -> list[tuple[Value, ...]]:
    return [
        (
            tier_name(tier, lang),
            stock.year,
            *(counted(told_count(n, edition)) for n in (stock.estimate, stock.ci_low, stock.ci_high)),
            text(lang, "ladder.stocks_counted" if stock.counted else "ladder.stocks_drawn"),
        )
        for tier in tiers
        for stock in projection.of(tier)
    ]


def tabulate_stocks(
    projection: Projection,
    targets: Sequence[Target],
    lang: str,
    *,
    backtests: Sequence[Backtest] = (),
    edition: Edition = "internal",
) -> HtmlTable:
    """Expected counts by year and tier, with how they stand to the plan's targets.

    A tier whose back-test missed what came has no verdict on its target.
    """
    years = sorted({stock.year for stock in projection.stocks if stock.year >= projection.base_year})
    tiers = projected_tiers(projection)
    heads = [text(lang, "ladder.stocks_head_year"), *(heading(tier_name(tier, lang)) for tier in tiers)]
    rows = [(str(year), *(_cell(projection.at(tier, year), lang, edition) for tier in tiers)) for year in years]
    failed = {row.tier for row in backtests if not row.inside}
    judged = [_verdicts(projection, targets, tier, lang, failed=tier in failed) for tier in tiers]
    if targets:
        rows.append((heading(text(lang, "ladder.stocks_target")), *judged))
    caption = text(lang, "ladder.stocks_table_caption", level=f"{projection.level:.0%}")
    sources = dict.fromkeys(target.source[lang] for target in targets if target.tier in tiers)
    told = [text(lang, "ladder.stocks_target_source", source=source) for source in sources]
    absent = [tier_name(tier, lang) for tier in TIERS if tier not in tiers]
    left = [text(lang, "ladder.stocks_left_out", tiers=join(lang, absent), fewest=FEWEST)] if absent else []
    note = sentences(lang, [*left, text(lang, "ladder.stocks_note"), *told])
    return HtmlTable(caption, heads, rows, note)


def _cell(stock: Stock | None, lang: str, edition: Edition) -> str:
    numbers = _numbers(stock, edition)
    if stock is not None and stock.counted:
        return numbers["estimate"]
    return text(lang, "ladder.stocks_cell", **numbers)


def _verdicts(projection: Projection, targets: Sequence[Target], tier: str, lang: str, *, failed: bool) -> str:
    own = [_verdict(projection, target, lang, failed=failed) for target in targets if target.tier == tier]
    return _clauses(lang, own) or "–"


def _verdict(projection: Projection, target: Target, lang: str, *, failed: bool) -> str:
    facts = {"year": target.year, "target": count(target.number)}
    stock = projection.at(target.tier, target.year)
    if stock is None:
        return text(lang, "ladder.stocks_target_unseen", **facts)
    if stock.counted:
        key = "target_met" if stock.estimate >= target.number else "target_missed"
    elif failed:
        key = "target_failed"
    elif stock.ci_low >= target.number:
        key = "target_above"
    else:
        key = "target_below" if stock.ci_high < target.number else "target_within"
    chance = projection.chance(target.tier, target.year, target.number)
    filled = {"chance": f"{chance:.0%}"} if key == "target_within" and chance is not None else {}
    return text(lang, "ladder.stocks_target_cell", verdict=text(lang, f"ladder.{key}", **filled), **facts)


def tabulate_rates(projection: Projection, lang: str, *, edition: Edition = "internal") -> HtmlTable:
    """The rates that the projection carries on, tier by tier."""
    rows = [_rate_row(rate, lang, edition) for rate in projection.rates if rate.tier in projected_tiers(projection)]
    note = text(lang, "ladder.rates_note", few_due=FEW_DUE)
    caption = text(lang, "ladder.rates_caption", **_window(projection))
    return HtmlTable(caption, words(lang, "ladder.rates_head"), rows, note)


def _rate_row(rate: TierRates, lang: str, edition: Edition) -> tuple[str, ...]:
    exposed, promoted = rate.exposed.sum(axis=0), rate.promoted.sum(axis=0)
    ages = [*zip(promoted[:3], exposed[:3], strict=True), (promoted[3:].sum(), exposed[3:].sum())]
    outside = told_count(sum(rate.outside) / len(rate.years), edition)
    return (
        heading(tier_name(rate.tier, lang)),
        count(outside),
        join(lang, [_share(int(n), int(of), edition) for n, of in ages]),
        _share(rate.renewed, rate.due, edition),
        _share(rate.ended_early, rate.in_force, edition),
    )


def _share(n: int, of: int, edition: Edition) -> str:
    """A share, the mark where 1 to 9 enterprises have or lack it in the public edition."""
    if of == 0:
        return "–"
    few = [told_count(number, edition) for number in (n, of - n, of)]
    return share(None if None in few else n / of)


def describe_rates(projection: Projection, lang: str) -> Text:
    """What the projection takes for granted."""
    return Text(text(lang, "ladder.rates_assume", **_window(projection)))
