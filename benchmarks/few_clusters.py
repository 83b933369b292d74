"""Size and coverage of our inference for designated clusters where few of them are designated.

Usage: python benchmarks/few_clusters.py [--draws N] [--worlds N] [--enterprises N] [--resampling]
First table: how often a nominal 5 % test rejects a true null, in clusters of unequal size on random walks of
their own; `pretrends` is the joint test of all differences before treatment, Wald / q against F(q, m - 1) with m
the least number of designated clusters behind one of them. Second table: bias and coverage of the primary 95 %
interval over made-up provinces whose truth is known, with as many designated clusters as there are and with five.
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
from scipy import stats
from tqdm import tqdm

from sme_research import Study, load_sample
from sme_research.checks.pretrends import wald_p
from sme_research.estimators.callaway_santanna import estimate_both, treated_by_event_time
from sme_research.estimators.cluster_inference import infer, jackknife, permutation, wild_bootstrap
from sme_research.results import EventStudy, Inference
from sme_research.synthetic import WorldSpec, make_province

DESIGNS = ((30, 2), (30, 3), (30, 5), (30, 12), (60, 5), (60, 29))
COHORTS = (2018, 2020, 2022)
YEARS = np.arange(2016, 2025)
ALPHA = 0.05


def draw_null(seed: int, *, n_clusters: int, n_designated: int) -> pd.DataFrame:
    """Sizes lognormal around 16, cluster walks of 0.1 a year, enterprise noise of 0.3; no effect at all."""
    rng = np.random.default_rng(seed)
    size = np.maximum(5, np.round(rng.lognormal(2.8, 0.7, n_clusters))).astype(int)
    walk = np.cumsum(rng.normal(0, 0.1, (n_clusters, len(YEARS))), axis=1)
    cohort = np.full(n_clusters, np.nan)
    cohort[rng.choice(n_clusters, n_designated, replace=False)] = np.resize(COHORTS, n_designated)
    cluster = np.repeat(np.arange(n_clusters), size)
    outcome = walk[cluster] + rng.normal(0, 0.3, (len(cluster), len(YEARS)))
    return pd.DataFrame(
        {
            "enterprise_id": np.repeat([f"E{at:05d}" for at in range(len(cluster))], len(YEARS)),
            "year": np.tile(YEARS, len(cluster)),
            "cohort": np.repeat(cohort[cluster], len(YEARS)),
            "cluster_id": np.repeat([f"C{at:03d}" for at in cluster], len(YEARS)),
            "outcome": outcome.ravel(),
        }
    )


def pretrends_p(study: EventStudy, sample: pd.DataFrame) -> float:
    """p-value of the joint test of all differences before treatment; NaN where none is seen."""
    before = [at for at, point in enumerate(study.points) if point.event_time < -1]
    if not before:
        return float("nan")
    estimates = np.array([study.points[at].estimate for at in before])
    wald = estimates @ np.linalg.pinv(study.covariance[np.ix_(before, before)], hermitian=True) @ estimates
    clusters = treated_by_event_time(sample, "cluster_id")
    fewest = min(clusters[study.points[at].event_time] for at in before)
    return wald_p(float(wald), len(before), fewest - 1)


def score_null(seed: int, *, design: tuple[int, int], resampling: bool) -> dict[str, float]:
    """p-values of every method in one sample without effect."""
    sample = draw_null(seed, n_clusters=design[0], n_designated=design[1])
    _, study, first = jackknife(sample, unit="log points")
    naive = estimate_both(sample, unit="log points", adjustment="outcome_regression")[0]
    p_values = {
        "jackknife": first.p_value,
        "clustered": 2 * stats.norm.sf(abs(naive.estimate / naive.std_error)),
        "pretrends": pretrends_p(study, sample),
    }
    if resampling:
        p_values["permutation"] = permutation(sample, unit="log points", draws=199, seed=seed).p_value
        p_values["wild_bootstrap"] = wild_bootstrap(sample, unit="log points", draws=199, seed=seed).p_value
    return p_values


def score_world(seed: int, *, n_enterprises: int, designated: int | None) -> dict[str, float]:
    """Error and coverage in one made-up province."""
    province = make_province(WorldSpec(seed=seed, n_enterprises=n_enterprises, designated=designated))
    sample = load_sample(Study(instrument="cluster_membership"), province.tables)
    truth = province.truth["cluster_membership"]["log_revenue"]["att"]
    effect, study, inferences = infer(sample, unit="log points", seed=seed)
    scores = {f"covered_{one.method}": _covers(one, truth) for one in inferences}
    return scores | {
        "treated_clusters": effect.n_treated_clusters,
        "clusters": effect.n_clusters,
        "bias": effect.estimate - truth,
        "std_error": effect.std_error,
        "covered_primary": float(effect.ci_low <= truth <= effect.ci_high),
        "pretrends_reject": float(pretrends_p(study, sample) < ALPHA),
    }


def _covers(inference: Inference, truth: float) -> float:
    if inference.ci_low is None or inference.ci_high is None:
        return float("nan")
    return float(inference.ci_low <= truth <= inference.ci_high)


def main() -> None:
    """Run on all cores and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--enterprises", type=int, default=1_500)
    parser.add_argument("--resampling", action="store_true", help="permutation and bootstrap in the first table too")
    asked = parser.parse_args()
    with ProcessPoolExecutor() as pool:
        sizes = {}
        for design in DESIGNS if asked.draws else ():
            job = partial(score_null, design=design, resampling=asked.resampling)
            drawn = pd.DataFrame(tqdm(pool.map(job, range(asked.draws), chunksize=8), total=asked.draws, unit="draw"))
            sizes[f"{design[1]} of {design[0]}"] = (drawn < ALPHA).where(drawn.notna()).mean()
        if sizes:
            print(pd.DataFrame(sizes).T.round(3).to_string())
        worlds = {}
        for designated in (None, 5) if asked.worlds else ():
            job = partial(score_world, n_enterprises=asked.enterprises, designated=designated)
            rows = pd.DataFrame(tqdm(pool.map(job, range(1, asked.worlds + 1)), total=asked.worlds, unit="world"))
            worlds[f"designated {designated or 'as in Fujian'}"] = rows.mean().to_dict() | {
                "bias_sim_error": rows["bias"].std() / np.sqrt(len(rows)),
                "spread": rows["bias"].std(),
            }
        if worlds:
            print(pd.DataFrame(worlds).round(4).to_string())


if __name__ == "__main__":
    main()
