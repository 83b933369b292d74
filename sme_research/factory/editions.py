"""The two editions: where each is published, and the gate that no identifier of an enterprise passes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from sme_research.errors import FactoryError
from sme_research.factory.manifest import MANIFEST_NAME
from sme_research.factory.plan import Edition
from sme_research.factory.site.layout import FAILED, STAGING

if TYPE_CHECKING:
    from sme_research.factory.secrets import Secrets

EDITION_MARK: Final = ".edition"
PUBLIC_SUFFIX: Final = "-public"
STATE: Final = ".sme-research"
_KEY_LENGTH: Final = 64
_MOST_TOLD: Final = 8


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """An identifier in a file: ``place`` is within the file, ``hint`` as much of it as may be said."""

    file: str
    place: str
    kind: str
    hint: str

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{where}: {self.kind} {self.hint}"


def site_root(reports: Path, edition: Edition) -> Path:
    """Folder into which an edition is published: ``reports`` itself, or its sibling ``reports-public``.

    Raises
    ------
    FactoryError
        One site would lie in the other, or the folder holds, or is marked for,
        the other edition; the public one also where it holds anything unmarked.
    """
    internal = reports.resolve()
    if not internal.name:
        raise FactoryError(f"reports folder {str(reports)!r} has no name; give a folder such as 'reports'.")
    public = internal.with_name(internal.name + PUBLIC_SUFFIX).resolve()
    if public.is_relative_to(internal) or internal.is_relative_to(public):
        raise FactoryError(
            f"the public site {public.name!r} lies in the internal one or holds it; "
            "remove the link between the two folders."
        )
    root = reports.with_name(internal.name + PUBLIC_SUFFIX) if edition == "public" else reports
    _check_site(root, edition)
    return root


def staging_of(root: Path, edition: Edition) -> Path:
    """Where reports of an edition are made: the public site never holds what has not passed the gate."""
    return root / STAGING if edition == "internal" else state_folder(root) / "staging-public"


def failures_of(root: Path, edition: Edition) -> Path:
    """Where failed attempts are kept: those of the public edition may hold anything, so outside its site."""
    return root / FAILED if edition == "internal" else state_folder(root) / "failed-public"


def state_folder(root: Path) -> Path:
    """Folder beside the sites for what is no part of them: kept results, run table, failed public attempts."""
    return root.parent / STATE


def seal_key(root: Path) -> str:
    """Secret of this workbench, made when first asked for, with which the public edition seals tables' hashes.

    A plain hash of a small table would confirm whoever guesses its content.
    """
    path = state_folder(root) / "seal.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token_hex(32))
    key = path.read_text(encoding="ascii")
    if len(key) != _KEY_LENGTH:
        raise FactoryError(f"{path} is no key of this workbench; remove it, and public reports will be made anew.")
    return key


def claim_site(root: Path, edition: Edition) -> None:
    """Make the folder and mark it for its edition, for good.

    Raises
    ------
    FactoryError
        It belongs to the other edition.
    """
    _check_site(root, edition)
    root.mkdir(parents=True, exist_ok=True)
    (root / EDITION_MARK).write_text(f"{edition}\n", encoding="utf-8")


def _check_site(root: Path, edition: Edition) -> None:
    mark = root / EDITION_MARK
    marked = mark.read_text(encoding="utf-8").strip() if mark.is_file() else None
    if marked is not None and marked != edition:
        raise FactoryError(
            f"{root.name!r} is marked as the site of the {marked} edition and cannot take the {edition} one; "
            "give another reports folder."
        )
    if edition == "public" and marked is None and root.is_dir() and any(root.iterdir()):
        raise FactoryError(
            f"{root.name!r} holds files that were not made as a public site; "
            "the public edition starts in an empty folder: move it away."
        )
    for run in _runs_of_other(root, edition):
        raise FactoryError(
            f"{root.name!r} holds {run}, which is not of the {edition} edition; "
            "what has held another edition cannot take this one: give another reports folder."
        )


def _runs_of_other(root: Path, edition: Edition) -> Iterator[str]:
    for path in sorted(root.rglob(MANIFEST_NAME)) if root.is_dir() else ():
        try:
            manifest = json.loads(path.read_bytes())
        except ValueError:
            manifest = {}
        # Before there were editions, all was internal.
        found = manifest.get("edition", "internal") if isinstance(manifest, dict) else "internal"
        if found != edition:
            yield path.parent.relative_to(root).as_posix()


def find_secrets(folder: Path, secrets: Secrets) -> list[Leak]:
    """Every identifier in the names and in every byte of a folder's files.

    Searched are texts in their encodings, markup and escapes, notebooks,
    archives and office documents, PDF, metadata of pictures, and any of these
    within another. Words drawn in a picture are not read.

    Raises
    ------
    FactoryError
        A file is encrypted, broken or a link, so it cannot be searched.
    """
    leaks: set[Leak] = set()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        shown = _shown_name(name, secrets)
        leaks |= {Leak(shown, "its name", hit.kind, hit.hint) for hit in secrets.find(name)}
        if path.is_symlink():
            raise FactoryError(f"{shown} is a link; publish the file itself.")
        if path.is_file():
            leaks |= set(_leaks_in(path.read_bytes(), shown, secrets))
    return sorted(leaks)


def _leaks_in(content: bytes, shown: str, secrets: Secrets) -> Iterator[Leak]:
    from sme_research.factory.unpack import texts_of  # noqa: PLC0415  its readers of files serve the gate alone

    for (place, noisy), texts in groupby(texts_of(content, shown), key=lambda found: (found.place, found.noisy)):
        # Together, as there are thousands of small ones; no identifier runs over the line between.
        joined = "\n|\n".join(found.text for found in texts)
        for hit in secrets.find(joined, noisy=noisy):
            yield Leak(shown, _shown_name(place, secrets), hit.kind, hit.hint)


def _shown_name(name: str, secrets: Secrets) -> str:
    """A name or place as messages may show it: not where it says what is to be kept."""
    shown = "/".join("…" if secrets.find(part) else part for part in name.split("/"))
    return "…" if secrets.find(shown) else shown


def gate(folder: Path, secrets: Secrets) -> None:
    """Let a finished report of the public edition pass only if it names nobody.

    Raises
    ------
    FactoryError
        An identifier stands somewhere in it; the message says where and of
        which kind, but not the identifier. Or a file cannot be searched.
    """
    leaks = find_secrets(folder, secrets)
    if leaks:
        told = "; ".join(map(str, leaks[:_MOST_TOLD]))
        more = f"; and {len(leaks) - _MOST_TOLD} more" if len(leaks) > _MOST_TOLD else ""
        raise FactoryError(
            f"the public edition names what it must not, in {len(leaks)} places: {told}{more}. "
            "Take it out of the notebook or the text, or make this report for the internal edition only."
        )
