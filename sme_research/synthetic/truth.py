"""The known answers of a made-up province: what an honest analysis should find again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.synthetic import calibration as cal
from sme_research.synthetic.effects import Gain, Planted
from sme_research.synthetic.holdings import expected_rights
from sme_research.synthetic.population import Floats, Population
from sme_research.synthetic.recognition import NEVER
from sme_research.synthetic.treatments import Treatment
from sme_research.synthetic.world import WorldSpec

ITEMS = ("revenue", "employees", "fixed_assets")
UNMOVED = {"profit_margin": "profit", "rd_intensity": "rd_expense", "tax_burden": "tax"}
"""Ratios to revenue that no instrument moves, because item and revenue move together, with their item."""


def tell_truth(
    population: Population,
    accounts: pd.DataFrame,
    treatments: Mapping[str, Treatment],
    planted: Planted,
    spec: WorldSpec,
) -> dict[str, Any]:
    """Realised sample ATT by instrument and outcome, overall and by event time, with what was planted.

    The ATT is the mean direct effect over the treated enterprises' reported
    years, counting enterprises that also report the year before treatment
    (the others can be compared with nothing). In log points; for ratios as a
    share; for patents the logarithm of all expected grants over those
    expected without the instrument.
    """
    reported = _reported(population, accounts, spec)
    rights = expected_rights(population, spec)
    answers: dict[str, Any] = {
        name: _answers(planted.gains[name], treatment, reported, rights, spec)
        for name, treatment in treatments.items()
    }
    answers["planted"] = {
        "seed": spec.seed,
        "n_enterprises": spec.n_enterprises,
        "years": [spec.first_year, spec.last_year],
        "traps": asdict(spec.traps),
        "designated": spec.designated,
        "null": list(spec.null),
        "unit": "log points",
        "covariates_that_mend_the_selection": ["size", "rd_intensity", "city"],
        "effect_of_the_title_itself": 0.0,
        "estimates_of_the_award_contain": "loans that the title opens: about 0.004 in the default province",
        "share_of_titles_decided_by_the_score_of_60": cal.SCORE_DECIDES,
        "share_of_a_loans_effect_that_follows_its_dose": cal.LOAN_DOSE_SHARE,
    }
    return answers


def _answers(
    gain: Gain, treatment: Treatment, reported: Mapping[str, NDArray[np.bool_]], rights: Floats, spec: WorldSpec
) -> dict[str, Any]:
    """Truth of one instrument on every outcome whose effect follows from what was planted."""
    revenue, employees = gain.on("log_revenue"), gain.on("log_employees")
    growth = np.diff(revenue, axis=1, prepend=0.0)
    att = partial(_att, treatment=treatment, spec=spec)
    assets = reported["fixed_assets"]
    both_years = assets & np.hstack([np.zeros((len(assets), 1), dtype=bool), assets[:, :-1]])
    nothing = np.zeros_like(revenue)
    return {
        "log_revenue": att(revenue, reported=reported["revenue"]),
        "log_employees": att(employees, reported=reported["employees"]),
        "log_productivity": att(revenue - employees, reported=reported["revenue"] & reported["employees"]),
        "fixed_assets_growth": att(growth, reported=both_years),
        "patents": _relative(att, rights, gain.on("patents"), reported["year"]),
        **{name: att(nothing, reported=reported["revenue"] & reported[item]) for name, item in UNMOVED.items()},
    }


def _reported(population: Population, accounts: pd.DataFrame, spec: WorldSpec) -> dict[str, NDArray[np.bool_]]:
    """Where each item of the accounts was reported: n_enterprises x n_years."""
    index = pd.Index(population.ids)
    row = index.get_indexer(pd.Index(accounts["enterprise_id"]))
    column = accounts["year"].to_numpy() - spec.first_year
    grids = {}
    for item in ("year", *ITEMS, *UNMOVED.values()):
        grids[item] = np.zeros((len(index), len(spec.years)), dtype=bool)
        grids[item][row, column] = accounts[item].notna().to_numpy()
    return grids


def _relative(
    att: Callable[..., dict[str, Any]], base: Floats, effect: Floats, reported: NDArray[np.bool_]
) -> dict[str, Any]:
    """Effect on a count: log of the ratio of the means with and without the instrument."""
    with_it, without = att(base * np.exp(effect), reported=reported), att(base, reported=reported)
    none = with_it["att"] is None
    return {
        "att": None if none else float(np.log(with_it["att"] / without["att"])),
        "event_time": {
            time: float(np.log(mean / without["event_time"][time])) for time, mean in with_it["event_time"].items()
        },
        "n_treated": with_it["n_treated"],
    }


def _att(effects: Floats, *, treatment: Treatment, reported: NDArray[np.bool_], spec: WorldSpec) -> dict[str, Any]:
    years = np.array(spec.years)
    inside = (treatment.cohort > spec.first_year) & (treatment.cohort <= spec.last_year)
    base = np.clip(treatment.cohort - 1 - spec.first_year, 0, len(years) - 1)
    usable = inside & reported[np.arange(len(reported)), base]
    event_time = np.where(usable[:, None], years - treatment.cohort[:, None], -NEVER)
    counted = reported & usable[:, None]
    by_event_time = {
        str(time): float(effects[at].mean())
        for time in range(-len(years) + 1, len(years))
        if (at := counted & (event_time == time)).any()
    }
    treated = counted & (event_time >= 0)
    return {
        "att": float(effects[treated].mean()) if treated.any() else None,
        "event_time": by_event_time,
        "n_treated": int(treated.any(axis=1).sum()),
    }
