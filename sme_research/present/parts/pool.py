"""The reserve pool in words, tables and a work list."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import pandas as pd

from sme_research.disclosure import coarse_count
from sme_research.present.canvas import AFTER, BEFORE, DASHED, GRID, draw
from sme_research.present.plotted import Value, tabulate_plotted
from sme_research.present.show import Group, HtmlTable, Picture, Text
from sme_research.present.words import MARK, count, day, money, sentences, share, text, words
from sme_research.programme.pool.chance import Calibration, ChanceModel
from sme_research.programme.pool.screening import LISTS, Pool, count_pool
from sme_research.quality import Edition
from sme_research.results import Span
from sme_research.rules import STATUSES, load_rule_sets

SHOWN: Final = 20
_LABELS: Final = ("srdi", "chain_supplier", *LISTS)


def describe_pool(pool: Pool, lang: str, *, edition: Edition = "internal") -> Text:
    """How many, under which reading, how they differ, and how far the ranking may be trusted."""
    counts = count_pool(pool, edition=edition)
    told = {name: count(number) for name, number in counts.by_reading.items()}
    points = [
        text(lang, "pool.found", **told),
        text(lang, "pool.open", **told),
        text(lang, "pool.rules", rules=load_rule_sets()[pool.rules.rule_set].title[lang]),
        *_model_told(pool, lang, edition),
    ]
    scope = text(lang, "pool.scope", on=day(pool.on, lang), n_screened=count(counts.n_screened))
    return Text("\n".join([scope, "", *(f"- {point}" for point in points)]))


def describe_model(pool: Pool, lang: str, *, edition: Edition = "internal") -> Text:
    """What the chances were learned and tested on, how they did, and what they may not use."""
    return Text(sentences(lang, _model_told(pool, lang, edition)))


def _model_told(pool: Pool, lang: str, edition: Edition) -> list[str]:
    model = pool.model
    if model is None:
        return [text(lang, "pool.no_model")]

    def told(number: int) -> str:
        return count(coarse_count(number) if edition == "public" else number)

    said = {"on": day(model.tested_at, lang), "tested": told(model.n_tested), "came": told(model.n_events_tested)}
    return [
        text(lang, "pool.chance"),
        text(lang, "pool.model", results=_results(model, told, lang), **said),
        text(lang, "pool.titles", n=told(model.n_expected)),
    ]


def _results(model: ChanceModel, told: Callable[[int], str], lang: str) -> str:
    """Each measure of the test with its interval and what it comes to."""
    parts = [
        text(lang, "pool.result.auc", value=_span(model.auc, lang)),
        text(
            lang,
            "pool.result.expected",
            value=_span(model.expected_by_observed, lang),
            verdict=_verdict("expected", model.expected_by_observed, lang),
        ),
    ]
    if model.slope is not None:
        verdict = _verdict("slope", model.slope, lang)
        parts.append(text(lang, "pool.result.slope", value=_span(model.slope, lang), verdict=verdict))
    if model.lift is not None:
        shares = {"precision": share(model.precision), "rule": share(model.rule_precision)}
        facts = {"listed": told(model.n_listed), "verdict": _verdict("lift", model.lift, lang), **shares}
        parts.append(text(lang, "pool.result.lift", value=_span(model.lift, lang), **facts))
    return text(lang, "pool.result.comma").join(parts)


def _span(found: Span, lang: str) -> str:
    return text(lang, "pool.span", **{end: f"{number:.2f}" for end, number in _ends(found).items()})


def _ends(found: Span) -> dict[str, float]:
    """A measure and the ends of its interval by the names that texts and machines know."""
    return {"value": found.estimate, "low": found.low, "high": found.high}


def _verdict(measure: str, found: Span, lang: str) -> str:
    """What an interval says of a measure that is 1 where all is well, or where nothing is gained."""
    side = "low" if found.high < 1 else "high" if found.low > 1 else "even"
    return text(lang, f"pool.verdict.{measure}.{side}")


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


def plot_calibration(pool: Pool, lang: str, *, edition: Edition = "internal") -> Picture | Text:
    """Chances told against shares that were recognised, by fifths of the tested.

    The public edition leaves out a fifth of which 1 to 9 were recognised, or were not.
    """
    model = pool.model
    if model is None:
        return Text(text(lang, "pool.no_model"))
    rows = [row for row in model.calibration if _may_tell(row, edition)]
    if not rows:
        return Text(text(lang, "pool.no_calibration"))
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
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.grid(color=GRID)
        axes.legend()
        drawing.label(axes, lang, x=text(lang, "pool.expected_x"), y=text(lang, "pool.observed_y"))
    data = tabulate_plotted(
        words(lang, "pool.calibration_head"), [_calibrated(row, edition) for row in model.calibration]
    )
    alt = text(lang, "pool.calibration_alt", low=share(rows[0].observed), high=share(rows[-1].observed))
    key = "calibration_caption" if len(rows) == len(model.calibration) else "calibration_caption_few"
    return Picture(drawing.png, alt, text(lang, f"pool.{key}"), data)


def _may_tell(row: Calibration, edition: Edition) -> bool:
    """Whether a fifth's share gives no few away: neither those recognised nor those not are 1 to 9."""
    came = round(row.n * row.observed)
    return edition != "public" or None not in (coarse_count(came), coarse_count(row.n - came))


def _calibrated(row: Calibration, edition: Edition) -> tuple[Value, ...]:
    n = coarse_count(row.n) if edition == "public" else row.n
    told = [100 * value for value in (row.observed, row.low, row.high)] if _may_tell(row, edition) else [MARK] * 3
    return (MARK if n is None else n, 100 * row.expected, *told)


def tabulate_candidates(pool: Pool, lang: str, *, edition: Edition = "internal") -> HtmlTable | Text:
    """The first candidates with their distance to a little giant; the public edition has none."""
    if edition == "public":
        return Text(text(lang, "pool.no_names"))
    gates = {gate.id: gate.label[lang] for gate in pool.rules.gates}

    def nearest(row: Mapping[Hashable, Any]) -> str:
        if not row["nearest_gate"]:
            return "–"
        key = "nearest_whole" if row["shortfall"] >= 1 else "nearest"
        return text(lang, f"pool.{key}", gate=gates[row["nearest_gate"]], short=share(row["shortfall"]))

    rows = [
        (
            row["enterprise_id"],
            money(row["revenue"], lang) if pd.notna(row["revenue"]) else "–",
            text(lang, "pool.of_each", **{name: count(row[name]) for name in ("n_met", "n_unmet", "n_unknown")}),
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
        (text(lang, "pool.note.model"), describe_model(pool, lang).markdown.replace("**", "")),
        (text(lang, "pool.note.use"), text(lang, "pool.use")),
    ]
    return (
        shown[order],
        heads,
        notes,
        {"list": text(lang, "pool.sheet_list"), "notes": text(lang, "pool.sheet_notes")},
    )


def _coarse(model: ChanceModel) -> dict[str, Any]:
    """The counts of a model in steps of ten, and the fifths that give no few away."""
    names = [name for name in asdict(model) if name.startswith("n_")]
    fifths = [row for row in model.calibration if _may_tell(row, "public")]
    counts = {name: coarse_count(getattr(model, name)) for name in names}
    return counts | {"calibration": [asdict(row) | {"n": coarse_count(row.n)} for row in fifths]}


def pool_to_json(pool: Pool, *, edition: Edition = "internal") -> dict[str, Any]:
    """The pool for machines; candidates in the internal edition only."""
    model = pool.model
    told = None
    if model is not None:
        told = asdict(model)
        told = {name: part for name, part in told.items() if name not in ("logit",)}
        told |= {name: _ends(part) for name in told if isinstance(part := getattr(model, name), Span)}
        told |= {"tested_at": model.tested_at.isoformat(), "weights": model.logit.weights.to_dict()}
        if edition == "public":
            told |= _coarse(model)
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
