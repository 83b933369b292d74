"""The published findings of a whole site as one object, for the programs that read them."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import pandas as pd
from pydantic import Field

from sme_research.errors import FactoryError
from sme_research.factory.findings import (
    Day,
    Exact,
    Finding,
    Findings,
    Name,
    Source,
    published_schema,
    record_of_0,
    upgrade_findings,
)
from sme_research.factory.plan import Edition
from sme_research.factory.site.histories import History, edition_of, family_of, read_histories
from sme_research.factory.site.layout import FINDINGS_NAME
from sme_research.factory.site.ledger import Ledger
from sme_research.factory.site.runs import PublishedRun

FEED_VERSION: Final = 1
FILE_KINDS: Final = (".json", ".parquet")
DAMAGED: Final = "is not as it was published; see sme-research verify"
MISSING: Final = "is missing, though it was published; restore its folder, see sme-research verify"
CHECK_PREFIX: Final = "check_"
COLUMNS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("report", "slug", "run_id", "made_on", "edition"), "str"),
    "made_up": "bool",
    **dict.fromkeys(("data_hash", "rule_sets"), "str"),
    "number": "Int64",
    **dict.fromkeys(("instrument", "instrument_label_zh", "instrument_label_en"), "str"),
    **dict.fromkeys(("outcome", "outcome_label_zh", "outcome_label_en"), "str"),
    **dict.fromkeys(("estimand", "population", "cities", "industries", "prices"), "str"),
    **dict.fromkeys(("comparison", "estimator", "covariates"), "str"),
    **dict.fromkeys(("estimate", "std_error", "interval_low", "interval_high", "interval_level"), "float64"),
    "unit": "str",
    **dict.fromkeys(("n_enterprises", "n_treated", "n_observations", "n_clusters", "n_treated_clusters"), "Int64"),
    **dict.fromkeys(("n_cells", "n_cells_lost", "n_cells_unsure", "sms_level"), "Int64"),
    **dict.fromkeys(("grade_reasons", "wording_permitted", "wording_zh", "wording_en"), "str"),
    **dict.fromkeys(("checks", "event_study", "inferences"), "str"),
}
"""Columns of the table with their types, before those of the checks."""


class ReportRead(Source):
    """One report in the feed, by the run that stands for it, with its number of findings."""

    n_findings: Annotated[int, Field(ge=0)]


class Unread(Exact):
    """A run that could not be read; ``outdates`` where the feed may lack its findings, or have older ones instead."""

    run: Name
    outdates: bool
    reason: Name


class Feed(Exact):
    """Findings of a site: of each report those of its newest good run, if that began on or after ``since``."""

    schema_: Literal["sme-research/findings-feed/1"] = Field("sme-research/findings-feed/1", alias="schema")
    edition: Edition
    since: Day | None
    reports: list[ReportRead]
    findings: list[Finding]
    unread: list[Unread]

    @property
    def whole(self) -> bool:
        """Whether nothing is lacking or older than it should be."""
        return not any(run.outdates for run in self.unread)

    def to_json(self) -> dict[str, Any]:
        """The object in JSON types, its version first."""
        told = self.model_dump(by_alias=True)
        return {"schema": told.pop("schema"), **told}


def feed_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the feed."""
    return published_schema(Feed, f"findings-feed:{FEED_VERSION}")


def merge_findings(reports: Path, *, since: date | None = None) -> Feed:
    """The findings that a site holds today, older versions brought to the newest.

    A report that is made in several languages counts once, by the newest of
    all its runs: its findings carry both languages. Reports are in order of
    name, findings in the order of their report. The same site gives the same feed.

    Parameters
    ----------
    reports : Path
        Folder of the site.
    since : date, optional
        Only reports whose newest good run began on that day (UTC) or later.

    Raises
    ------
    FactoryError
        There is no such folder, or its ledger is not what was written.
    """
    if not reports.is_dir():
        raise FactoryError(f"{reports} holds no reports; make them with: sme-research run")
    day = since.isoformat() if since else None
    found = [_read_report(reports, histories, lost, day) for histories, lost in _reports_of(reports)]
    kept = [findings for findings, _ in found if findings and (day is None or findings.made_on >= day)]
    return Feed(
        schema="sme-research/findings-feed/1",
        edition=edition_of(reports),
        since=day,
        reports=[_head(findings) for findings in kept],
        findings=[finding for findings in kept for finding in findings.findings],
        unread=[run for _, unread in found for run in unread],
    )


def _reports_of(reports: Path) -> list[tuple[list[History], list[str]]]:
    """Of each report, by name: what lies in the folder of each language, and the runs that should lie there too."""
    histories: dict[str, list[History]] = defaultdict(list)
    lost: dict[str, list[str]] = defaultdict(list)
    for history in read_histories(reports, Ledger(reports)):
        histories[history.family].append(history)
    # The ledger is read anew: what was pruned in the meantime is not lost.
    for path in Ledger(reports).lost_runs():
        lost[family_of(path.partition("/")[0])].append(path)
    return [(histories[family], lost[family]) for family in sorted({*histories, *lost})]


def _read_report(
    reports: Path, histories: Sequence[History], lost: Sequence[str], since: str | None
) -> tuple[Findings | None, list[Unread]]:
    """Findings of a report's newest run that can be read, and the runs that cannot be."""
    failed = dict.fromkeys(lost, MISSING)
    failed |= {f"{history.slug}/{name}": DAMAGED for history in histories for name in history.damaged}
    runs = sorted((run for history in histories for run in history.runs), key=_began, reverse=True)
    findings = None
    for run in runs:
        try:
            findings = _read_findings(reports, run)
            break
        except FactoryError as fault:
            failed[run.path] = str(fault)
    newest = _time_of(findings.run_id) if findings else ""
    after = max(newest, since.replace("-", "") if since else "")
    return findings, [
        Unread(run=path, outdates=_time_of(path.rpartition("/")[2]) > after, reason=reason)
        for path, reason in sorted(failed.items())
    ]


def _time_of(run_id: str) -> str:
    """The time with which a run's id begins, which sorts; its languages are made in the same second or near it."""
    return run_id.partition("-")[0]


def _began(run: PublishedRun) -> str:
    return run.manifest.started_at


def _read_findings(reports: Path, run: PublishedRun) -> Findings:
    content = json.loads((reports / run.path / FINDINGS_NAME).read_bytes())
    return upgrade_findings(content, run.manifest)


def _head(findings: Findings) -> ReportRead:
    told = {name: getattr(findings, name) for name in Source.model_fields}
    return ReportRead(**told, n_findings=len(findings.findings))


def tell_feed(feed: Feed, *, version: int = FEED_VERSION) -> Any:
    """The feed in JSON types, for a reader who knows the schema of findings up to a version.

    Version 0 is the bare list of findings that reports once held.

    Raises
    ------
    FactoryError
        The version is not known.
    """
    if version not in (known := range(FEED_VERSION + 1)):
        raise FactoryError(
            f"version {version} of the findings is not known; choose from {', '.join(map(str, known))}."
        )
    told: Any = feed
    for number in range(FEED_VERSION, version, -1):
        told = STEPS_BACK[number](told)
    return told.to_json() if isinstance(told, Feed) else told


def _back_to_0(feed: Feed) -> list[dict[str, Any]]:
    return [record_of_0(finding) for finding in feed.findings]


STEPS_BACK: Final[Mapping[int, Callable[[Any], Any]]] = {1: _back_to_0}
"""By version: the step to the one before it, which keeps its readers working."""


def tabulate_feed(feed: Feed) -> pd.DataFrame:
    """One row a finding: columns as in `Finding`, flat.

    Parts of a record are columns of their own, such as ``interval_low`` and
    ``wording_zh``; lists are JSON texts. A check's verdict is also in a column
    ``check_NAME``, missing where that check was not made. Whole numbers stay
    whole where some are missing.
    """
    rows = [_row(finding) for finding in feed.findings]
    checks = sorted({name for row in rows for name in row if name.startswith(CHECK_PREFIX)})
    kinds = {**COLUMNS} | dict.fromkeys(checks, "str")
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def _row(finding: Finding) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in finding.model_dump().items():
        if isinstance(value, dict):
            row |= {f"{name}_{part}": content for part, content in value.items()}
        else:
            row[name] = json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
    return row | {f"{CHECK_PREFIX}{check.name}": check.verdict for check in finding.checks}


def write_feed(feed: Feed, path: Path, *, version: int = FEED_VERSION) -> None:
    """Write the feed to ``.json`` in a version, or its table to ``.parquet``, whole or not at all.

    Raises
    ------
    FactoryError
        The name ends in neither.
    """
    kind = path.suffix.lower()
    if kind not in FILE_KINDS:
        raise FactoryError(f"{path.name} must end in {' or '.join(FILE_KINDS)}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        if kind == ".json":
            told = tell_feed(feed, version=version)
            part.write_text(json.dumps(told, ensure_ascii=False, allow_nan=False, indent=1), encoding="utf-8")
        else:
            tabulate_feed(feed).to_parquet(part, index=False)
        part.replace(path)
    except OSError as error:
        raise OSError(error.errno, os.strerror(error.errno or 0) if error.errno else str(error), str(path)) from None
    finally:
        part.unlink(missing_ok=True)
