"""What of the series may be published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from sme_research.disclosure import coarse_count, publishable
from sme_research.programme.ladder.titles import TIERS
from sme_research.programme.monitor.records import ALL, PROVINCE, Indicator, Progress

DIGITS = 3  # of published amounts, so that differences of months and units say nothing of one enterprise
OPEN_ITEMS = ("clusters", "sessions", "events", "editions")
"""Units of things that are announced one by one, so that their number tells of nobody."""


def protect_series(frame: pd.DataFrame, indicators: Mapping[str, Indicator]) -> pd.DataFrame:
    """The series with counts in tens, amounts to three digits, and what few or one dominates withheld.

    What is withheld in some units follows, as a sum, from the others and the
    province: units with the next fewest enterprises are withheld too, until that
    sum could be published itself.
    Tiers are told of the province only, and amounts of a tier only where as many
    enterprises as it takes stand between it and the next that is told.
    """
    how = frame["indicator"].map({name: entry.how for name, entry in indicators.items()})
    unit = frame["indicator"].map({name: entry.unit for name, entry in indicators.items()})
    known, n = frame["status"] == "known", frame["n_enterprises"]
    amounts = how.isin(["sum", "mean", "wait"])
    whole = (frame["tier"] == ALL) & (frame["reporting_unit"] == PROVINCE)
    announced = unit.isin(OPEN_ITEMS) & (whole | (unit == "clusters"))
    # A median has as many on either side as it takes.
    behind = n.fillna(0).where(how != "wait", n.fillna(0) / 2)
    fit = [publishable(int(k), p) for k, p in zip(behind, frame["largest"], strict=True)]
    withheld = known & (n > 0) & ~pd.Series(fit, frame.index) & ~announced
    withheld |= known & (frame["tier"] != ALL) & (frame["reporting_unit"] != PROVINCE)
    withheld |= known & _near_tiers(frame[amounts], withheld).reindex(frame.index, fill_value=False)
    withheld |= known & _complements(frame[amounts], withheld).reindex(frame.index, fill_value=False)
    value = frame["value"].mask(withheld)
    counts = known & ~withheld & ~amounts & ~announced
    told = value[counts].map(coarse_count).astype("float64")
    value = value.mask(counts, told.reindex(frame.index))
    money = known & ~withheld & (how == "sum")
    value = value.mask(money, value.map(_three_digits))
    withheld |= known & value.isna()
    few = n.map(coarse_count, na_action="ignore").astype("float64")
    return frame.assign(value=value, n_enterprises=few, status=frame["status"].mask(withheld, "withheld"))


def _complements(rows: pd.DataFrame, withheld: pd.Series[bool]) -> pd.Series[bool]:
    """Units to withhold besides, until all that are withheld together could be published.

    A reader subtracts the units that are told from the province, and so has the
    sum of those that are not.
    """
    found = pd.Series(False, index=rows.index)
    inside = rows[(rows["reporting_unit"] != PROVINCE) & (rows["tier"] == ALL) & (rows["n_enterprises"] > 0)]
    for _, cell in inside.groupby(["indicator", "month"]):
        hidden = list(cell.index[withheld[cell.index]])
        told = list(cell.drop(index=hidden).sort_values("n_enterprises", kind="stable").index)
        while hidden and told and not _fit_together(cell.loc[hidden]):
            hidden.append(told.pop(0))
        found.loc[hidden] = True
    return found


def _fit_together(cells: pd.DataFrame) -> bool:
    """Whether the sum of several units may be published: enough enterprises, and none that dominates it."""
    total = float(cells["value"].abs().sum())
    most = float((cells["largest"] * cells["value"].abs()).max())
    share = most / total if total > 0 and np.isfinite(most) else None
    return len(cells) > 1 and publishable(int(cells["n_enterprises"].sum()), share)


def _near_tiers(rows: pd.DataFrame, withheld: pd.Series[bool]) -> pd.Series[bool]:
    """Tiers that differ by few enterprises from a wider one that is told: their amounts' difference would tell."""
    found = pd.Series(False, index=rows.index)
    whole = rows[rows["reporting_unit"] == PROVINCE]
    wide = {ALL: 0, **{tier: at for at, tier in enumerate(TIERS, start=1)}}
    for _, cell in whole.groupby(["indicator", "month"]):
        last = np.inf
        for at in cell["tier"].map(wide).sort_values().index:
            n = float(cell.loc[at, "n_enterprises"])
            if withheld[at] or n == 0:
                continue
            if last > n and not publishable(int(min(last - n, 1e9))):
                found.loc[at] = True
            else:
                last = n
    return found


def _three_digits(value: float) -> float:
    if not np.isfinite(value) or value == 0:
        return value
    return round(value, DIGITS - 1 - int(np.floor(np.log10(abs(value)))))


def protect_progress(progress: tuple[Progress, ...]) -> tuple[Progress, ...]:
    """Progress with all stocks in tens, and what follows from them; nothing of a tier with few."""
    return tuple(_coarse(each) for each in progress)


def _coarse(each: Progress) -> Progress:
    if each.value is None:
        return each
    value, base = coarse_count(each.value), None if each.base is None else coarse_count(each.base)
    path = None if each.path is None or base is None else float(coarse_count(each.path) or 0)
    if value is None:
        return replace(each, value=None, base=base, path=path, gap=None, pace=None, recent=None)
    gap = float(max(0, each.least - value))
    pace = None if each.pace is None or not each.gap else each.pace / each.gap * gap
    recent = None if each.recent is None else _difference(value, coarse_count(each.value - each.recent))
    return replace(each, value=float(value), base=base, path=path, gap=gap, pace=pace, recent=recent)


def _difference(now: int, before: int | None) -> float | None:
    return None if before is None else float(now - before)
