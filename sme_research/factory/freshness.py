"""Whether a planned report is up to date, and if not, why: told before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sme_research.errors import DataError, FactoryError
from sme_research.factory.editions import failures_of, seal_key
from sme_research.factory.manifest import (
    Manifest,
    check_outputs,
    environment,
    reached,
    read_manifest,
    sha256_of,
)
from sme_research.factory.plan import PlannedReport
from sme_research.provenance import seal
from sme_research.tables import Tables, load_tables

Standing = Literal["new", "due", "fresh"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A planned report, and the reasons for which it is to be made; none where it is up to date."""

    planned: PlannedReport
    standing: Standing
    reasons: tuple[str, ...]
    newest: Path | None
    """Folder of the newest published run."""


def judge_reports(planned: tuple[PlannedReport, ...], reports: Path, *, force: bool = False) -> list[Judged]:
    """Hold every planned report against its newest published run."""
    judge = _Judge(reports)
    return [judge.judge(report, force=force) for report in planned]


def newest_run(reports: Path, slug: str) -> tuple[Path, Manifest] | None:
    """Folder and manifest of the newest published run that can be read; None where there is none."""
    for folder in sorted((reports / slug).glob("[!.]*/"), reverse=True):
        try:
            manifest = read_manifest(folder)
        except FactoryError:
            continue
        if (manifest.slug, manifest.run_id) == (slug, folder.name):
            return folder, manifest
    return None


class _Judge:
    """Opens each data folder once."""

    def __init__(self, reports: Path) -> None:
        self._reports = reports
        self._tables: dict[Path, Tables] = {}

    def judge(self, planned: PlannedReport, *, force: bool) -> Judged:
        found = newest_run(self._reports, planned.slug)
        if found is None:
            return Judged(planned, "new", ("it was never made",), None)
        folder, manifest = found
        reasons = ["it is asked for in any case"] if force else []
        reasons += self._reasons(planned, folder, manifest)
        return Judged(planned, "due" if reasons else "fresh", tuple(reasons), folder)

    def _reasons(self, planned: PlannedReport, folder: Path, manifest: Manifest) -> Iterator[str]:
        # Names of runs sort by their time.
        failures = failures_of(self._reports, planned.edition) / planned.slug
        if any(attempt.name > folder.name for attempt in failures.glob("*/")):
            yield "the last attempt failed"
        if manifest.notebook_sha256 != planned.notebook_sha256:
            yield f"the notebook {planned.notebook.name} has changed"
        for name in sorted({*manifest.parameters, *planned.parameters}):
            before, now = manifest.parameters.get(name), _json_like(planned.parameters.get(name))
            if before != now:
                yield f"parameter {name} was {before!r}, is {now!r}"
        yield from self._data_reasons(planned, manifest)
        yield from _code_reasons(planned, manifest)
        yield from (f"format {name} is missing" for name in planned.formats if name not in manifest.formats)
        yield from (f"published file {fault}" for fault in check_outputs(folder))

    def _data_reasons(self, planned: PlannedReport, manifest: Manifest) -> Iterator[str]:
        if planned.data is None:
            return
        try:
            tables = self._tables.setdefault(planned.data, load_tables(planned.data))
        except DataError as fault:
            # The run itself will say so, for this report alone.
            yield f"the data folder cannot be opened: {fault}"
            return
        key = seal_key(self._reports) if planned.edition == "public" else ""
        for table in manifest.tables:
            if seal(tables.digest(table.name), key) != table.sha256:
                yield f"table {table.name} has changed" if table.name in tables else f"table {table.name} is gone"
        yield from (f"table {name} is there now" for name in manifest.absent if name in tables)
        shown = str(planned.parameters.get("data"))
        for file in manifest.files:
            path = _resolved(file.path, shown, planned.data)
            if seal(sha256_of(path) if path.is_file() else "", key) != file.sha256:
                yield f"file {path.name} has changed"


def _code_reasons(planned: PlannedReport, manifest: Manifest) -> Iterator[str]:
    now, before = reached(planned.reach), manifest.reached
    told = {
        "code": "code that it can reach has changed",
        "texts": "its texts have changed",
        "reference": "reference data that it uses have changed",
        "template": "the template has changed",
    }
    yield from (told[name] for name in told if before is None or getattr(before, name) != getattr(now, name))
    if manifest.environment != environment():
        yield "the environment has changed"


def _resolved(path: str, shown: str, data: Path) -> Path:
    """A file as the notebook named it: below the data folder's shown name, or of its own."""
    below = Path(path)
    return data / below.relative_to(shown) if below.is_relative_to(shown) else below


def _json_like(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
