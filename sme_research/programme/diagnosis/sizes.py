"""Size classes of enterprises by the national standard, which every rule set uses."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pandas as pd

from sme_research.tables import reference_path

STANDARD: Final = "sme_size.csv"
SIZES: Final = ("micro", "small", "medium", "large")
UNKNOWN: Final = ""
MEASURES: Final = ("employees", "revenue", "assets")
"""Persons; 万元; 万元."""
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Sector:
    """One line of business of the standard with where each class begins, by measure, in the order of `SIZES`."""

    name: str
    codes: tuple[str, ...]
    label: Mapping[str, str]
    edges: Mapping[str, tuple[float, ...]]


@cache
def load_sectors() -> tuple[Sector, ...]:
    """All sectors of the standard; the last is for every other industry.

    References
    ----------
    工信部联企业〔2011〕300号.
    """
    with reference_path(STANDARD).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    sectors: dict[str, Sector] = {}
    for row in rows:
        edges = dict(sectors[row["sector"]].edges) if row["sector"] in sectors else {}
        edges[row["measure"]] = tuple(float(row[size]) for size in SIZES[1:])
        label = {"zh": row["label_zh"], "en": row["label_en"]}
        sectors[row["sector"]] = Sector(row["sector"], _expand(row["codes"]), label, edges)
    return tuple(sectors.values())


def _expand(codes: str) -> tuple[str, ...]:
    """Codes that a row covers; ``06-46`` is every division between."""
    found: list[str] = []
    for part in codes.split():
        first, _, last = part.partition("-")
        found += [f"{number:02d}" for number in range(int(first), int(last) + 1)] if last else [first]
    return tuple(found)


def sectors_of(industry_code: pd.Series[str]) -> pd.Series[str]:
    """Name of the sector of each industry code (2 to 4 digits); empty where there is no code."""
    told = industry_code.astype(object).where(industry_code.notna(), "").astype(str)
    names = {code: sector.name for sector in load_sectors() for code in sector.codes}
    found = told.str[:3].map(names).fillna(told.str[:2].map(names)).fillna(OTHER)
    return found.where(told != "", UNKNOWN)


def classify_sizes(measures: pd.DataFrame) -> pd.Series[str]:
    """Size class of each enterprise: the highest of which it reaches every measure.

    Parameters
    ----------
    measures : DataFrame, n_enterprises rows
        Columns ``industry_code``, ``employees`` (persons), ``revenue`` and
        ``assets`` (万元).

    Returns
    -------
    Series of `SIZES`
        Empty where the industry or a measure that decides is not known.
    """
    sector = sectors_of(measures["industry_code"])
    result: pd.Series[str] = pd.Series(UNKNOWN, index=measures.index, dtype=object)
    for one in load_sectors():
        own = (sector == one.name).to_numpy()
        if own.any():
            result[own] = _classes(measures.loc[own], one)
    return result


def _classes(rows: pd.DataFrame, sector: Sector) -> np.ndarray:
    """Classes of one sector's enterprises."""
    reached = np.full(len(rows), len(SIZES) - 1, dtype=float)
    for measure, edges in sector.edges.items():
        known = rows[measure].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        rank = np.searchsorted(np.array(edges), known, side="right").astype(float)
        reached = np.minimum(reached, np.where(np.isnan(known), np.nan, rank))
    names = np.array([*SIZES, UNKNOWN], dtype=object)
    told: np.ndarray = names[np.where(np.isnan(reached), len(SIZES), reached).astype(int)]
    return told
