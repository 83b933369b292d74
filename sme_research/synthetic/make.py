"""A made-up province as tables with its truth, and its folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from sme_research.errors import DataError
from sme_research.synthetic import calibration as cal
from sme_research.synthetic.accounts import accounts_table
from sme_research.synthetic.appeals import appeals_table
from sme_research.synthetic.effects import plant_effects
from sme_research.synthetic.holdings import links_table, qualifications_table, rights_table, self_reports_table
from sme_research.synthetic.listings import listing_days
from sme_research.synthetic.official import official_figures_table
from sme_research.synthetic.population import Population, draw_population, enterprises_table
from sme_research.synthetic.programmes import draw_programmes, programme_tables
from sme_research.synthetic.recognition import NEVER, Ladder, draw_ladder, recognitions_table
from sme_research.synthetic.treatments import Treatment, draw_clusters, draw_loans, draw_training
from sme_research.synthetic.truth import tell_truth
from sme_research.synthetic.world import WorldSpec
from sme_research.tables import TABLES, load_tables, write_tables

TRUTH = "truth.json"


@dataclass(frozen=True, slots=True)
class Province:
    """Tables by name, and the truth an honest analysis should find again."""

    tables: dict[str, pd.DataFrame]
    truth: dict[str, Any]


def make_province(spec: WorldSpec) -> Province:
    """Draw a province; the same specification gives the same province."""
    population = draw_population(spec)
    ladder = draw_ladder(population, spec)
    treatments = _draw_treatments(population, ladder, spec)
    planted = plant_effects(population, treatments, spec)
    accounts = accounts_table(population, ladder, planted, _supported(treatments), spec)
    enterprises, recognitions = enterprises_table(population, spec), recognitions_table(ladder, population, spec)
    tables = {
        "enterprises": enterprises.assign(listed_on=listing_days(enterprises, recognitions, spec)),
        "accounts": accounts,
        "recognitions": recognitions,
        **programme_tables(treatments),
        "intellectual_property": rights_table(population, planted, spec),
        "chain_links": links_table(population, spec),
        "self_reports": self_reports_table(population, ladder, spec),
        "qualifications": qualifications_table(population, spec),
        "appeals": appeals_table(population, spec),
    }
    tables["official_figures"] = official_figures_table(tables, spec)
    return Province(tables, tell_truth(population, accounts, treatments, planted, spec))


def plan_effects(spec: WorldSpec) -> dict[str, tuple[pd.Series[float], tuple[float, ...]]]:
    """What an instrument would do to the revenue of whoever is first reached by it.

    By instrument: each enterprise's own multiple (by id), and the effect in log
    points by full years since the start, the last of which holds on. A loan's own
    multiple is that of the mean dose where the enterprise had none.
    """
    population = draw_population(spec)
    treatments = _draw_treatments(population, draw_ladder(population, spec), spec)
    gains = plant_effects(population, treatments, spec).gains
    return {
        name: (pd.Series(gain.own, index=population.ids), tuple(gain.profiles.get("log_revenue", (0.0,))))
        for name, gain in gains.items()
    }


def _draw_treatments(population: Population, ladder: Ladder, spec: WorldSpec) -> dict[str, Treatment]:
    loans = draw_loans(population, ladder, spec)
    training = draw_training(population, loans, spec)
    clusters = draw_clusters(population, spec)
    return {
        "loan_subsidy": loans,
        "training": training,
        "cluster_membership": clusters,
        **draw_programmes(population, ladder, spec),
    }


def _supported(treatments: Mapping[str, Treatment]) -> NDArray[np.bool_]:
    """Who is ever reached by an instrument whose receivers keep reporting where attrition is planted."""
    reached = [treatments[name].cohort < NEVER for name in cal.ATTRITION_SPARES]
    return np.asarray(np.any(reached, axis=0))


def write_province(spec: WorldSpec, folder: Path, *, progress: bool = False) -> Province:
    """Write a province as CSV tables and ``truth.json``; the same specification gives the same bytes.

    A table without rows (loans, in years before the first) is not written.
    """
    _refuse_real_tables(folder)
    province = make_province(spec)
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        (folder / f"{name}.csv").unlink(missing_ok=True)
    filled = {name: table for name, table in province.tables.items() if len(table)}
    for name in tqdm(filled, desc="writing", unit="table", disable=None if progress else True, leave=False):
        write_tables({name: filled[name]}, folder)
    aside = folder / ".truth.json.tmp"
    aside.write_text(json.dumps(province.truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(aside, folder / TRUTH)
    return province


def _refuse_real_tables(folder: Path) -> None:
    """Tables that are not made up are somebody's data, and stay as they are.

    Those of a writing that was cut off have no truth yet; their credit codes tell.
    """
    present = [name for name in TABLES if (folder / f"{name}.csv").exists()]
    if present and not load_tables(folder).made_up:
        raise DataError(
            f"{folder} holds tables ({', '.join(present)}) that are not a made-up province's: choose another folder."
        )
