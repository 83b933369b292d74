"""One official figure beside its recount: which perimeter reproduces it, or why nothing can be said."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import pandas as pd

from sme_research.programme.reconcile.asking import Asked, TablesLike
from sme_research.programme.reconcile.bounds import reproduces
from sme_research.programme.reconcile.indicators import Indicator, find_indicator
from sme_research.programme.reconcile.perimeters import CHINA, read_perimeter
from sme_research.programme.reconcile.records import Bound, Comparison, Counted, Figure

MOST_DEPARTURES: Final = 2
STATED_WEIGHT: Final = 10
"""A reading against what a figure states is tried after all that only fill in what it leaves open."""
LAG_DAYS: Final = 31
"""Tables cover a month after their last row, in which nothing need have happened."""
ALL_PHASES: Final = "*"
NOUNS: Final = (
    *("enterprises", "appeals", "clusters", "editions", "events", "loans", "person-times", "sessions", "times"),
    *("家", "户", "个", "笔", "件", "场", "次", "届", "人次"),
)
"""What may be counted one by one; a count in thousands or of something else is not compared."""
FACTORS: Final = {
    "count": dict.fromkeys(NOUNS, 1.0),
    "money": {"万元": 1.0, "亿元": 1e4, "元": 1e-4},
    "percent": {"%": 1.0, "fraction": 100.0, "percent": 1.0, "比重": 100.0},
}
"""Units in which a figure may be printed, in those of the recount: one by one, 10,000 yuan and percent."""
_BOUNDS: Final[dict[object, Bound]] = {"at_least": "at_least", "about": "about"}
DATES: Final = {
    "recognitions": "granted_on",
    "loans": "drawn_on",
    "training": "held_on",
    "matching_events": "held_on",
    "contests": "held_on",
    "clusters": "designated_on",
    "awards": "paid_on",
    "coaching": "started_on",
    "special_actions": "started_on",
    "appeals": "raised_on",
}
"""Column that dates a table's rows."""


def read_figures(table: pd.DataFrame) -> tuple[Figure, ...]:
    """Figures of the table `official_figures`, in its order, with their perimeters read."""
    return tuple(_read_figure(row) for row in table.to_dict("records"))


def _read_figure(row: Mapping[Hashable, Any]) -> Figure:
    perimeter = read_perimeter(str(row["perimeter"]))
    return Figure(
        indicator=str(row["indicator"]),
        as_of=pd.Timestamp(row["as_of"]).date(),
        value=float(row["value"]),
        unit=str(row["unit"]),
        # A blank bound promises no more than a figure usually does.
        bound=_BOUNDS.get(row["bound"], "exact"),
        perimeter=str(row["perimeter"]),
        source=str(row["source"]),
        stated=perimeter.stated,
        unread=perimeter.unread,
        understood=perimeter.understood,
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """One perimeter that is tried, and where it departs from what is stated or usual."""

    values: Mapping[str, str]
    departs: tuple[str, ...]


def compare(figure: Figure, tables: TablesLike) -> Comparison:
    """Recount one figure on its stated perimeter, then on others.

    Returns
    -------
    Comparison
        ``agrees`` where the stated perimeter, filled in with what is usual,
        reproduces it; ``explained_by_perimeter`` where another does, the
        nearest one being named; ``contradicts`` where none does.
    """
    indicator = find_indicator(figure.indicator)
    label = indicator.label if indicator else {"zh": figure.indicator, "en": figure.indicator}
    reason, details = _why_not(figure, indicator, tables)
    if indicator is None or indicator.recount is None or reason:
        return Comparison(figure, label, "cannot_be_checked", reason=reason, details=details)
    usual: tuple[Reading, Counted] | None = None
    for reading in readings(figure, indicator, tables):
        counted = recount(figure, indicator, reading.values, tables)
        if counted is None:
            continue
        usual = usual or (reading, counted)
        if reproduces(figure.value, figure.bound, indicator.kind, counted.value):
            verdict = "explained_by_perimeter" if reading.departs else "agrees"
            return _told(figure, label, verdict, reading, counted)
    if usual is None or usual[0].departs:
        return Comparison(figure, label, "cannot_be_checked", reason="no_rows", details=indicator.tables)
    return _told(figure, label, "contradicts", *usual)


def _told(figure: Figure, label: Mapping[str, str], verdict: Any, reading: Reading, counted: Counted) -> Comparison:
    return Comparison(
        figure,
        label,
        verdict,
        recount=counted.value,
        difference=figure.value - counted.value,
        reading=reading.values,
        departs=reading.departs,
        n_enterprises=counted.n_enterprises,
        largest_share=counted.largest_share,
    )


def recount(figure: Figure, indicator: Indicator, reading: Mapping[str, str], tables: TablesLike) -> Counted | None:
    """Our number on one perimeter, in the figure's unit."""
    assert indicator.recount is not None
    counted = indicator.recount(tables, Asked(pd.Timestamp(figure.as_of), reading))
    if counted is None:
        return None
    factor = FACTORS.get(indicator.kind, {}).get(figure.unit, 1.0)
    return Counted(counted.value / factor, counted.n_enterprises, counted.largest_share)


def readings(figure: Figure, indicator: Indicator, tables: TablesLike) -> Iterator[Reading]:
    """Perimeters to try: the stated one first, then those that depart least from it."""
    axes = {axis: _values(values, tables) for axis, values in indicator.axes.items()}
    base = {axis: figure.states(axis, values[0]) for axis, values in axes.items()}
    extra = {axis: value for axis, value in figure.stated.items() if axis in ("place", "year")}
    if "place" in extra and "enterprises" in tables:
        axes.pop("xiamen", None)
    options = [[base[axis], *(value for value in values if value != base[axis])] for axis, values in axes.items()]
    tried = []
    for values in product(*options):
        reading = dict(zip(axes, values, strict=True))
        departs = tuple(axis for axis in axes if reading[axis] != base[axis])
        needs_places = reading.get("xiamen") == "without" and "enterprises" not in tables
        if len(departs) <= MOST_DEPARTURES and not needs_places:
            weight = sum(STATED_WEIGHT if axis in figure.stated else 1 for axis in departs)
            # Among equals the axes come in the indicator's own order.
            rank = (weight, [list(axes).index(axis) for axis in departs])
            tried.append((rank, Reading({**reading, **extra}, departs)))
    yield from (reading for _, reading in sorted(tried, key=lambda pair: pair[0]))


def _values(values: tuple[str, ...], tables: TablesLike) -> tuple[str, ...]:
    """An axis's values, every phase of the loans among them where asked for."""
    if ALL_PHASES not in values:
        return values
    phases = sorted(tables["loans"]["phase"].dropna().unique())
    return (*(value for value in values if value != ALL_PHASES), *phases)


def _why_not(figure: Figure, indicator: Indicator | None, tables: TablesLike) -> tuple[str, tuple[str, ...]]:
    """Why a figure cannot be checked, with what for; empty where it can."""
    if figure.stated.get("place") == CHINA:
        return "other_place", ()
    if indicator is None:
        return "unknown_indicator", (figure.indicator,)
    if indicator.recount is None:
        return "no_recount", ()
    if not _unit_fits(figure, indicator):
        return "unit", (figure.unit,)
    if not figure.understood:
        return "perimeter", figure.unread
    return _what_lacks(figure, indicator, tables) or _beyond(figure, indicator, tables)


def _what_lacks(figure: Figure, indicator: Indicator, tables: TablesLike) -> tuple[str, tuple[str, ...]] | None:
    """The tables, or the phase of the loans, that are not there; None where all are."""
    lacking = tuple(name for name in indicator.tables if name not in tables)
    if "place" in figure.stated and "enterprises" not in tables and "enterprises" not in lacking:
        lacking = (*lacking, "enterprises")
    if lacking:
        return "no_table", lacking
    if "phase" in indicator.axes and not _holds_phase(figure, tables):
        return "no_rows", indicator.tables
    return None


def _holds_phase(figure: Figure, tables: TablesLike) -> bool:
    """Whether the loans hold any phase that the figure states: one that is not there is not one of no loan."""
    asked = figure.states("phase", "all")
    return asked == "all" or bool(tables["loans"]["phase"].isin(asked.split(",")).any())


def _unit_fits(figure: Figure, indicator: Indicator) -> bool:
    return figure.unit in FACTORS[indicator.kind]


def _beyond(figure: Figure, indicator: Indicator, tables: TablesLike) -> tuple[str, tuple[str, ...]]:
    """Whether the figure's day lies outside what the tables cover."""
    if indicator.year_end and (figure.as_of.month, figure.as_of.day) != (12, 31):
        return "no_year_end", ()
    if indicator.year_end:
        years = set(tables["accounts"]["year"].unique())
        if figure.as_of.year not in years:
            return "beyond_data", (f"{min(years)}", f"{max(years)}") if years else ()
    first = first_day(indicator, tables)
    last = last_day(tables)
    if first is None:
        return "no_rows", indicator.tables
    if not first <= pd.Timestamp(figure.as_of) <= last + pd.Timedelta(days=LAG_DAYS):
        return "beyond_data", (first.date().isoformat(), last.date().isoformat())
    return "", ()


def first_day(indicator: Indicator, tables: TablesLike) -> pd.Timestamp | None:
    """First day of an indicator's own table; None where that has no dated row."""
    table = indicator.tables[0]
    if table == "accounts":
        return pd.Timestamp(int(tables[table]["year"].min()), 1, 1) if len(tables[table]) else None
    day = tables[table][DATES[table]].min()
    return None if pd.isna(day) else pd.Timestamp(day)


def last_day(tables: TablesLike) -> pd.Timestamp:
    """Last day of which any table knows: a table of rare events ends before what it covers does."""
    days = [tables[name][column].max() for name, column in DATES.items() if name in tables]
    if "accounts" in tables and len(tables["accounts"]):
        days.append(pd.Timestamp(int(tables["accounts"]["year"].max()), 12, 31))
    known = [pd.Timestamp(day) for day in days if not pd.isna(day)]
    return max(known) if known else pd.Timestamp.min
