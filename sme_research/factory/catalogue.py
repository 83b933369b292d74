"""The index of the published folder, written from what lies in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sme_research.errors import FactoryError
from sme_research.factory.manifest import Manifest, read_manifest
from sme_research.factory.plan import LANGUAGES, Language
from sme_research.factory.publish import FAILED, FAILURE_NAME, replace_file
from sme_research.factory.render import HTML_LANG, render_page

INDEX_NAME = "index.html"
FINDINGS_NAME = "findings.json"
Status = Literal["published", "failed", "damaged"]


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """A failed attempt at a report: ``text`` is the message, ``cell`` None where no cell is at fault."""

    run_id: str
    title: str
    language: Language
    started_at: str
    cell: int | None
    text: str


@dataclass(frozen=True, slots=True)
class History:
    """All of one slug: published runs, newest first, damaged ones by name, and a failure newer than all."""

    slug: str
    runs: tuple[Manifest, ...]
    damaged: tuple[str, ...]
    failure: FailedAttempt | None
    findings: tuple[Mapping[str, Any], ...]

    @property
    def language(self) -> Language | None:
        """Language of the report; None where only damaged runs are left."""
        newest = self.runs[0] if self.runs else self.failure
        return newest.language if newest else None

    @property
    def family(self) -> str:
        """Slug without the language."""
        return self.slug.rsplit("-", 1)[0]

    @property
    def report(self) -> str:
        """Kind of the report."""
        return self.slug.split("-", 1)[0]

    @property
    def title(self) -> str:
        """Title of the newest run or attempt."""
        newest = self.runs[0] if self.runs else self.failure
        return newest.title if newest else self.slug


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One line of the list of reports. Times are UTC in ISO format, ``duration_s`` in seconds."""

    slug: str
    title: str
    language: str
    run_id: str | None
    started_at: str | None
    duration_s: float | None
    status: Status
    n_runs: int


def list_reports(reports: Path) -> list[ReportRow]:
    """One row a slug, by slug: its newest good run and whether a later attempt failed."""
    return [_row(history) for history in read_histories(reports)]


def read_histories(reports: Path) -> list[History]:
    """Read what the published folder holds, by slug."""
    slugs = {path.name for path in reports.glob("[!.]*") if path.is_dir()}
    slugs |= {path.name for path in (reports / FAILED).glob("*") if path.is_dir()}
    histories = [_read_history(reports, slug) for slug in sorted(slugs)]
    return [history for history in histories if history.runs or history.damaged or history.failure]


def write_index(reports: Path) -> None:
    """Rewrite ``index.html`` from what the folder holds; the caller holds the lock."""
    histories = read_histories(reports)
    groups: dict[str, dict[str, dict[Language, History]]] = {}
    for history in histories:
        if history.language is not None:
            families = groups.setdefault(history.report, {})
            families.setdefault(history.family, {})[history.language] = history
    page = render_page(
        "catalogue.html.j2",
        groups=groups,
        languages=LANGUAGES,
        html_lang=HTML_LANG,
        headlines=_headlines,
        grades=_grades,
        group_names=_group_names(histories),
        made_up=any(history.runs and history.runs[0].made_up for history in histories),
        damaged=[f"{history.slug}/{run}" for history in histories for run in history.damaged],
    )
    replace_file(reports / INDEX_NAME, page)


def _group_names(histories: list[History]) -> dict[str, dict[Language, str]]:
    """Heading of each kind of report, by language, as its newest run gives it."""
    names: dict[str, dict[Language, str]] = {}
    for history in histories:
        if history.runs and history.language is not None:
            names.setdefault(history.report, {})[history.language] = history.runs[0].group
    return names


def _read_history(reports: Path, slug: str) -> History:
    runs: list[Manifest] = []
    damaged: list[str] = []
    for folder in (reports / slug).glob("[!.]*"):
        try:
            manifest = read_manifest(folder)
        except FactoryError:
            damaged.append(folder.name)
            continue
        if (manifest.slug, manifest.run_id) == (slug, folder.name):
            runs.append(manifest)
        else:
            damaged.append(folder.name)
    runs.sort(key=lambda manifest: manifest.started_at, reverse=True)
    failure = _read_failure(reports / FAILED / slug)
    if failure and runs and failure.started_at < runs[0].started_at:
        failure = None
    findings = _read_findings(reports / slug / runs[0].run_id) if runs else ()
    return History(slug, tuple(runs), tuple(sorted(damaged)), failure, findings)


def _read_failure(folder: Path) -> FailedAttempt | None:
    """Newest failed attempt; None where there is none that can be read."""
    for path in sorted(folder.glob(f"*/{FAILURE_NAME}"), reverse=True):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            keys = ("title", "language", "started_at", "cell", "text")
            return FailedAttempt(path.parent.name, *(record[key] for key in keys))
        except (OSError, ValueError, KeyError):
            continue
    return None


def _read_findings(folder: Path) -> tuple[Mapping[str, Any], ...]:
    try:
        findings = json.loads((folder / FINDINGS_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(finding for finding in findings if isinstance(finding, dict))


def _headlines(history: History) -> list[str]:
    """One sentence a finding, in the report's language and in the words that its grade permits."""
    language = history.language or "en"
    return [finding["headline"][language] for finding in history.findings if "headline" in finding]


def _grades(history: History) -> list[int]:
    """Level of evidence of each finding, on the Maryland scale."""
    return [finding["grade"]["sms_level"] for finding in history.findings if "grade" in finding]


def _row(history: History) -> ReportRow:
    newest = history.runs[0] if history.runs else None
    return ReportRow(
        slug=history.slug,
        title=history.title,
        language=history.language or "",
        run_id=newest.run_id if newest else None,
        started_at=newest.started_at if newest else None,
        duration_s=newest.duration_s if newest else None,
        status="failed" if history.failure else "published" if newest else "damaged",
        n_runs=len(history.runs),
    )
