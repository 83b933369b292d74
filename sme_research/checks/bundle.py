"""Do other instruments arrive at the same time? (threat: a bundle taken for one instrument)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.checks._judging import CERTAIN, DOUBT, FEWEST, holm, not_applicable, worst
from sme_research.checks._panel import Bools, Floats, covariates_by_enterprise, groups_by_enterprise, panel_of
from sme_research.checks._regression import dummies, regress, standardise
from sme_research.results import Check, Estimation, Verdict

OTHER_PREFIX: Final = "other_"
ELIGIBLE: Final = "eligible_since"
"""Column with the year from which an enterprise could be treated; missing where it never could."""
WARN_EXCESS: Final = 0.05
FAIL_EXCESS: Final = 0.15
"""Our own limits: at 15 points a companion with an effect of the same size makes up an eighth of what is found."""


def check_bundle(estimation: Estimation) -> Check:
    """Share of the treated that start another instrument around their treatment, over that of the others.

    For each other instrument: starts from the year before a cohort's first
    treated year to the year after, among that cohort and among those who are
    not treated until then (and, where the sample says since when an enterprise
    is eligible, already were before the cohort's year), all seen in the base
    year and in the first treated year; least squares with the covariates and
    dummies of cohort and year of eligibility, all cohorts together: what comes
    with the title itself is no companion of the instrument.

    Returns
    -------
    Check
        ``statistic`` is the largest excess, in shares, with its Holm-adjusted
        ``p_value``: warn over 5 points with p < 0.05, fail over 15 with
        p < 0.01. ``table`` has every other instrument. Not applicable without
        another instrument's dates or with fewer than ten treated.
    """
    sample = estimation.sample
    others = sorted(str(name) for name in sample if str(name).startswith(OTHER_PREFIX))
    stacked = _stack(sample, others) if others else None
    if stacked is None:
        return not_applicable("bundle")
    starts, treated, controls, groups = stacked
    slopes = regress(starts, treated, controls, groups)
    if slopes is None:
        return not_applicable("bundle")
    adjusted = holm([slope.p_value for slope in slopes])
    shares = starts[treated > 0].mean(axis=0)
    table: tuple[dict[str, Any], ...] = tuple(
        {
            "instrument": name.removeprefix(OTHER_PREFIX),
            "share_treated": float(share),
            "share_comparison": float(share) - slope.estimate,
            "excess": slope.estimate,
            "std_error": slope.std_error,
            "p_adjusted": float(p_value),
        }
        for name, slope, share, p_value in zip(others, slopes, shares, adjusted, strict=True)
    )
    verdict = worst([_judge(row["excess"], row["p_adjusted"]) for row in table])
    largest = max(table, key=lambda row: row["excess"])
    values = {
        "n_others": float(len(others)),
        "n_together": float(sum(_judge(row["excess"], row["p_adjusted"]) != "pass" for row in table)),
        "excess": largest["excess"],
        "share_treated": largest["share_treated"],
        "share_comparison": largest["share_comparison"],
    }
    return Check("bundle", verdict, largest["excess"], largest["p_adjusted"], values=values, table=table)


def _judge(excess: float, p_value: float) -> Verdict:
    if excess > FAIL_EXCESS and p_value < CERTAIN:
        return "fail"
    return "warn" if excess > WARN_EXCESS and p_value < DOUBT else "pass"


def _stack(sample: pd.DataFrame, others: list[str]) -> tuple[Floats, Floats, Floats, NDArray[np.intp]] | None:
    """Starts, treatment, controls and groups, one row an enterprise and cohort; None with hardly any treated."""
    panel = panel_of(sample)
    first = sample.drop_duplicates("enterprise_id").set_index("enterprise_id").reindex(panel.enterprises)
    starts = first[others].to_numpy(dtype=np.float64)
    since = np.full(len(panel.enterprises), -np.inf)
    if ELIGIBLE in first:
        since = first[ELIGIBLE].to_numpy(dtype=np.float64)
    covariates = standardise(covariates_by_enterprise(sample, panel.enterprises))
    rows: list[NDArray[np.intp]] = []
    arms: list[Bools] = []
    cohorts: list[NDArray[np.intp]] = []
    for at, members, _ in panel.cohorts():
        others_then = (panel.cohort > panel.years[at] + 1) & (since < panel.years[at])
        here = panel.seen[:, at - 1] & panel.seen[:, at] & (members | others_then)
        rows.append(np.flatnonzero(here))
        arms.append(members[here])
        cohorts.append(np.full(int(here.sum()), at, dtype=np.intp))
    if sum(int(arm.sum()) for arm in arms) < FEWEST:
        return None
    row, cohort = np.concatenate(rows), np.concatenate(cohorts)
    around = np.abs(starts[row] - panel.years[cohort][:, None]) <= 1
    # Within the year of the title: what comes with the title itself is no companion of the instrument.
    titled = pd.factorize(since[row])[0].astype(np.intp)
    strata = pd.factorize(pd.MultiIndex.from_arrays([cohort, titled]))[0].astype(np.intp)
    controls = np.column_stack([dummies(strata), covariates[row]])
    groups = groups_by_enterprise(sample, panel.enterprises)[row]
    return around.astype(np.float64), np.concatenate(arms).astype(np.float64), controls, groups
