"""The history of one report: its runs, its estimates over time, what changed between runs, and who signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, Final

from sme_research.factory.manifest import Manifest
from sme_research.factory.plan import Language
from sme_research.factory.site.chart import Chart, draw_chart
from sme_research.factory.site.comparison import Comparison, compare_runs
from sme_research.factory.site.estimates import (
    EstimateOf,
    Key,
    check_name,
    estimates_of,
    verdict_word,
)
from sme_research.factory.site.histories import History
from sme_research.factory.site.layout import CATALOGUES
from sme_research.factory.site.page import hash_of, render_site_page
from sme_research.factory.site.runs import PublishedRun
from sme_research.factory.site.signatures import SignOff, State
from sme_research.factory.site.standing import signed_state, standings_of, tell_standing
from sme_research.factory.site.telling import tell_changes
from sme_research.factory.site.words import role_name, say

MOST_COMPARED: Final = 20
"""Every pair of that many newest runs can be compared on the page."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in the list of runs."""

    run: PublishedRun
    data: str
    code: str
    grades: str
    signed: str


@dataclass(frozen=True, slots=True)
class EstimateRows:
    """One estimate in every run that has it, newest first, with its drawing."""

    name: str
    rows: tuple[tuple[PublishedRun, EstimateOf], ...]
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class SignRow:
    """One sign-off as seen from the newest run."""

    sign_off: SignOff
    role: str
    state: State
    path: str


def history_source(history: History, languages: tuple[Language, ...], *, public: bool) -> str:
    """Hash over what the page shows."""
    runs = [(run.path, run.manifest_sha256) for run in history.runs]
    signed = [str(sign_off) for sign_off in history.sign_offs]
    return hash_of(runs, history.damaged, str(history.failure), signed, languages, public)


def render_history(history: History, languages: tuple[Language, ...], *, public: bool) -> bytes:
    """The page of one report, in its language."""
    language: Language = history.language or "en"
    compared = history.runs[:MOST_COMPARED]
    return render_site_page(
        "history.html.j2",
        language,
        script="history.js",
        history=history,
        newest=history.newest.manifest if history.newest else None,
        rows=[_row(run, history, language) for run in history.runs],
        estimates=_estimates(history, language),
        changes=[_change(newer, older, language) for newer, older in pairwise(history.runs)],
        standings=[(one, tell_standing(one, history, language)) for one in standings_of(history)],
        signatures=_signatures(history, language),
        compared=compared,
        public=public,
        others=[(other, f"{history.family}-{other}") for other in languages if other != language],
        catalogue=CATALOGUES[language],
        data=_pairs(compared, language),
    )


def fingerprint(manifest: Manifest) -> str:
    """Short hash over every table that a run read."""
    content = "\n".join(sorted(f"{table.name} {table.sha256}" for table in manifest.tables))
    return hashlib.sha256(content.encode()).hexdigest()[:8]


def _row(run: PublishedRun, history: History, language: Language) -> RunRow:
    code = run.manifest.code
    version = f"{code.package} · {(code.commit or code.source_sha256)[:8]}"
    levels = sorted({one.sms_level for one in estimates_of(run).values() if one.sms_level is not None})
    own = [standing for standing in standings_of(history, run) if standing.same_run]
    return RunRow(
        run=run,
        data=fingerprint(run.manifest),
        code=version + ("+" if code.dirty else ""),
        grades=say(language, "list").join(say(language, "facet.grade", level=level) for level in levels),
        signed=signed_state(own),
    )


def _estimates(history: History, language: Language) -> list[EstimateRows]:
    found: dict[Key, list[tuple[PublishedRun, EstimateOf]]] = {}
    for run in history.runs:
        for key, estimate in estimates_of(run).items():
            found.setdefault(key, []).append((run, estimate))
    return [_estimate_rows(rows, language) for rows in found.values()]


def _estimate_rows(rows: list[tuple[PublishedRun, EstimateOf]], language: Language) -> EstimateRows:
    oldest_first = [(run.manifest.started_at, estimate) for run, estimate in reversed(rows)]
    return EstimateRows(rows[0][1].name(language), tuple(rows), draw_chart(oldest_first, language))


def _change(newer: PublishedRun, older: PublishedRun, language: Language) -> dict[str, Any]:
    comparison = compare_runs(older, newer)
    return {
        "newer": newer.manifest,
        "older": older.manifest,
        "sentences": tell_changes(comparison, language, opening="between"),
        "tables": tabulate_comparison(comparison, language),
    }


def tabulate_comparison(comparison: Comparison, language: Language) -> list[dict[str, Any]]:
    """One table an estimate that moved: name and rows of item, old and new."""
    tables = []
    for change in comparison.estimates:
        one = change.new or change.old
        if one is None or not change.moved:
            continue
        rows = [
            [head, before, after]
            for (head, before), (_, after) in zip(
                _cells(change.old, language), _cells(change.new, language), strict=True
            )
        ]
        rows += [
            [check_name(name, language), verdict_word(old, language), verdict_word(new, language)]
            for name, (old, new) in change.checks.items()
        ]
        within = {True: "within", False: "outside", None: ""}[change.within_older_interval]
        tables.append(
            {
                "name": one.name(language),
                "rows": [row for row in rows if row[1:] != ["–", "–"]],
                "note": say(language, f"history.{within}") if within else "",
            }
        )
    return tables


def _cells(estimate: EstimateOf | None, language: Language) -> list[tuple[str, str]]:
    """Numbers of one estimate, each with its head; dashes where there is none."""
    heads = ("estimate", "interval", "std_error", "n_enterprises", "n_treated", "grade", "wording")
    names = [say(language, f"history.{head}") for head in heads]
    if estimate is None:
        return [(name, "–") for name in names]
    grade = "–" if estimate.sms_level is None else say(language, "facet.grade", level=estimate.sms_level)
    values = (
        estimate.shown("estimate", language),
        estimate.interval(language),
        estimate.error(),
        estimate.count("n_enterprises"),
        estimate.count("n_treated"),
        grade,
        say(language, f"wording.{estimate.wording}") if estimate.wording else "–",
    )
    return list(zip(names, values, strict=True))


def _signatures(history: History, language: Language) -> list[SignRow]:
    newest = history.newest
    if newest is None:
        return []
    return [
        SignRow(
            sign_off=sign_off,
            role=role_name(sign_off.role, language),
            state=sign_off.state_for(newest),
            path=f"../signatures/{history.slug}/{sign_off.run_id}/{sign_off.role}.json",
        )
        for sign_off in sorted(history.sign_offs, key=lambda one: one.signed_at, reverse=True)
    ]


def _pairs(runs: tuple[PublishedRun, ...], language: Language) -> dict[str, Any]:
    """What the script shows for any two runs, by "older newer", as the newest-first numbers of both."""
    pairs = {}
    for (number, newer), (older_number, older) in combinations(enumerate(runs), 2):
        comparison = compare_runs(older, newer)
        pairs[f"{older_number} {number}"] = {
            "sentences": tell_changes(comparison, language, opening="between"),
            "tables": tabulate_comparison(comparison, language),
        }
    heads = ("item", "older", "newer", "same_run")
    return {"pairs": pairs, "texts": {head: say(language, f"history.{head}") for head in heads}}
