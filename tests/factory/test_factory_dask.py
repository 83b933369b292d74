"""Reports made on a real Dask cluster of two worker processes on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from factory_cases import FINDING, PROVENANCE, code, records, write

from sme_research.errors import FactoryError
from sme_research.factory.manifest import read_manifest
from sme_research.factory.run import RunRequest, run_reports

WAIT_S = 60
# Says on which worker it runs, and on its first run stays long enough to be killed with it.
SLOW = """
import os, pathlib, time
mark = pathlib.Path(word)
first = not mark.exists()
mark.write_text(os.environ["SME_TEST_WORKER"])
time.sleep(30 if first else 0)
print("done")
"""


@dataclass
class Cluster:
    address: str
    workers: dict[str, subprocess.Popen]


def until(found, what: str):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        answer = found()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"no {what} within {WAIT_S} s")


@pytest.fixture
def cluster(tmp_path):
    file = tmp_path / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    start = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    started = [subprocess.Popen([*start, "--no-dashboard", "--scheduler-file", str(file)], **quiet)]
    try:
        until(lambda: file.exists() and file.read_text().strip(), "scheduler")
        address = json.loads(file.read_text())["address"]
        workers = {}
        for name in "ab":
            options = ["--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", "--name", name]
            folder = tmp_path / f"worker-{name}"
            folder.mkdir()
            command = [sys.executable, "-m", "distributed.cli.dask_worker", address, *options]
            environment = {**os.environ, "SME_TEST_WORKER": name}
            command += ["--local-directory", str(folder)]
            workers[name] = subprocess.Popen(command, env=environment, **quiet)
            started.append(workers[name])
        wait = "from distributed import Client; import sys; Client(sys.argv[1]).wait_for_workers(2, timeout=60)"
        subprocess.run([sys.executable, "-c", wait, address], check=True, timeout=2 * WAIT_S)
        yield Cluster(address, workers)
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def request_of(tmp_path: Path, name: str, **asked) -> RunRequest:
    return RunRequest(notebooks=(tmp_path / "notebooks",), reports=tmp_path / name, formats=("html",), **asked)


def told(request: RunRequest) -> dict[str, tuple[str, list[object]]]:
    """Content and findings by report."""
    found = {}
    for path in request.reports.glob("*/*/manifest.json"):
        manifest = read_manifest(path.parent)
        findings = json.loads((path.parent / "findings.json").read_text())["findings"]
        found[manifest.slug] = (manifest.content_sha256, [finding["estimate"] for finding in findings])
    return found


@pytest.mark.slow
def test_a_cluster_makes_what_this_machine_makes(tmp_path, cluster):
    for number in range(4):
        numbers = code(f"import numpy as np\nprint(np.random.default_rng({number}).normal(size=3))")
        write(tmp_path / "notebooks" / f"r{number}.ipynb", numbers, records(FINDING, PROVENANCE))
    write(tmp_path / "notebooks" / "wrong.ipynb", code("1 / 0"), records(FINDING, PROVENANCE))
    here, there = request_of(tmp_path, "here"), request_of(tmp_path, "there", scheduler=cluster.address)
    local, remote = run_reports(here, progress=False), run_reports(there, progress=False)
    assert [report.slug for report in remote.published] == [report.slug for report in local.published]
    assert [(failed.slug, str(failed.failure)) for failed in remote.failed] == [
        (failed.slug, str(failed.failure)) for failed in local.failed
    ]
    assert len(local.published) == 4
    assert told(here) == told(there)
    again = run_reports(replace(there, scheduler=None), progress=False)
    assert (len(again.fresh), [failed.slug for failed in again.failed]) == (4, ["wrong-en"])


@pytest.mark.slow
def test_the_report_of_a_lost_worker_is_made_by_another(tmp_path, cluster):
    mark = tmp_path / "mark.txt"
    write(tmp_path / "notebooks" / "slow.ipynb", code(SLOW), records(FINDING, PROVENANCE))
    request = request_of(tmp_path, "site", scheduler=cluster.address, parameters={"word": str(mark)})
    lost = []

    def lose() -> None:
        lost.append(until(lambda: mark.exists() and mark.read_text(), "start of the notebook"))
        cluster.workers[lost[0]].send_signal(signal.SIGKILL)

    killer = threading.Thread(target=lose)
    killer.start()
    outcome = run_reports(request, progress=False)
    killer.join()
    assert [report.slug.split("-")[0] for report in outcome.published] == ["slow"]
    assert mark.read_text() == {"a": "b", "b": "a"}[lost[0]]
    assert not list((tmp_path / "site" / ".staging").glob("*/"))


def test_an_address_where_nobody_answers_is_one_message(tmp_path, monkeypatch):
    monkeypatch.setattr("sme_research.factory.executors.CONNECT_TIMEOUT_S", 2)
    write(tmp_path / "notebooks" / "r.ipynb", records(FINDING, PROVENANCE))
    with pytest.raises(FactoryError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        run_reports(request_of(tmp_path, "site", scheduler="tcp://127.0.0.1:9"), progress=False)
