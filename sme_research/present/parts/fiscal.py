"""What instruments cost by year, what the loan rules cut, and what was paid for what was added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from sme_research.disclosure import coarse_count, largest_share, publishable
from sme_research.instruments import INSTRUMENTS
from sme_research.lending.subsidy import CUTS
from sme_research.policy.fiscal import Costs, sum_costs
from sme_research.policy.published_costs import TOTAL, list_costs
from sme_research.policy.worth.additionality import Additionality
from sme_research.policy.worth.cost import Measure, Worth
from sme_research.policy.worth.value import Value
from sme_research.present.canvas import AFTER, BEFORE, GRID, PALE, draw, wrap
from sme_research.present.plotted import tabulate_plotted
from sme_research.present.show import Group, HtmlTable, Picture, Text
from sme_research.present.words import MARK, count, join, money, sentences, share, signed, text, words
from sme_research.prices import years_on_file
from sme_research.quality import Edition
from sme_research.results import Span, Wording

AXIS: Final = {"zh": 1e4, "en": 1e2}
"""10,000 yuan in the axis's unit: 亿元, million yuan."""
AXIS_MONEY: Final = {"zh": 1.0, "en": 10.0}
"""10,000 yuan in the unit of money an axis of costs has: 万元, thousand yuan."""
COLOURS: Final = (AFTER, "#5b8db8", PALE, BEFORE, "#b0793a", "#7a9a6b", "#8f6aa3", "#c4a15a", "#4a6670", "#a85c5c")
PER: Final = 100
"""Enterprises for which promotions are told."""
_DIGITS: Final = 3
_STRICT: Final[Sequence[Wording]] = ("description", "association", "effect")
_LABEL: Final = 30  # letters a line beside a row of a picture


def _name(instrument: str, lang: str) -> str:
    return INSTRUMENTS[instrument].label[lang]


def _names(instruments: Sequence[str], lang: str) -> str:
    return join(lang, [_name(name, lang) for name in instruments])


def _unknown(listed: pd.DataFrame, *, wholly: bool) -> list[str]:
    """Instruments whose outlays are wholly, or partly, not known."""
    total = listed[(listed["year"] == TOTAL) & ~listed["withheld"]]
    lost = total["cost"].isna() if wholly else total["cost"].notna() & (total["n_unknown"] > 0)
    return [str(name) for name in total.loc[lost, "instrument"]]


def _years(costs: Costs) -> dict[str, int]:
    years = costs.outlays["year"].astype("int64")
    return {"first": int(years.min()), "last": int(years.max()), "base": max(years_on_file())}


def describe_costs(costs: Costs, lang: str, *, edition: Edition = "internal") -> Text:
    """How much is known in all, for what most was paid, what is not known, and on what ground."""
    if costs.outlays.empty:
        return Text(text(lang, "fiscal.no_costs"))
    listed, facts = list_costs(costs, public=edition == "public"), _years(costs)
    known = listed[(listed["year"] == TOTAL) & listed["cost"].notna()]
    said = []
    if edition == "internal" and not known.empty:
        most = known.sort_values("cost").iloc[-1]
        real = known["cost_real"].sum() if known["cost_real"].notna().all() else None
        told = {"cost": money(known["cost"].sum(), lang), "most": _name(most["instrument"], lang)}
        told["real"] = text(lang, "fiscal.no_real") if real is None else money(real, lang)
        said.append(text(lang, "fiscal.found", most_cost=money(most["cost"], lang), **told, **facts))
    else:
        said.append(text(lang, "fiscal.found_public", **facts))
    for key, names in (("unknown", _unknown(listed, wholly=True)), ("part", _unknown(listed, wholly=False))):
        if names:
            said.append(text(lang, f"fiscal.{key}", names=_names(names, lang)))
    if costs.absent:
        said.append(text(lang, "fiscal.absent", names=_names(costs.absent, lang)))
    return Text(sentences(lang, [*said, text(lang, "fiscal.basis")]))


def tabulate_costs(costs: Costs, lang: str, *, edition: Edition = "internal") -> HtmlTable | Text:
    """Outlays of each instrument by year, nominal, with its total in nominal and real money."""
    if costs.outlays.empty:
        return Text(text(lang, "fiscal.no_costs"))
    listed, facts = list_costs(costs, public=edition == "public"), _years(costs)
    years = range(facts["first"], facts["last"] + 1)
    rows = []
    for name in dict.fromkeys(listed["instrument"]):
        own = listed[listed["instrument"] == name].set_index("year")
        total = own.loc[TOTAL]
        cells = [
            _outlay(own.loc[year], lang) if year in own.index else text(lang, "fiscal.nothing") for year in years
        ]
        people = MARK if total["withheld"] else count(total["n_enterprises"])
        rows.append(
            (_name(name, lang), people, *cells, _outlay(total, lang), _outlay(total, lang, column="cost_real"))
        )
    head = words(lang, "fiscal.costs_head", base=facts["base"])
    head[2:2] = [str(year) for year in years]
    return HtmlTable(text(lang, "fiscal.costs_caption"), head, rows, text(lang, "fiscal.costs_note"))


def _outlay(row: pd.Series[Any], lang: str, *, column: str = "cost") -> str:
    """An amount, or what stands for it where it is withheld or not known."""
    if row["withheld"]:
        return MARK
    if np.isnan(row[column]):
        return text(lang, "fiscal.no_real" if np.isfinite(row["cost"]) else "fiscal.not_known")
    told = f"{row[column]:,.1f}" if abs(row[column]) < PER else f"{row[column]:,.0f}"
    return text(lang, "fiscal.at_least", n=told) if row["n_unknown"] > 0 else told


def tabulate_outlay_items(costs: Costs, lang: str, *, edition: Edition = "internal") -> HtmlTable | Text:
    """Outlays by item and payer, such as awards by tier, with how they are known."""
    if edition == "public" or costs.outlays.empty:
        return Text(text(lang, "fiscal.items_internal" if edition == "public" else "fiscal.no_costs"))
    summed = sum_costs(costs, ("instrument", "item", "payer", "unit", "basis")).assign(withheld=False)
    rows: list[Sequence[str] | Group] = []
    for name, group in summed.groupby("instrument", sort=False):
        rows.append(Group(_name(str(name), lang)))
        for _, row in group.iterrows():
            rows.append(
                (
                    _item(str(name), row["item"], lang),
                    text(lang, f"fiscal.payer.{row['payer']}"),
                    text(lang, f"fiscal.counted.{row['unit']}", n=count(row["n_units"])),
                    count(row["n_enterprises"]),
                    _outlay(row, lang),
                    text(lang, f"fiscal.basis_of.{row['basis']}"),
                )
            )
    caption = text(lang, "fiscal.items_caption", **_years(costs))
    return HtmlTable(caption, words(lang, "fiscal.items_head"), rows, text(lang, "fiscal.items_note"))


def _item(instrument: str, item: str, lang: str) -> str:
    if instrument == "loan_subsidy":
        return text(lang, "fiscal.phase", phase=item) if item else text(lang, "fiscal.item.before")
    return text(lang, f"fiscal.item.{item or 'all'}")


def tabulate_loan_rules(loans: pd.DataFrame, lang: str, *, edition: Edition = "internal") -> HtmlTable:
    """How many loans each rule cut, and what was subsidised of them.

    Parameters
    ----------
    loans : DataFrame
        As `assess_loans` gives it.
    """
    cut = loans["cut_by"].str.split()
    parts = {"none": loans["cut_by"] == "", **{name: cut.map(lambda told, rule=name: rule in told) for name in CUTS}}
    parts["unknown"] = loans["unknown_for"] != ""
    public = edition == "public"
    people = [loans.loc[held, "enterprise_id"].nunique() for held in parts.values()]
    if public and any(n > 0 and coarse_count(n) is None for n in people):
        parts = {}  # what few stand behind would follow from the rows beside it
    rows = [_loan_row(loans[held], text(lang, f"fiscal.cut.{name}"), public) for name, held in parts.items()]
    rows.append(_loan_row(loans, text(lang, "fiscal.loans_all"), public))
    notes = [text(lang, "fiscal.loans_note"), *([text(lang, "fiscal.loans_few")] if not parts else [])]
    return HtmlTable(
        text(lang, "fiscal.loans_caption"), words(lang, "fiscal.loans_head"), rows, sentences(lang, notes)
    )


def _loan_row(loans: pd.DataFrame, label: str, public: bool) -> tuple[str, ...]:
    columns = ("amount", "eligible_amount", "subsidy")
    if not public:
        return (label, count(len(loans)), *(f"{loans[name].sum():,.1f}" for name in columns))
    each = loans.groupby("enterprise_id")[list(columns)].sum()
    fit = len(each) == 0 or publishable(len(each), max(largest_share(each[name]) for name in columns))
    if not fit:
        return (label, *[MARK] * 4)
    return (label, count(coarse_count(len(loans))), *(_significant(loans[name].sum()) for name in columns))


def _significant(value: float) -> str:
    """A number of three digits that say something."""
    if value == 0 or not np.isfinite(value):
        return "0"
    places = _DIGITS - 1 - int(np.floor(np.log10(abs(value))))
    return f"{round(value, places):,.{max(places, 0)}f}"


def plot_costs(costs: Costs, lang: str, *, edition: Edition = "internal") -> Picture | Text:
    """Known outlays by year, stacked by instrument."""
    listed = list_costs(costs, public=edition == "public") if len(costs.outlays) else pd.DataFrame()
    known = listed[listed["cost"].notna() & (listed["cost"] > 0)] if len(listed) else listed
    if known.empty:
        return Text(text(lang, "fiscal.no_costs"))
    facts = _years(costs)
    years = range(facts["first"], facts["last"] + 1)
    table = (
        known[known["year"] != TOTAL].pivot_table(index="year", columns="instrument", values="cost").reindex(years)
    )
    table = table[table.sum().sort_values(ascending=False).index] / AXIS[lang]
    with draw(4.2) as drawing:
        axes = drawing.one()
        bottom = np.zeros(len(table))
        for name, colour in zip(table, COLOURS, strict=False):
            heights = table[name].fillna(0.0).to_numpy()
            axes.bar(list(years), heights, bottom=bottom, color=colour, label=_name(str(name), lang), width=0.7)
            bottom += heights
        axes.set_xticks(list(years))
        axes.set_ylim(0, 1.08 * float(bottom.max()))
        axes.grid(axis="y", color=GRID)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        unit = text(lang, "fiscal.axis_unit")
        drawing.label(axes, lang, x=text(lang, "fiscal.year_head"), y=text(lang, "fiscal.picture_axis", unit=unit))
    totals = known[known["year"] == TOTAL].set_index("instrument")["cost"]
    told = [
        text(lang, "fiscal.picture_part", name=_name(str(name), lang), cost=money(totals.get(name), lang))
        for name in table
    ]
    lost = _unknown(listed, wholly=True)
    captions = [text(lang, "fiscal.picture_caption")]
    captions += [text(lang, "fiscal.picture_unknown", names=_names(lost, lang))] if lost else []
    heads = [text(lang, "fiscal.year_head"), *(f"{_name(str(name), lang)} ({unit})" for name in table)]
    rows = [(int(year), *_cells(line)) for year, line in zip(years, table.to_numpy().tolist(), strict=True)]
    alt = text(lang, "fiscal.picture_alt", parts=join(lang, told), **facts)
    return Picture(drawing.png, alt, sentences(lang, captions), tabulate_plotted(heads, rows))


def _cells(line: Sequence[float]) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in line]


def _wording(found: Sequence[Worth | Additionality]) -> Wording:
    """The wording that all of them permit."""
    return min((each.wording for each in found), key=_STRICT.index, default="description")


def _noun(found: Sequence[Worth | Additionality], lang: str) -> str:
    return text(lang, "noun.effect" if _wording(found) == "effect" else "noun.difference")


def _may_show(worth: Worth, edition: Edition) -> bool:
    return edition == "internal" or publishable(worth.n_enterprises, worth.largest_share)


def _amount(worth: Worth, value: float, lang: str) -> str:
    """Cost of one unit: yuan a yuan of revenue, money for a job or a promotion."""
    if worth.measure == "revenue":
        return text(lang, "fiscal.yuan", n=_significant(value))
    return money(float(_significant(value).replace(",", "")), lang)


def _gain(worth: Worth, value: float, lang: str) -> str:
    if worth.measure == "revenue":
        return money(value, lang, sign=True)
    return signed(value * PER if worth.measure == "promotion" else value, 2)


def _cost_cell(worth: Worth, lang: str) -> str:
    if worth.kind == "no_gain":
        return text(lang, "fiscal.no_gain")
    low = _amount(worth, worth.cost.low, lang)
    if worth.kind == "no_upper_limit":
        return text(lang, "fiscal.no_upper_limit", low=low)
    estimate, high = (_amount(worth, value, lang) for value in (worth.cost.estimate, worth.cost.high))
    return text(lang, "fiscal.interval", estimate=estimate, low=low, high=high)


def _real_cell(value: Value, lang: str) -> str:
    if value.real is None:
        return text(lang, "fiscal.no_real")
    return text(lang, "fiscal.real_of", told=_cost_cell(value.real, lang), base=value.real.base_year)


def tabulate_worth(values: Sequence[Value], lang: str, *, edition: Edition = "internal") -> HtmlTable | Text:
    """Paid, added, and cost of one added unit, in nominal and real money, with intervals."""
    if not values:
        return Text(text(lang, "fiscal.no_worth"))
    rows: list[Sequence[str] | Group] = []
    for measure in dict.fromkeys(value.nominal.measure for value in values):
        rows.append(Group(text(lang, f"fiscal.measure.{measure}")))
        rows += [_worth_row(value, lang, edition) for value in values if value.nominal.measure == measure]
    found = [value.nominal for value in values]
    head = words(lang, "fiscal.worth_head", level=f"{found[0].level:.0%}")
    note = text(lang, "fiscal.worth_note", noun=_noun(found, lang))
    return HtmlTable(text(lang, "fiscal.worth_caption"), head, rows, note, _wording(found))


def _worth_row(value: Value, lang: str, edition: Edition) -> tuple[str, ...]:
    worth = value.nominal
    name = _name(worth.instrument, lang)
    if not _may_show(worth, edition):
        return (name, *[MARK] * 5)
    estimate, low, high = (
        _gain(worth, number, lang) for number in (worth.gain.estimate, worth.gain.low, worth.gain.high)
    )
    gain = text(lang, "fiscal.interval", estimate=estimate, low=low, high=high)
    return (
        name,
        money(worth.spent, lang),
        text(lang, f"fiscal.gain.{worth.measure}", n=gain),
        _cost_cell(worth, lang),
        _real_cell(value, lang),
        _chance(worth),
    )


def _chance(worth: Worth) -> str:
    """Share of draws with a gain, never quite sure of either; none for what may not be called an effect."""
    if worth.wording != "effect":
        return "–"
    told = min(max(worth.chance_of_gain, 0.001), 0.999)
    return ("> " if worth.chance_of_gain > told else "< " if worth.chance_of_gain < told else "") + share(told)


def describe_worth(values: Sequence[Value], lang: str, *, edition: Edition = "internal") -> Text:
    """One sentence for each instrument and measure, as far as the interval lets one say."""
    shown = [value.nominal for value in values if _may_show(value.nominal, edition)]
    if not shown:
        return Text(text(lang, "fiscal.no_worth"))
    said = []
    for measure in dict.fromkeys(worth.measure for worth in shown):
        said += _worth_sentences([worth for worth in shown if worth.measure == measure], lang)
    lost = {worth.instrument: worth.n_unknown for worth in shown if worth.n_unknown}
    for name, n in lost.items():
        told = count(n if edition == "internal" else coarse_count(n))
        said.append(text(lang, "fiscal.left_out", instrument=_name(name, lang), n=told))
    return Text(sentences(lang, said), _wording(shown))


def _worth_sentences(found: Sequence[Worth], lang: str) -> list[str]:
    """Those with both limits one by one, then those without an upper limit, then those without a gain."""
    facts = {"unit": text(lang, f"fiscal.unit.{found[0].measure}"), "level": f"{found[0].level:.0%}"}
    said = []
    for worth in found:
        if worth.kind == "bounded":
            estimate, low, high = (_amount(worth, end, lang) for end in _ends(worth.cost))
            told = {"instrument": _name(worth.instrument, lang), "estimate": estimate, "low": low, "high": high}
            said.append(text(lang, "fiscal.sentence.bounded", **told, **facts))
    least = [
        text(lang, "fiscal.least", instrument=_name(worth.instrument, lang), low=_amount(worth, worth.cost.low, lang))
        for worth in found
        if worth.kind == "no_upper_limit"
    ]
    if least:
        said.append(text(lang, "fiscal.sentence.no_upper_limit", parts=join(lang, least), **facts))
    none = [worth.instrument for worth in found if worth.kind == "no_gain"]
    if none:
        said.append(text(lang, "fiscal.sentence.no_gain", names=_names(none, lang), **facts))
    return said


def plot_worth(
    values: Sequence[Value], lang: str, *, measure: Measure = "revenue", edition: Edition = "internal"
) -> Picture | Text:
    """Cost of one added unit by instrument on a logarithmic axis; arrows have no upper limit."""
    found = [value.nominal for value in values if value.nominal.measure == measure]
    shown = [worth for worth in found if _may_show(worth, edition) and worth.kind != "no_gain"]
    if not shown:
        return Text(text(lang, "fiscal.no_worth"))
    scale = 1.0 if measure == "revenue" else AXIS_MONEY[lang]
    ends = [end * scale for worth in shown for end in (worth.cost.low, worth.cost.high) if np.isfinite(end)]
    left, right = min(ends) / 2, max(max(ends) * 2, min(ends) * PER)
    with draw(1.2 + 0.55 * len(shown)) as drawing:
        axes = drawing.one()
        for at, worth in enumerate(reversed(shown)):
            low, high = worth.cost.low * scale, worth.cost.high * scale
            if np.isfinite(high):
                axes.plot([low, high], [at, at], color=AFTER, linewidth=2.2)
                axes.plot([worth.cost.estimate * scale], [at], "o", color=AFTER)
            else:
                arrow = {"arrowstyle": "->", "color": BEFORE, "linewidth": 2.0}
                axes.annotate("", xy=(right, at), xytext=(low, at), arrowprops=arrow)
                axes.plot([low], [at], "|", color=BEFORE, markersize=10)
        axes.set_xscale("log")
        axes.set_xlim(left, right * 1.05)
        axes.set_ylim(-0.6, len(shown) - 0.4)
        axes.set_yticks(
            range(len(shown)), [wrap(_name(worth.instrument, lang), lang, _LABEL) for worth in reversed(shown)]
        )
        axes.xaxis.set_major_formatter(lambda number, _: f"{number:,.6g}")
        axes.grid(axis="x", color=GRID)
        drawing.label(axes, lang, x=text(lang, f"fiscal.axis.{measure}"))
    facts = {"unit": text(lang, f"fiscal.unit.{measure}"), "level": f"{shown[0].level:.0%}"}
    told = [f"{_name(worth.instrument, lang)} {_cost_cell(worth, lang)}" for worth in shown]
    rows = [
        (_name(worth.instrument, lang), *_cells([_finite(end * scale) for end in _ends(worth.cost)]))
        for worth in shown
    ]
    data = tabulate_plotted(words(lang, "fiscal.plotted_head", axis=text(lang, f"fiscal.axis.{measure}")), rows)
    alt = text(lang, "fiscal.worth_picture_alt", parts=join(lang, told), **facts)
    return Picture(drawing.png, alt, text(lang, "fiscal.worth_picture_caption", **facts), data, _wording(shown))


def _ends(span: Span) -> tuple[float, float, float]:
    return span.estimate, span.low, span.high


def _finite(value: float) -> float:
    return value if np.isfinite(value) else float("nan")


def tabulate_deadweight(values: Sequence[Value], lang: str, *, edition: Edition = "internal") -> HtmlTable | Text:
    """How much of the supported enterprises' change was added, and what money went to the rest."""
    if not values:
        return Text(text(lang, "fiscal.no_worth"))
    found = [value.additionality for value in values]
    rows = [_dead_row(value, lang, edition) for value in values]
    head = words(lang, "fiscal.dead_head", level=f"{found[0].level:.0%}")
    note = text(lang, "fiscal.dead_note", noun=_noun(found, lang))
    return HtmlTable(text(lang, "fiscal.dead_caption"), head, rows, note, _wording(found))


def _dead_row(value: Value, lang: str, edition: Edition) -> tuple[str, ...]:
    found, worth = value.additionality, value.nominal
    first = _name(found.instrument, lang), text(lang, f"fiscal.outcome.{worth.measure}")
    if not (_may_show(worth, edition) and (edition == "internal" or publishable(found.n_enterprises))):
        return (*first, *[MARK] * 4)
    gross = signed(found.gross * PER, 1)
    if found.share is None or found.deadweight is None:
        return (*first, gross, *[text(lang, "fiscal.dead_undefined")] * 3)
    if not np.isfinite(found.share.high):
        return (*first, gross, *[text(lang, "fiscal.dead_anything")] * 3)

    def told(span: Span, write: Callable[[float], str]) -> str:
        estimate, low, high = (write(end) for end in _ends(span))
        return text(lang, "fiscal.interval", estimate=estimate, low=low, high=high)

    paid = worth.spent
    return (
        *first,
        gross,
        told(found.share, share),
        told(found.deadweight, share),
        told(found.deadweight, lambda part: money(part * paid, lang)),
    )
