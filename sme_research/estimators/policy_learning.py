"""Whether a rule learned from the data would choose better whom to support, judged on enterprises it has not seen.

Doubly robust scores (Robins, Rotnitzky and Zhao 1994) are cross-fitted by
scikit-learn; a shallow tree ranks by them, and is judged by the scores of
enterprises left out when it was grown (Athey and Wager 2021).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from sme_research.errors import IdentificationError

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

FOLDS: Final = 5
DEPTH: Final = 2
SMALLEST_LEAF: Final = 50
FEWEST_TREATED: Final = 100
LEAST_CHANCE: Final = 0.02
"""Chances of treatment are kept this far from 0 and 1, so that no enterprise counts more than fifty times."""


@dataclass(frozen=True, slots=True)
class Gain:
    """A difference of mean outcomes an enterprise, with its interval."""

    estimate: float
    std_error: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class Leaf:
    """Enterprises that a tree tells apart: conditions as (column, side, limit), and their mean effect."""

    conditions: tuple[tuple[str, str, float], ...]
    n: int
    effect: Gain


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """What a learned rule gains out of sample, with as many supported as today.

    ``against_random`` compares it with lots drawn among all, ``against_today``
    with those who were supported; both in the outcome's unit, a mean over all
    enterprises. ``leaves`` are of a tree grown on everybody, to look at.
    """

    n_enterprises: int
    n_rows: int
    share_treated: float
    against_random: Gain
    against_today: Gain
    leaves: tuple[Leaf, ...]
    level: float

    @property
    def is_better(self) -> bool:
        """Whether the rule is shown to beat both lots and today's choice."""
        return min(self.against_random.ci_low, self.against_today.ci_low) > 0


def learn_policy(rows: pd.DataFrame, features: Sequence[str], *, level: float = 0.95, seed: int = 0) -> PolicyValue:
    """Learn whom to support, and judge it on enterprises left out.

    Parameters
    ----------
    rows : DataFrame
        ``enterprise_id``, ``treated`` (boolean), ``change`` (outcome after less
        before) and the features, all known before treatment and none missing. An
        enterprise may have several rows; its rows stay together.
    features : sequence of str
    level : float
    seed : int

    Returns
    -------
    PolicyValue

    Raises
    ------
    IdentificationError
        Too few are treated, or untreated, to learn from.
    """
    treated = rows["treated"].to_numpy(dtype=bool)
    few = min(int(treated.sum()), int((~treated).sum()))
    if few < FEWEST_TREATED:
        raise IdentificationError(
            f"{few} rows are treated, or untreated; a rule is learned from {FEWEST_TREATED} of each at least."
        )
    data = _Data(
        rows[list(features)].to_numpy(dtype=np.float64),
        treated,
        rows["change"].to_numpy(dtype=np.float64),
        pd.factorize(rows["enterprise_id"])[0],
    )
    everybody = np.arange(len(rows))
    share = float(treated.mean())
    scores, own, chosen = np.empty(len(rows)), np.empty(len(rows)), np.empty(len(rows))
    for train, held in _folds(data, everybody, seed):
        # Neither the tree nor the models behind its scores have seen those it is judged by.
        tree = _grow(data.known[train], _cross_fit(data, train, seed))
        chosen[held] = _best(tree.predict(data.known[held]), share)
        scores[held], own[held] = _score(data, train, held)
    groups = data.groups
    whole = _grow(data.known, scores)
    return PolicyValue(
        n_enterprises=int(groups.max()) + 1,
        n_rows=len(rows),
        share_treated=share,
        against_random=_gain(scores * (chosen - share), groups, level, learned=True),
        against_today=_gain(scores * chosen - own, groups, level, learned=True),
        leaves=tuple(_leaves(whole, data, scores, features, level)),
        level=level,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    known: Floats
    treated: NDArray[np.bool_]
    change: Floats
    groups: NDArray[np.intp]


def _folds(data: _Data, rows: Rows, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Rows to learn from and rows left out; an enterprise's rows stay together."""
    split = GroupKFold(FOLDS, shuffle=True, random_state=seed).split(rows, groups=data.groups[rows])
    return ((rows[train], rows[held]) for train, held in split)


def _cross_fit(data: _Data, rows: Rows, seed: int) -> Floats:
    """Score of each of some rows, from models of the others among them."""
    scores = np.empty(len(data.known))
    for train, held in _folds(data, rows, seed):
        scores[held] = _score(data, train, held)[0]
    return np.asarray(scores[rows])


def _score(data: _Data, train: Rows, held: Rows) -> tuple[Floats, Floats]:
    """Doubly robust scores of the rows left out, by models of the others.

    The first of the effect on everybody; the second of the effect on the treated,
    times whether one is, which weighs the untreated only (Hahn 1998) and is what
    today's choice gains.
    """
    chance = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))
    chance.fit(data.known[train], data.treated[train])
    propensity = chance.predict_proba(data.known[held])[:, 1].clip(LEAST_CHANCE, 1 - LEAST_CHANCE)
    means = {}
    for side in (False, True):
        own = train[data.treated[train] == side]
        model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 4, 13)))
        means[side] = model.fit(data.known[own], data.change[own]).predict(data.known[held])
    treated = data.treated[held]
    residual = data.change[held] - np.where(treated, means[True], means[False])
    weight = np.where(treated, 1 / propensity, -1 / (1 - propensity))
    odds = propensity / (1 - propensity)
    own = np.where(treated, 1.0, -odds) * (data.change[held] - means[False])
    return np.asarray(means[True] - means[False] + weight * residual), np.asarray(own)


def _grow(values: Floats, scores: Floats) -> DecisionTreeRegressor:
    leaf = max(SMALLEST_LEAF, len(values) // 20)
    return DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=leaf, random_state=0).fit(values, scores)


def _best(promise: Floats, share: float) -> Floats:
    """The chance that each is chosen: the most promising first until the share is reached, equals alike."""
    order = np.argsort(-promise, kind="stable")
    ranked = promise[order]
    chosen = np.empty(len(promise))
    left = share * len(promise)
    for start, stop in _runs(ranked):
        taken = min(left, stop - start)
        chosen[order[start:stop]] = taken / (stop - start)
        left -= taken
    return chosen


def _runs(ranked: Floats) -> Iterator[tuple[int, int]]:
    """Start and stop of each run of equal values."""
    edges = np.flatnonzero(np.diff(ranked)) + 1
    yield from zip([0, *edges], [*edges, len(ranked)], strict=True)


def _gain(each: Floats, groups: NDArray[np.intp], level: float, *, learned: bool = False) -> Gain:
    """Mean with a standard error by enterprise.

    Of a learned rule the interval is that of t with a degree of freedom less than
    there are folds: rules of different folds depend on each other's rows, which
    enterprises' own spread does not show (their errors were a quarter too small
    over 60 worlds without any difference).
    """
    estimate = float(each.mean())
    sums = np.bincount(groups, weights=each - estimate)
    error = float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1))) / len(each)
    quantile = stats.t(FOLDS - 1).ppf if learned else stats.norm.ppf
    reach = float(quantile((1 + level) / 2)) * error
    return Gain(estimate, error, estimate - reach, estimate + reach)


def _leaves(
    tree: DecisionTreeRegressor, data: _Data, scores: Floats, features: Sequence[str], level: float
) -> Iterator[Leaf]:
    grown, at = tree.tree_, tree.apply(data.known)

    def walk(node: int, conditions: tuple[tuple[str, str, float], ...]) -> Iterator[Leaf]:
        left, right = int(grown.children_left[node]), int(grown.children_right[node])
        if left == right:
            inside = at == node
            codes = pd.factorize(data.groups[inside])[0]
            yield Leaf(conditions, int(codes.max()) + 1, _gain(scores[inside], codes, level))
            return
        name, limit = features[int(grown.feature[node])], float(grown.threshold[node])
        yield from walk(left, (*conditions, (name, "<=", limit)))
        yield from walk(right, (*conditions, (name, ">", limit)))

    yield from walk(0, ())
