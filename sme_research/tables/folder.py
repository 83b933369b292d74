"""A folder of tables: which are there, read and validated when first asked for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from html import escape
from pathlib import Path
from typing import Any, Final, Protocol

import pandas as pd
import pyarrow as pa

from sme_research.errors import DataError
from sme_research.tables.credit_code import UNALLOCATED_AREA, have_shape
from sme_research.tables.declare import Column, Table
from sme_research.tables.declared import TABLES
from sme_research.tables.faults import Fault, FaultsError, fail
from sme_research.tables.reading import SUFFIXES, RawTable, hash_file, read_file, read_frame
from sme_research.tables.validation import Parent, Validated, limit_value, parent_ids, validate
from sme_research.tables.writing import canonical_cells, declared_table, write_csv

TRUTH: Final = "truth.json"
"""File that only a made-up province has: what was planted in it."""


class AbsentTableError(DataError, KeyError):
    """The table asked for is not there; a `KeyError` too, so that `Tables` is a proper mapping."""

    def __str__(self) -> str:
        return str(self.args[0])


class Source(Protocol):
    """Where one table comes from."""

    @property
    def file(self) -> str:
        """The place as messages show it."""
        ...

    def read(self) -> RawTable:
        """Read the raw cells."""
        ...

    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal."""
        ...


@dataclass(frozen=True, slots=True)
class _FileSource:
    path: Path
    table: Table

    @property
    def file(self) -> str:
        return self.path.as_posix()

    def read(self) -> RawTable:
        return read_file(self.path, self.table)

    def digest(self) -> str:
        return hash_file(self.path)


@dataclass(frozen=True, slots=True, eq=False)
class _FrameSource:
    frame: pd.DataFrame
    table: Table

    @property
    def file(self) -> str:
        return f"<frame {self.table.name}>"

    def read(self) -> RawTable:
        return read_frame(self.frame, self.table)

    def digest(self) -> str:
        raw = self.read()
        frame = validate(raw, self.table, {}, {}, date.today()).frame
        given = [name for name in self.table.column_names if name in raw.columns]
        sink = pa.BufferOutputStream()
        write_csv(canonical_cells(frame[given], self.table), sink)
        return hashlib.sha256(sink.getvalue()).hexdigest()


class Tables(Mapping[str, pd.DataFrame]):
    """The tables of one folder by canonical name; each is read and validated on first access.

    Frames have all declared columns in declared order and a range index.
    Changing one changes nothing here. Made by `load_tables` and
    `tables_from_frames`.
    """

    def __init__(
        self, folder: Path | None, sources: Mapping[str, Source], *, made_up: bool, notes: Sequence[str] = ()
    ) -> None:
        self._folder = folder
        self._sources = {name: sources[name] for name in TABLES if name in sources}
        self._said_made_up = made_up
        self._notes = tuple(notes)
        self._today = date.today()
        self._validated: dict[str, Validated] = {}
        self._hashes: dict[str, str] = {}
        self._used: dict[str, int] = {}
        self._looked: dict[str, None] = {}
        self._missed: set[str] = set()
        self._files: dict[Path, str] = {}

    # Mapping

    def __getitem__(self, name: str) -> pd.DataFrame:
        validated = self._read(name)
        if validated.faults:
            raise FaultsError(validated.faults, self._place)
        self._used.setdefault(name, len(validated.frame))
        return validated.frame.copy(deep=False)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        if name in TABLES and name not in self._sources:
            self._missed.add(str(name))
        return name in self._sources

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    # What is there

    @property
    def folder(self) -> Path | None:
        """The folder; None for tables made from frames."""
        return self._folder

    @property
    def names(self) -> tuple[str, ...]:
        """Tables that are present, read or not."""
        self._missed.update(name for name in TABLES if name not in self._sources)
        return tuple(self._sources)

    def file_of(self, name: str) -> str:
        """File of a present table, as faults name it."""
        return self._sources[name].file

    @property
    def used(self) -> tuple[str, ...]:
        """Tables accessed so far, in order of first access."""
        return tuple(self._used)

    @property
    def missed(self) -> tuple[str, ...]:
        """Tables that were asked for so far, by name or in a list of all, and are not there."""
        return tuple(sorted(self._missed))

    @contextmanager
    def reading_apart(self) -> Iterator[None]:
        """Within the block, what was read counts from its beginning; after it, with what was read before.

        A kept result then depends on what it was made from, and on nothing that
        somebody else had asked for earlier.
        """
        before = self._used, self._looked, self._missed, self._files
        self._used, self._looked, self._missed, self._files = {}, {}, set(), {}
        try:
            yield
        finally:
            used, looked, missed, files = before
            self._used = used | {name: rows for name, rows in self._used.items() if name not in used}
            self._looked = looked | self._looked
            self._missed, self._files = missed | self._missed, files | self._files

    @property
    def files(self) -> Mapping[Path, str]:
        """Files read so far beside the tables in use, with the SHA-256 of each; empty for one that is not there.

        Among them those of tables of which only keys or faults were looked at.
        """
        beside = [name for name in self._looked if name not in self._used and self._folder is not None]
        return self._files | {Path(self._sources[name].file): self.digest(name) for name in beside}

    def n_rows(self, name: str) -> int:
        """Rows of a table that was accessed."""
        return self._used[name]

    def note_file(self, path: Path) -> None:
        """Record that an answer depends on a file beside the tables."""
        self._files[path] = hash_file(path) if path.is_file() else ""

    def note_reading(self, rows: Mapping[str, int], missed: Iterable[str], files: Iterable[Path]) -> None:
        """Record a reading whose result was kept from an earlier time, as if it were done now."""
        for name, n_rows in rows.items():
            self._used.setdefault(name, n_rows)
        self._missed.update(missed)
        for path in files:
            self.note_file(path)

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks that are no faults, on the folder and on the tables read so far."""
        read = [note for validated in self._validated.values() for note in validated.notes]
        return (*self._notes, *read)

    @property
    def made_up(self) -> bool:
        """Whether the data are a made-up province's.

        True where `truth.json` lies in the folder, or where an enterprise's
        credit code has the area 350199, which no place has.
        """
        if self._folder is not None:
            self.note_file(self._folder / TRUTH)
        if self._said_made_up or (self._folder is not None and (self._folder / TRUTH).exists()):
            return True
        holders = [name for name in self._sources if "enterprise_id" in TABLES[name].column_names]
        first = "enterprises" if "enterprises" in holders else next(iter(holders), None)
        return first is not None and self._holds_unallocated_area(first)

    def _holds_unallocated_area(self, name: str) -> bool:
        try:
            ids = self._read(name).frame["enterprise_id"]
        except DataError:
            return False
        suspects = ids[ids.str.slice(2, 8).eq(UNALLOCATED_AREA)].unique()
        return bool(have_shape(suspects).any())

    def hashes(self) -> dict[str, str]:
        """SHA-256 of every present table's file bytes (of its canonical CSV, for frames), by name."""
        return {name: self.digest(name) for name in self._sources}

    def digest(self, name: str) -> str:
        """SHA-256 of one table; empty where it is not there."""
        if name not in self._sources:
            return ""
        if name not in self._hashes:
            self._hashes[name] = self._sources[name].digest()
        return self._hashes[name]

    def faults(self) -> list[Fault]:
        """Every fault of every present table; reads those not yet read."""
        found: list[Fault] = []
        for name in self._sources:
            try:
                found += self._read(name).faults
            except FaultsError as error:
                found += error.faults
        return list(dict.fromkeys(found))

    def describe(self, name: str) -> pd.DataFrame:
        """Show the declaration of a table, present or not: one row a column."""
        return pd.DataFrame([self._description(column) for column in declared_table(name).columns])

    def _description(self, column: Column) -> dict[str, Any]:
        minimum, maximum = (
            "" if limit is None else str(limit_value(limit, self._today))
            for limit in (column.minimum, column.maximum)
        )
        return {
            "column": column.name,
            "label_zh": column.label_zh,
            "label_en": column.label_en,
            "kind": column.kind,
            "unit": column.unit,
            "required": column.required,
            "nullable": column.nullable,
            "minimum": minimum,
            "maximum": maximum,
            "values": ", ".join(column.values),
            "references": column.references or "",
            "meaning": column.meaning,
        }

    # Reading

    @property
    def _place(self) -> str:
        return "DIR" if self._folder is None else self._folder.as_posix()

    def _read(self, name: str) -> Validated:
        if name not in self._sources:
            self._missed.update({name} & TABLES.keys())
            raise AbsentTableError(self._absence(name))
        table = TABLES[name]
        # What a table refers to decides whether it is valid, also where it was validated before.
        referred = {column.references for column in table.columns} & set(self._sources)
        self._looked |= dict.fromkeys(sorted(str(target) for target in referred))
        self._looked[name] = None
        if name not in self._validated:
            parents, orphan_lists = self._parents(table)
            # Before the reading, so that a file changed meanwhile shows as changed.
            self._hashes.setdefault(name, self._sources[name].digest())
            raw = self._sources[name].read()
            self._validated[name] = validate(raw, table, parents, orphan_lists, self._today)
        return self._validated[name]

    def _absence(self, name: str) -> str:
        table = declared_table(name)
        if self._folder is None:
            return f"table '{name}' ({table.label_zh}) was not given: add it to the frames."
        files = [f"{name}{suffix}" for suffix in SUFFIXES]
        wanted = f"{', '.join(files[:-1])} or {files[-1]}"
        near = "".join(f" {note}" for note in self._notes)
        return f"{self._place} holds no table '{name}' ({table.label_zh}): put {wanted} there.{near}"

    def _parents(self, table: Table) -> tuple[dict[str, Parent], dict[str, str]]:
        """Present tables that this one refers to, and the code lists of the ids of absent ones."""
        parents, orphan_lists = {}, {}
        for target in {column.references for column in table.columns} & set(TABLES):
            parent = TABLES[str(target)]
            code_list = parent.column(parent.key[0]).references
            if parent.name in self._sources:
                ids = parent_ids(self._read(parent.name).frame, parent)
                parents[parent.name] = Parent(self._sources[parent.name].file, ids)
            else:
                self._missed.add(parent.name)
                if code_list is not None:
                    orphan_lists[parent.name] = code_list
        return parents, orphan_lists

    def _repr_html_(self) -> str:
        rows = "".join(self._html_row(name) for name in self._sources)
        head = "".join(f"<th scope='col'>{word}</th>" for word in ("table", "zh", "en", "rows", "columns", "file"))
        place = "tables from frames" if self._folder is None else escape(self._folder.name)
        made_up = " (made up)" if self.made_up else ""
        caption = f"<caption>{place}{made_up}</caption>"
        return f"<table class='sme'>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def _html_row(self, name: str) -> str:
        table, source = TABLES[name], self._sources[name]
        try:
            size = f"{len(self._read(name).frame):,}"
        except DataError:
            size = "?"
        file = source.file.rsplit("/", 1)[-1]
        cells = (name, table.label_zh, table.label_en, size, str(len(table.columns)), file)
        return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"

    def __repr__(self) -> str:
        return f"Tables({self._place!r}, {', '.join(self._sources)})"


def load_tables(folder: str | os.PathLike[str], names: Iterable[str] | None = None) -> Tables:
    """Open the tables of a folder; each is read and validated when first asked for.

    Parameters
    ----------
    folder : path
        Holds at most one file a table: ``loans.csv``, ``loans.xlsx`` or
        ``loans.parquet``, or the same with the Chinese label.
    names : names of tables, optional
        Leave out all others, and demand that these are there.

    Raises
    ------
    DataError
        There is no such folder, two files hold one table, a demanded table is
        absent; and on access: the table breaks its declaration.
    """
    path = Path(folder)
    if not path.is_dir():
        raise DataError(
            f"there is no folder {path.as_posix()}. Give a folder that holds tables such as accounts.csv."
        )
    sources, notes = _find_sources(path)
    if names is None:
        return Tables(path, sources, made_up=False, notes=notes)
    wanted = list(names)
    tables = Tables(path, {name: sources[name] for name in wanted if name in sources}, made_up=False, notes=notes)
    for name in wanted:
        if name not in tables:
            raise AbsentTableError(tables._absence(name))
    return tables


def _find_sources(folder: Path) -> tuple[dict[str, Source], list[str]]:
    by_stem = {table.name: table for table in TABLES.values()} | {table.label_zh: table for table in TABLES.values()}
    found: dict[str, list[Path]] = {}
    notes = []
    strange: list[Fault] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "~$")):
            continue
        if not path.is_file():
            if path.suffix.lower() in SUFFIXES and path.stem in by_stem:
                strange.append(_no_file(path))
            continue
        if path.suffix.lower() in SUFFIXES and path.stem in by_stem:
            found.setdefault(by_stem[path.stem].name, []).append(path)
        elif path.suffix.lower() in (*SUFFIXES, ".xls"):
            notes.append(_stray_note(path, list(by_stem)))
    faults = strange + [_twice(folder, name, paths) for name, paths in found.items() if len(paths) > 1]
    if faults:
        raise FaultsError(faults, folder.as_posix())
    return {name: _FileSource(paths[0], TABLES[name]) for name, paths in found.items()}, notes


def _stray_note(path: Path, stems: list[str]) -> str:
    if path.stem in stems:
        return f"{path.as_posix()}: {path.suffix} files are not read. Save it as .xlsx."
    near = get_close_matches(path.stem, stems, 1)
    return f"{path.as_posix()}: no table has this name" + (f"; is '{near[0]}' meant?" if near else ".")


def _no_file(path: Path) -> Fault:
    kind = "a folder" if path.is_dir() else "a link that leads to no file" if path.is_symlink() else "no regular file"
    return Fault(
        path.as_posix(), None, None, None, f"is {kind}, must be a file", "Put the table there, or move it away."
    )


def _twice(folder: Path, name: str, paths: list[Path]) -> Fault:
    files = " and ".join(path.name for path in paths)
    rule = f"table '{name}' has {len(paths)} files, must have one: {files}"
    return Fault(folder.as_posix(), None, None, None, rule, "Keep one of them and move the others away.")


def tables_from_frames(frames: Mapping[str, pd.DataFrame], made_up: bool = False) -> Tables:
    """Tables out of frames, e.g. of real data mapped in code; the same rules hold as for files.

    Parameters
    ----------
    frames : mapping of table name to DataFrame
        Columns by canonical name or Chinese label.
    made_up : bool
        Say so where the data are made up; codes with the area 350199 say so by themselves.

    Raises
    ------
    DataError
        A table is not declared; and on access: the table breaks its declaration.
    """
    sources: dict[str, Source] = {
        name: _FrameSource(frame.copy(deep=False), declared_table(name)) for name, frame in frames.items()
    }
    return Tables(None, sources, made_up=made_up)


def check_folder(folder: str | os.PathLike[str]) -> list[Fault]:
    """Every fault of a folder of tables.

    Remarks that are no faults: `Tables.notes`, once `Tables.faults` was called.

    Returns
    -------
    list of Fault
        Empty where all is well.

    Raises
    ------
    DataError
        There is no such folder.
    """
    try:
        tables = load_tables(folder)
    except FaultsError as error:
        return list(error.faults)
    if not tables.names:
        rule = "the folder holds no table"
        return list(fail(Path(folder).as_posix(), rule, f"Put {', '.join(TABLES)} there, as .csv or .xlsx.").faults)
    return tables.faults()
