"""Fixtures of the schedule's tests."""

from __future__ import annotations

import sys

import pytest
from schedule_cases import STAND_IN, Office

from sme_research.factory.schedule import work


@pytest.fixture
def office(tmp_path, monkeypatch) -> Office:
    """A workbench whose reports a stand-in makes, first looked at on 1 November 2026."""
    monkeypatch.setattr(work, "PROGRAM", (sys.executable, "-c", STAND_IN))
    monkeypatch.setattr(work, "GRACE_S", 2.0)
    return Office(tmp_path).write()
