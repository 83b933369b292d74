"""One published run as the site reads it, and the names by which a reader asks for one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sme_research.errors import FactoryError
from sme_research.factory.findings import stored_findings
from sme_research.factory.manifest import MANIFEST_NAME, Manifest, read_manifest, sha256_of
from sme_research.factory.site.layout import FINDINGS_NAME

Finding = Mapping[str, Any]
CACHED_RUNS = 20_000


@dataclass(frozen=True, slots=True)
class PublishedRun:
    """A run: its manifest, its findings, and the hash of the manifest's bytes ("" before it is published).

    The findings are of the version of the run's file, which may be an older one.
    """

    manifest: Manifest
    findings: tuple[Finding, ...]
    manifest_sha256: str = ""

    @property
    def path(self) -> str:
        """Folder within the site."""
        return f"{self.manifest.slug}/{self.manifest.run_id}"


def read_run(folder: Path) -> PublishedRun:
    """A run from its folder.

    Raises
    ------
    FactoryError
        Manifest or findings are missing, unfit or not those that were published.
    """
    try:
        stamps = tuple((folder / name).stat().st_mtime_ns for name in (MANIFEST_NAME, FINDINGS_NAME))
    except OSError:
        raise FactoryError(f"{_place(folder)} lacks {MANIFEST_NAME} or {FINDINGS_NAME}; restore it.") from None
    return _read(folder, stamps)


@lru_cache(maxsize=CACHED_RUNS)  # a run never changes; the catalogue is written after every report
def _read(folder: Path, _stamps: tuple[int, ...]) -> PublishedRun:
    manifest = read_manifest(folder)
    if (manifest.slug, manifest.run_id) != (folder.parent.name, folder.name):
        raise FactoryError(f"{_place(folder)} holds run {manifest.slug}/{manifest.run_id}; put it back there.")
    content = (folder / FINDINGS_NAME).read_bytes()
    expected = manifest.outputs.get(FINDINGS_NAME)
    if expected and hashlib.sha256(content).hexdigest() != expected:
        raise FactoryError(f"{_place(folder)}/{FINDINGS_NAME} has changed since it was published; restore it.")
    try:
        stored = json.loads(content)
    except ValueError:
        raise FactoryError(f"{_place(folder)}/{FINDINGS_NAME} is not JSON; restore it.") from None
    findings = stored_findings(stored, f"{_place(folder)}/{FINDINGS_NAME}")
    return PublishedRun(manifest, findings, sha256_of(folder / MANIFEST_NAME))


def runs_of(reports: Path, slug: str) -> list[PublishedRun]:
    """All readable runs of one report, newest first."""
    runs = []
    for folder in (reports / slug).glob("[!.]*/"):
        try:
            runs.append(read_run(folder))
        except FactoryError:  # `verify` names it and the catalogue lists it as damaged
            continue
    return sorted(runs, key=lambda run: run.manifest.started_at, reverse=True)


def newest_run(reports: Path, slug: str) -> PublishedRun | None:
    """Newest readable run of a report; None where there is none."""
    return next(iter(runs_of(reports, slug)), None)


def find_run(reports: Path, name: str) -> PublishedRun:
    """A run by "slug/run_id", by a slug (its newest) or by a path.

    Raises
    ------
    FactoryError
        There is no such run.
    """
    for folder in (reports / name, Path(name)):
        if (folder / MANIFEST_NAME).is_file():
            return read_run(folder.resolve())
    newest = newest_run(reports, name.strip("/"))
    if newest is None:
        raise FactoryError(
            f"{name!r} is no run of {reports.name!r}; give slug/run_id, a slug or a path: see sme-research list."
        )
    return newest


def _place(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"
