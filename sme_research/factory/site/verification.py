"""Whether the published folder is, byte for byte, what the ledger says was published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tqdm import tqdm

from sme_research.errors import FactoryError
from sme_research.factory.editions import EDITION_MARK
from sme_research.factory.manifest import MANIFEST_NAME, check_outputs
from sme_research.factory.site.layout import FAILED, LEDGER, LOCK, SIGNATURES, STAGING
from sme_research.factory.site.ledger import (
    FILE_LINES,
    INTENTS,
    NOTHING,
    BrokenLedgerError,
    Ledger,
    Line,
    hash_or_nothing,
    is_lost,
)
from sme_research.factory.site.runs import read_run
from sme_research.factory.site.signatures import Signer, read_sign_offs, read_signers, signers_path

WORKING: Final = (STAGING, FAILED, LOCK, LEDGER, EDITION_MARK)
"""What lies in the folder and is not published."""
SHOW_BAR_AFTER_S: Final = 2
MOST_LOOKS: Final = 5


@dataclass(frozen=True, slots=True)
class Verification:
    """Outcome: every fault in a line, what was looked at, and the ledger's head to hold against a noted one."""

    faults: tuple[str, ...]
    n_runs: int
    n_files: int
    n_signatures: int
    head: str

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.faults


def verify_site(reports: Path, *, only: str | None = None) -> Verification:
    """Hash everything once and hold it against the ledger; nothing is written.

    A run that publishes meanwhile may look like a fault: where the ledger has
    grown, what was found is looked at again.

    Parameters
    ----------
    only : "slug/run_id", optional
        Look at this run and its signatures only.

    Raises
    ------
    FactoryError
        There is no published folder, no such run in its ledger, or the name is empty.
    """
    if only is not None and not only.strip():
        raise FactoryError("the name of the run is empty; give slug/run_id, or leave it out to verify the site.")
    found = _verify(reports, only)
    for _ in range(MOST_LOOKS - 1):
        if found.ok or not found.head or Ledger(reports).head == found.head:
            break
        found = _verify(reports, only)
    return found


def _verify(reports: Path, only: str | None) -> Verification:
    if not reports.is_dir():
        raise FactoryError(f"{reports.name!r} is no folder; make reports with: sme-research run")
    try:
        ledger = Ledger(reports)
    except BrokenLedgerError as fault:
        return Verification((str(fault),), 0, 0, 0, "")
    signers = read_signers(signers_path(reports))
    lines = [line for line in ledger.last.values() if only is None or _about(line, only)]
    if only is not None and not lines:
        raise FactoryError(f"{only!r} is not in the ledger of {reports.name!r}; see sme-research list.")
    runs = [line for line in lines if line.what not in FILE_LINES]
    files = [line for line in lines if line.what in FILE_LINES]
    faults: list[str] = []
    for line in tqdm([*runs, *files], desc="verify", unit="item", delay=SHOW_BAR_AFTER_S, leave=False, disable=None):
        unsettled = line is ledger.lines[-1] and line.what in INTENTS
        check = _check_file if line.what in FILE_LINES else _check_run
        faults += check(reports, line, unsettled=unsettled)
    for line in runs:
        faults += _check_signatures(reports, line.path, signers)
    if only is None:
        faults += _strangers(reports, ledger)
    signed = [line for line in files if line.path.startswith(f"{SIGNATURES}/")]
    published = [line for line in runs if line.sha256]
    return Verification(tuple(faults), len(published), len(files), len(signed), ledger.head)


def _check_run(reports: Path, line: Line, *, unsettled: bool) -> Iterator[str]:
    folder = reports / line.path
    if is_lost(reports, line, unsettled=unsettled):
        yield f"{line.path}: the run is missing"
    if not folder.is_dir():
        return
    if line.what in ("withdrawn", "pruned"):
        yield f"{line.path}: is not in the ledger"
        return
    manifest = folder / MANIFEST_NAME
    if not manifest.is_file():
        yield f"{line.path}/{MANIFEST_NAME}: is missing"
        return
    if hash_or_nothing(manifest) != line.sha256:
        yield f"{line.path}/{MANIFEST_NAME}: has changed since it was published"
    try:
        yield from (f"{line.path}/{fault}" for fault in check_outputs(folder))
    except FactoryError as fault:
        yield str(fault)
    yield from (f"{line.path}/{path.relative_to(folder)}: is a link" for path in _links(folder))


def _check_file(reports: Path, line: Line, *, unsettled: bool) -> Iterator[str]:
    target = reports / line.path
    if target.is_symlink():
        yield f"{line.path}: is a link"
    found = hash_or_nothing(target)
    if found == line.sha256 or (unsettled and found == line.before):
        return
    yield f"{line.path}: is missing" if found == NOTHING else f"{line.path}: has changed since it was published"


def _check_signatures(reports: Path, path: str, signers: tuple[Signer, ...]) -> Iterator[str]:
    if not any((reports / SIGNATURES / path).glob("*.json")):
        return
    try:
        run = read_run(reports / path)
    except FactoryError as fault:
        yield f"{SIGNATURES}/{path}: cannot be verified, {fault}"
        return
    for sign_off in read_sign_offs(reports, run, signers):
        if sign_off.fault:
            yield f"{SIGNATURES}/{path}/{sign_off.role}.json: {sign_off.fault}"


def _strangers(reports: Path, ledger: Ledger) -> Iterator[str]:
    """Files that nobody published."""
    runs = {line.path for line in ledger.lines if line.what not in FILE_LINES}
    for path in sorted(reports.rglob("*")):
        within = path.relative_to(reports)
        if within.parts[0] in WORKING or (path.is_dir() and not path.is_symlink()):
            continue
        own_run = "/".join(within.parts[:2])
        known = within.as_posix() in ledger.last or (own_run in runs and len(within.parts) > 2)
        if not known:
            yield f"{within.as_posix()}: is not in the ledger"


def _links(folder: Path) -> Iterator[Path]:
    yield from (path for path in [folder, *folder.rglob("*")] if path.is_symlink())


def _about(line: Line, only: str) -> bool:
    return line.path == only or line.path.startswith(f"{SIGNATURES}/{only}/")
