"""Does every cohort and year stand behind the average? (threat: cells lost or hardly determined)."""

from __future__ import annotations

from sme_research.results import Check, Estimation, judge


def check_cohort_years(estimation: Estimation) -> Check:
    """Cohort-years that could not be estimated, or whose chance of treatment was not well determined.

    Returns
    -------
    Check
        ``statistic`` is the share of such cohort-years: pass where there are
        none, warn where there are some, fail where more than half were lost.
    """
    effect = estimation.effect
    wanted = effect.n_cells + effect.n_cells_lost
    lost, unsure = effect.n_cells_lost / max(wanted, 1), float(effect.n_cells_unsure)
    verdict = judge(max(lost, 1e-9 if unsure else 0.0), warn_over=0.0, fail_over=0.5)
    values = {"n_cells": float(wanted), "n_lost": float(effect.n_cells_lost), "n_unsure": unsure}
    return Check("cohort_years", verdict, lost, None, values=values)
