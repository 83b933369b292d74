"""How far enterprises are from the gates they do not meet, as a share of what each gate asks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.rules import UNMET, AllOf, AnyOf, Assessment, Compare, Condition, Judge, Only, ScoreAtLeast

Floats = NDArray[np.float64]


def find_shortfalls(values: pd.DataFrame, found: Assessment) -> pd.DataFrame:
    """Shortfall of every gate that is not met.

    A comparison's shortfall is its distance from the limit over the limit, 0.2
    where 400 stands for 500; a yes is wholly missed. Where every part must hold, the part farthest
    away counts; where one is enough, the nearest. What is not known counts as no
    distance, so that a shortfall is a lower bound.

    Parameters
    ----------
    values : DataFrame, n_enterprises x n_metrics
        Inputs that were assessed.
    found : Assessment

    Returns
    -------
    DataFrame, n_enterprises x n_gates
        Fractions; NaN where the gate is met, not decided or for a person.
    """
    gates = {
        gate.id: _distance(gate.condition, values, found).clip(min=0.0)
        for gate in found.rules.gates
        if gate.id in found.statuses
    }
    return pd.DataFrame(gates, index=values.index).where(found.statuses == UNMET)


def _distance(condition: Condition, values: pd.DataFrame, found: Assessment) -> Floats:  # noqa: PLR0911  one answer a kind
    match condition:
        case Compare():
            return _gap(condition, values)
        case AllOf(parts):
            return np.asarray(np.max(_distances(parts, values, found), axis=0))
        case AnyOf(parts):
            return np.asarray(np.min(_distances(parts, values, found), axis=0))
        case Only(occasion, inner, _) if occasion == found.occasion:
            return _distance(inner, values, found)
        case Only(_, _, otherwise):
            return np.full(len(values), 0.0 if otherwise else 1.0)
        case ScoreAtLeast(group, limit):
            return np.asarray(1.0 - _points(group, found) / limit)
        case Judge():
            return np.zeros(len(values))


def _gap(condition: Compare, values: pd.DataFrame) -> Floats:
    if condition.metric not in values:
        return np.zeros(len(values))
    gap = condition.value - values[condition.metric].to_numpy(dtype=np.float64)
    if condition.op in ("<=", "<"):
        gap = -gap
    elif condition.op == "==":
        gap = np.abs(gap)
    return np.nan_to_num(gap / (abs(condition.value) or 1.0), nan=0.0)


def _distances(parts: Sequence[Condition], values: pd.DataFrame, found: Assessment) -> list[Floats]:
    return [np.maximum(_distance(part, values, found), 0.0) for part in parts]


def _points(group: str, found: Assessment) -> Floats:
    """The most points that a group of indicators may still come to."""
    assert found.points_high is not None
    of = [entry.id for entry in found.rules.scored if group in (entry.group, "total")]
    return found.points_high[of].sum(axis=1).to_numpy(dtype=np.float64)
