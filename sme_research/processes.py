"""How many processes one evaluation may use."""

from __future__ import annotations

import os
from typing import Final

PROCESSES_VARIABLE: Final = "SME_RESEARCH_PROCESSES"
"""Environment variable that bounds them: the factory sets it to 1 where it runs reports side by side."""


def allowed_processes() -> int:
    """The bound from the environment, else the processors this process may use."""
    bound = os.environ.get(PROCESSES_VARIABLE, "")
    if bound.isdigit():
        return max(int(bound), 1)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
