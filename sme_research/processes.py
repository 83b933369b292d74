"""What a process is told by its environment: how many processes it may use, where results are kept."""

from __future__ import annotations

import os
from typing import Final

PROCESSES_VARIABLE: Final = "SME_RESEARCH_PROCESSES"
"""Environment variable that bounds them: the factory sets it to 1 where it runs reports side by side."""
CACHE_VARIABLE: Final = "SME_RESEARCH_CACHE"
"""Environment variable that names the folder of kept results; nothing is kept where it is not set."""
NOTES_VARIABLE: Final = "SME_RESEARCH_NOTES"
"""Environment variable that names a file to which remarks for whoever runs the reports are added."""
SEAL_VARIABLE: Final = "SME_RESEARCH_SEAL"
"""Environment variable with the key that seals tables' hashes in the public edition; they stand plain without it."""


def allowed_processes() -> int:
    """The bound from the environment, else the processors this process may use."""
    bound = os.environ.get(PROCESSES_VARIABLE, "")
    if bound.isdigit():
        return max(int(bound), 1)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
