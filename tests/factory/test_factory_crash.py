"""Runs that are killed: what was published stays whole, and nothing is left running."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from factory_cases import PROVENANCE, code, records, write

from sme_research.errors import FactoryError
from sme_research.factory.catalogue import list_reports
from sme_research.factory.manifest import check_outputs
from sme_research.factory.publish import publishing, session
from sme_research.factory.run import RunRequest, run_reports

# Kill the whole run at the most delicate moments of publishing.
INLINE = """
class InThisProcess:
    def make(self, tasks):
        return ((task, make.make_report(task)) for task in tasks)
run.executor_for = lambda jobs, scheduler: InThisProcess()
"""
PATCHES = {
    "before the rename": INLINE + "publish.move_folder = die",
    "after the rename, before the pages": INLINE + "run.write_index = die",
    "before a page is replaced": INLINE + "ledger.os.replace = die",
}
SCRIPT = """
import os, signal, sys
from pathlib import Path
from sme_research.factory import make, publish, run
from sme_research.factory.run import RunRequest, run_reports
from sme_research.factory.site import ledger
def die(*arguments):
    os.killpg(0, signal.SIGKILL)
if __name__ == "__main__":
    exec(sys.argv[2])
    root = Path(sys.argv[1])
    print("ready", flush=True)
    run_reports(RunRequest((root / "notebooks",), root / "reports", formats=("html",), force=True), progress=False)
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A published site of two reports, and the script that makes them again."""
    root = tmp_path_factory.mktemp("published")
    for name in ("one", "two"):
        write(root / f"notebooks/{name}.ipynb", code("import time; time.sleep(0.3)"), records(PROVENANCE))
    assert run_reports(RunRequest((root / "notebooks",), root / "reports", formats=("html",)), progress=False).ok
    (root / "script.py").write_text(SCRIPT)
    return root


@pytest.fixture
def site(published, tmp_path):
    shutil.copytree(published, tmp_path / "site")
    return tmp_path / "site"


def start(site: Path, patch: str = "") -> subprocess.Popen:
    command = [sys.executable, site / "script.py", site, patch]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, start_new_session=True, **quiet)
    assert process.stdout.readline() == b"ready\n"
    return process


def still_running(site: Path) -> list[str]:
    """Processes, kernels above all, that were started for this site and live."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            marks = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            state = (process / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if str(site).encode() in marks and state not in "ZX" and process.name != str(os.getpid()):
            found.append(process.name)
    return found


def assert_nothing_runs(site: Path) -> None:
    deadline = time.monotonic() + 5
    while still_running(site) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert still_running(site) == []


def assert_site_is_whole(site: Path) -> None:
    reports = site / "reports"
    links = re.findall(r'href="([^"#]+)"', (reports / "index.html").read_text())
    assert len(links) >= 2
    for link in links:
        assert (reports / link).read_text().rstrip().endswith("</html>")
    runs = list(reports.glob("[!.]*/*/"))
    assert len(runs) >= 2
    for run in runs:
        assert check_outputs(run) == []
    assert {row.status for row in list_reports(reports)} == {"published"}


@pytest.mark.parametrize("patch", PATCHES.values(), ids=PATCHES)
def test_a_run_killed_while_it_publishes_leaves_a_whole_site(site, patch):
    process = start(site, patch)
    assert process.wait(timeout=60) == -signal.SIGKILL
    assert_site_is_whole(site)
    assert_nothing_runs(site)


def test_a_run_killed_at_any_moment_leaves_a_whole_site_and_a_rerun_completes(site, inline):
    for _ in range(3):
        process = start(site)
        delay = random.uniform(0.2, 5)
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert_nothing_runs(site)
        assert_site_is_whole(site)
    again = RunRequest((site / "notebooks",), site / "reports", formats=("html",), force=True)
    assert run_reports(again, progress=False).ok
    assert_site_is_whole(site)
    assert list((site / "reports/.staging").iterdir()) == []


def test_an_interrupt_stops_every_kernel_and_publishes_nothing_half(site):
    process = start(site)
    deadline = time.monotonic() + 30
    while not any((site / "reports/.staging").glob("*/*/*/kernel/*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=20) != 0
    assert_nothing_runs(site)
    assert_site_is_whole(site)
    assert list((site / "reports/.staging").iterdir()) == []


def test_a_run_leaves_the_staging_of_a_live_run_and_removes_that_of_a_dead_one(tmp_path):
    with session(tmp_path) as mine:
        dead = tmp_path / ".staging/dead"
        dead.mkdir()
        with session(tmp_path) as other:
            assert mine.is_dir()
            assert other.is_dir()
            assert not dead.exists()
    assert not mine.exists()


def test_a_second_run_waits_for_the_first_and_then_says_who_publishes(tmp_path):
    with (
        publishing(tmp_path),
        pytest.raises(FactoryError, match=rf"process {os.getpid()}\) is publishing to"),
        publishing(tmp_path, wait_s=0.1),
    ):
        pytest.fail("the lock was given twice")
    with publishing(tmp_path, wait_s=0.1):
        pass
