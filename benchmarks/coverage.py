"""Bias and coverage of our estimator over many made-up provinces whose truth is known.

Usage: python benchmarks/coverage.py [--worlds N] [--enterprises N] [--outcome O] [--trap NAME ...]
Prints one row an instrument and covariate choice: mean bias in standard errors with its own
simulation error, coverage of the 95 % interval, and how often the pre-trend test rejects.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from tqdm import tqdm

from sme_research import Study, evaluate
from sme_research.synthetic import Traps, WorldSpec, make_province

INSTRUMENTS = ("loan_subsidy", "training", "cluster_membership")


def score_world(seed: int, *, n_enterprises: int, outcome: str, traps: Traps) -> list[dict[str, float | str]]:
    """Estimate, error and verdicts for every instrument in one world, with and without covariates."""
    province = make_province(WorldSpec(seed=seed, n_enterprises=n_enterprises, traps=traps))
    rows: list[dict[str, float | str]] = []
    for instrument in INSTRUMENTS:
        truth = province.truth[instrument][outcome]["att"]
        for adjusted, covariates in (("declared", None), ("none", ())):
            study = Study(instrument=instrument, outcome=outcome, covariates=covariates)
            finding = evaluate(study, province.tables).finding
            effect = finding.effect
            rows.append(
                {
                    "instrument": instrument,
                    "covariates": adjusted,
                    "seed": seed,
                    "z": (effect.estimate - truth) / effect.std_error,
                    "bias": effect.estimate - truth,
                    "std_error": effect.std_error,
                    "covered": float(effect.ci_low <= truth <= effect.ci_high),
                    "pretrends_fail": float(finding.check("pretrends").verdict == "fail"),
                    "called_effect": float(finding.grade.wording == "effect"),
                }
            )
    return rows


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """One row an instrument and covariate choice."""
    grouped = rows.groupby(["instrument", "covariates"])
    table = grouped[["z", "bias", "std_error", "covered", "pretrends_fail", "called_effect"]].mean()
    table.insert(1, "z_sim_error", grouped["z"].std() / np.sqrt(grouped.size()))
    table.insert(2, "z_sd", grouped["z"].std())
    return table.rename(columns={"z": "bias_in_se"})


def main() -> None:
    """Run the worlds on all cores and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--enterprises", type=int, default=1_500)
    parser.add_argument("--outcome", default="log_revenue")
    parser.add_argument("--trap", action="append", default=[])
    asked = parser.parse_args()
    job = partial(
        score_world,
        n_enterprises=asked.enterprises,
        outcome=asked.outcome,
        traps=Traps.switched(on=asked.trap),
    )
    with ProcessPoolExecutor() as pool:
        worlds = tqdm(pool.map(job, range(1, asked.worlds + 1)), total=asked.worlds, unit="world")
        rows = pd.DataFrame([row for world in worlds for row in world])
    print(summarise(rows).round(4).to_string())


if __name__ == "__main__":
    main()
