"""A full disk and a locked run table: said, survived, nothing lost."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from schedule_cases import JOB, Office

from sme_research.factory.schedule import passes
from sme_research.factory.schedule.store import BALLAST, DATABASE, Store

SIZE = 6 * 1024 * 1024
FILL = "open('filling', 'wb').write(bytes(100 * 1024 * 1024))"


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 6 MB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this machine lets the tests mount no disk")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def fill(folder) -> None:
    with pytest.raises(OSError, match="No space left"):
        (folder / "filling").write_bytes(bytes(2 * SIZE))
    assert shutil.disk_usage(folder).free == 0


def test_a_run_that_fills_the_disk_has_failed_for_that_and_the_next_works(small_disk, office):
    alert = '[[alert]]\nname = "none"\nkind = "command"\nargv = ["sh", "-c", "cat > /dev/null"]\n'
    small = Office(small_disk, office.clock).write(JOB + alert + "[retry]\nattempts = 1\n")
    small.look()
    assert (small.state / BALLAST).exists()
    small.do(FILL)
    small.clock.set("2026-11-26 03:00")
    lines = small.look()
    assert "the disk is full" in lines[0].text
    (run,) = small.runs()
    assert (run.row["status"], run.row["cause"], run.alerts) == ("failed", "disk_full", {"sent": 1})
    (small_disk / "filling").unlink()
    small.do("")
    small.clock.set("2026-12-26 03:00")
    assert small.look()[0].ok
    assert small.statuses() == ["failed", "done"]
    assert (small.state / BALLAST).exists()


def test_on_a_disk_full_from_the_start_the_run_is_still_written_down(small_disk, office):
    small = Office(small_disk, office.clock).write(do=FILL)
    small.look()
    fill(small_disk)
    small.clock.set("2026-11-26 03:00")
    assert not small.look()[0].ok
    assert small.runs()[0].row["cause"] == "disk_full"


def test_a_run_table_without_room_is_said_and_the_next_pass_works(office, monkeypatch):
    office.look()
    office.clock.set("2026-11-26 03:00")
    real = passes.begin

    def begin_in_a_full_table(connection, *arguments):
        # SQLite's own limit answers as a full disk does.
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.exec_driver_sql("CREATE TABLE filling AS SELECT zeroblob(1000000)")
        return real(connection, *arguments)

    monkeypatch.setattr(passes, "begin", begin_in_a_full_table)
    lines = office.look()
    assert "database or disk is full; make room, the next pass tries again" in lines[0].text
    assert office.n_made == 0
    monkeypatch.setattr(passes, "begin", real)
    assert office.look()[0].ok


def lock(office, seconds: float) -> subprocess.Popen:
    """Another process that keeps the run table for itself for a while."""
    script = (
        "import sqlite3, sys, time\n"
        f"table = sqlite3.connect({str(office.state / DATABASE)!r}, isolation_level=None)\n"
        "table.execute('BEGIN EXCLUSIVE')\nprint('locked', flush=True)\n"
        f"time.sleep({seconds})\ntable.execute('COMMIT')"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"locked\n"
    return process


def impatient(office, seconds: float = 0.3) -> Office:
    """The office with a short wait for the run table."""
    real = Office.bench.fget

    class Impatient(Office):
        @property
        def bench(self):
            bench = real(self)
            return passes.Bench(bench.workbench, Store(self.state, seconds), self.clock)

    return Impatient(office.root, office.clock)


def test_a_table_locked_for_a_while_is_waited_for(office):
    office.look()
    office.clock.set("2026-11-26 03:00")
    process = lock(office, 1)
    assert office.look()[0].ok
    process.wait()


def test_a_table_locked_for_long_is_said_nothing_runs_and_the_next_pass_does(office):
    office.look()
    office.clock.set("2026-11-26 03:00")
    process = lock(office, 30)
    lines = impatient(office).look()
    assert (
        "is locked by another process for longer than 0.3 s; nothing is lost, the next pass tries again"
        in lines[0].text
    )
    assert office.n_made == 0
    process.kill()
    process.wait()
    assert office.look()[0].ok


def test_a_run_that_ends_while_the_table_is_locked_is_written_down_later(office):
    office.look()
    office.clock.set("2026-11-26 03:00")
    office.do("import time; time.sleep(1)")
    holder = []

    def lock_once_it_runs():
        deadline = time.monotonic() + 10
        while office.n_made == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)
        holder.append(lock(office, 2.5))

    thread = threading.Thread(target=lock_once_it_runs)
    thread.start()
    assert impatient(office).look()[0].ok
    thread.join()
    holder[0].wait()
    assert office.statuses() == ["done"]


def test_a_damaged_table_is_said(office):
    office.look()
    for name in os.listdir(office.state):
        if name.startswith(DATABASE):
            (office.state / name).write_bytes(b"no table" * 1000)
    assert "a damaged one may be moved aside" in office.look()[0].text
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(office.state / DATABASE).execute("PRAGMA user_version")
