"""The reserve pool in words, tables and a work list."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import pandas as pd

from sme_research.present.canvas import AFTER, BEFORE, DASHED, GRID, draw
from sme_research.present.plotted import tabulate_plotted
from sme_research.present.show import Group, HtmlTable, Picture, Text
from sme_research.present.words import count, day, money, sentences, share, text, words
from sme_research.programme.pool.chance import Span
from sme_research.programme.pool.screening import LISTS, Pool, count_pool
from sme_research.quality import Edition
from sme_research.rules import STATUSES

SHOWN: Final = 20
_LABELS: Final = ("srdi", "chain_supplier", *LISTS)


def describe_pool(pool: Pool, lang: str, *, edition: Edition = "internal") -> Text:
    """How many, under which reading, how they differ, and how far the ranking may be trusted."""
    counts = count_pool(pool, edition=edition)
    told = {name: count(number) for name, number in counts.by_reading.items()}
    found = [
        text(lang, "pool.found", on=day(pool.on, lang), n_screened=count(counts.n_screened), **told),
        text(lang, "pool.open", n=told["open"]),
        text(lang, "pool.rules", rules=pool.rules.rule_set, label=pool.rules.label[lang]),
        describe_model(pool, lang, edition=edition).markdown,
    ]
    return Text(sentences(lang, found))


def describe_model(pool: Pool, lang: str, *, edition: Edition = "internal") -> Text:
    """What the chances were learned and tested on, and what they may not use."""
    model = pool.model
    if model is None:
        return Text(text(lang, "pool.no_model"))
    del edition  # shares and hundreds of enterprises tell of nobody

    def span(found: Span | None) -> str:
        if found is None:
            return "–"
        return text(lang, "pool.span", **{name: f"{getattr(found, name):.2f}" for name in ("value", "low", "high")})

    facts = {
        "on": day(model.tested_at, lang),
        "tested": count(model.n_tested),
        "came": count(model.n_events_tested),
        "precision": share(model.precision),
        "rule": share(model.rule_precision),
        **{name: span(getattr(model, name)) for name in ("auc", "slope", "lift")},
        "expected": span(model.expected_by_observed),
    }
    said = [text(lang, "pool.model", **facts), text(lang, "pool.titles", n=count(model.n_expected))]
    return Text(sentences(lang, said))


def tabulate_pool_gates(pool: Pool, lang: str, *, edition: Edition = "internal") -> HtmlTable:
    """Each gate of a little giant: how many of the pool meet it, do not, or are not known to."""
    counts = count_pool(pool, edition=edition).gates
    labels = {gate.id: gate.label[lang] for gate in pool.rules.gates}
    rows = [
        (labels[gate], *(count(told[name]) for name in ("met", "unmet", "unknown", "judge")))
        for gate, told in counts.items()
    ]
    return HtmlTable(
        text(lang, "pool.gates_caption"), words(lang, "pool.gates_head"), rows, text(lang, "pool.gates_note")
    )


def tabulate_pool_sources(pool: Pool, lang: str, *, edition: Edition = "internal") -> HtmlTable:
    """How many of the pool stand in each shared list, and by which way each is known first."""
    counts = count_pool(pool, edition=edition)
    rows: list[Sequence[str] | Group] = [Group(text(lang, "pool.by_list"))]
    for name, number in counts.by_list.items():
        rate = counts.match_rates.get(_list_of(name))
        rows.append((text(lang, f"pool.label.{name}"), count(number), "–" if rate is None else share(rate)))
    rows.append(Group(text(lang, "pool.by_channel")))
    rows += [(text(lang, f"pool.channel.{name}"), count(number), "–") for name, number in counts.by_channel.items()]
    return HtmlTable(text(lang, "pool.sources_caption"), words(lang, "pool.sources_head"), rows)


def _list_of(name: str) -> str:
    return "chain_links" if name == "chain_supplier" else name


def plot_calibration(pool: Pool, lang: str) -> Picture | Text:
    """Chances told against shares that were recognised, by fifths of the tested."""
    model = pool.model
    if model is None:
        return Text(text(lang, "pool.no_model"))
    rows = model.calibration
    with draw(4.2) as drawing:
        axes = drawing.one()
        top = 100 * max(max(row.expected, row.high) for row in rows) * 1.08
        axes.plot([0, top], [0, top], color=BEFORE, linestyle=DASHED, linewidth=0.9, label=text(lang, "pool.ideal"))
        expected, observed = ([100 * getattr(row, name) for row in rows] for name in ("expected", "observed"))
        spans = [
            [100 * (row.observed - row.low) for row in rows],
            [100 * (row.high - row.observed) for row in rows],
        ]
        axes.errorbar(expected, observed, yerr=spans, fmt="o", color=AFTER, capsize=3, label=text(lang, "pool.fifth"))
        axes.grid(color=GRID)
        axes.legend()
        drawing.label(axes, lang, x=text(lang, "pool.expected_x"), y=text(lang, "pool.observed_y"))
    data = tabulate_plotted(
        words(lang, "pool.calibration_head"),
        [(row.n, *(100 * value for value in (row.expected, row.observed, row.low, row.high))) for row in rows],
    )
    alt = text(lang, "pool.calibration_alt", low=share(rows[0].observed), high=share(rows[-1].observed))
    return Picture(drawing.png, alt, text(lang, "pool.calibration_caption"), data)


def tabulate_candidates(pool: Pool, lang: str, *, edition: Edition = "internal") -> HtmlTable | Text:
    """The first candidates with their distance to a little giant; the public edition has none."""
    if edition == "public":
        return Text(text(lang, "pool.no_names"))
    gates = {gate.id: gate.label[lang] for gate in pool.rules.gates}

    def nearest(row: Mapping[Hashable, Any]) -> str:
        if not row["nearest_gate"]:
            return "–"
        return text(lang, "pool.nearest", gate=gates[row["nearest_gate"]], short=share(row["shortfall"]))

    rows = [
        (
            row["enterprise_id"],
            money(row["revenue"], lang) if pd.notna(row["revenue"]) else "–",
            *(count(row[name]) for name in ("n_met", "n_unmet", "n_unknown")),
            nearest(row),
            text(lang, f"pool.channel.{row['channel']}"),
            share(row["chance"]) if pd.notna(row["chance"]) else "–",
        )
        for row in pool.candidates.head(SHOWN).to_dict("records")
    ]
    caption = text(lang, "pool.candidates_caption", n=count(SHOWN))
    notes = [text(lang, f"pool.{name}") for name in ("candidates_note", "nearest_note")]
    return HtmlTable(caption, words(lang, "pool.candidates_head"), rows, sentences(lang, notes))


def worklist_of(
    pool: Pool, lang: str
) -> tuple[pd.DataFrame, Sequence[str], Sequence[tuple[str, str]], Mapping[str, str]]:
    """Rows, heads, notes and sheet names of the work list, in the reader's language."""
    rows = pool.candidates
    labels = {gate.id: gate.label[lang] for gate in pool.rules.gates}
    shown = pd.DataFrame({"enterprise_id": rows["enterprise_id"]})
    for name in ("arithmetic", "compound", *pool.gates):
        shown[name] = rows[name].map({code: text(lang, f"pool.status.{word}") for code, word in STATUSES.items()})
    for name in ("growth_mean", "growth_compound", "chance", "shortfall"):
        shown[name] = (100 * rows[name]).round(1)
    for name in _LABELS:
        shown[name] = rows[name].map({True: text(lang, "pool.yes"), False: text(lang, "pool.no")})
    shown["channel"] = rows["channel"].map(lambda name: text(lang, f"pool.channel.{name}"))
    comma = text(lang, "pool.comma")
    shown["channels"] = rows["channels"].map(
        lambda names: comma.join(text(lang, f"pool.channel.{name}") for name in names.split())
    )
    shown["nearest_gate"] = rows["nearest_gate"].map(labels).fillna("–")
    for name in ("revenue", "n_met", "n_unmet", "n_unknown"):
        shown[name] = rows[name]
    order: list[str] = ["enterprise_id", "chance", "n_met", "n_unmet", "n_unknown", "nearest_gate", "shortfall"]
    order += [str(name) for name in shown if name not in order]
    heads = [labels.get(name) or text(lang, f"pool.label.{name}") for name in order]
    notes = [
        (text(lang, "pool.note.day"), day(pool.on, lang)),
        (text(lang, "pool.note.rules"), f"{pool.rules.label[lang]} ({pool.rules.rule_set})"),
        (text(lang, "pool.note.reading"), text(lang, "pool.readings")),
        (text(lang, "pool.note.model"), describe_model(pool, lang).markdown),
        (text(lang, "pool.note.use"), text(lang, "pool.use")),
    ]
    return (
        shown[order],
        heads,
        notes,
        {"list": text(lang, "pool.sheet_list"), "notes": text(lang, "pool.sheet_notes")},
    )


def pool_to_json(pool: Pool, *, edition: Edition = "internal") -> dict[str, Any]:
    """The pool for machines; candidates in the internal edition only."""
    model = pool.model
    told = None
    if model is not None:
        told = asdict(model)
        told = {name: part for name, part in told.items() if name not in ("logit",)}
        told |= {"tested_at": model.tested_at.isoformat(), "weights": model.logit.weights.to_dict()}
    content: dict[str, Any] = {
        "on": pool.on.isoformat(),
        "rules": pool.rules.rule_set,
        "edition": edition,
        "counts": asdict(count_pool(pool, edition=edition)),
        "model": told,
    }
    if edition == "internal":
        named = [*pool.gates, "arithmetic", "compound"]
        rows = pool.candidates.assign(**{name: pool.candidates[name].map(STATUSES) for name in named})
        content["candidates"] = rows.to_dict("records")
    return content
