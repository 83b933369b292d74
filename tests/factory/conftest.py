"""Fixtures of the factory's tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from factory_cases import write

from sme_research.factory import run
from sme_research.factory.make import make_report


@pytest.fixture
def inline(monkeypatch):
    """Make reports in the test's own process: the kernels are real, the pool is spared."""
    environment = dict(os.environ)

    def in_this_process(tasks, jobs):
        return ((task, make_report(task)) for task in tasks)

    monkeypatch.setattr(run, "_in_processes", in_this_process)
    yield
    os.environ.clear()
    os.environ.update(environment)


@pytest.fixture
def write_report() -> Callable[..., Path]:
    return write
