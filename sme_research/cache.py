"""Results kept by what they were made from, so that languages, formats and runs share them.

A result is found again only where the question, the code that can reach it,
the environment and every table and file that its making read are the same,
bit for bit. What is kept is checked when it is taken out; a damaged entry is
made anew and said so.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from sme_research.codec import decode, encode, same
from sme_research.processes import CACHE_VARIABLE, NOTES_VARIABLE
from sme_research.reach import packages_digest, reach_of_modules
from sme_research.tables import Tables

_DIGEST_LENGTH: Final = 64

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the making of a result read: tables with their rows, tables missed, files."""

    rows: dict[str, int]
    missed: list[str]
    files: list[str]

    def key(self, tables: Tables) -> str:
        """Digest over what all of it holds now."""
        now = {
            "tables": {name: tables.digest(name) for name in (*self.rows, *self.missed)},
            "files": {path: _digest_file(Path(path)) for path in self.files},
        }
        return _digest(json.dumps(now, sort_keys=True).encode())


def recall(name: str, question: Mapping[str, Any], tables: object, make: Callable[[], Made], *, module: str) -> Made:
    """The kept result of a question, or the one that ``make`` gives, kept for the next time.

    Parameters
    ----------
    name : str
        Folder under which results of this kind are kept.
    question : mapping
        All that is asked, of JSON types.
    tables : Tables
        What is asked; anything but the tables of a folder is not kept.
    make : callable
        Makes the result out of records, arrays and frames (`sme_research.codec`).
    module : str
        Where ``make`` lives: all the code that it can reach is part of the key.

    While one process makes a result, others that ask for the same wait for it.
    """
    folder = os.environ.get(CACHE_VARIABLE)
    if not folder or not isinstance(tables, Tables) or tables.folder is None:
        return make()
    reach = asdict(reach_of_modules(frozenset({module})))
    key = _digest(json.dumps([question, reach, packages_digest()], sort_keys=True).encode())
    place = Path(folder) / name / key
    place.mkdir(parents=True, exist_ok=True)
    with _alone(place / ".lock"):
        kept = _take(place, tables)
        if kept is not None:
            return kept[0]  # type: ignore[no-any-return]  # what was put in under this key
        with tables.reading_apart():
            result = make()
            _keep(place, tables, result)
        return result


def trim_cache(folder: Path, *, most_bytes: int) -> int:
    """Remove the results that were not used for longest until the rest takes no more than that; how many went."""
    entries = [(path.stat().st_mtime, path.stat().st_size, path) for path in folder.glob("*/*/*.result")]
    total, removed = sum(size for _, size, _ in entries), 0
    for _, size, path in sorted(entries):
        if total <= most_bytes:
            break
        path.unlink(missing_ok=True)
        total, removed = total - size, removed + 1
    return removed


def _take(place: Path, tables: Tables) -> tuple[Any] | None:
    """The kept result in a tuple of one; None where there is none that fits."""
    reading = _read_reading(place / "reading.json")
    if reading is None:
        return None
    path = place / f"{reading.key(tables)}.result"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    stated, body = content[:_DIGEST_LENGTH].decode("ascii", "replace"), content[_DIGEST_LENGTH:]
    try:
        if stated != _digest(body):
            raise ValueError("its content has another fingerprint")
        result = decode(body)
    except ValueError as fault:
        _note(f"a kept result ({place.parent.name} {place.name[:12]}) was damaged and is made anew: {fault}")
        return None
    os.utime(path)
    tables.note_reading(reading.rows, reading.missed, map(Path, reading.files))
    return (result,)


def _keep(place: Path, tables: Tables, result: Any) -> None:
    body = encode(result)
    if not same(decode(body), result):
        raise TypeError(f"the result in {place.parent.name} changes when it is written and read; mend the codec.")
    reading = _Reading(
        rows={name: tables.n_rows(name) for name in tables.used},
        missed=list(tables.missed),
        files=sorted(path.as_posix() for path in tables.files),
    )
    try:
        _write(place / f"{reading.key(tables)}.result", _digest(body).encode() + body)
        _write(place / "reading.json", json.dumps(asdict(reading)).encode())
    except OSError as fault:
        _note(f"a result could not be kept ({fault.strerror}); it is made anew next time")


def _read_reading(path: Path) -> _Reading | None:
    try:
        return _Reading(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        _note(f"the list of what a kept result read ({path.parent.name[:12]}) was damaged; the result is made anew")
        return None


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(content)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Sole right to make one result; a crash lets it go."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _note(sentence: str) -> None:
    path = os.environ.get(NOTES_VARIABLE)
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(sentence + "\n")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_file(path: Path) -> str:
    return _digest(path.read_bytes()) if path.is_file() else ""
