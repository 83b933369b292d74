"""One indicator's rows as numbers by reporting unit: value, enterprises behind it, the largest one's part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.programme.monitor.preparing import Ints, Prepared
from sme_research.programme.monitor.records import How
from sme_research.programme.monitor.waiting import median_wait

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of an indicator as parallel arrays; ``enterprise`` and ``unit`` are positions, -1 for none."""

    enterprise: Ints
    unit: Ints
    item: Ints
    value: Floats
    ended: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: pd.DataFrame, prepared: Prepared) -> Rows:
        """The rows that a measure gives."""
        n = len(rows)
        enterprise = rows["enterprise_id"].fillna(-1).to_numpy(dtype=np.int64)
        own = "unit" in rows
        # The last position stands in for no enterprise, which has no unit.
        unit = prepared.unit_codes(rows["unit"]) if own else np.append(prepared.unit_at, -1)[enterprise]
        item = pd.factorize(rows["item"])[0].astype(np.int64) if "item" in rows else np.zeros(n, dtype=np.int64)
        value = rows["value"].to_numpy(dtype=np.float64) if "value" in rows else np.zeros(n)
        ended = rows["ended"].to_numpy(dtype=bool) if "ended" in rows else np.zeros(n, dtype=bool)
        return cls(enterprise, unit, item, value, ended)

    def within(self, holding: NDArray[np.bool_]) -> Rows:
        """Those of some enterprises only."""
        kept = np.append(holding, False)[self.enterprise]
        return Rows(*(part[kept] for part in (self.enterprise, self.unit, self.item, self.value, self.ended)))

    def with_units(self) -> tuple[Rows, Ints]:
        """Every row once for the province (group 0) and once for its unit (group 1 and up)."""
        placed = np.flatnonzero(self.unit >= 0)
        at = np.concatenate([np.arange(len(self.unit)), placed])
        group = np.concatenate([np.zeros(len(self.unit), dtype=np.int64), self.unit[placed] + 1])
        return Rows(*(part[at] for part in (self.enterprise, self.unit, self.item, self.value, self.ended))), group


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """By group: value (NaN where there is none), enterprises behind it, and the largest one's part, 0 to 1."""

    value: Floats
    n_enterprises: Floats
    largest: Floats


def nothing(n_groups: int) -> Numbers:
    """No number for any group."""
    return Numbers(np.full(n_groups, np.nan), np.full(n_groups, np.nan), np.zeros(n_groups))


def aggregate(how: How, rows: Rows, group: Ints, n_groups: int) -> Numbers:
    """Numbers of every group, as `Indicator.how` says."""
    if not len(group):
        empty = np.nan if how in ("mean", "wait") else 0.0
        return Numbers(np.full(n_groups, empty), np.zeros(n_groups), np.zeros(n_groups))
    n, largest = _enterprises(rows, group, n_groups)
    if how == "firms":
        return Numbers(n, n, np.zeros(n_groups))
    if how == "items":
        return Numbers(_distinct(group, rows.item, n_groups), n, np.zeros(n_groups))
    total: Floats = np.bincount(group, weights=rows.value, minlength=n_groups).astype(np.float64)
    if how == "sum":
        return Numbers(total, n, largest)
    if how == "mean":
        count = np.bincount(group, minlength=n_groups).astype(np.float64)
        mean = np.divide(total, count, out=np.full(n_groups, np.nan), where=count > 0)
        return Numbers(mean, n, np.zeros(n_groups))
    waits = [_wait(rows, group == at) for at in range(n_groups)]
    return Numbers(np.array(waits, dtype=np.float64), n, np.zeros(n_groups))


def _wait(rows: Rows, own: NDArray[np.bool_]) -> float:
    median = median_wait(rows.value[own], rows.ended[own])
    return np.nan if median is None else median


def _enterprises(rows: Rows, group: Ints, n_groups: int) -> tuple[Floats, Floats]:
    """Distinct enterprises, and the part of the largest in the sum of amounts."""
    known = rows.enterprise >= 0
    most = int(rows.enterprise.max(initial=0)) + 1
    pairs, at = np.unique(group[known] * most + rows.enterprise[known], return_inverse=True)
    own = pairs // most
    n = np.bincount(own, minlength=n_groups).astype(np.float64)
    each = np.abs(np.bincount(at, weights=rows.value[known], minlength=len(pairs)))
    whole, top = np.bincount(own, weights=each, minlength=n_groups), np.zeros(n_groups)
    np.maximum.at(top, own, each)
    return n, np.divide(top, whole, out=np.zeros(n_groups), where=whole > 0)


def _distinct(group: Ints, item: Ints, n_groups: int) -> Floats:
    most = int(item.max(initial=0)) + 1
    return np.bincount(np.unique(group * most + item) // most, minlength=n_groups).astype(np.float64)
