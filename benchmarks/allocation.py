"""Allocation: how often its gain holds on worlds whose truth is known, and how long a large one takes.

Each world is drawn anew; effects are estimated without their checks and all
taken as causal, which is the harder case, since a lower grade widens what is
said. The true gain is that of the chosen allocation: planted effects of the
eligible, by enterprise and year since the start, on their own revenue. With
--null nothing is planted.
Use: python benchmarks/allocation.py [--worlds 100] [--null] [--speed]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from sme_research.evaluation import sketch
from sme_research.evaluation.allocating import BY, allocate_stage, gather_enterprises
from sme_research.evaluation.beliefs import gather_beliefs
from sme_research.policy.allocation import allocate
from sme_research.policy.scenario import Scenario, read_scenario
from sme_research.policy.segments import make_segments
from sme_research.study import Study
from sme_research.synthetic import WorldSpec, make_province
from sme_research.synthetic.make import plan_effects
from sme_research.tables import tables_from_frames

SCENARIO = Path(__file__).parents[1] / "data/reference/scenarios/next_stage.toml"
INSTRUMENTS = ("loan_subsidy", "training", "cluster_membership")


def true_gain(scenario: Scenario, spec: WorldSpec, tables, found) -> float:
    """What the chosen allocation gains in revenue, from what was planted."""
    enterprises, _ = gather_enterprises(scenario, tables, found.on)
    planted = plan_effects(spec)
    accounts = tables["accounts"]
    revenue = accounts[accounts["year"] == found.on.year].set_index("enterprise_id")["revenue"].astype("float64")
    total = 0.0
    n_years = len(scenario.budget)
    segments = found.allocation.problem.segments
    for at, name in enumerate(segments.instruments):
        own, profile = planted[name]
        path = np.array([profile[min(since, len(profile) - 1)] for since in range(n_years)])
        eligible = enterprises[enterprises[f"eligible.{name}"]]
        multiple = own.reindex(eligible.index).to_numpy()[:, None]
        yearly = np.expm1(multiple * path) * revenue.reindex(eligible.index).to_numpy()[:, None]
        by_start = np.column_stack([yearly[:, : n_years - start].sum(axis=1) for start in range(n_years)])
        frame = pd.DataFrame(by_start, index=eligible.index).fillna(0.0)
        keys = [eligible[column].astype(str) for column in segments.by]
        index = pd.MultiIndex.from_frame(segments.table[list(segments.by)].astype(str))
        means = frame.groupby(keys).mean().reindex(index).fillna(0.0).to_numpy()
        total += float((means * found.allocation.solution.enterprises[:, at]).sum())
    return total


def one_world(seed: int, n_enterprises: int, *, null: bool) -> tuple[float, float, float, float]:
    """Mean, limits and truth of the gain in one world."""
    spec = WorldSpec(n_enterprises=n_enterprises, seed=seed, null=INSTRUMENTS if null else ())
    tables = tables_from_frames(make_province(spec).tables, made_up=True)
    evaluations = []
    for name in INSTRUMENTS:
        found = sketch(Study(instrument=name, outcome="log_revenue"), tables)
        grade = replace(found.finding.grade, wording="effect")
        evaluations.append(replace(found, finding=replace(found.finding, grade=grade)))
    beliefs = gather_beliefs(evaluations, tables, seed=seed)
    small = n_enterprises / 6_000
    scenario = read_scenario(SCENARIO)
    measures = {
        name: measure.model_copy(update={"seats": [small * seats for seats in measure.seats]})
        for name, measure in scenario.measures.items()
    }
    update = {
        "budget": [small * amount for amount in scenario.budget],
        "measures": measures,
        "city_shares": {},
        "draws": 200,
    }
    scenario = scenario.model_copy(update=update)
    stage = allocate_stage(scenario, tables, beliefs, seed=seed)
    gain = stage.allocation.gain
    return gain.estimate, gain.low, gain.high, true_gain(scenario, spec, tables, stage)


def worlds(n: int, n_enterprises: int, first: int, *, null: bool) -> None:
    """Print how often the interval holds the truth, and how far the mean is from it."""
    rows = np.array([one_world(first + at, n_enterprises, null=null) for at in tqdm(range(n), unit="world")])
    mean, low, high, truth = rows.T
    inside = ((low <= truth) & (truth <= high)).mean()
    planted = "nothing" if null else "effects"
    print(
        f"{n} worlds of {n_enterprises:,}, {planted} planted: interval holds the true gain in {inside:.0%}, "
        f"zero in {((low <= 0) & (high >= 0)).mean():.0%}; mean told {mean.mean():,.0f}, "
        f"true {truth.mean():,.0f}"
    )


def speed() -> None:
    """Print the time of an allocation over 100,000 enterprises in 200 segments with 500 draws."""
    rng = np.random.default_rng(0)
    n = 100_000
    cities = [f"350{city}00" for city in range(1, 10)] + ["350128"]
    frame = pd.DataFrame(
        {
            "city_code": rng.choice(cities, n),
            "tier": rng.choice(["below_srdi", "srdi", "little_giant", "champion"], n, p=[0.8, 0.16, 0.03, 0.01]),
            "size": rng.choice(list("abcde"), n),
            "revenue": rng.lognormal(8, 1, n),
            "employees": rng.lognormal(4, 1, n),
        }
    )
    for name in INSTRUMENTS:
        frame[f"eligible.{name}"], frame[f"today.{name}"] = rng.random(n) < 0.3, rng.random(n) < 0.02
        frame[f"cost.{name}"] = rng.lognormal(1, 0.3, n)
    scenario = read_scenario(SCENARIO)
    start = time.perf_counter()
    segments = make_segments(frame, (*BY[:2], "size"), INSTRUMENTS)
    shape = (scenario.draws, len(segments), len(INSTRUMENTS), len(scenario.budget))
    effects = rng.normal([0.02, 0.04, 0.015], [0.01, 0.012, 0.015], (scenario.draws, 3))
    own = 1 + 0.2 * rng.normal(size=shape[:2])
    gains = effects[:, None, :, None] * (own * segments.table["revenue"].to_numpy())[:, :, None, None]
    found = allocate(scenario, segments, gains * np.arange(len(scenario.budget), 0, -1))
    print(f"{n:,} enterprises, {len(segments)} segments, {found.n_draws} draws: {time.perf_counter() - start:.1f} s")


def main() -> None:
    """Speed, or worlds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--enterprises", type=int, default=1_500)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--null", action="store_true")
    parser.add_argument("--speed", action="store_true")
    asked = parser.parse_args()
    if asked.speed:
        speed()
    else:
        worlds(asked.worlds, asked.enterprises, asked.first, null=asked.null)


if __name__ == "__main__":
    main()
