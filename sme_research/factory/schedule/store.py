"""The run table: one SQLite file that several processes of one machine share.

Every change is one transaction that takes the right to write first, so no two
processes decide from the same old state. Times are kept in UTC as ISO texts.
"""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    create_engine,
    event,
    select,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError

from sme_research.errors import FactoryError

SCHEMA: Final = 1
DATABASE: Final = "schedule.sqlite"
BALLAST: Final = "ballast"
BALLAST_BYTES: Final = 512 * 1024
SPARE_BYTES: Final = 8 * BALLAST_BYTES
BUSY_WAIT_S: Final = 10.0


class Instant(TypeDecorator[datetime]):
    """An instant in UTC, kept as an ISO text that sorts by time."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Text of an instant."""
        return value.astimezone(UTC).isoformat(timespec="microseconds") if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Instant of a text."""
        return datetime.fromisoformat(value) if value else None


METADATA = MetaData()
JOBS = Table(
    "jobs",
    METADATA,
    Column("name", String, primary_key=True),
    Column("calendar", Text, nullable=False),
    Column("since", Instant, nullable=False),  # first seen, or its calendar changed
    Column("failing_since", Instant),  # set by the last attempt's failure, until it works again
    Column("stale_since", Instant),  # one alert an episode
)
RUNS = Table(
    "runs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("job", ForeignKey("jobs.name"), nullable=False, index=True),
    Column("occurrence", Instant, nullable=False),
    Column("occurrence_local", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("final", Boolean, nullable=False, default=False),
    Column("cause", String),
    Column("detail", Text),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("duration_s", Float),
    Column("n_published", Integer),
    Column("n_failed", Integer),
    Column("host", String, nullable=False),
    Column("boot_id", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("child_pid", Integer),
    Column("child_started", Integer),  # clock ticks after boot: with boot_id and pid the one process
    Column("log", Text),
)
# What the lock says, the table cannot contradict: one running attempt a job.
Index("one_running_a_job", RUNS.c.job, unique=True, sqlite_where=RUNS.c.status == "running")
ALERTS = Table(
    "alerts",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("alert", String, nullable=False),
    Column("event", String, nullable=False),
    Column("job", ForeignKey("jobs.name"), nullable=False),
    Column("run", ForeignKey("runs.id", ondelete="SET NULL")),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("status", String, nullable=False),  # waiting, sent, given_up
    Column("tries", Integer, nullable=False, default=0),
    Column("sent_at", Instant),
    Column("error", Text),
)
NOTES = Table("notes", METADATA, Column("name", String, primary_key=True), Column("at", Instant, nullable=False))


_VERSION_AT: Final = slice(60, 64)
"""Where SQLite keeps ``user_version`` in a file's header."""


class StoreError(FactoryError):
    """The run table cannot be read or written at this moment; the next pass tries again."""


class DiskFullError(StoreError):
    """There is no room to write."""


@dataclass(frozen=True, slots=True)
class Store:
    """The run table in a folder; made where there is none.

    ``busy_s`` is how long to wait for another process that writes.
    """

    folder: Path
    busy_s: float = BUSY_WAIT_S

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return self.folder / DATABASE

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, alone; nothing of it stays where it fails.

        Raises
        ------
        StoreError
            The disk is full, or another process keeps the file for longer than ``busy_s``.
        """
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One state of the table, whatever is written meanwhile; StoreError as for writing."""
        with self._transaction("BEGIN" if self.path.exists() else "BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.folder}: {error.strerror}; check the folder and its permissions.") from None
        try:
            self._make()
            with self._connected(begin) as connection:
                self._check_schema(connection)
                yield connection
        except (DatabaseError, sqlite3.Error) as error:
            raise self._explain(str(getattr(error, "orig", error))) from error

    @contextmanager
    def _connected(self, begin: str) -> Iterator[Connection]:
        engine = create_engine(f"sqlite:///{self.path}", connect_args={"timeout": self.busy_s})
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    def _make(self) -> None:
        """Make the file where there is none, one process at a time: SQLite lets nobody wait for a change of mode."""
        if _has_schema(self.path):
            return
        with (self.folder / f"{DATABASE}.making").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _has_schema(self.path):
                return
            with closing(sqlite3.connect(self.path, timeout=self.busy_s)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            with self._connected("BEGIN IMMEDIATE") as connection:
                self._check_schema(connection)

    def _check_schema(self, connection: Connection) -> None:
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version > SCHEMA:
            raise FactoryError(
                f"{self.path} has schema {version}, this version knows {SCHEMA}: a newer version wrote it. "
                "Use that version, or another reports folder."
            )
        if version < SCHEMA:
            METADATA.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")

    def _explain(self, reason: str) -> StoreError:
        if "locked" in reason or "busy" in reason:
            return StoreError(
                f"{self.path} is locked by another process for longer than {self.busy_s:g} s; "
                "nothing is lost, the next pass tries again. Close what keeps it open."
            )
        if "full" in reason or "disk I/O error" in reason:
            return DiskFullError(f"{self.path}: {reason}; make room, the next pass tries again.")
        return StoreError(
            f"{self.path}: {reason}. Check the file and its permissions; a damaged one may be moved aside."
        )

    def lay_ballast(self) -> None:
        """Keep some room, so that the table can still say that the disk is full; not where there is none to spare."""
        path = self.folder / BALLAST
        if not path.exists() and shutil.disk_usage(self.folder).free > SPARE_BYTES:
            path.write_bytes(bytes(BALLAST_BYTES))

    def drop_ballast(self) -> bool:
        """Give the room free; whether there was any."""
        try:
            (self.folder / BALLAST).unlink()
        except FileNotFoundError:
            return False
        return True


def _has_schema(path: Path) -> bool:
    """Whether the file's header names a schema; one that only the log beside it names yet is looked at again."""
    try:
        with path.open("rb") as file:
            return any(file.read(_VERSION_AT.stop)[_VERSION_AT])
    except OSError:
        return False


def _prepare(connection: Any, _: Any) -> None:
    # The driver's own transactions begin late and without the right to write: ours are begun by hand.
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def note(connection: Connection, name: str, at: datetime) -> None:
    """Remember when something was last done."""
    new = insert(NOTES).values(name=name, at=at)
    connection.execute(new.on_conflict_do_update(index_elements=["name"], set_={"at": new.excluded.at}))


def noted(connection: Connection, name: str) -> datetime | None:
    """When something was last done; None where it never was."""
    at: datetime | None = connection.execute(select(NOTES.c.at).where(NOTES.c.name == name)).scalar_one_or_none()
    return at
