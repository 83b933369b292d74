"""Summary, tables and misreadings of a reconciliation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sme_research.present.parts.reconcile.wording import (
    difference_text,
    figure_text,
    heading_of,
    label_of,
    perimeter_text,
    published_text,
    reason_text,
    recount_text,
    trap_numbers,
    trap_title,
    verdict_text,
)
from sme_research.present.show import Group, HtmlTable, Text
from sme_research.present.words import day, join, quoted, sentences, text, words
from sme_research.programme.reconcile import (
    INDICATORS,
    Figure,
    Reconciliation,
    Trap,
)


def summarise_reconciliation(found: Reconciliation, lang: str) -> Text:
    """How many figures agree, which misreadings were found, and what they change."""
    return Text("\n\n".join([_counts(found, lang), *_found(found, lang), _closing(found, lang)]))


def _counts(found: Reconciliation, lang: str) -> str:
    return text(
        lang,
        "reconcile.counts",
        n=len(found.comparisons),
        agrees=found.count("agrees"),
        explained=found.count("explained_by_perimeter"),
        contradicts=found.count("contradicts"),
        cannot=found.count("cannot_be_checked"),
    )


def _found(found: Reconciliation, lang: str) -> list[str]:
    """One paragraph on what was found, one a misreading, one on what stayed open."""
    unsure = [trap for trap in found.traps if trap.verdict == "cannot_be_checked"]
    told = []
    if found.found:
        told.append(text(lang, "reconcile.found", n=len(found.found)))
        told.append("\n".join(f"- {_told(trap, lang)}" for trap in found.found))
    elif not unsure:
        told.append(text(lang, "reconcile.found_none", n=len(found.traps)))
    if unsure:
        names = join(lang, [trap_title(trap, lang) for trap in unsure])
        told.append(text(lang, "reconcile.unsure", names=names))
    return told


def _told(trap: Trap, lang: str) -> str:
    return text(lang, "reconcile.found_one", title=trap_title(trap, lang), numbers=trap_numbers(trap, lang))


def _closing(found: Reconciliation, lang: str) -> str:
    public = [text(lang, "reconcile.public")] if found.edition == "public" else []
    return sentences(lang, [text(lang, "reconcile.careful"), *public])


def tabulate_figures(found: Reconciliation, lang: str) -> HtmlTable:
    """Every published figure beside its recount, below its source."""
    rows: list[tuple[str, ...] | Group] = []
    for source, entries in groupby(found.comparisons, key=lambda entry: entry.figure.source):
        rows.append(Group(text(lang, "reconcile.source", source=quoted(lang, source))))
        rows += [
            (
                heading_of(entry.figure, lang),
                text(lang, f"reconcile.short.{entry.verdict}"),
                published_text(entry, lang),
                recount_text(entry, lang),
                difference_text(entry, lang),
                perimeter_text(entry, lang),
            )
            for entry in entries
        ]
    caption, note = text(lang, "reconcile.figures_caption"), text(lang, "reconcile.figures_note")
    return HtmlTable(caption, words(lang, "reconcile.figures_head"), rows, note, kind="checks")


def tabulate_traps(found: Reconciliation, lang: str) -> HtmlTable:
    """Each known misreading: whether it was found, on what numbers, and how to quote the figure."""
    rows = [
        (
            trap_title(trap, lang),
            text(lang, f"reconcile.trap_verdict.{trap.verdict}"),
            trap_numbers(trap, lang),
            text(lang, f"reconcile.trap.{trap.name}.quote"),
        )
        for trap in found.traps
    ]
    caption, note = text(lang, "reconcile.traps_caption"), text(lang, "reconcile.traps_note")
    return HtmlTable(caption, words(lang, "reconcile.traps_head"), rows, note, kind="checks")


def describe_traps(found: Reconciliation, lang: str) -> Text:
    """What each misreading that was found means, and how to quote the figure; empty where none was."""
    return Text("\n\n".join(_describe(trap, lang) for trap in found.found))


def _describe(trap: Trap, lang: str) -> str:
    return text(
        lang,
        "reconcile.trap_meaning",
        title=trap_title(trap, lang),
        meaning=text(lang, f"reconcile.trap.{trap.name}.meaning"),
        numbers=trap_numbers(trap, lang),
        quote=text(lang, f"reconcile.trap.{trap.name}.quote"),
    )


def tabulate_unchecked(found: Reconciliation, lang: str) -> HtmlTable | Text:
    """Figures and misreadings that could not be checked, and why."""
    rows = [
        (heading_of(entry.figure, lang), published_text(entry, lang), reason_text(entry, lang))
        for entry in found.comparisons
        if entry.verdict == "cannot_be_checked"
    ]
    rows += [
        (trap_title(trap, lang), text(lang, "reconcile.no_number"), trap_numbers(trap, lang))
        for trap in found.traps
        if trap.verdict == "cannot_be_checked"
    ]
    if not rows:
        return Text(text(lang, "reconcile.unchecked_none"))
    return HtmlTable(text(lang, "reconcile.unchecked_caption"), words(lang, "reconcile.unchecked_head"), rows)


def tabulate_public_figures(figures: Sequence[Figure], lang: str) -> HtmlTable:
    """The published figures of the reference data (`public_figures`), with source and day."""
    rows: list[tuple[str, ...] | Group] = []
    ordered = sorted(figures, key=lambda figure: (_rank(figure), figure.as_of))
    for label, entries in groupby(ordered, key=lambda figure: label_of(figure, lang)):
        rows.append(Group(label))
        rows += [
            (
                day(figure.as_of, lang),
                figure_text(figure, lang),
                quoted(lang, figure.perimeter),
                quoted(lang, figure.source),
            )
            for figure in entries
        ]
    caption, note = text(lang, "reconcile.public_caption"), text(lang, "reconcile.public_note")
    return HtmlTable(caption, words(lang, "reconcile.public_head"), rows, note)


def _rank(figure: Figure) -> int:
    """Place of an indicator among those that the reference data hold, as the registry orders them."""
    names = list(INDICATORS)
    return names.index(figure.indicator) if figure.indicator in names else len(names)


def describe_public_shares(trap: Trap, lang: str) -> Text:
    """Whether two public shares (`check_public_figures`) can be of one whole; empty where they can."""
    if trap.verdict != "found":
        return Text("")
    quote = text(lang, f"reconcile.trap.{trap.name}.quote")
    return Text(text(lang, "reconcile.public_shares", numbers=trap_numbers(trap, lang), quote=quote))


def reconciliation_lines(found: Reconciliation, lang: str) -> list[str]:
    """The reconciliation as lines for a terminal: counts, figures, misreadings."""
    lines = [_counts(found, lang)]
    for entry in found.comparisons:
        told = text(
            lang,
            "reconcile.cli_figure",
            verdict=verdict_text(entry, lang),
            label=label_of(entry.figure, lang),
            day=day(entry.figure.as_of, lang),
            value=published_text(entry, lang),
            recount=recount_text(entry, lang),
            perimeter=quoted(lang, entry.figure.perimeter),
        )
        lines.append(f"  {told}")
    for trap in found.traps:
        verdict = text(lang, f"reconcile.trap_verdict.{trap.verdict}")
        told = text(
            lang,
            "reconcile.cli_trap",
            title=trap_title(trap, lang),
            verdict=verdict,
            numbers=trap_numbers(trap, lang),
        )
        lines.append(f"  {told}")
    return lines
