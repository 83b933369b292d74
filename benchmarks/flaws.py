"""How often each check finds the flaw that was planted for it, and how often it cries in clean worlds.

Usage: python benchmarks/flaws.py [--worlds N] [--enterprises N] [--flaw NAME ...]
Prints one row a flaw: the check that should find it, on which instrument, the share of worlds in
which it warns or fails, and the same share in worlds without any flaw.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pandas as pd
from tqdm import tqdm

from sme_research import Study
from sme_research.checks import CHECKS
from sme_research.evaluation.compose import estimate_study, surround
from sme_research.results import Estimation
from sme_research.synthetic import Traps, WorldSpec, make_province

FLAWS = {
    "broken_trends": ("pretrends", "training"),
    "spillovers": ("spillovers", "loan_subsidy"),
    "bunching": ("manipulation", "loan_subsidy"),
    "attrition": ("attrition", "training"),
    "anticipation": ("anticipation", "training"),
    "bundle": ("bundle", "loan_subsidy"),
}
"""By trap: the check that should find it, and the instrument whose report is read."""


def score_world(seed: int, *, flaws: tuple[str, ...], planted: bool, n_enterprises: int) -> list[dict[str, object]]:
    """Verdicts of the flaws' checks, each in its own flawed world, or all in one clean world."""
    return list(_verdicts(seed, flaws, planted, n_enterprises))


def _verdicts(seed: int, flaws: tuple[str, ...], planted: bool, n_enterprises: int) -> Iterator[dict[str, object]]:
    clean = WorldSpec(seed=seed, n_enterprises=n_enterprises, traps=Traps.switched(off=("bunching",)))
    known: dict[tuple[Traps, str], Estimation] = {}
    for flaw in flaws:
        off = () if flaw == "bunching" else ("bunching",)
        spec = replace(clean, traps=Traps.switched(on=(flaw,), off=off)) if planted else clean
        check, instrument = FLAWS[flaw]
        if (spec.traps, instrument) not in known:
            study, tables = Study(instrument=instrument), make_province(spec).tables
            known[spec.traps, instrument] = surround(study, tables, estimate_study(study, tables), {})
        verdict = CHECKS[check](known[spec.traps, instrument]).verdict
        yield {"flaw": flaw, "check": check, "instrument": instrument, "planted": planted, "verdict": verdict}


def main() -> None:
    """Run the worlds on all cores and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--enterprises", type=int, default=6_000)
    parser.add_argument("--flaw", action="append", choices=tuple(FLAWS))
    asked = parser.parse_args()
    flaws = tuple(asked.flaw or FLAWS)
    rows: list[dict[str, object]] = []
    with ProcessPoolExecutor() as pool:
        for planted in (True, False):
            job = partial(score_world, flaws=flaws, planted=planted, n_enterprises=asked.enterprises)
            worlds = pool.map(job, range(1, asked.worlds + 1))
            for world in tqdm(worlds, total=asked.worlds, unit="world", desc="flawed" if planted else "clean"):
                rows += world
    table = pd.DataFrame(rows)
    table["found"] = table["verdict"].isin(["warn", "fail"])
    shares = table.pivot_table(index=["flaw", "check", "instrument"], columns="planted", values="found")
    print(shares.rename(columns={True: "flawed", False: "clean"}).round(3).to_string())


if __name__ == "__main__":
    main()
