"""Tables and pictures of the notes around an estimate: data quality, known truth, provenance, replication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import pandas as pd

from sme_research.present.figures import plot_bars
from sme_research.present.show import RECORD_TYPE, HtmlTable, Picture, Text
from sme_research.present.words import cell, count, day, interval, sentences, share, signed, text, unit_head, words
from sme_research.results import Coefficient, Effect, Missing, Published, TableQuality

_FOR_READERS: Final = frozenset({"labels", "rounded"})
"""Of a record of provenance: what the page needs and the factory does not."""
NORMAL_95: Final = 1.959964  # standard errors each side of a 95 % interval


def table_label(name: str, labels: Mapping[str, Mapping[str, str]], lang: str) -> str:
    """A table's name in the report's language, with the name that files and code use."""
    label = labels[name][lang]
    return f"{label}（{name}）" if lang == "zh" else f"{label} ({name})"


@dataclass(frozen=True, slots=True)
class ProvenanceTable:
    """The tables a report has read, for readers and, as a record, for the factory."""

    table: HtmlTable
    record: Mapping[str, Any] = field(repr=False)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        del include, exclude
        for_factory = {name: value for name, value in self.record.items() if name not in _FOR_READERS}
        return {
            "text/html": self.table._repr_html_(),
            RECORD_TYPE: for_factory,
            "text/plain": self.table.caption,
        }


def tabulate_provenance(record: Mapping[str, Any], lang: str) -> ProvenanceTable:
    """Tables by name, rows and fingerprint, from `trace_tables`."""
    labels = record["labels"]
    rows = [
        (table_label(entry["name"], labels, lang), count(entry["rows"]), entry["sha256"][:12])
        for entry in record["tables"]
    ]
    note = text(lang, "provenance.rounded") if record.get("rounded") else ""
    table = HtmlTable(text(lang, "provenance.caption"), words(lang, "provenance.head"), rows, note)
    return ProvenanceTable(table, record)


def compare_with_truth(effect: Effect, truth: float, lang: str) -> HtmlTable:
    """The estimate beside the effect that was planted, which is in the estimate's unit."""
    rows = [
        (text(lang, "truth.planted"), cell(truth, effect.unit)),
        (text(lang, "truth.estimate"), cell(effect.estimate, effect.unit)),
        (
            text(lang, "truth.interval", level=f"{effect.level:.0%}"),
            interval(effect.ci_low, effect.ci_high, effect.unit, lang),
        ),
    ]
    inside = effect.ci_low <= truth <= effect.ci_high
    note = text(lang, "truth.inside" if inside else "truth.outside", often=f"{(1 - effect.level) * 100:.0f}")
    head = words(lang, "truth.head", unit=unit_head(effect.unit, lang))
    return HtmlTable(text(lang, "truth.caption"), head, rows, note)


def summarise_quality(tables: Sequence[TableQuality], lang: str, *, edition: str = "internal") -> Text:
    """How many tables and rows, and whether they keep the rules; in the public edition how counts are told."""
    faults = _total([table.n_faults for table in tables])
    facts = {
        "n_tables": len(tables),
        "n_rows": count(_total([table.n_rows for table in tables])),
        "n_faults": count(faults),
    }
    told = text(lang, "quality.faulty" if faults != 0 else "quality.clean", **facts)
    return Text(sentences(lang, [told, text(lang, "quality.public")]) if edition == "public" else told)


def _total(numbers: Sequence[int | None]) -> int | None:
    """The sum, withheld where one of its parts is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def tabulate_tables(tables: Sequence[TableQuality], lang: str) -> HtmlTable:
    """Size and faults of each table."""
    rows = [
        (table.label[lang], table.name, count(table.n_rows), count(table.n_columns), count(table.n_faults))
        for table in tables
    ]
    return HtmlTable(text(lang, "quality.tables_caption"), words(lang, "quality.tables_head"), rows)


def tabulate_missing(columns: Sequence[Missing], lang: str) -> HtmlTable:
    """Columns with the most blanks."""
    rows = [(column.table_label[lang], column.label[lang], share(column.share)) for column in columns]
    return HtmlTable(text(lang, "quality.missing_caption"), words(lang, "quality.missing_head"), rows)


def plot_years(counts: pd.Series[Any], lang: str) -> Picture:
    """Enterprises with accounts, by year."""
    years = [str(year) for year in counts.index]
    facts = {
        "first_year": years[0],
        "last_year": years[-1],
        "first": count(counts.iloc[0]),
        "last": count(counts.iloc[-1]),
    }
    return plot_bars(
        years,
        [None if number is None else float(number) for number in counts],
        x=text(lang, "quality.years_x"),
        y=text(lang, "quality.years_y"),
        alt=text(lang, "quality.years_alt", **facts),
        caption=text(lang, "quality.years_caption"),
    )


def tabulate_ladder(counts: Mapping[str, int | None], as_of: date, lang: str) -> HtmlTable:
    """Titles in force by tier."""
    rows = [(text(lang, f"quality.{tier}"), count(number)) for tier, number in counts.items()]
    caption = text(lang, "quality.ladder_caption", as_of=day(as_of, lang))
    return HtmlTable(caption, words(lang, "quality.ladder_head"), rows, text(lang, "quality.ladder_note"))


def describe_training(counts: tuple[int | None, int | None], lang: str) -> Text:
    """Person-times beside enterprises, so that nobody takes one for the other."""
    person_times, enterprises = (count(number) for number in counts)
    return Text(text(lang, "quality.person_times", person_times=person_times, enterprises=enterprises))


def tabulate_published(comparisons: Sequence[Published], lang: str) -> HtmlTable:
    """Published coefficients beside ours, and whether all their digits agree."""
    rows = [
        (
            text(lang, f"replication.{row.name}"),
            f"{signed(row.estimate, 3)} ({row.std_error:.3f})",
            f"{signed(row.ours.estimate, 3)} ({row.ours.std_error:.3f})",
            count(row.ours.n_observations),
        )
        for row in comparisons
    ]
    note = text(lang, "replication.agrees" if all(row.agrees for row in comparisons) else "replication.disagrees")
    caption = text(lang, "replication.published_caption")
    return HtmlTable(caption, words(lang, "replication.published_head"), rows, note)


def tabulate_effects(effects: Mapping[str, Effect], lang: str) -> HtmlTable:
    """One row an effect, keyed by what it is of; in log points."""
    rows = [
        (
            label,
            f"{signed(effect.estimate, 3)} ({effect.std_error:.3f})",
            text(lang, "unit.range", low=signed(effect.ci_low, 3), high=signed(effect.ci_high, 3)),
            count(effect.n_enterprises),
            count(effect.n_treated),
        )
        for label, effect in effects.items()
    ]
    level = next(iter(effects.values())).level
    head = words(lang, "replication.modern_head", level=f"{level:.0%}")
    return HtmlTable(text(lang, "replication.modern_caption"), head, rows)


def explain_difference(effect: Effect, lagged: Coefficient, lang: str) -> Text:
    """Why two-way fixed effects and the modern estimator differ, with the 95 % interval of each in log points."""
    half = NORMAL_95 * lagged.std_error
    facts = {
        "n_treated": count(effect.n_treated),
        "lagged_low": signed(lagged.estimate - half, 3),
        "lagged_high": signed(lagged.estimate + half, 3),
        "low": signed(effect.ci_low, 3),
        "high": signed(effect.ci_high, 3),
    }
    return Text(text(lang, "replication.differ", **facts))
