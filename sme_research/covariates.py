"""What makes enterprises comparable: characteristics fixed at their first account year.

They are taken before anyone was treated, so that no instrument can have moved
them. In a sample their columns begin with ``x_``; estimators adjust for every
such column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from sme_research.results import COVARIATE_PREFIX
from sme_research.tables import area_name

SMALLEST_CITY_SHARE: Final = 0.10
"""Prefectures with a smaller share of the sample stand together as the reference."""


@dataclass(frozen=True, slots=True)
class Covariate:
    """One characteristic; ``columns`` names what `build` needs, as table.column.

    `build` takes the first account row of each enterprise joined with its
    register entry and gives one numeric column or several.
    """

    name: str
    label: Mapping[str, str]
    columns: tuple[str, ...]
    build: Callable[[pd.DataFrame], pd.DataFrame]


def _log_employees(first: pd.DataFrame) -> pd.DataFrame:
    employees = first["employees"].astype("float64")
    return pd.DataFrame({"size": np.log(employees.where(employees > 0))})


def _rd_intensity(first: pd.DataFrame) -> pd.DataFrame:
    revenue = first["revenue"].astype("float64")
    return pd.DataFrame({"rd_intensity": first["rd_expense"].astype("float64") / revenue.where(revenue > 0)})


def _log_revenue(first: pd.DataFrame) -> pd.DataFrame:
    revenue = first["revenue"].astype("float64")
    return pd.DataFrame({"first_revenue": np.log(revenue.where(revenue > 0))})


def _cities(first: pd.DataFrame) -> pd.DataFrame:
    """A column for each prefecture of some weight but the first: the rest is the reference."""
    shares = first["city_code"].value_counts(normalize=True)
    large = sorted(shares.index[shares >= SMALLEST_CITY_SHARE])
    if shares[large].sum() > 1 - 1e-9:
        large = large[1:]
    known = first["city_code"].notna()
    return pd.DataFrame(
        {f"city_{code}": (first["city_code"] == code).where(known).astype("float64") for code in large}
    )


_ALL = (
    Covariate("size", {"zh": "规模（首年从业人数，对数）", "en": "size (log employees, first year)"},
              ("accounts.employees",), _log_employees),
    Covariate("rd_intensity", {"zh": "研发强度（首年）", "en": "R&D intensity (first year)"},
              ("accounts.rd_expense", "accounts.revenue"), _rd_intensity),
    Covariate("first_revenue", {"zh": "首年营业收入（对数）", "en": "log revenue, first year"},
              ("accounts.revenue",), _log_revenue),
    Covariate("city", {"zh": "设区市", "en": "prefecture"}, ("enterprises.city_code",), _cities),
)  # fmt: skip

COVARIATES: Final[Mapping[str, Covariate]] = {covariate.name: covariate for covariate in _ALL}


def covariate_label(column: str) -> dict[str, str]:
    """Label, by language, of a sample's covariate column such as ``x_size`` or ``x_city_350100``."""
    name, _, code = column.removeprefix(COVARIATE_PREFIX).partition("city_")
    if not code:
        return dict(COVARIATES[name].label)
    return {lang: f"{label}{_COLON[lang]}{area_name(code, lang)}" for lang, label in COVARIATES["city"].label.items()}


_COLON: Final = {"zh": "：", "en": ": "}
