"""Do the interactions of instruments tell the planted ones, and stay silent where none is planted?

Usage: python benchmarks/mix.py [--worlds N] [--enterprises N] [--planted LOG_POINTS] [--processes N] [--naive]
           [--cells]
In made-up provinces every instrument has a lasting effect of its own, later years more than the first, and
no interaction. One is added to the outcome of all who hold both of a pair (or all three). Prints one row a
combination: mean bias in log points with its simulation error, coverage of the 95 % interval, how often an
interaction is detected alone and (adjusted for all four) by the report, and the mean detectable size. With
--planted 0 these columns are the size of the test. With --naive a regression with enterprise and year effects and an
interaction stands beside it, which is what one would have done without care. With --cells the combinations
against none, and their sums, in worlds where none of the three instruments does anything.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import combinations

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests
from tqdm import tqdm

from sme_research.errors import IdentificationError
from sme_research.estimators.interaction import (
    FIRST_PREFIX,
    detectable_interaction,
    estimate_cells,
    estimate_interaction,
)
from sme_research.evaluation.mix import MIX, interaction_p_value, load_mix_panel
from sme_research.synthetic import WorldSpec, make_province


def held(panel: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """Whether all are held by the year."""
    return np.all([(panel[FIRST_PREFIX + name] <= panel["year"]).to_numpy() for name in names], axis=0)


def naive(panel: pd.DataFrame, together: tuple[str, ...]) -> float:
    """Interaction of a regression with enterprise and year effects, by alternating demeaning."""
    subsets = [part for size in range(1, len(together) + 1) for part in combinations(together, size)]
    columns = np.column_stack([panel["outcome"], *(held(panel, part) for part in subsets)]).astype(float)
    for _ in range(200):
        for key in ("enterprise_id", "year"):
            columns -= pd.DataFrame(columns).groupby(panel[key].to_numpy()).transform("mean").to_numpy()
    return float(np.linalg.lstsq(columns[:, 1:], columns[:, 0], rcond=None)[0][-1])


def score_world(seed: int, *, n_enterprises: int, planted: float, compare: bool) -> list[dict[str, float | str]]:
    """Each combination's interaction in one world."""
    tables = make_province(WorldSpec(seed=seed, n_enterprises=n_enterprises)).tables
    rows: list[dict[str, float | str]] = []
    for together in (part for size in (2, 3) for part in combinations(MIX, size)):
        panel = load_mix_panel(tables, together)
        panel["outcome"] += planted * held(panel, together)
        try:
            effect = estimate_interaction(panel, together, unit="log points")
            before = estimate_interaction(panel, together, unit="log points", placebo=True)
        except IdentificationError:
            continue
        rows.append(
            {
                "together": " + ".join(together),
                "bias": effect.estimate - planted,
                "z": (effect.estimate - planted) / effect.std_error,
                "covered": float(effect.ci_low <= planted <= effect.ci_high),
                "alone": float(effect.ci_low > 0 or effect.ci_high < 0),
                "p": interaction_p_value(effect, by_cluster="cluster_id" in panel),
                "detectable": detectable_interaction(effect),
                "placebo_found": float(before.ci_low > 0 or before.ci_high < 0),
                "naive_bias": naive(panel, together) - planted if compare else np.nan,
            }
        )
    if rows:
        for row, p_value in zip(rows, multipletests([row["p"] for row in rows], method="holm")[1], strict=True):
            row["adjusted"] = float(p_value < 0.05)
            row["any"] = float(any(multipletests([row["p"] for row in rows], method="holm")[0]))
    return rows


def score_cells(seed: int, *, n_enterprises: int) -> list[dict[str, float | str]]:
    """Each combination against none in one world where the truth is zero."""
    tables = make_province(WorldSpec(seed=seed, n_enterprises=n_enterprises, null=MIX)).tables
    panel = load_mix_panel(tables, MIX)
    return [
        {
            "cell": " + ".join(names),
            "of": of,
            "bias": effect.estimate,
            "z": effect.estimate / effect.std_error,
            "covered": float(effect.ci_low <= 0 <= effect.ci_high),
        }
        for names, pair in estimate_cells(panel, MIX, unit="log points").items()
        for of, effect in zip(("cell", "sum"), pair, strict=True)
        if effect is not None
    ]


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a combination."""
    grouped = rows.groupby("together", sort=False)
    names = ["bias", "z", "covered", "alone", "adjusted", "any", "detectable", "placebo_found", "naive_bias"]
    table = grouped[names].mean()
    table.insert(1, "bias_sim_error", grouped["bias"].std() / np.sqrt(grouped.size()))
    table.insert(3, "z_sd", grouped["z"].std())
    table.insert(0, "worlds", grouped.size())
    return table


def main() -> None:
    """Run the worlds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--enterprises", type=int, default=3_000)
    parser.add_argument("--planted", type=float, default=0.02)
    parser.add_argument("--processes", type=int)
    parser.add_argument("--naive", action="store_true", help="the careless regression too")
    parser.add_argument("--cells", action="store_true", help="combinations against none where nothing is planted")
    asked = parser.parse_args()
    job = partial(score_world, n_enterprises=asked.enterprises, planted=asked.planted, compare=asked.naive)
    if asked.cells:
        job = partial(score_cells, n_enterprises=asked.enterprises)
    with ProcessPoolExecutor(asked.processes) as pool:
        worlds = tqdm(pool.map(job, range(1, asked.worlds + 1)), total=asked.worlds, unit="world")
        rows = pd.DataFrame([row for world in worlds for row in world])
    if asked.cells:
        grouped = rows.groupby(["cell", "of"], sort=False)
        table = grouped[["bias", "z", "covered"]].mean().assign(z_sd=grouped["z"].std(), worlds=grouped.size())
        print(table.assign(bias_sim_error=grouped["bias"].std() / np.sqrt(grouped.size())).round(4).to_string())
        return
    print(summarise(rows).round(4).to_string())


if __name__ == "__main__":
    main()
