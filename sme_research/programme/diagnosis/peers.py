"""An enterprise among its peers: same industry and size class, and where its inputs stand among theirs."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pandas as pd

from sme_research.programme.diagnosis.records import (
    Basis,
    Origins,
    PeerGroup,
    Standing,
    Subject,
    metrics_of_enterprises,
)
from sme_research.rules import Metric
from sme_research.tables import reference_path

FEWEST: Final = 20
"""Fewer peers than that and the circle is drawn wider."""
HUNDREDTHS: Final = tuple((at + 0.5) / 100 for at in range(100))
FEWEST_KNOWN: Final = 10
"""A percentile needs so many peers whose value is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Everybody one may be compared with: inputs by enterprise, industry code and size class of each.

    ``values`` has one row an enterprise and one column a metric; ``industry``
    and ``size`` have its index and are empty where not known.
    """

    values: pd.DataFrame
    industry: pd.Series[str]
    size: pd.Series[str]

    @staticmethod
    def empty() -> Population:
        """Nobody to compare with."""
        nobody: pd.Series[str] = pd.Series([], dtype=object)
        return Population(pd.DataFrame(), nobody, nobody)


@cache
def _sections() -> Mapping[str, str]:
    with reference_path("gbt4754_2017.csv").open(encoding="utf-8", newline="") as stream:
        return {row["division"]: row["section"] for row in csv.DictReader(stream) if row["division"]}


def section_of(industry_code: str) -> str:
    """Letter of the section that a code of 2 to 4 digits belongs to; empty where there is none."""
    return _sections().get(industry_code[:2], "")


def choose_peers(population: Population, subject: Subject) -> tuple[pd.DataFrame, PeerGroup]:
    """Inputs of the peers and who they are: the division and size class, wider where these are fewer than 20.

    The enterprise itself is no peer of its own. Where its size is not known, all sizes are peers.
    """
    industry, size = subject.industry, subject.size
    values = population.values  # noqa: PD011  a record's field
    division = population.industry.str[:2]
    own = values.index != subject.enterprise_id
    alike = own & (population.size == size).to_numpy() if size else own
    section = division.map(_sections()).fillna("")
    circles: list[tuple[Basis, str, str, np.ndarray]] = []
    if industry:
        circles.append(("division", industry[:2], size, alike & (division == industry[:2]).to_numpy()))
        letter = section_of(industry)
        circles.append(("section", letter, size, alike & (section == letter).to_numpy()))
    circles += [("all", "", size, alike), ("all", "", "", own)]
    basis, code, sizes, rows = next((circle for circle in circles if circle[3].sum() >= FEWEST), circles[-1])
    return values.loc[rows], PeerGroup(basis, code, sizes, int(rows.sum()))


def rank_among(values: Mapping[str, float], peers: pd.DataFrame, origins: Origins) -> tuple[Standing, ...]:
    """Every input with its percentile among the peers and their quartiles."""
    return tuple(_standing(metric, values, peers, origins) for metric in metrics_of_enterprises())


def _standing(metric: Metric, values: Mapping[str, float], peers: pd.DataFrame, origins: Origins) -> Standing:
    value = float(values.get(metric.name, math.nan))
    source, year = origins.get(metric.name, ("", None))
    column = peers[metric.name].to_numpy(dtype=float, na_value=np.nan) if metric.name in peers else np.array([])
    known = column[~np.isnan(column)]
    enough = len(known) >= FEWEST_KNOWN
    quartiles = np.quantile(known, (0.25, 0.5, 0.75)) if enough else (None, None, None)
    low, median, high = (None if quartile is None else float(quartile) for quartile in quartiles)
    unknown = math.isnan(value)
    percentile = None if unknown or not enough else _share_bettered(value, known, lower=metric.better == "lower")
    told = ("", None) if unknown else (source, year)
    grid = tuple(float(one) for one in np.quantile(known, HUNDREDTHS)) if enough else ()
    return Standing(metric, None if unknown else value, *told, percentile, low, median, high, len(known), grid)


def _share_bettered(value: float, known: np.ndarray, *, lower: bool) -> float:
    """Share of the peers that the value betters, those equal counting half."""
    worse = (known > value if lower else known < value).mean()
    return float(worse + (known == value).mean() / 2)
