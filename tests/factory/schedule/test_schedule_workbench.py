"""The workbench file is checked whole; a fault names file, key, value and rule."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from schedule_cases import JOB

from sme_research.errors import FactoryError
from sme_research.factory.schedule.calendars import calendar_of
from sme_research.factory.schedule.workbench import parse_duration, read_secret, read_workbench

REPOSITORY = Path(__file__).parents[3]
MAIL = """
[[alert]]
name = "office"
kind = "smtp"
host = "mail.example"
sender = "a@b.example"
to = ["c@b.example"]
"""
FAULTS = {
    JOB + "languages = []": "languages",
    JOB.replace("26", "32"): "schedule 'monthly', day: 32 must be 1 to 31, 'last', 'daily' or a weekday",
    JOB.replace("26", "true"): "schedule 'monthly', day: True must be 1 to 31",
    JOB.replace('"03:00"', '"3:00"'): "schedule 'monthly', time: '3:00' must be hours and minutes, such as '03:00'",
    JOB.replace('"03:00"', '"24:00"'): "time: '24:00' must be hours and minutes",
    JOB.replace("day =", "dya ="): "schedule 'monthly', dya: is not known; remove it or correct its spelling",
    JOB.replace("day = 26", ""): "schedule 'monthly', day: is missing; add it",
    JOB + 'formats = ["odt"]': "schedule 'monthly', formats 1: 'odt' must be 'html', 'pdf' or 'docx'",
    JOB + "jobs = 0": "schedule 'monthly', jobs: 0 must be greater than or equal to 1",
    JOB + 'jobs = "2"': "schedule 'monthly', jobs: '2' must be a valid integer",
    JOB + 'data = "data/{day}"': r"data: 'data/{day}' must be a folder, in which only {year} and {month}",
    JOB + 'timeout = "soon"': "timeout: 'soon' must be a number and a unit, such as '30 s'",
    JOB + 'timezone = "Mars/Base"': "timezone: 'Mars/Base' must be a name of the time zone database",
    JOB + JOB: "two [[schedule]] are named 'monthly'",
    "timezone = 8\n" + JOB: "timezone: 8 must be a name of the time zone database",
    "reports = ''": "schedule: is missing",
    JOB + "[retry]\nattempts = 0": "retry, attempts: 0 must be greater than or equal to 1",
    JOB + MAIL.replace("smtp", "fax"): "alert 'office': ",
    JOB + MAIL + 'password = "x"': "alert 'office', password: is not known",
    JOB + MAIL + 'user = "x"': "alert 'office': user needs secret_env or secret_file",
    JOB + MAIL + 'user = "x"\nsecret_env = "X"': "a password must not go unencrypted",
    JOB + MAIL + 'on = ["late"]': "alert 'office', on 1: 'late' must be 'failed', 'recovered' or 'stale'",
    "root = '/'\n" + JOB: "root: is not known",
    "[[schedule": "is no TOML",
}


@pytest.mark.parametrize(("text", "message"), FAULTS.items())
def test_a_fault_names_file_key_value_and_rule(tmp_path, text, message):
    path = tmp_path / "workbench.toml"
    path.write_text(text)
    with pytest.raises(FactoryError, match=re.escape(message)) as caught:
        read_workbench(path)
    assert str(caught.value).startswith(str(path))


def test_a_missing_workbench_is_said(tmp_path):
    with pytest.raises(FactoryError, match="does not exist; write it, or name another"):
        read_workbench(tmp_path / "workbench.toml")


def test_the_shipped_workbench_makes_reports_on_the_26th_in_shanghai():
    workbench = read_workbench(REPOSITORY / "workbench.toml")
    (job,) = workbench.schedule
    assert str(calendar_of(job, workbench)) == "26 03:00 Asia/Shanghai"
    assert workbench.state == REPOSITORY / ".sme-research"
    assert workbench.retry.wait_after(3) == timedelta(minutes=40)


def test_the_examples_of_alerts_in_the_shipped_workbench_are_right(tmp_path):
    text = (REPOSITORY / "workbench.toml").read_text(encoding="utf-8")
    start = text.index("# [[alert]]")
    path = tmp_path / "workbench.toml"
    path.write_text(text[:start] + re.sub(r"^# ?", "", text[start:], flags=re.MULTILINE), encoding="utf-8")
    assert [alert.kind for alert in read_workbench(path).alert] == ["smtp", "webhook", "command"]


@pytest.mark.parametrize(("text", "seconds"), [("30 s", 30), ("1.5h", 5400), ("2 days", 172800), ("1 day", 86400)])
def test_a_duration_is_a_number_and_a_unit(text, seconds):
    assert parse_duration(text).total_seconds() == seconds


def test_a_secret_comes_from_a_file_that_only_its_owner_reads(tmp_path):
    path = tmp_path / "workbench.toml"
    path.write_text(JOB + MAIL + 'security = "tls"\nuser = "x"\nsecret_file = "password"')
    (alert,) = read_workbench(path).alert
    with pytest.raises(FactoryError, match="put the secret there"):
        read_secret(alert, tmp_path)
    secret = tmp_path / "password"
    secret.write_text("hush\n")
    secret.chmod(0o644)
    with pytest.raises(FactoryError, match="can be read by others; give it the mode 600"):
        read_secret(alert, tmp_path)
    secret.chmod(0o600)
    assert read_secret(alert, tmp_path) == "hush"


def test_a_secret_that_is_not_in_the_environment_is_said(tmp_path, monkeypatch):
    path = tmp_path / "workbench.toml"
    path.write_text(JOB + MAIL + 'security = "tls"\nuser = "x"\nsecret_env = "SME_TEST_SECRET"')
    (alert,) = read_workbench(path).alert
    with pytest.raises(FactoryError, match="SME_TEST_SECRET is not set"):
        read_secret(alert, tmp_path)
    monkeypatch.setenv("SME_TEST_SECRET", "hush")
    assert read_secret(alert, tmp_path) == "hush"
