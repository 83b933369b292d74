"""Fixtures of the factory's tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from factory_cases import write

from sme_research.factory import run
from sme_research.factory.make import make_report


class InThisProcess:
    """An executor that has no processes of its own."""

    def make(self, tasks):
        return ((task, make_report(task)) for task in tasks)


@pytest.fixture
def inline(monkeypatch):
    """Make reports in the test's own process: the kernels are real, the pool is spared."""
    environment = dict(os.environ)
    monkeypatch.setattr(run, "executor_for", lambda jobs, scheduler: InThisProcess())
    yield
    os.environ.clear()
    os.environ.update(environment)


@pytest.fixture
def write_report() -> Callable[..., Path]:
    return write
