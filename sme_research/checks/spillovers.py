"""Do enterprises that are not treated move when their neighbours are? (threat: spillovers)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from sme_research.checks._judging import holm, judge_p, not_applicable
from sme_research.checks._regression import Slope, demean, dummies, regress, standardise
from sme_research.results import COVARIATE_PREFIX, Check, Estimation

EXPOSURES: Final = ("neighbours_treated", "partners_treated")
FEWEST_CELLS: Final = 10
"""Fewer cells than this in which exposure moves are no basis for a standard error by cell."""


def check_spillovers(estimation: Estimation) -> Check:
    """Yearly change of the outcome against the change of exposure, among enterprises not yet treated.

    Exposure is the share of the other enterprises of the same county and
    industry that are treated, and likewise of those linked through a supply
    chain. Given the year, the cell's own mean growth and the covariates, a fall with exposure is
    business taken away: comparison enterprises do worse than without the
    instrument and the estimate is too high; a rise is what spills over to them
    and the estimate is too low.

    Returns
    -------
    Check
        ``statistic`` is the coefficient (outcome's unit at full exposure) of
        the exposure with the smallest p-value, adjusted by Holm for both: fail
        where p < 0.01, warn where p < 0.05. ``implied_bias`` is what the
        comparison enterprises' mean exposure in the treated years adds to the
        estimate if only they are touched (positive: too high),
        ``implied_bias_shared`` if the treated are touched by theirs as well.
        Standard errors are by cell. Not applicable without an exposure that
        moves in ten cells or more.

    References
    ----------
    Berg, Reisinger and Streitz (2021), Journal of Financial Economics 142(3): spillovers bias the
    comparison; Butts (2021), arXiv 2105.03737.
    """
    sample = estimation.sample
    if "cell" not in sample:
        return not_applicable("spillovers")
    ordered = sample.sort_values(["enterprise_id", "year"], ignore_index=True)
    slopes = {name: slope for name in EXPOSURES if name in sample and (slope := _slope(ordered, name)) is not None}
    if not slopes:
        return not_applicable("spillovers")
    adjusted = dict(zip(slopes, holm([slope.p_value for slope in slopes.values()]), strict=True))
    table = tuple(_row(ordered, name, slope, float(adjusted[name])) for name, slope in slopes.items())
    strongest = min(table, key=lambda row: row["p_value"])
    verdict = judge_p(strongest["p_value"])
    values = {name: value for name, value in strongest.items() if name not in ("exposure", "p_value")}
    by_partners = {"by_partners": 1.0} if strongest["exposure"] == "partners_treated" else {}
    return Check(
        "spillovers",
        verdict,
        strongest["coefficient"],
        strongest["p_value"],
        values=values | by_partners,
        table=table,
    )


def _slope(ordered: pd.DataFrame, exposure: str) -> Slope | None:
    """First differences over consecutive years of those not yet treated in the later one."""
    same = ordered["enterprise_id"].eq(ordered["enterprise_id"].shift())
    same &= ordered["year"].eq(ordered["year"].shift() + 1)
    same &= ordered["cohort"].isna() | (ordered["cohort"] > ordered["year"])
    moved = ordered[exposure].diff()
    used = same & moved.notna() & ordered["cell"].notna()
    rows = ordered[used]
    cells = pd.factorize(rows["cell"], sort=True)[0]
    if np.unique(cells[moved[used] != 0]).size < FEWEST_CELLS:
        return None
    names = [name for name in rows if str(name).startswith(COVARIATE_PREFIX)]
    years = pd.factorize(rows["year"], sort=True)[0]
    controls = np.column_stack([dummies(years), standardise(rows[names].to_numpy(dtype=np.float64))])
    changes = np.column_stack([ordered["outcome"].diff()[used], moved[used], controls]).astype(np.float64)
    within = demean(changes, cells)
    slopes = regress(within[:, 0], within[:, 1], within[:, 2:], cells)
    return slopes[0] if slopes else None


def _row(ordered: pd.DataFrame, exposure: str, slope: Slope, p_value: float) -> dict[str, Any]:
    """The coefficient, and what it implies at the exposure of either arm in the treated years."""
    treated = ordered["cohort"] <= ordered["year"]
    weight = treated.groupby(ordered["year"]).sum().astype("float64")
    ours, theirs = (_mean_exposure(ordered[arm], exposure, weight) for arm in (treated, ~treated))
    return {
        "exposure": exposure,
        "coefficient": slope.estimate,
        "std_error": slope.std_error,
        "p_value": p_value,
        "share_exposure": theirs,
        "implied_bias": -slope.estimate * theirs,
        "implied_bias_shared": slope.estimate * (ours - theirs),
        "n_cells": float(slope.n_groups),
    }


def _mean_exposure(rows: pd.DataFrame, exposure: str, weight: pd.Series[float]) -> float:
    """Mean over years, each weighing by its treated enterprises."""
    by_year = rows.groupby("year")[exposure].mean().dropna()
    weights = weight.reindex(by_year.index).to_numpy(dtype=np.float64)
    return float(by_year.to_numpy() @ weights / weights.sum()) if weights.sum() > 0 else 0.0
