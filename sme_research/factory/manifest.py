"""The manifest of one published report: what it was made from, by what, and the hash of every file."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sme_research.errors import FactoryError
from sme_research.factory.plan import Edition, Format, Language
from sme_research.reach import LOCK, Reach, digest_files, packages_digest

MANIFEST_NAME = "manifest.json"
PACKAGE = Path(__file__).resolve().parents[1]
TEMPLATE_MODULES = (
    "execute.py",
    "findings.py",
    "glossary.py",
    "locale.py",
    "make.py",
    "markup.py",
    "records.py",
    "render.py",
    "typeface.py",
)
TEMPLATE_FOLDERS = ("formats", "kernels", "template")
SOURCE_SUFFIXES = (".py", ".j2", ".css", ".yml", ".yaml", ".csv", ".json")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TableUsed(_Record):
    """One table that the report read; the public edition withholds few rows and shows a keyed hash."""

    name: str
    rows: int | None = Field(ge=0)
    sha256: str = Field(min_length=8)


class CodeVersion(_Record):
    """Which code made the report; ``commit`` and ``dirty`` are None where git knows nothing of it."""

    package: str
    commit: str | None
    dirty: bool | None
    source_sha256: str


class Environment(_Record):
    """Where the report was made; ``packages_sha256`` is over the sorted ``name==version`` lines."""

    python: str
    packages_sha256: str
    lock_sha256: str | None


class FileUsed(_Record):
    """One file beside the tables that the report read; ``sha256`` is empty where it was looked for and absent."""

    path: str
    sha256: str


class Reached(_Record):
    """Hashes over what the report's notebook can reach, beside its data: each names one reason to make it again."""

    code: str
    texts: str
    reference: str
    template: str


class Manifest(_Record):
    """All that identifies one report.

    ``absent`` are tables that were asked for and not there. ``content_sha256``
    is over what the report says, so that two runs which say the same share it.
    ``outputs`` maps file name, with its folder within the run's, to sha256.
    """

    schema_version: Literal[2] = 2
    edition: Edition = "internal"
    formats: list[Format] = Field(default=["html"])
    run_id: str
    slug: str
    family: str
    report: str
    group: str
    title: str
    language: Language
    notebook: str
    notebook_sha256: str
    parameters: dict[str, Any]
    made_up: bool
    tables: list[TableUsed]
    absent: list[str] = Field(default_factory=list)
    files: list[FileUsed] = Field(default_factory=list)
    code: CodeVersion
    reached: Reached | None = None
    environment: Environment
    seed: int | None
    started_at: str
    duration_s: float = Field(ge=0)
    content_sha256: str = ""
    outputs: dict[str, str] = Field(default_factory=dict)


def read_manifest(folder: Path) -> Manifest:
    """Manifest of a published run.

    Raises
    ------
    FactoryError
        It is missing or breaks its declaration.
    """
    path = folder / MANIFEST_NAME
    place = f"{folder.parent.name}/{folder.name}/{MANIFEST_NAME}"
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except OSError:
        raise FactoryError(f"{place} cannot be read; remove the folder or run the report again.") from None
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise FactoryError(f"{place}, {where}: {first['msg']}; remove the folder or run the report again.") from None


def check_outputs(folder: Path) -> list[str]:
    """Faults of a published run: files that are missing, changed or not named in its manifest."""
    manifest = read_manifest(folder)
    files = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    present = {path.relative_to(folder).as_posix() for path in files} - {MANIFEST_NAME}
    faults = [f"{name} is missing" for name in sorted(set(manifest.outputs) - present)]
    faults += [f"{name} is not in the manifest" for name in sorted(present - set(manifest.outputs))]
    for name in sorted(present & set(manifest.outputs)):
        if sha256_of(folder / name) != manifest.outputs[name]:
            faults.append(f"{name} has changed since it was published")
    return faults


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def code_version() -> CodeVersion:
    """Version of this package, the commit it stands on, and a hash over its source files."""
    try:
        package = version("sme-research")
    except PackageNotFoundError:
        package = "unknown"
    commit = _git("rev-parse", "HEAD") if _git("ls-files", "--error-unmatch", "errors.py") else None
    dirty = None if commit is None else bool(_git("status", "--porcelain", "--", ":/"))
    return CodeVersion(package=package, commit=commit, dirty=dirty, source_sha256=_source_sha256())


@cache
def environment() -> Environment:
    """Describe the interpreter and all that is installed beside this package."""
    return Environment(
        python=platform.python_version(),
        packages_sha256=packages_digest(),
        lock_sha256=sha256_of(LOCK) if LOCK.is_file() else None,
    )


def reached(reach: Reach) -> Reached:
    """What a notebook reaches, and what makes pages of it."""
    return Reached(**asdict(reach), template=template_digest())


@cache
def template_digest() -> str:
    """SHA-256 over all that turns an executed notebook into the files of a report."""
    shaping = [PACKAGE / "factory" / name for name in TEMPLATE_MODULES]
    shaping += [path for folder in TEMPLATE_FOLDERS for path in (PACKAGE / "factory" / folder).rglob("*")]
    return digest_files(path for path in shaping if path.is_file() and "__pycache__" not in path.parts)


def _source_sha256() -> str:
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in SOURCE_SUFFIXES and path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(PACKAGE).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def _git(*arguments: str) -> str | None:
    """Answer of git about the package's folder; None where there is no git or no answer."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(PACKAGE), *arguments], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
