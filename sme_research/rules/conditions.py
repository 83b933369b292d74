"""What a rule set is made of: conditions, gates, scored indicators, tiers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, TypeAlias

Occasion = Literal["first", "renewal"]
Status = Literal["met", "unmet", "unknown", "judge"]

MET: Final = 1
UNMET: Final = 0
UNKNOWN: Final = -1
JUDGE: Final = -2
STATUSES: Final[Mapping[int, Status]] = {MET: "met", UNMET: "unmet", UNKNOWN: "unknown", JUDGE: "judge"}
"""Codes of an assessment: met, unmet, not decided for want of an input, for a person to judge."""

OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Compare:
    """A metric held against a value in its own unit; limits include the value itself, but for ``<``."""

    metric: str
    op: str
    value: float
    unit: str

    def metrics(self) -> tuple[str, ...]:
        """The metric."""
        return (self.metric,)


@dataclass(frozen=True, slots=True)
class ScoreAtLeast:
    """Points of a group of scored indicators, or of all (``total``), that must be reached."""

    group: str
    value: float

    def metrics(self) -> tuple[str, ...]:
        """None of its own: the scored indicators name theirs."""
        return ()


@dataclass(frozen=True, slots=True)
class Judge:
    """What no number decides: a person does."""

    reason: Mapping[str, str]

    def metrics(self) -> tuple[str, ...]:
        """None."""
        return ()


@dataclass(frozen=True, slots=True)
class Only:
    """A condition that counts at one occasion; at the other it is met (a waived duty) or unmet (an extra way)."""

    occasion: Occasion
    condition: Condition
    otherwise: bool

    def metrics(self) -> tuple[str, ...]:
        """Those of the condition."""
        return self.condition.metrics()


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part must hold."""

    parts: tuple[Condition, ...]

    def metrics(self) -> tuple[str, ...]:
        """Those of the parts, each once."""
        return _metrics(self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part must hold."""

    parts: tuple[Condition, ...]

    def metrics(self) -> tuple[str, ...]:
        """Those of the parts, each once."""
        return _metrics(self.parts)


Condition: TypeAlias = Compare | ScoreAtLeast | Judge | Only | AllOf | AnyOf


def walk_condition(condition: Condition, occasion: Occasion | None = None) -> Iterator[Condition]:
    """A condition and every part of it, outer before inner, in the order of the file.

    Parameters
    ----------
    condition : Condition
    occasion : {"first", "renewal"}, optional
        What an `Only` holds is walked at its own occasion alone; at both where none is given.
    """
    yield condition
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from walk_condition(part, occasion)
        case Only(at, inner) if occasion in (None, at):
            yield from walk_condition(inner, occasion)


def _metrics(parts: Sequence[Condition]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part.metrics()))


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that must hold; labels by language."""

    id: str
    group: str
    label: Mapping[str, str]
    condition: Condition


@dataclass(frozen=True, slots=True)
class Band:
    """Points for whoever meets a condition and none of the better bands."""

    condition: Condition
    points: float


@dataclass(frozen=True, slots=True)
class Steps:
    """So many points for every full ``every`` of the sum of some metrics, or the metric itself as points."""

    counted: tuple[str, ...]
    every: float
    points: float


@dataclass(frozen=True, slots=True)
class Scored:
    """A scored indicator: bands from the best down and points for none of them, or steps; ``most`` points at best."""

    id: str
    group: str
    label: Mapping[str, str]
    most: float
    bands: tuple[Band, ...] = ()
    otherwise: float = 0.0
    steps: Steps | None = None

    def metrics(self) -> tuple[str, ...]:
        """Metrics that its points depend on, each once."""
        return self.steps.counted if self.steps else _metrics([band.condition for band in self.bands])


@dataclass(frozen=True, slots=True)
class InForce:
    """When a tier's rules are applied; ``prevails_over`` names rule sets that give way to them in that time."""

    first_day: date
    last_day: date | None
    occasions: tuple[Occasion, ...]
    prevails_over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TierRules:
    """The rules of one tier in one rule set: all gates must hold."""

    rule_set: str
    tier: str
    label: Mapping[str, str]
    in_force: tuple[InForce, ...]
    gates: tuple[Gate, ...]
    scored: tuple[Scored, ...] = ()
    validity_years: int | None = None

    def metrics(self) -> tuple[str, ...]:
        """Every metric that the tier's gates and scores use, each once."""
        gates = [name for gate in self.gates for name in gate.condition.metrics()]
        return tuple(dict.fromkeys([*gates, *(name for entry in self.scored for name in entry.metrics())]))


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One document's rules, by tier."""

    id: str
    title: Mapping[str, str]
    document: str
    sources: tuple[str, ...]
    confidence: str
    tiers: Mapping[str, TierRules]
