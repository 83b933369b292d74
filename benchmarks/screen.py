"""Wall time and peak memory of the reserve pool's screen over a made-up province.

The province is made once and kept; the measured run reads it in a process of its
own, so that making it counts for nothing. Use: python benchmarks/screen.py
[--enterprises 100000] [--folder DIR]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sme_research.programme.pool import screen_pool
from sme_research.quality import last_count_day
from sme_research.tables import load_tables


def measure(folder: Path) -> None:
    """Print seconds of reading and of screening, and the peak of memory."""
    start = time.perf_counter()
    tables = load_tables(folder)
    day = last_count_day(tables)
    read = time.perf_counter()
    pool = screen_pool(tables, day)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{pool.n_screened:,} enterprises, {len(pool.candidates):,} candidates: opened in {read - start:.1f} s, "
        f"read and screened in {done - read:.1f} s, peak {peak:.2f} GiB"
    )


def main() -> None:
    """Make a province unless it is there, then measure in a fresh process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--enterprises", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure", action="store_true", help="Only measure; for the fresh process.")
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.folder)
        return
    with tempfile.TemporaryDirectory() as made:
        folder = asked.folder or Path(made) / "province"
        if not folder.exists():
            make = ["demo", "--out", str(folder), "--enterprises", str(asked.enterprises)]
            subprocess.run([Path(sys.executable).parent / "sme-research", *make], check=True)
        subprocess.run([sys.executable, __file__, "--measure", "--folder", str(folder)], check=True)


if __name__ == "__main__":
    main()
