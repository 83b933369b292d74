"""The units for systemd are sound, and call commands that there are."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sme_research.cli import cli

UNITS = sorted((Path(__file__).parents[3] / "deploy/systemd").iterdir())


@pytest.fixture
def units(tmp_path):
    """The units with paths and a user that this machine has."""
    for unit in UNITS:
        text = unit.read_text().replace("/opt/sme-research/.venv/bin/sme-research", sys.executable)
        (tmp_path / unit.name).write_text(text.replace("=sme-research\n", "=root\n"))
    return tmp_path


@pytest.mark.parametrize("name", [unit.name for unit in UNITS])
def test_systemd_finds_nothing_wrong_with_a_unit(units, name):
    verify = shutil.which("systemd-analyze")
    if not verify:
        pytest.skip("this machine has no systemd-analyze")
    command = [verify, "verify", "--man=no", "--recursive-errors=no", units / name]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_timer_looks_every_quarter_of_an_hour_and_at_once_after_the_machine_was_off():
    text = next(unit for unit in UNITS if unit.suffix == ".timer").read_text()
    assert re.findall(r"^(OnCalendar|Persistent)=(.*)$", text, re.MULTILINE) == [
        ("OnCalendar", "*:0/15"),
        ("Persistent", "true"),
    ]


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.stem)
def test_a_service_calls_a_command_that_there_is_and_never_runs_as_root(unit):
    text = unit.read_text()
    (command,) = re.findall(r"^ExecStart=\S+/sme-research (\S+) --config workbench.toml$", text, re.MULTILINE)
    assert command in cli.commands
    assert "User=sme-research\n" in text
