"""Rules held against inputs, all enterprises at once, with what is unknown carried as bounds.

Every condition has a lower and an upper truth: both true is met, both false is
unmet, and in between the inputs at hand do not decide. Scores carry a lower
and an upper number of points the same way, so that nothing missing passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import StudyError
from sme_research.rules.conditions import (
    JUDGE,
    MET,
    OPERATORS,
    UNKNOWN,
    UNMET,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Judge,
    Occasion,
    Only,
    ScoreAtLeast,
    Scored,
    TierRules,
)
from sme_research.rules.metrics import METRICS

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
TOLERANCE = 1e-9
"""Relative: 0.3 / 10 is a share of 0.03 although the quotient of two floats may fall a hair below it."""
TOTAL = "total"


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """How enterprises stand against the rules of one tier.

    ``statuses`` has a row an enterprise and a column a gate, ``verdict`` all
    gates together; both hold the codes of `STATUSES`. ``points_low`` and
    ``points_high`` bound the points of each scored indicator, ``score_low`` and
    ``score_high`` their sum; all four are None where the tier has no score.
    """

    rules: TierRules
    occasion: Occasion
    statuses: pd.DataFrame
    verdict: pd.Series[int]
    points_low: pd.DataFrame | None
    points_high: pd.DataFrame | None
    score_low: pd.Series[float] | None
    score_high: pd.Series[float] | None


@dataclass(frozen=True, slots=True)
class _Truth:
    """Lower and upper truth of a condition; ``judged`` where only a person's word is missing."""

    low: Bools
    high: Bools
    judged: Bools


@dataclass(frozen=True, slots=True)
class _Points:
    low: Mapping[str, Floats]
    high: Mapping[str, Floats]


def evaluate(inputs: pd.DataFrame, rules: TierRules, occasion: Occasion = "first") -> Assessment:
    """Hold inputs against the rules of one tier.

    Parameters
    ----------
    inputs : DataFrame, n_enterprises x n_metrics
        Columns by name of metric, in its unit; NaN where unknown. A metric
        without a column is unknown for all.
    rules : TierRules
    occasion : {"first", "renewal"}

    Returns
    -------
    Assessment

    Raises
    ------
    StudyError
        The frame has two columns of one name.
    """
    if inputs.columns.has_duplicates:
        raise StudyError(f"inputs: column {inputs.columns[inputs.columns.duplicated()][0]!r} is there twice.")
    values = {
        name: inputs[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in rules.metrics() if name in inputs
    }
    missing = np.full(len(inputs), np.nan)
    reader = _Reader({name: values.get(name, missing) for name in rules.metrics()}, len(inputs), occasion)
    low = {entry.id: reader.points(entry, upper=False) for entry in rules.scored}
    high = {entry.id: reader.points(entry, upper=True) for entry in rules.scored}
    reader.sums = _sums(rules.scored, low, high, len(inputs))
    truths = {gate.id: reader.truth(gate.condition) for gate in rules.gates}
    statuses = pd.DataFrame({name: _status(truth) for name, truth in truths.items()}, index=inputs.index)
    verdict = pd.Series(_status(_all(list(truths.values()))), index=inputs.index, name="verdict")
    if not rules.scored:
        return Assessment(rules, occasion, statuses, verdict, None, None, None, None)
    points_low, points_high = (pd.DataFrame(points, index=inputs.index) for points in (low, high))
    sums = [pd.Series(bound[TOTAL], index=inputs.index) for bound in (reader.sums.low, reader.sums.high)]
    return Assessment(rules, occasion, statuses, verdict, points_low, points_high, *sums)


def _sums(scored: Sequence[Scored], low: Mapping[str, Floats], high: Mapping[str, Floats], n: int) -> _Points:
    groups = [*dict.fromkeys(entry.group for entry in scored), TOTAL]

    def total(points: Mapping[str, Floats], group: str) -> Floats:
        parts = [points[entry.id] for entry in scored if group in (entry.group, TOTAL)]
        return np.sum(parts, axis=0, dtype=np.float64) if parts else np.zeros(n)

    return _Points({group: total(low, group) for group in groups}, {group: total(high, group) for group in groups})


class _Reader:
    """Truth of conditions over one set of inputs."""

    def __init__(self, values: Mapping[str, Floats], n: int, occasion: Occasion) -> None:
        self._values, self._n, self._occasion = values, n, occasion
        self.sums = _Points({}, {})

    def truth(self, condition: Condition) -> _Truth:  # noqa: PLR0911  one answer a kind of condition
        match condition:
            case AllOf(parts):
                return _all([self.truth(part) for part in parts])
            case AnyOf(parts):
                return _any([self.truth(part) for part in parts])
            case Compare(metric, op, value):
                return self._compare(metric, op, value)
            case ScoreAtLeast(group, value):
                low, high = (_holds(sums[group], ">=", value) for sums in (self.sums.low, self.sums.high))
                return _Truth(low, high, self._constant(value=False))
            case Only(occasion, inner, otherwise):
                if occasion == self._occasion:
                    return self.truth(inner)
                fixed = self._constant(value=otherwise)
                return _Truth(fixed, fixed, self._constant(value=False))
            case Judge():
                return _Truth(self._constant(value=False), self._constant(value=True), self._constant(value=True))

    def points(self, entry: Scored, *, upper: bool) -> Floats:
        """Lower or upper bound of an indicator's points, n_enterprises."""
        if entry.steps:
            # What is missing counts nothing at worst and the most that it can be at best.
            known = np.sum([self._counted(name, upper=upper) for name in entry.steps.counted], axis=0)
            steps = np.floor(known / entry.steps.every + TOLERANCE) if entry.steps.every else known
            return np.asarray(np.clip(steps * entry.steps.points, 0.0, entry.most))
        points = np.full(self._n, entry.otherwise)
        # From the worst band up: a better one takes precedence.
        for band in reversed(entry.bands):
            truth = self.truth(band.condition)
            points = np.where(truth.high if upper else truth.low, band.points, points)
        return points

    def _counted(self, metric: str, *, upper: bool) -> Floats:
        most = METRICS[metric].most
        missing = (np.inf if most is None else most) if upper else 0.0
        return np.where(np.isnan(self._values[metric]), missing, self._values[metric])

    def _compare(self, metric: str, op: str, value: float) -> _Truth:
        given = self._values[metric]
        unknown = np.isnan(given)
        holds = _holds(given, op, value)
        return _Truth(holds & ~unknown, holds | unknown, self._constant(value=False))

    def _constant(self, *, value: bool) -> Bools:
        return np.full(self._n, value)


def _holds(given: Floats, op: str, value: float) -> Bools:
    """The comparison with limits included, also where a quotient of two floats misses its limit by a hair."""
    close = np.abs(given - value) <= TOLERANCE * max(abs(value), 1.0)
    holds: Bools = OPERATORS[op](given, value)
    return np.asarray(holds & ~close if op == "<" else holds | close)


def _all(truths: Sequence[_Truth]) -> _Truth:
    low = np.logical_and.reduce([truth.low for truth in truths])
    high = np.logical_and.reduce([truth.high for truth in truths])
    return _Truth(low, high, _only_judged(truths, high & ~low))


def _any(truths: Sequence[_Truth]) -> _Truth:
    low = np.logical_or.reduce([truth.low for truth in truths])
    high = np.logical_or.reduce([truth.high for truth in truths])
    return _Truth(low, high, _only_judged(truths, high & ~low))


def _only_judged(truths: Sequence[_Truth], undecided: Bools) -> Bools:
    """Where every undecided part waits for a person and none for an input."""
    waits = [truth.judged | ~(truth.high & ~truth.low) for truth in truths]
    return np.asarray(undecided & np.logical_and.reduce(waits), dtype=np.bool_)


def _status(truth: _Truth) -> NDArray[np.int8]:
    undecided = np.where(truth.judged, JUDGE, UNKNOWN)
    return np.where(truth.low, MET, np.where(truth.high, undecided, UNMET)).astype(np.int8)
