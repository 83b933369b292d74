"""The smallest sets of changes that would pass: computed, all sets of one size at once as rows of one frame."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Final

import numpy as np
import pandas as pd

from sme_research.programme.diagnosis.levers import Lever, find_guarded, find_levers, settle
from sme_research.programme.diagnosis.records import Change, Path
from sme_research.rules import JUDGE, MET, METRICS, UNMET, TierRules, evaluate
from sme_research.rules.conditions import Occasion

LARGEST: Final = 4
"""Changes that are tried together at most."""
SHOWN: Final = 5
MOST_SETS: Final = 24
"""Sets whose least thresholds are looked for; more of one size are left out."""
CAPS: Final = (2.0, 1.0)
"""Each single change is also limited to so much effort: two small changes may be less than one huge one."""
EACH: Final = 0.5
"""Effort of any change whatever its distance, so that of equal distances the fewer changes win."""
MOST_ROWS: Final = 2_000
"""Combinations of thresholds that are tried at once for one set of metrics."""
Goal = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the search found; without paths, what cannot be avoided and how many gates stay unmet at best."""

    paths: tuple[Path, ...]
    unavoidable: tuple[str, ...]
    required: tuple[str, ...]
    still_unmet: int


class Search:
    """Goals held against the rules of one tier, for one enterprise."""

    def __init__(
        self,
        values: Mapping[str, float],
        rules: TierRules,
        occasion: Occasion,
        *,
        cap: float = math.inf,
        held: frozenset[str] = frozenset(),
    ) -> None:
        self._values = {name: float(values.get(name, math.nan)) for name in (*rules.metrics(), *values)}
        self._rules, self._occasion = rules, occasion
        levers = (lever.within(cap) for lever in find_levers(self._values, rules, occasion))
        self.levers = {lever.metric: lever for lever in levers if lever is not None and lever.metric not in held}

    def rows(self, goals: Sequence[Goal]) -> pd.DataFrame:
        """The enterprise's inputs, one row a goal, with the goal reached and all that follows from it."""
        columns = {name: np.full(len(goals), value) for name, value in self._values.items()}
        for at, goal in enumerate(goals):
            for name, value in goal.items():
                columns[name][at] = value
        return pd.DataFrame(settle(columns, self._values))

    def passes(self, goals: Sequence[Goal]) -> np.ndarray:
        """Whether every gate is met, or left to a person, with each goal."""
        verdict = evaluate(self.rows(goals), self._rules, self._occasion).verdict.to_numpy()
        return np.asarray(np.isin(verdict, (MET, JUDGE)))

    def unmet(self, goals: Sequence[Goal]) -> np.ndarray:
        """Gates that stay unmet with each goal."""
        statuses = evaluate(self.rows(goals), self._rules, self._occasion).statuses.to_numpy()
        return np.asarray((statuses == UNMET).sum(axis=1))

    def find(self) -> Outcome:
        """Smallest sets, best first."""
        best = {name: lever.best for name, lever in self.levers.items()}
        if not self.passes([best])[0]:
            return Outcome((), (), (), int(self.unmet([best])[0]))
        without = [{name: value for name, value in best.items() if name != left_out} for left_out in best]
        forced = [name for name, passed in zip(best, self.passes(without), strict=True) if not passed] if best else []
        filled = self._least_to_fill(best, [name for name in forced if self._is("fill_in", name)])
        titles = {name: 1.0 for name in best if self._is("title", name)}
        needed = [name for name in forced if name not in filled and name not in titles]
        free = [name for name in best if name not in forced and name not in titles]
        fixed = {**titles, **filled}
        sets = self._smallest(fixed, needed, free) if len(needed) <= LARGEST else []
        if not sets:
            left = self._fewest_unmet(fixed, [*needed, *free])
            return Outcome((), tuple(needed), tuple(filled), left)
        goals = sorted((self._reduce(fixed, names) for names in sets[:MOST_SETS]), key=self._effort)
        return Outcome(tuple(self._path(goal, fixed) for goal in goals[:SHOWN]), tuple(needed), tuple(filled), 0)

    def _is(self, nature: str, name: str) -> bool:
        return self.levers[name].nature == nature

    def _least_to_fill(self, best: Goal, names: Sequence[str]) -> dict[str, float]:
        """For each unknown without which nothing passes the least it must be, all else at its best."""
        least: dict[str, float] = {}
        for name in names:
            candidates = self.levers[name].candidates
            passed = self.passes([{**best, **least, name: value} for value in candidates])
            least[name] = candidates[int(np.argmax(passed))]
        return least

    def _smallest(self, fixed: dict[str, float], needed: Sequence[str], free: Sequence[str]) -> list[tuple[str, ...]]:
        """Minimal sets of metrics, by size, until enough are found."""
        found: list[tuple[str, ...]] = []
        for size in range(LARGEST - len(needed) + 1):
            smaller = [set(extra) for extra in found]
            tried = [extra for extra in combinations(free, size) if not any(one <= set(extra) for one in smaller)]
            goals = [fixed | self._best(needed) | self._best(extra) for extra in tried]
            if goals:
                found += [extra for extra, passed in zip(tried, self.passes(goals), strict=True) if passed]
            if len(found) >= SHOWN:
                break
        return [(*needed, *extra) for extra in found]

    def _best(self, names: Iterable[str]) -> dict[str, float]:
        return {name: self.levers[name].best for name in names}

    def _fewest_unmet(self, fixed: dict[str, float], names: Sequence[str]) -> int:
        size = min(LARGEST, len(names))
        return int(self.unmet([fixed | self._best(chosen) for chosen in combinations(names, size)]).min())

    def _reduce(self, fixed: dict[str, float], names: Sequence[str]) -> dict[str, float]:
        """Each metric of a set at the least threshold that still passes: of all ways the one of least effort."""
        goal = self._best(names)
        if math.prod(len(self.levers[name].candidates) for name in names) > MOST_ROWS:
            return self._one_by_one(fixed, goal)
        ways = [dict(zip(names, way, strict=True)) for way in product(*(self.levers[n].candidates for n in names))]
        passing = [way for way, ok in zip(ways, self.passes([fixed | way for way in ways]), strict=True) if ok]
        return min(passing, key=self._effort)

    def _one_by_one(self, fixed: dict[str, float], goal: dict[str, float]) -> dict[str, float]:
        for name in goal:
            candidates = self.levers[name].candidates
            passed = self.passes([{**fixed, **goal, name: value} for value in candidates])
            goal = {**goal, name: candidates[int(np.argmax(passed))]}
        return goal

    def _effort(self, goal: Goal) -> float:
        return sum(EACH + self.levers[name].effort(value) for name, value in goal.items())

    def _path(self, goal: Goal, fixed: dict[str, float]) -> Path:
        """The set as changes, without the titles and values to fill in that it turns out not to need."""
        whole = self._without_idle({**fixed, **goal})
        row = self.rows([whole])
        judged = int(evaluate(row, self._rules, self._occasion).verdict.iloc[0]) == JUDGE
        changes = [self._change(name, value, row.iloc[0]) for name, value in whole.items()]
        titles, fill_in = (tuple(c for c in changes if c.nature == nature) for nature in ("title", "fill_in"))
        rest = tuple(c for c in changes if c.nature in ("change", "wait"))
        effort = self._effort({name: value for name, value in whole.items() if not self._is("title", name)})
        return Path(titles, rest, fill_in, effort, judged)

    def _without_idle(self, whole: dict[str, float]) -> dict[str, float]:
        """The set without any part that it passes without."""
        while whole:
            fewer = [{key: value for key, value in whole.items() if key != name} for name in whole]
            passed = self.passes(fewer)
            if not passed.any():
                break
            whole = fewer[int(np.argmax(passed))]
        return whole

    def _change(self, name: str, needed: float, row: pd.Series[float]) -> Change:
        lever: Lever = self.levers[name]
        present = None if math.isnan(lever.present) else lever.present
        implied = ("rd_ratio", "rd_expense_mean_2y", "rd_expense_sum_2y") if name == "rd_expense" else ()
        used = [other for other in implied if other in self._rules.metrics()]
        follows = tuple((other, float(row[other])) for other in used if not math.isnan(row[other]))
        return Change(METRICS[name], present, needed, lever.nature, follows)


def find_changes(values: Mapping[str, float], rules: TierRules, occasion: Occasion = "first") -> Outcome:
    """Smallest sets of changes with which an enterprise passes a tier.

    First every metric stands at the best threshold of the rules; whatever set of
    up to four metrics passes so, none of its own part passing, has each metric
    lowered to the least threshold with which it still passes. The same again with
    no single change beyond a cap of effort, so that two small changes are found
    where one huge one would do. A title that the tier asks for is a step before;
    a value that is not known is never taken for good: it is one to fill in.

    Parameters
    ----------
    values : mapping of metric to value
        In the metric's unit; NaN where not known.
    rules : TierRules
    occasion : {"first", "renewal"}

    Returns
    -------
    Outcome
        Up to five sets, least effort first.
    """
    found = Search(values, rules, occasion).find()
    runs = [(cap, frozenset[str]()) for cap in CAPS] if found.paths else []
    guarded = find_guarded(values, rules, occasion)
    runs += [(cap, guarded) for cap in (math.inf, *CAPS)] if guarded else []
    more = [Search(values, rules, occasion, cap=cap, held=held).find().paths for cap, held in runs]
    distinct = {_items(path): path for path in (*found.paths, *(path for paths in more for path in paths))}
    if not distinct:
        return found
    best = tuple(sorted(distinct.values(), key=lambda path: path.effort)[:SHOWN])
    return replace(found, paths=best, still_unmet=0)


def _items(path: Path) -> frozenset[tuple[str, float]]:
    return frozenset((change.metric.name, change.needed) for change in path.items)
