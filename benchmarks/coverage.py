"""Bias and coverage of each instrument's primary estimate over made-up provinces whose truth is known.

Usage: python benchmarks/coverage.py [--worlds N] [--enterprises N] [--outcome O] [--trap NAME ...]
           [--instrument NAME ...] [--designated N] [--null]
Prints one row an instrument and covariate choice: mean bias in standard errors with its own
simulation error, coverage of the 95 % interval, how often the interval excludes zero (with --null
that is the size of the test), and how often the quick checks doubt the trends before treatment.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from tqdm import tqdm

from sme_research import IdentificationError, Study, sketch
from sme_research.synthetic import Traps, WorldSpec, make_province

INSTRUMENTS = ("loan_subsidy", "training", "cluster_membership")


def score_world(
    seed: int, *, spec: WorldSpec, outcome: str, instruments: tuple[str, ...]
) -> list[dict[str, float | str]]:
    """Estimate, error and verdicts for every instrument in one world, with and without covariates."""
    province = make_province(replace(spec, seed=seed))
    rows: list[dict[str, float | str]] = []
    for instrument in instruments:
        truth = province.truth[instrument][outcome]["att"]
        for adjusted, covariates in (("declared", None), ("none", ())):
            study = Study(instrument=instrument, outcome=outcome, covariates=covariates)
            try:
                finding = sketch(study, province.tables).finding
            except IdentificationError as error:
                rows.append({"instrument": instrument, "covariates": adjusted, "seed": seed, "why_not": str(error)})
                continue
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
                    "found": float(effect.ci_low > 0 or effect.ci_high < 0),
                    "pretrends_doubt": float(finding.check("pretrends").verdict in ("warn", "fail")),
                }
            )
    return rows


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """One row an instrument and covariate choice."""
    grouped = rows.groupby(["instrument", "covariates"])
    table = grouped[["z", "bias", "std_error", "covered", "found", "pretrends_doubt"]].mean()
    table.insert(1, "z_sim_error", grouped["z"].std() / np.sqrt(grouped.size()))
    table.insert(2, "z_sd", grouped["z"].std())
    table.insert(0, "worlds", grouped["z"].count())
    return table.rename(columns={"z": "bias_in_se"})


def main() -> None:
    """Run the worlds on all cores and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--enterprises", type=int, default=1_500)
    parser.add_argument("--outcome", default="log_revenue")
    parser.add_argument("--trap", action="append", default=[])
    parser.add_argument("--instrument", action="append", choices=INSTRUMENTS)
    parser.add_argument("--designated", type=int, help="designated clusters; else those of the calibration")
    parser.add_argument("--null", action="store_true", help="plant no effect")
    asked = parser.parse_args()
    instruments = tuple(asked.instrument or INSTRUMENTS)
    spec = WorldSpec(
        n_enterprises=asked.enterprises,
        traps=Traps.switched(on=asked.trap),
        designated=asked.designated,
        null=instruments if asked.null else (),
    )
    job = partial(score_world, spec=spec, outcome=asked.outcome, instruments=instruments)
    with ProcessPoolExecutor() as pool:
        worlds = tqdm(pool.map(job, range(1, asked.worlds + 1)), total=asked.worlds, unit="world")
        rows = pd.DataFrame([row for world in worlds for row in world])
    print(summarise(rows).round(4).to_string())
    if "why_not" in rows:
        print(rows["why_not"].value_counts().to_string())


if __name__ == "__main__":
    main()
