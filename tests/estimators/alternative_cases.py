"""Samples that the tests of the alternative estimators share."""

from pathlib import Path

import numpy as np
import pandas as pd

GOLDEN = Path(__file__).parents[1] / "golden"


def read_mpdta() -> pd.DataFrame:
    """Counties with a raised minimum wage; cohorts 2004 (20), 2006 (40), 2007 (131), never (309)."""
    counties = pd.read_csv(GOLDEN / "mpdta.csv").rename(columns={"countyreal": "enterprise_id", "lemp": "outcome"})
    return counties.assign(cohort=counties["first.treat"].replace(0, np.nan))


def read_reference(**wanted: str) -> pd.DataFrame:
    rows = pd.read_csv(GOLDEN / "mpdta_reference.csv")
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows


def sample_of(groups: list[tuple[float, int, list[float]]], *, first_year: int = 2019, noise: float = 1e-3):
    """Rows from cohort, number of like enterprises and yearly outcomes, with a little noise."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        [
            {"enterprise_id": f"{at}-{copy}", "year": first_year + t, "cohort": cohort, "outcome": value}
            for at, (cohort, copies, values) in enumerate(groups)
            for copy in range(copies)
            for t, value in enumerate(values)
        ]
    ).assign(outcome=lambda rows: rows["outcome"] + noise * rng.normal(size=len(rows)))


def panel(seed: int, *, n: int = 300, effect: float = 0.2, missing: float = 0.0) -> pd.DataFrame:
    """A panel whose trend depends on a covariate that also drives treatment; some never treated."""
    rng = np.random.default_rng(seed)
    years = np.arange(2015, 2022)
    x = rng.normal(size=n)
    cohort = np.where(x + rng.normal(size=n) > 0.3, rng.choice([2018.0, 2019.0], n), np.nan)
    path = rng.normal(size=(n, 1)) + rng.normal(0, 0.2, (n, len(years))) + 0.1 * x[:, None] * (years - 2015)
    path += effect * (years >= cohort[:, None])
    frame = pd.DataFrame(
        {
            "enterprise_id": np.repeat([f"E{i:03d}" for i in range(n)], len(years)),
            "year": np.tile(years, n),
            "cohort": np.repeat(cohort, len(years)),
            "outcome": path.ravel(),
            "x_trend": np.repeat(x, len(years)),
        }
    )
    return frame[rng.random(len(frame)) >= missing]


def counts(seed: int, *, n: int = 300, ratio: float = 1.5, level: float = 0.0, missing: float = 0.0) -> pd.DataFrame:
    """The same panel with counts in place of logarithms, times ``ratio`` when treated."""
    sample = panel(seed, n=n, effect=np.log(ratio), missing=missing)
    drawn = np.random.default_rng(seed + 1).poisson(np.exp(level + sample["outcome"]))
    return sample.assign(outcome=drawn.astype("float64"))
