"""Passes that are killed, stopped, or made at the same time: one works, and what dies is seen and done again."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from schedule_cases import JOB

from sme_research.factory.schedule.lease import Process, lease, process_of

# Due at once, by the machine's own clock.
DAILY = JOB.replace("26", '"daily"') + '[retry]\nattempts = 3\nwait = "1 s"\n'
SLOW = "import time\nopen('begun', 'a').write('x')\ntime.sleep({})\nprint('published one (1 s)')"
QUIET = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}


def start(office, *options: str) -> subprocess.Popen:
    return subprocess.Popen(office.command("run-due", "--catch-up", *options), start_new_session=True, **QUIET)


def wait_for(condition, what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.02)


@pytest.fixture
def begun(office):
    """A pass in a process of its own whose work has begun."""
    office.write(DAILY, do=SLOW.format(6))
    process = start(office)
    wait_for((office.root / "begun").exists, "the work")
    wait_for(lambda: office.runs() and office.runs()[0].row["child_pid"], "the note of the child")
    yield process
    process.kill()
    process.communicate()


def now_on(office):
    """The office by the machine's clock."""
    from sme_research.factory.schedule.passes import utc_now

    office.clock = utc_now
    return office


def test_two_passes_at_once_make_one_run_and_the_other_says_so(office, begun):
    (line,) = now_on(office).look()
    assert line.ok
    assert line.text.startswith("runs since ")
    assert begun.wait(60) == 0
    assert "done" in begun.stdout.read()
    assert "nothing is due" in str(office.look(catch_up=True)[0])
    assert office.n_made == 1


def test_many_passes_started_together_make_one_run(office):
    office.write(DAILY, do=SLOW.format(1))
    processes = [start(office) for _ in range(4)]
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [
        (process.returncode, text) for process, text in zip(processes, said, strict=True) if process.returncode
    ] == []
    assert sum("done" in text for text in said) == 1
    assert (office.n_made, office.statuses()) == (1, ["done"])


def test_a_pass_that_is_killed_leaves_its_work_alone_until_it_ends_and_then_it_is_done_again(office, begun):
    begun.send_signal(signal.SIGKILL)
    begun.wait()
    (line,) = now_on(office).look()
    assert line.text.endswith("which has lost its scheduler")
    child = office.runs()[0].row["child_pid"]
    wait_for(lambda: process_of(child) is None, "the end of the work")
    office.do("")
    assert "tries again" in str(office.look()[0])
    (buried,) = office.runs()
    assert (buried.row["status"], buried.row["cause"]) == ("abandoned", "abandoned")
    wait_for(lambda: "done" in str(office.look()[0]), "the next attempt")
    assert office.statuses() == ["abandoned", "done"]
    assert office.n_made == 2


def test_a_pass_killed_with_its_work_frees_the_lease_at_once(office, begun):
    child = office.runs()[0].row["child_pid"]
    os.kill(begun.pid, signal.SIGKILL)
    os.killpg(child, signal.SIGKILL)
    begun.wait()
    wait_for(lambda: process_of(child) is None, "the end of the work")
    office.do("")
    now_on(office)
    wait_for(lambda: "done" in str(office.look()[0]), "the next attempt")
    assert office.statuses() == ["abandoned", "done"]


def test_a_run_that_kills_its_scheduler_each_time_is_given_up_after_the_last_attempt(office):
    office.write(DAILY, do="import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
    for death in range(1, 4):
        # A pass that comes too early for the next attempt only says so.
        wait_for(lambda: start(office).wait(60) == -signal.SIGKILL, f"death {death}")
    now_on(office)
    assert "nothing is due" in str(office.look()[0])
    assert office.statuses() == ["abandoned"] * 3


def test_work_that_lost_its_scheduler_is_held_to_its_time_limit(office):
    office.write(DAILY.replace("[retry]", 'timeout = "2 s"\n[retry]'), do=SLOW.format(60))
    process = start(office)
    wait_for(lambda: office.runs() and office.runs()[0].row["child_pid"], "the note of the child")
    process.send_signal(signal.SIGKILL)
    process.wait()
    now_on(office)
    wait_for(lambda: "over its time limit: killed" in str(office.look()[0]), "the time limit")
    child = office.runs()[0].row["child_pid"]
    wait_for(lambda: process_of(child) is None, "the end of the work")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_pass_that_is_stopped_ends_its_work_and_it_goes_on_at_once(office, begun, number):
    begun.send_signal(number)
    assert begun.wait(60) == 1
    assert office.statuses() == ["stopped"]
    assert process_of(office.runs()[0].row["child_pid"]) is None
    office.do("")
    assert now_on(office).look()[0].ok
    assert [run.row["attempt"] for run in office.runs()] == [1, 1]


def test_a_lease_is_given_once_and_again_when_it_is_let_go(tmp_path):
    with lease(tmp_path, "one") as first, lease(tmp_path, "one") as second, lease(tmp_path, "two") as other:
        assert (first is None, second is None, other is None) == (False, True, False)
    with lease(tmp_path, "one") as again:
        assert again is not None


def test_a_process_is_known_by_its_start_and_not_by_its_number_alone():
    me = process_of(os.getpid())
    assert me.lives
    assert not Process(me.pid, me.started + 1, me.boot_id).lives
    assert not Process(me.pid, me.started, "another start of the machine").lives
    assert process_of(int(Path("/proc/sys/kernel/pid_max").read_text()) + 1) is None
