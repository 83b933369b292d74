"""What an instrument may move: one entry an outcome.

An outcome is a number for every account row, made from the tables. Its entry
says the unit, what was done to the raw item, what a zero and a missing item
mean, and with which other outcomes it shares the risk of a chance finding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

TablesLike = Mapping[str, pd.DataFrame]
Words = Mapping[str, str]
Unit = Literal["log points", "share", "log points a year"]
Family = Literal["growth", "efficiency", "innovation", "ladder", "placebo"]

LOWEST_SHARE: Final = 0.01
HIGHEST_SHARE: Final = 0.99
"""Ratios are drawn in to these quantiles of all reports: one misplaced decimal must not decide a mean."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome of the account years.

    Attributes
    ----------
    columns
        What it is made of, as table.column; each must hold a value.
    values
        Tables -> one number an account row (same index), in ``unit``; missing
        where the outcome is not defined.
    level
        Tables -> the item in natural units, one number an account row, for
        which a relative effect can be told in yuan or heads; None where none.
    level_unit
        Unit of ``level``, by language.
    family
        Outcomes of one family are adjusted together for multiplicity.
    money
        Whether the item is in yuan, so that real and nominal differ.
    count
        Whether it is a count that may be zero: estimated by a count model.
    zero, missing, transformation
        Sentences for the report, by language.
    """

    name: str
    label: Words
    columns: tuple[str, ...]
    values: Callable[[TablesLike], pd.Series[float]]
    unit: Unit
    family: Family
    transformation: Words
    zero: Words
    missing: Words
    level: Callable[[TablesLike], pd.Series[float]] | None = None
    level_unit: Words | None = None
    money: bool = False
    count: bool = False


def _item(column: str) -> Callable[[TablesLike], pd.Series[float]]:
    def read(tables: TablesLike) -> pd.Series[float]:
        return tables["accounts"][column].astype("float64")

    return read


def _log(column: str) -> Callable[[TablesLike], pd.Series[float]]:
    def take(tables: TablesLike) -> pd.Series[float]:
        item = tables["accounts"][column].astype("float64")
        return pd.Series(np.log(item.where(item > 0)), index=item.index)

    return take


def _log_ratio(numerator: str, denominator: str) -> Callable[[TablesLike], pd.Series[float]]:
    def take(tables: TablesLike) -> pd.Series[float]:
        return _log(numerator)(tables) - _log(denominator)(tables)

    return take


def _share_of(numerator: str, denominator: str) -> Callable[[TablesLike], pd.Series[float]]:
    def take(tables: TablesLike) -> pd.Series[float]:
        below = tables["accounts"][denominator].astype("float64")
        ratio = tables["accounts"][numerator].astype("float64") / below.where(below > 0)
        return ratio.clip(float(ratio.quantile(LOWEST_SHARE)), float(ratio.quantile(HIGHEST_SHARE)))

    return take


def _productivity(tables: TablesLike) -> pd.Series[float]:
    return _item("revenue")(tables) / _item("employees")(tables).where(_item("employees")(tables) > 0)


def _log_growth(column: str) -> Callable[[TablesLike], pd.Series[float]]:
    """Change of the logarithm since the year before; missing where that year was not reported."""

    def take(tables: TablesLike) -> pd.Series[float]:
        accounts = tables["accounts"]
        rows = pd.DataFrame(
            {"enterprise_id": accounts["enterprise_id"], "year": accounts["year"], "log": _log(column)(tables)}
        ).sort_values(["enterprise_id", "year"])
        before = rows.groupby("enterprise_id")[["year", "log"]].shift()
        growth = (rows["log"] - before["log"]).where(rows["year"] - before["year"] == 1)
        return growth.reindex(accounts.index)

    return take


def _patents(tables: TablesLike) -> pd.Series[float]:
    """Invention patents granted in the year; an enterprise on no list of the year has none.

    Years that the table does not cover at all are missing, not zero.
    """
    accounts, rights = tables["accounts"], tables["intellectual_property"]
    keys = pd.MultiIndex.from_frame(accounts[["enterprise_id", "year"]].astype({"year": "int64"}))
    listed = rights.assign(year=rights["year"].astype("int64")).set_index(["enterprise_id", "year"])["class_1"]
    found = listed.astype("float64").reindex(keys).fillna(0.0).to_numpy()
    covered = accounts["year"].isin(rights["year"].unique()).to_numpy()
    return pd.Series(np.where(covered, found, np.nan), index=accounts.index)


def _little_giant(tables: TablesLike) -> pd.Series[float]:
    """1 from the year in which the enterprise was first recognised as a little giant, 0 before and otherwise."""
    accounts, titles = tables["accounts"], tables["recognitions"]
    held = titles[titles["tier"] == "little_giant"]
    first = pd.to_datetime(held["granted_on"]).dt.year.groupby(held["enterprise_id"]).min()
    since = accounts["enterprise_id"].map(first).astype("float64")
    return (since <= accounts["year"]).astype("float64")


def _last_report(tables: TablesLike) -> pd.Series[float]:
    """1 in an enterprise's last year, 0 before; missing in the panel's last year, which cannot tell."""
    accounts = tables["accounts"]
    last = accounts.groupby("enterprise_id")["year"].transform("max")
    end = accounts["year"].max()
    return (accounts["year"] == last).astype("float64").where(accounts["year"] < end)


_LOG = {"zh": "取自然对数", "en": "natural logarithm"}
_SHARE = {"zh": "比率，按全部企业的第 1 与第 99 百分位收窄", "en": "ratio, drawn in to its 1st and 99th percentile"}
_STATE = {"zh": "是为 1，否为 0", "en": "1 if so, 0 if not"}
_ZERO_UNDEFINED = {"zh": "为零时不取对数，记为缺失", "en": "a zero has no logarithm and counts as missing"}
_ZERO_IS_ZERO = {"zh": "零就是零", "en": "a zero is a zero"}
_BLANK = {"zh": "未填即缺失，不补", "en": "a blank is missing and not filled in"}
_YUAN = {"zh": "万元", "en": "10,000 yuan"}
_HEADS = {"zh": "人", "en": "employees"}

_ALL = (
    Outcome(
        "log_revenue", {"zh": "营业收入", "en": "revenue"}, ("accounts.revenue",), _log("revenue"), "log points",
        "growth", _LOG, _ZERO_UNDEFINED, _BLANK, _item("revenue"), _YUAN, money=True,
    ),
    Outcome(
        "log_employees", {"zh": "从业人数", "en": "number of employees"}, ("accounts.employees",), _log("employees"),
        "log points", "growth", _LOG, _ZERO_UNDEFINED, _BLANK, _item("employees"), _HEADS,
    ),
    Outcome(
        "fixed_assets_growth", {"zh": "固定资产增长率", "en": "growth of fixed assets"}, ("accounts.fixed_assets",),
        _log_growth("fixed_assets"), "log points a year", "growth",
        {"zh": "与上年相比的对数增长", "en": "change of the logarithm since the year before"},
        _ZERO_UNDEFINED, {"zh": "缺上年或本年即缺失", "en": "missing where this year or the one before is"},
        money=True,
    ),
    Outcome(
        "log_productivity", {"zh": "劳动生产率", "en": "labour productivity"},
        ("accounts.revenue", "accounts.employees"), _log_ratio("revenue", "employees"), "log points", "efficiency",
        {"zh": "人均营业收入，取自然对数", "en": "revenue per employee, natural logarithm"}, _ZERO_UNDEFINED, _BLANK,
        _productivity, {"zh": "万元/人", "en": "10,000 yuan per employee"}, money=True,
    ),
    Outcome(
        "profit_margin", {"zh": "利润率", "en": "profit margin"}, ("accounts.profit", "accounts.revenue"),
        _share_of("profit", "revenue"), "share", "efficiency", _SHARE, _ZERO_IS_ZERO, _BLANK,
    ),
    Outcome(
        "rd_intensity", {"zh": "研发强度", "en": "R&D intensity"}, ("accounts.rd_expense", "accounts.revenue"),
        _share_of("rd_expense", "revenue"), "share", "innovation", _SHARE, _ZERO_IS_ZERO, _BLANK,
    ),
    Outcome(
        "patents", {"zh": "发明专利授权数", "en": "invention patents granted"}, ("intellectual_property.class_1",),
        _patents, "log points", "innovation",
        {"zh": "件数，按计数模型估计", "en": "a count, estimated by a count model"},
        {"zh": "未列入当年名单即为零件", "en": "an enterprise on no list of a year has none"},
        {"zh": "该表未覆盖的年份为缺失", "en": "years that the table does not cover are missing"},
        _patents, {"zh": "件", "en": "patents"}, count=True,
    ),
    Outcome(
        "promotion", {"zh": "晋升“小巨人”", "en": "promotion to little giant"},
        ("recognitions.tier", "recognitions.granted_on"), _little_giant, "share", "ladder", _STATE,
        {"zh": "零表示当年尚未晋升", "en": "zero: not promoted by that year"},
        {"zh": "不在名单上即未晋升", "en": "an enterprise on no list has not been promoted"},
    ),
    Outcome(
        "exit", {"zh": "停止报送", "en": "end of reporting"}, ("accounts.year",), _last_report, "share", "ladder",
        {"zh": "最后一次报送的年份为 1，此前为 0", "en": "1 in the last year reported, 0 before"},
        {"zh": "零表示次年仍在报送", "en": "zero: reports again later"},
        {"zh": "面板最后一年无从判断，记为缺失", "en": "the panel's last year cannot tell and is missing"},
    ),
    Outcome(
        "tax_burden", {"zh": "税负率", "en": "tax to revenue"}, ("accounts.tax", "accounts.revenue"),
        _share_of("tax", "revenue"), "share", "placebo", _SHARE, _ZERO_IS_ZERO, _BLANK,
    ),
    Outcome(
        "log_scrap_rate", {"zh": "废品率", "en": "scrap rate"}, ("accounts.scrap_rate",), _log("scrap_rate"),
        "log points", "efficiency", _LOG, _ZERO_UNDEFINED, _BLANK,
    ),
)  # fmt: skip

OUTCOMES: Final[Mapping[str, Outcome]] = {outcome.name: outcome for outcome in _ALL}

PRIMARY_OUTCOME: Final = "log_revenue"
REPORTED_FAMILY: Final = (
    "log_revenue", "log_employees", "log_productivity", "profit_margin", "rd_intensity", "fixed_assets_growth",
    "patents", "promotion", "exit",
)  # fmt: skip
"""Outcomes that every report estimates beside its own, named before any estimate and adjusted together."""
