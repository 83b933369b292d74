"""What an enterprise could change: for each metric the thresholds of the rules that lie ahead of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from sme_research.programme.diagnosis.records import Nature
from sme_research.rules import METRICS, Compare, Condition, Scored, TierRules, walk_condition
from sme_research.rules.conditions import Occasion

TITLES: Final = ("innovative_valid", "srdi_valid")
"""Titles that another tier asks for; they are won first, as a step of their own."""
WAITING: Final = ("niche_years", "rd_expense_previous", "rd_ratio_previous", "platform_score_previous")
"""What nobody changes within a year: years gone by, and years whose books are closed."""
CENT: Final = 0.01
"""Money is asked in hundredths of 万元, rounded up."""
RD_LINKED: Final = ("rd_ratio", "rd_expense_mean_2y", "rd_expense_sum_2y")
"""What follows from last year's R&D expense by arithmetic."""
STEP: Final = {"fraction": 0.25, "points": 10.0}
"""What counts as one step of effort; of all other units one does: a year, a right, a level, a yes."""
MONEY: Final = "万元"
BASE: Final = 100.0
"""An amount's step is its doubling, counted from this much in 万元 above it so that zero has a distance too."""
AWARDS: Final = ("science_award", "contest_award", "quality_award")
PRODUCT: Final = ("strategic_emerging", "key_field", "fills_gap", "product_field")
"""What the main product is: to change it is to make another one."""
HARD: Final = 3.0
"""An award is won, not decided on; another product takes years: such steps count so many times."""
KINDS_OF_CLASS_1: Final = ("class_1_own", "class_1_high_value", "class_1_in_use")


@dataclass(frozen=True, slots=True)
class Lever:
    """One metric with the values worth reaching, from the nearest to the best."""

    metric: str
    nature: Nature
    present: float
    candidates: tuple[float, ...]

    @property
    def best(self) -> float:
        """The farthest value that any rule asks for."""
        return self.candidates[-1]

    def effort(self, needed: float) -> float:
        """How far it is, in the steps of `STEP`; an award or another product counts three times.

        What is not known counts as none where it is a yes, a level or a number of rights, else as one step away.
        """
        metric = METRICS[self.metric]
        unknown = math.isnan(self.present)
        present = 0.0 if unknown else self.present
        if unknown and metric.kind == "number":
            distance = 1.0
        elif metric.unit == MONEY:
            distance = abs(math.log2((needed + BASE) / (max(present, 0.0) + BASE)))
        else:
            distance = abs(needed - present) / STEP.get(metric.unit, 1.0)
        return distance * (HARD if self.metric in (*AWARDS, *PRODUCT) else 1.0)

    def within(self, cap: float) -> Lever | None:
        """The lever with no candidate of more effort; None where none is left."""
        kept = tuple(value for value in self.candidates if self.effort(value) <= cap)
        return replace(self, candidates=kept) if kept else None


def leaves(condition: Condition, occasion: Occasion) -> Iterator[Compare]:
    """Every comparison of a condition that counts at the occasion."""
    return (part for part in walk_condition(condition, occasion) if isinstance(part, Compare))


def find_levers(values: Mapping[str, float], rules: TierRules, occasion: Occasion) -> tuple[Lever, ...]:
    """Levers of one enterprise under the rules of one tier; a metric at its best has none."""
    asked = _thresholds(rules, occasion)
    linked = _rd_is_linked(values)
    if linked:
        asked["rd_expense"] = [*asked.get("rd_expense", []), *_rd_amounts(values, asked)]
        for name in RD_LINKED:
            asked.pop(name, None)
    levers = (_lever(name, thresholds, values) for name, thresholds in asked.items())
    return tuple(lever for lever in levers if lever is not None)


def find_guarded(values: Mapping[str, float], rules: TierRules, occasion: Occasion) -> frozenset[str]:
    """Metrics that open a way to a gate only while they stay below a limit, and do: raising them closes it."""
    below = [leaf for gate in rules.gates for leaf in leaves(gate.condition, occasion) if leaf.op == "<"]
    return frozenset(leaf.metric for leaf in below if values.get(leaf.metric, math.nan) < leaf.value)


def _thresholds(rules: TierRules, occasion: Occasion) -> dict[str, list[float]]:
    asked: dict[str, list[float]] = {}
    bands = [band.condition for entry in rules.scored for band in entry.bands]
    for condition in [*(gate.condition for gate in rules.gates), *bands]:
        for leaf in leaves(condition, occasion):
            if leaf.op != "<":  # a limit that opens a way, nothing to be reached
                asked.setdefault(leaf.metric, []).append(leaf.value)
    for entry in rules.scored:
        for name in entry.steps.counted if entry.steps else ():
            asked.setdefault(name, []).extend(_step_values(entry, name))
    return asked


def _step_values(entry: Scored, name: str) -> list[float]:
    """Values at which a step indicator gives more points."""
    assert entry.steps is not None
    if METRICS[name].kind == "boolean":
        return [1.0]
    n = math.ceil(entry.most / entry.steps.points)
    return [(entry.steps.every or 1.0) * step for step in range(1, n + 1)]


def _lever(name: str, thresholds: Sequence[float], values: Mapping[str, float]) -> Lever | None:
    metric, present = METRICS[name], values.get(name, math.nan)
    ordered = sorted(set(thresholds), reverse=metric.better == "lower")
    if not math.isnan(present):
        sign = -1.0 if metric.better == "lower" else 1.0
        ordered = [threshold for threshold in ordered if sign * threshold > sign * present]
    if not ordered:
        return None
    nature: Nature = "change"
    if name in TITLES:
        nature = "title"
    elif math.isnan(present):
        nature = "fill_in"
    elif name in WAITING:
        nature = "wait"
    return Lever(name, nature, present, tuple(ordered))


def _known(values: Mapping[str, float], *names: str) -> bool:
    return all(not math.isnan(values.get(name, math.nan)) for name in names)


def _rd_is_linked(values: Mapping[str, float]) -> bool:
    return _known(values, "rd_expense", "revenue", "rd_ratio") and values["revenue"] > 0


def _rd_amounts(values: Mapping[str, float], asked: Mapping[str, Sequence[float]]) -> list[float]:
    """R&D expense of the last year at which its ratio, mean or sum reaches a threshold, in 万元."""
    amounts = [threshold * values["revenue"] for threshold in asked.get("rd_ratio", ())]
    if _known(values, "rd_expense_previous"):
        before = values["rd_expense_previous"]
        amounts += [2 * threshold - before for threshold in asked.get("rd_expense_mean_2y", ())]
        amounts += [threshold - before for threshold in asked.get("rd_expense_sum_2y", ())]
    return [math.ceil(amount / CENT - 1e-6) * CENT for amount in amounts]


def settle(columns: dict[str, np.ndarray], values: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Columns in which whatever follows by arithmetic follows: R&D ratios and sums, and rights counted in others.

    Revenue that rises takes R&D along: the ratio stays as it is.

    Parameters
    ----------
    columns : mapping of metric to array, n_rows
    values : mapping of metric to value
        The enterprise as it is.
    """
    settled = dict(columns)
    if _rd_is_linked(values):
        moved = columns["rd_expense"] != values["rd_expense"]
        follows = {"rd_ratio": columns["rd_expense"] / values["revenue"]}
        if _known(values, "rd_expense_previous"):
            total = columns["rd_expense"] + values["rd_expense_previous"]
            follows |= {"rd_expense_mean_2y": total / 2, "rd_expense_sum_2y": total}
        settled |= {n: np.where(moved, new, columns[n]) for n, new in follows.items() if n in columns}
    kinds = [columns[name] for name in KINDS_OF_CLASS_1 if name in columns]
    if "class_1" in columns and kinds:
        most = np.fmax.reduce([columns["class_1"], *kinds])
        # A right of some kind is a right: but what is not known of all stays so unless a kind has one.
        unknown = np.isnan(columns["class_1"]) & (np.nan_to_num(most) == 0)
        settled["class_1"] = np.where(unknown, np.nan, most)
    return settled
