"""A pass over real run tables and real processes, at times that the test sets."""

import json
import subprocess
from pathlib import Path

import pytest
from factory_cases import PROVENANCE, code, records, write
from schedule_cases import JOB, Office

from sme_research.errors import FactoryError
from sme_research.factory.catalogue import list_reports
from sme_research.factory.schedule import work
from sme_research.factory.schedule.health import assess
from sme_research.factory.schedule.store import Store
from sme_research.factory.schedule.work import Order, order_of
from sme_research.factory.schedule.workbench import read_workbench

FAIL = "print('FAILED    one-zh: cell 3'); raise SystemExit(1)"


def test_it_is_made_at_its_time_once(office):
    assert str(office.look()[0]) == "monthly: nothing is due; next 2026-11-26 03:00"
    office.clock.set("2026-11-26 03:00")
    (line,) = office.look()
    assert line.ok
    assert line.text.startswith("done 2026-11-26 03:00 (attempt 1, ")
    assert str(office.look()[0]) == "monthly: nothing is due; next 2026-12-26 03:00"
    assert (office.n_made, office.statuses()) == (1, ["done"])


def test_missed_runs_are_caught_up_once(office):
    office.look()
    office.clock.set("2027-03-28 09:00")
    (line,) = office.look()
    assert "done 2027-03-26 03:00 (attempt 1, in place of 4 missed" in line.text
    office.look()
    assert office.n_made == 1


def test_what_was_due_before_a_job_was_first_seen_is_made_up_for_only_when_asked(office):
    office.look()
    assert office.n_made == 0
    office.look(catch_up=True)
    office.look(catch_up=True)
    assert (office.n_made, office.runs()[0].row["occurrence_local"]) == (1, "2026-10-26 03:00")


def test_a_failure_is_told_with_its_cause_and_tried_again_until_it_works(office):
    office.look()
    office.do(FAIL)
    office.clock.set("2026-11-26 03:00")
    (line,) = office.look()
    assert not line.ok
    assert "some reports failed; FAILED    one-zh: cell 3 [logs/000001-monthly.log]" in line.text
    assert "tries again 2026-11-26 03:10" in str(office.look()[0])
    office.do("print('published one-zh (1.0 s)')")
    office.clock.pass_by(minutes=10)
    assert office.look()[0].ok
    first, second = (run.row for run in office.runs())
    assert (first["status"], first["cause"], first["n_failed"]) == ("failed", "reports", 1)
    assert (second["status"], second["attempt"], second["n_published"]) == ("done", 2, 1)
    assert second["duration_s"] > 0


def test_after_the_last_attempt_it_rests_until_the_next_time_or_until_told(office):
    office.look()
    office.do(FAIL)
    office.clock.set("2026-11-26 03:00")
    for _ in range(10):
        office.look()
        office.clock.pass_by(hours=1)
    assert office.statuses() == ["failed"] * 3
    assert "failing since 2026-11-26" in str(assess(office.bench))
    office.do("")
    assert office.look(again=frozenset({"monthly"}))[0].ok
    assert office.look(again=frozenset({"monthly"}))[0].text.startswith("nothing is due")
    assert office.statuses()[-1] == "done"


def test_a_wrong_command_line_is_not_tried_again(office):
    office.look()
    office.do("raise SystemExit(2)")
    office.clock.set("2026-11-26 03:00")
    assert "the command line is wrong" in office.look()[0].text
    office.clock.pass_by(days=1)
    office.look()
    assert office.statuses() == ["failed"]


def test_a_run_over_its_time_limit_is_ended_with_all_its_processes(office):
    office.write(JOB + 'timeout = "1 s"')
    office.look()
    # It ignores the interrupt, and so does the process that it starts.
    office.do(
        "import os, signal, subprocess, sys, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open('child', 'w').write(str(child.pid))\ntime.sleep(60)"
    )
    office.clock.set("2026-11-26 03:00")
    assert "it took longer than its time limit" in office.look()[0].text
    child = Path("/proc", (office.root / "child").read_text(), "stat")
    assert not child.exists() or child.read_text().rsplit(")", 1)[1].split()[0] in "ZX"


def test_a_killed_run_says_so(office):
    office.look()
    office.do("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    office.clock.set("2026-11-26 03:00")
    office.look()
    assert (office.runs()[0].row["cause"], office.runs()[0].row["detail"]) == ("killed", "signal 9")


def test_data_of_the_month_are_asked_for_and_their_absence_is_the_cause(office):
    office.write(JOB + 'data = "data/raw/{year}-{month}"', do="import sys; print(sys.argv)")
    office.look()
    office.clock.set("2026-11-26 03:00")
    assert "the data folder is not there" in office.look()[0].text
    (office.root / "data/raw/2026-11").mkdir(parents=True)
    (office.root / "data/raw/2026-11/accounts.csv").write_text("x")
    office.clock.pass_by(minutes=20)
    assert office.look()[0].ok
    assert str(office.root / "data/raw/2026-11") in (office.state / "logs/000002-monthly.log").read_text()


def test_the_whole_matrix_reaches_the_command_line(office):
    office.write(
        JOB
        + """
notebooks = ["notebooks/a.ipynb", "studies/b.toml"]
languages = ["zh", "en"]
formats = ["html", "pdf"]
editions = ["public"]
parameters = {seed = 3, top = "x", real = true, list = [1, 2]}
jobs = 2
force = true
"""
    )
    workbench = read_workbench(office.config)
    order = order_of(workbench.schedule[0], workbench, data=Path("d"), log=Path("l"), lock=0)
    assert isinstance(order, Order)
    assert " ".join(order.argv[len(work.PROGRAM) :]) == (
        "notebooks/a.ipynb studies/b.toml --reports reports -p seed=3 -p top=x -p real=true -p list=[1, 2] "
        "--lang zh,en --format html,pdf --edition public --data d --jobs 2 --force"
    )


def test_one_job_that_fails_does_not_stop_the_others(office):
    office.write(JOB + JOB.replace("monthly", "second"), do="import sys\nif open('made').read() == 'x': sys.exit(1)")
    office.look()
    office.clock.set("2026-11-26 03:00")
    assert [line.ok for line in office.look()] == [False, True]


def test_a_clock_set_back_and_forth_makes_nothing_twice(office):
    office.look()
    for moment in (
        "2026-11-26 03:00",
        "2026-11-20 00:00",
        "2026-11-26 03:00",
        "2019-01-01 00:00",
        "2026-11-27 00:00",
    ):
        office.clock.set(moment)
        office.look()
    assert office.n_made == 1


def test_a_job_first_seen_by_a_clock_years_ahead_is_made_all_the_same(office):
    office.clock.set("2036-11-01 12:00")
    office.look()
    office.clock.set("2026-11-01 12:00")
    office.look()
    office.clock.set("2026-11-26 03:00")
    assert office.look()[0].ok
    assert office.n_made == 1


def test_moving_the_time_of_a_job_makes_nothing_twice(office):
    office.look()
    office.clock.set("2026-11-26 03:00")
    office.look()
    office.write(JOB.replace("03:00", "05:00"))
    office.clock.set("2026-11-26 10:00")
    office.look()
    assert office.n_made == 1
    office.clock.set("2026-12-26 05:00")
    office.look()
    assert office.n_made == 2


def test_a_run_table_of_a_newer_version_is_left_alone(office):
    office.look()
    with Store(office.state).writing() as connection:
        connection.exec_driver_sql("PRAGMA user_version = 99")
    with pytest.raises(FactoryError, match="has schema 99, this version knows 1: a newer version wrote it"):
        office.look()


def test_an_unknown_job_is_said(office):
    with pytest.raises(FactoryError, match="job 'weekly' is not known; choose one of 'monthly'"):
        office.look(only="weekly")


def test_the_run_table_is_listed_for_people_and_machines(office):
    office.look()
    office.do(FAIL)
    office.clock.set("2026-11-26 03:00")
    office.look()
    listed = subprocess.run(office.command("runs"), capture_output=True, text=True, check=True).stdout
    assert "monthly          2026-11-26 03:00  1 failed" in listed
    assert "0 published, 1 failed; some reports failed" in listed
    record = json.loads(subprocess.run(office.command("runs", "--json"), capture_output=True, check=True).stdout)
    assert (record["runs"][0]["status"], record["runs"][0]["cause"]) == ("failed", "reports")
    assert record["runs"][0]["occurrence"] == "2026-11-25T19:00:00+00:00"


def test_real_reports_are_published_and_a_broken_one_is_the_cause(tmp_path):
    write(tmp_path / "notebooks/one.ipynb", records(PROVENANCE))
    office = Office(tmp_path).write(JOB + 'languages = ["en"]')
    office.look()
    office.clock.set("2026-11-26 03:00")
    assert office.look()[0].ok, (office.state / "logs/000001-monthly.log").read_text()
    assert [row.status for row in list_reports(tmp_path / "reports")] == ["published"]
    assert office.runs()[0].row["n_published"] == 1
    write(tmp_path / "notebooks/two.ipynb", code("1 / 0"), records(PROVENANCE))
    office.clock.set("2026-12-26 03:00")
    assert "ZeroDivisionError" in office.look()[0].text
    assert office.runs()[1].row["n_failed"] == 1
