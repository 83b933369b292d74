"""Health in one line, and retention."""

import json
import os
import subprocess
from datetime import UTC, datetime

from factory_cases import PROVENANCE, records, write
from schedule_cases import JOB, Office, at

from sme_research.factory.catalogue import list_reports
from sme_research.factory.schedule.health import assess

DATA = 'data = "data"\n'
KEEP = "[retention]\nkeep = 2\nolder_than_days = 100\n"


def test_all_is_well_where_reports_came_from_fresh_data(office):
    office.write(JOB + DATA)
    data = office.root / "data/accounts.csv"
    data.parent.mkdir()
    data.write_text("x")
    os.utime(data, (at("2026-11-25 10:00").timestamp(),) * 2)
    office.look()
    office.clock.set("2026-11-26 03:00")
    office.look()
    office.clock.pass_by(hours=20)
    state = assess(office.bench)
    assert state.ok
    assert str(state) == (
        "ok: monthly done 2026-11-26 (0 d ago), next 2026-12-26 03:00, data of 2026-11-25 (1 d old)"
    )
    office.clock.set("2026-12-31 11:00")
    office.look()
    assert "data stale, limit 35 d" in str(assess(office.bench))


def test_a_scheduler_that_nobody_calls_is_said(office):
    assert "no pass was ever made: set up cron, the timer or the service" in str(assess(office.bench))
    office.look()
    office.clock.set("2026-11-28 03:00")
    text = str(assess(office.bench))
    assert "due since 2026-11-26 03:00 and not run" in text
    assert "no pass since 2026-11-01 04:00 UTC: does cron, the timer or the service run?" in text


def test_a_clock_that_went_back_is_said(office):
    office.look()
    office.clock.set("2020-01-01 00:00")
    assert "the clock is behind the last pass" in str(assess(office.bench))


def test_health_ends_with_1_where_something_is_wrong_and_speaks_to_machines(office):
    ended = subprocess.run(office.command("health", "--json"), capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["faults"] == ["no pass was ever made: set up cron, the timer or the service"]
    passed = subprocess.run(office.command("run-due"), capture_output=True, text=True, check=True)
    assert passed.stdout.startswith("monthly: nothing is due; next ")
    ended = subprocess.run(office.command("health"), capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("ok: monthly not yet done, next ")


def test_old_attempts_and_their_logs_go_and_the_newest_stay(office):
    office.write(JOB + KEEP)
    office.look()
    for year, month in ((2026, 11), (2026, 12), (2027, 1), (2027, 2), (2027, 3), (2027, 4), (2027, 5)):
        office.clock.now = datetime(year, month, 26, 3, tzinfo=UTC)
        office.look()
    assert [run.row["id"] for run in office.runs()] == [4, 5, 6, 7]
    assert sorted(path.name[:6] for path in (office.state / "logs").iterdir()) == [f"{n:06d}" for n in (4, 5, 6, 7)]
    office.clock.set("2030-01-01 00:00")
    office.look(only="monthly")
    assert [run.row["id"] for run in office.runs()] == [8]


def test_without_retention_everything_stays(office):
    office.look()
    for moment in ("2026-11-26 03:00", "2036-11-26 03:00"):
        office.clock.set(moment)
        office.look()
    assert len(office.runs()) == 2


def test_retention_removes_old_runs_of_reports_and_keeps_the_newest(tmp_path):
    write(tmp_path / "notebooks/one.ipynb", records(PROVENANCE))
    rule = "[retention]\nkeep = 1\nolder_than_days = 0\n"
    office = Office(tmp_path).write(JOB + 'languages = ["en"]\nforce = true\n' + rule)
    office.look()
    for moment in ("2026-11-26 03:00", "2026-12-26 03:00"):
        office.clock.set(moment)
        lines = office.look()
        assert lines[0].ok, lines
    (row,) = list_reports(tmp_path / "reports")
    assert (row.status, row.n_runs) == ("published", 1)
    assert "1 old run(s) of reports removed" in [line.text for line in lines]
