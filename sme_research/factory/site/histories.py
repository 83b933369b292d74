"""What the published folder holds, by report: runs, damaged runs, the failure since, and sign-offs."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from sme_research.errors import FactoryError
from sme_research.factory.editions import EDITION_MARK, failures_of
from sme_research.factory.plan import Edition, Language
from sme_research.factory.site.layout import FAILURE_NAME, SIGNATURES
from sme_research.factory.site.ledger import Ledger
from sme_research.factory.site.runs import PublishedRun, read_run
from sme_research.factory.site.signatures import Signer, SignOff, read_sign_offs


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """A failed attempt at a report: ``cell`` is None where no cell is at fault.

    ``text`` is the message, empty on a public site: it may name an enterprise.
    """

    run_id: str
    title: str
    language: Language
    started_at: str
    cell: int | None
    text: str


@dataclass(frozen=True, slots=True)
class History:
    """All of one slug: runs, newest first, damaged ones by name, a failure newer than all, and sign-offs."""

    slug: str
    runs: tuple[PublishedRun, ...]
    damaged: tuple[str, ...]
    failure: FailedAttempt | None
    sign_offs: tuple[SignOff, ...] = ()

    def without(self, paths: frozenset[str]) -> History:
        """The same less some runs, by "slug/run_id"."""
        if not paths:
            return self
        runs = tuple(run for run in self.runs if run.path not in paths)
        damaged = tuple(name for name in self.damaged if f"{self.slug}/{name}" not in paths)
        return replace(self, runs=runs, damaged=damaged)

    @property
    def newest(self) -> PublishedRun | None:
        """Newest good run."""
        return self.runs[0] if self.runs else None

    @property
    def language(self) -> Language | None:
        """Language of the report; None where only damaged runs are left."""
        if self.runs:
            return self.runs[0].manifest.language
        return self.failure.language if self.failure else None

    @property
    def family(self) -> str:
        """Slug without the language."""
        return family_of(self.slug)

    @property
    def report(self) -> str:
        """Kind of the report."""
        return self.slug.split("-", 1)[0]

    @property
    def title(self) -> str:
        """Title of the newest run or attempt."""
        if self.runs:
            return self.runs[0].manifest.title
        return self.failure.title if self.failure else self.slug


def family_of(slug: str) -> str:
    """Slug without the language, which all languages of a report share."""
    return slug.rsplit("-", 1)[0]


def edition_of(reports: Path) -> Edition:
    """Which edition a site is marked for; one without a mark is internal."""
    mark = reports / EDITION_MARK
    return "public" if mark.is_file() and mark.read_text(encoding="utf-8").strip() == "public" else "internal"


def failures_folder(reports: Path) -> Path:
    """Where the failed attempts at a site's reports are kept."""
    return failures_of(reports.resolve(), edition_of(reports))


def read_histories(reports: Path, ledger: Ledger, signers: tuple[Signer, ...] = ()) -> list[History]:
    """Read what the published folder holds, by slug."""
    slugs = {path.name for path in reports.glob("[!.]*/") if path.is_dir() and path.name != SIGNATURES}
    slugs |= {path.name for path in failures_folder(reports).glob("*/")}
    histories = [_read_history(reports, slug, ledger, signers) for slug in sorted(slugs)]
    return [history for history in histories if history.runs or history.damaged or history.failure]


def _read_history(reports: Path, slug: str, ledger: Ledger, signers: tuple[Signer, ...]) -> History:
    runs: list[PublishedRun] = []
    damaged: list[str] = []
    for folder in (reports / slug).glob("[!.]*/"):
        try:
            run = read_run(folder)
        except FactoryError:
            damaged.append(folder.name)
            continue
        if ledger.run_is_published(run.path, run.manifest_sha256):
            runs.append(run)
        else:
            damaged.append(folder.name)
    runs.sort(key=lambda run: run.manifest.started_at, reverse=True)
    failure = read_failure(reports, slug)
    if failure and runs and failure.started_at < runs[0].manifest.started_at:
        failure = None
    sign_offs = tuple(found for run in runs for found in read_sign_offs(reports, run, signers))
    return History(slug, tuple(runs), tuple(sorted(damaged)), failure, sign_offs)


def read_failure(reports: Path, slug: str) -> FailedAttempt | None:
    """Newest failed attempt at a report; None where there is none that can be read."""
    folder, public = failures_folder(reports) / slug, edition_of(reports) == "public"
    for path in sorted(folder.glob(f"*/{FAILURE_NAME}"), reverse=True):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            keys = ("title", "language", "started_at", "cell", "text")
            failure = FailedAttempt(path.parent.name, *(record[key] for key in keys))
            return replace(failure, text="") if public else failure
        except (OSError, ValueError, KeyError):
            continue
    return None
