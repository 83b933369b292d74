"""What a diagnosis says of one enterprise: statuses, shortfalls, peers, and changes that would pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sme_research.rules import METRICS, Metric, TierRules
from sme_research.rules.conditions import Occasion, Status

Basis = Literal["division", "section", "all"]
Origins = Mapping[str, tuple[str, int | None]]
"""Table and account year of each metric's value."""
Nature = Literal["change", "wait", "title", "fill_in"]


@dataclass(frozen=True, slots=True)
class Part:
    """One comparison of a gate: what is there, what is asked, and by how much it is short.

    ``value``, ``threshold`` and ``short`` are in the metric's unit; ``short`` is 0
    where it is met and None where the value is not known. ``source`` names the
    table and ``year`` the account year of the value, where there are such.
    """

    metric: Metric
    value: float | None
    op: str
    threshold: float
    short: float | None
    status: Status
    source: str
    year: int | None


@dataclass(frozen=True, slots=True)
class GateStatus:
    """One gate of a tier.

    ``reason`` says by language why a person has to judge; ``ways`` that one of several parts is enough,
    ``scored`` that points count in it.
    """

    id: str
    group: str
    label: Mapping[str, str]
    status: Status
    parts: tuple[Part, ...]
    reason: Mapping[str, str] | None
    ways: bool
    scored: bool


@dataclass(frozen=True, slots=True)
class ScoreStatus:
    """One scored indicator: its points at worst and at best while inputs are missing, of ``most``.

    ``next_metric`` raised to ``next_value`` (in its unit) is the least single change that adds
    points, to ``next_points``; None where there is none.
    """

    id: str
    group: str
    label: Mapping[str, str]
    low: float
    high: float
    most: float
    metrics: tuple[str, ...]
    next_metric: str | None
    next_value: float | None
    next_points: float | None

    @property
    def status(self) -> Status:
        """Met at full points, unknown while an input is missing, else unmet."""
        if self.low < self.high:
            return "unknown"
        return "met" if self.low >= self.most else "unmet"


@dataclass(frozen=True, slots=True)
class Change:
    """One metric that has to reach ``needed`` (in its unit); ``present`` is None where it is not known.

    ``nature``: something an enterprise can change, something that only time brings,
    a title that must be won first, or a value to fill in first. ``implies`` are
    metrics that follow from it by arithmetic, with the value they then have.
    """

    metric: Metric
    present: float | None
    needed: float
    nature: Nature
    implies: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """A smallest set of changes with which every gate is met or left to a person.

    ``titles`` come first, ``fill_in`` are values that are not known and must turn
    out so. ``effort`` ranks the sets: of each change a half and its distance, where the
    doubling of an amount, a quarter of a share, ten points, a year, a right, a level or a
    yes are one each; those of an award or of another product count three times.
    """

    titles: tuple[Change, ...]
    changes: tuple[Change, ...]
    fill_in: tuple[Change, ...]
    effort: float
    judged: bool

    @property
    def items(self) -> tuple[Change, ...]:
        """All of it."""
        return (*self.titles, *self.changes, *self.fill_in)


@dataclass(frozen=True, slots=True)
class Asked:
    """A value that is not known and on which gates hang; ``required``: without it nothing passes."""

    metric: Metric
    gates: tuple[str, ...]
    required: bool


@dataclass(frozen=True, slots=True)
class TierStatus:
    """One tier under one rule set.

    ``applies``: these are the rules of the day. ``paths`` are the smallest sets of
    changes, best first; where there is none of up to four changes, ``unavoidable``
    names metrics that must change in any case and ``still_unmet`` how many gates
    four changes leave unmet at best.
    """

    rules: TierRules
    applies: bool
    status: Status
    gates: tuple[GateStatus, ...]
    scored: tuple[ScoreStatus, ...]
    score_low: float | None
    score_high: float | None
    asked: tuple[Asked, ...]
    paths: tuple[Path, ...]
    unavoidable: tuple[Metric, ...]
    still_unmet: int

    def count(self, status: Status) -> int:
        """Gates with that status."""
        return sum(gate.status == status for gate in self.gates)


@dataclass(frozen=True, slots=True)
class Standing:
    """One input beside its peers.

    ``percentile`` is the share of them (0 to 1) that it equals or betters, ties
    counting half; None where it or fewer than ten peers are known. Quartiles and
    ``grid`` (quantiles in hundredths) in the metric's unit.
    """

    metric: Metric
    value: float | None
    source: str
    year: int | None
    percentile: float | None
    low_quartile: float | None
    median: float | None
    high_quartile: float | None
    n_peers: int
    grid: tuple[float, ...] = field(default=(), repr=False)

    def percentile_of(self, value: float) -> float | None:
        """Share of the peers that a value would equal or better, to a hundredth; None where too few are known."""
        if not self.grid:
            return None
        lower = self.metric.better == "lower"
        worse = sum(other > value if lower else other < value for other in self.grid)
        return (worse + sum(other == value for other in self.grid) / 2) / len(self.grid)


@dataclass(frozen=True, slots=True)
class PeerGroup:
    """Who the peers are: enterprises of one size class in one ``division`` or ``section``, or ``all``.

    ``industry`` is the code of that division or section, empty for all; ``size`` is a size
    class, empty where all sizes are taken; ``n`` enterprises without the one diagnosed.
    """

    basis: Basis
    industry: str
    size: str
    n: int


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a diagnosis is of, as far as known.

    ``industry`` (code) and ``size`` (class) choose the peers; ``origins`` are table and
    account year of each metric's value; ``held`` are titles in force.
    """

    enterprise_id: str = ""
    industry: str = ""
    size: str = ""
    held: tuple[str, ...] = ()
    origins: Origins = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The self-assessment of one enterprise on a day."""

    subject: Subject
    on: date
    occasion: Occasion
    standings: tuple[Standing, ...]
    peers: PeerGroup
    tiers: tuple[TierStatus, ...]

    def of(self, tier: str, rule_set: str | None = None) -> TierStatus | None:
        """A tier under a rule set, or under the rules of the day; None where there is none."""
        for found in self.tiers:
            if found.rules.tier == tier and (found.applies if rule_set is None else found.rules.rule_set == rule_set):
                return found
        return None

    @property
    def values(self) -> dict[str, float | None]:
        """Every input by name of its metric."""
        return {standing.metric.name: standing.value for standing in self.standings}


def metrics_of_enterprises() -> tuple[Metric, ...]:
    """Metrics that are asked of an enterprise, not of a cluster."""
    return tuple(metric for name, metric in METRICS.items() if not name.startswith("cluster_"))
