"""A scheduler that stays: at its time, through jumps of the clock, until it is told to stop."""

import signal
import subprocess
import threading
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from schedule_cases import JOB

from sme_research.errors import FactoryError
from sme_research.factory.schedule.passes import Bench, utc_now
from sme_research.factory.schedule.resident import stay

QUIET = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}


def wait_for(condition, what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.05)


@pytest.fixture
def staying(office):
    """A function that lets a scheduler stay in a thread; it is stopped with the test."""
    running = []

    def start(tick_s: float):
        opened = office.bench
        bench = Bench(opened.workbench, opened.store, office.clock)
        said = []
        thread = threading.Thread(target=stay, args=(bench, said.append), kwargs={"tick_s": tick_s})
        thread.start()
        running.append((bench, thread))
        return bench, said

    yield start
    for bench, thread in running:
        bench.stop.set()
        thread.join(60)
        assert not thread.is_alive()


def in_seconds(seconds: int) -> str:
    """A daily job due in some seconds by the machine's clock."""
    soon = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(seconds=seconds)
    return JOB.replace("26", '"daily"').replace('"03:00"', f"{soon:%H:%M:%S}")


def test_a_job_is_run_when_its_time_comes_long_before_the_next_tick(office, staying):
    office.write(in_seconds(5))
    office.clock = utc_now
    office.look()
    _, said = staying(tick_s=600)
    wait_for(lambda: said, "the run")
    assert said[0].text.startswith("done ")
    assert office.n_made == 1


def test_a_clock_that_jumps_is_followed_by_the_tick_and_nothing_is_made_twice(office, staying):
    _, said = staying(tick_s=0.1)
    wait_for((office.state / "schedule.sqlite").exists, "the first pass")
    time.sleep(0.5)
    for moment in (
        "2026-11-27 00:00",
        "2016-01-01 00:00",
        "2026-11-27 00:00",
        "2027-03-27 00:00",
        "2027-03-28 00:00",
    ):
        office.clock.set(moment)
        time.sleep(0.8)
    wait_for(lambda: office.n_made >= 2, "the catch-up")
    assert [run.row["occurrence_local"] for run in office.runs()] == ["2026-11-26 03:00", "2027-03-26 03:00"]
    assert office.runs()[1].row["missed"] == 3
    assert [line.text[:21] for line in said] == ["done 2026-11-26 03:00", "done 2027-03-26 03:00"]


def test_a_fault_that_lasts_is_said_once(office, staying):
    office.write(JOB + '[[alert]]\nname = "x"\nkind = "command"\nargv = ["false"]\n[retry]\nattempts = 1\n', do="1/0")
    _, said = staying(tick_s=0.1)
    time.sleep(0.5)
    office.clock.set("2026-11-27 00:00")
    wait_for(lambda: len(said) >= 2, "the failure and its alert")
    time.sleep(1)
    assert [line.job for line in said] == ["monthly", "alerts"]


def test_a_second_scheduler_for_the_same_reports_is_refused(office, staying):
    staying(tick_s=600)
    wait_for((office.state / "schedule.sqlite").exists, "the first pass")
    with pytest.raises(FactoryError, match="another scheduler runs for"):
        stay(office.bench, print)


def test_a_scheduler_that_is_terminated_ends_its_work_says_so_and_goes_on_when_started_again(office):
    office.write(JOB.replace("26", '"daily"'), do="import time; open('begun', 'w'); time.sleep(60)")
    office.clock.now = utc_now() - timedelta(days=3)
    office.look()
    first = subprocess.Popen(office.command("schedule"), **QUIET)
    wait_for((office.root / "begun").exists, "the work")
    first.send_signal(signal.SIGTERM)
    said = first.communicate(timeout=60)[0]
    assert first.returncode == 0
    assert "stopped with the scheduler" in said
    assert office.statuses() == ["stopped"]
    office.do("")
    second = subprocess.Popen(office.command("schedule"), **QUIET)
    wait_for(lambda: office.statuses() == ["stopped", "done"], "the run")
    second.send_signal(signal.SIGINT)
    assert "done" in second.communicate(timeout=60)[0]
    assert second.returncode == 0


def test_one_pass_of_the_scheduler_is_a_pass(office):
    ended = subprocess.run(office.command("schedule", "--once"), capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("monthly: nothing is due; next ")
