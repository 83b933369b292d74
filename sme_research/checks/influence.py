"""Do a few enterprises carry the estimate? (threat: outliers)."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from sme_research.checks._judging import is_found, not_applicable, refit
from sme_research.checks._panel import Bools, Floats, Panel, panel_of
from sme_research.results import Check, Effect, Estimation, Verdict, judge

TRIMMED: Final = 0.01
"""Share of each arm's enterprises that is left out, half of it at either end."""
WARN_SHIFT: Final = 1.0
FAIL_SHIFT: Final = 2.0
SHARE_THAT_MATTERS: Final = 0.25
"""Of the estimate: a smaller shift is no matter however sure."""


def check_influence(estimation: Estimation) -> Check:
    """The estimate without the one percent of enterprises whose outcomes changed most.

    An enterprise's change is its mean outcome since treatment less that of the
    base year; a comparison enterprise's the mean of such changes over the
    cohorts, weighted by their treated. Half a percent goes at either end of
    each arm, so that a symmetric distribution keeps its middle: among normal
    changes the estimate then moves by 0.3 standard errors or so.

    Returns
    -------
    Check
        ``statistic`` is the shift in standard errors of the full estimate,
        without sign: where it is over a quarter of the estimate, warn over 1 and
        fail over 2; fail too where the sign turns and both intervals exclude
        zero (own convention). ``share_largest`` is the
        largest single enterprise's share of the treated enterprises' total in
        treated years, where the sample has a ``level``. Not applicable without
        a refit, and where too few are left (``not_identified`` is 1 then).
    """
    sample, effect = estimation.sample, estimation.effect
    if estimation.refit is None:
        return not_applicable("influence")
    panel = panel_of(sample)
    extreme = _extreme(panel)
    both = refit(estimation, sample[~sample["enterprise_id"].isin(panel.enterprises[extreme])])
    if both is None:
        return not_applicable("influence", not_identified=1.0)
    trimmed = both[0]
    shift = trimmed.estimate - effect.estimate
    size = abs(shift) / effect.std_error
    values = {
        "shift": shift,
        "shift_in_errors": size,
        "estimate": effect.estimate,
        "trimmed_estimate": trimmed.estimate,
        "trimmed_ci_low": trimmed.ci_low,
        "trimmed_ci_high": trimmed.ci_high,
        "n_trimmed": float(extreme.sum()),
        **_largest_share(sample),
    }
    return Check("influence", _judge(size, effect, trimmed), size, None, values=values)


def _judge(size: float, effect: Effect, trimmed: Effect) -> Verdict:
    turned = effect.estimate * trimmed.estimate < 0 and is_found(effect) and is_found(trimmed)
    if turned:
        return "fail"
    # In a large sample a small shift is many errors wide, and changes no reading.
    matters = abs(trimmed.estimate - effect.estimate) > SHARE_THAT_MATTERS * abs(effect.estimate)
    return judge(size, warn_over=WARN_SHIFT, fail_over=FAIL_SHIFT) if matters else "pass"


def _extreme(panel: Panel) -> Bools:
    """The enterprises at either end of their arm's changes."""
    treated, change = _changes(panel)
    extreme = np.zeros(len(change), dtype=bool)
    for arm in (treated, ~treated):
        here = np.flatnonzero(arm & np.isfinite(change))
        each = round(len(here) * TRIMMED / 2)
        order = here[np.lexsort((here, change[here]))]
        extreme[order[:each]] = True
        extreme[order[len(order) - each :]] = True
    return extreme


def _changes(panel: Panel) -> tuple[Bools, Floats]:
    """Who is treated, and each enterprise's change since the base year; missing where one side is not seen."""
    treated = np.zeros(len(panel.enterprises), dtype=bool)
    change = np.full(len(panel.enterprises), np.nan)
    total, weight = np.zeros(len(change)), np.zeros(len(change))
    for at, members, _ in panel.cohorts():
        after = panel.grid[:, at:]
        n_after = np.isfinite(after).sum(axis=1)
        since = np.nansum(after, axis=1) / np.maximum(n_after, 1) - panel.grid[:, at - 1]
        since[n_after == 0] = np.nan
        treated |= members
        change[members] = since[members]
        known = np.isfinite(since)
        total[known] += members.sum() * since[known]
        weight[known] += members.sum()
    comparison = (panel.cohort > panel.years[0]) & ~treated & (weight > 0)
    change[comparison] = total[comparison] / weight[comparison]
    return treated, change


def _largest_share(sample: pd.DataFrame) -> dict[str, float]:
    if "level" not in sample:
        return {}
    total = sample.loc[sample["cohort"] <= sample["year"]].groupby("enterprise_id")["level"].sum()
    return {"share_largest": float(total.max() / total.sum())} if total.sum() > 0 else {}
