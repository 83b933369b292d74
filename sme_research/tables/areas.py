"""Places: prefectures and counties of GB/T 2260, and the ten reporting units of Fujian."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from typing import Final

import pandas as pd
from stdnum import numdb

from sme_research.tables.reference import reference_path

PINGTAN: Final = "350128"
PROVINCES_WITHOUT_PREFECTURES: Final = ("11", "12", "31", "50")  # the four municipalities


@cache
def _fujian() -> tuple[dict[str, str], ...]:
    with reference_path("area_codes.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


@cache
def _is_allocated(code: str) -> bool:
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return False
    if any(area["code"] == code for area in _fujian()):
        return True
    found = numdb.get("cn/loc").info(code)
    return len(found) == 2 and bool(found[1][1])


def is_prefecture(code: str) -> bool:
    """Whether the code is a prefecture-level one of any province; a municipality's own code counts too."""
    municipality = code.endswith("0000") and code[:2] in PROVINCES_WITHOUT_PREFECTURES
    prefecture = code.endswith("00") and not code.endswith("0000")
    return (municipality or prefecture) and _is_allocated(code)


def is_county(code: str) -> bool:
    """Whether the code is a county-level one of any province."""
    return not code.endswith("00") and _is_allocated(code)


def reporting_unit(city_code: pd.Series[str], county_code: pd.Series[str] | None = None) -> pd.Series[str]:
    """Return the unit that a notice of the province reports: the prefecture, but Pingtan apart.

    Parameters
    ----------
    city_code, county_code : Series of str
        GB/T 2260 codes with the same index; counties may be missing.

    Returns
    -------
    Series of str
        ``350128`` for Pingtan county, the city's code for all others.
    """
    if county_code is None:
        return city_code.copy()
    return city_code.mask((county_code == PINGTAN).fillna(False).astype(bool), PINGTAN)


@cache
def _unit_names() -> dict[str, dict[str, str]]:
    units = [area for area in _fujian() if area["level"] in ("prefecture", "reporting_unit")]
    return {language: {unit["code"]: unit[f"name_{language}"] for unit in units} for language in ("zh", "en")}


def reporting_units() -> list[str]:
    """Codes of the ten reporting units of Fujian, in the order of the standard."""
    return list(_unit_names()["zh"])


def area_name(code: str, language: str) -> str:
    """Return the name of a prefecture, county or reporting unit.

    English names exist for the ten reporting units of Fujian; every other
    place goes by its Chinese name, and an unknown code by itself.
    """
    name = _unit_names()[language].get(code)
    if name:
        return name
    for area in _fujian():
        if area["code"] == code:
            return area["name_zh"]
    found = numdb.get("cn/loc").info(code)
    named = str(found[-1][1].get("county", "")).split(",")[-1].split("]")[-1]
    return named or code


def area_names(codes: Iterable[str], language: str) -> dict[str, str]:
    """`area_name` of every distinct code."""
    return {code: area_name(code, language) for code in dict.fromkeys(codes)}
