"""Power by trial: real outcome paths are drawn anew, an effect is planted by lot, and the design's estimator looks.

The estimator comes in as a function; nothing here knows one by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sme_research.errors import IdentificationError, StudyError
from sme_research.policy.evaluation.formulas import POWER, multiplier
from sme_research.results import Effect

Array = NDArray[np.float64]
Estimate = Callable[[pd.DataFrame], Effect]
CURVE: Final = (0.0, 0.5, 1.0, 1.5)
"""Planted effects of the power curve, in multiples of the detectable one."""
_PILOT: Final = 20
_MOST_TRIES: Final = 10
_FEWEST_DRAWS: Final = 20


class Trial(Protocol):
    """A made-up run of one design on real paths."""

    @property
    def n_units(self) -> int:
        """Enterprises, or clusters, that take part in the design."""
        ...

    def resized(self, n_units: int) -> Self:
        """The same trial with another number of units."""
        ...

    def draw(self, effect: float, rng: np.random.Generator) -> pd.DataFrame:
        """What the design's estimator would see, were ``effect`` the truth."""
        ...


@dataclass(frozen=True, slots=True)
class Paths:
    """Real outcomes of enterprises over consecutive years, to be drawn from.

    ``outcomes`` is n_enterprises x n_years in the outcome's unit, without gaps;
    ``groups`` are codes of their clusters, empty where there are none.
    ``lost`` is the share of enterprises seen in the base year but not in every
    later one.
    """

    outcomes: Array = field(repr=False)
    lost: float = 0.0
    groups: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64), repr=False)


def cut_paths(sample: pd.DataFrame, *, n_before: int, n_after: int) -> Paths:
    """The last years of a panel as paths of the enterprises that have all of them.

    Past treatment stays in the paths. As lots are drawn without regard to it,
    it widens the spread a little and biases nothing.

    Parameters
    ----------
    sample : DataFrame, one row an enterprise and year
        ``enterprise_id``, ``year``, ``outcome`` and, for clusters, ``cluster_id``.
    n_before, n_after : int
        Years up to the base year, and after it.

    Raises
    ------
    IdentificationError
        The panel is shorter, or no two enterprises have all years.
    """
    wide = sample.set_index(["enterprise_id", "year"])["outcome"].unstack("year")  # noqa: PD010 - each stands once
    n_years = n_before + n_after
    if wide.shape[1] < n_years:
        raise IdentificationError(f"the panel has {wide.shape[1]} years, the design needs {n_years}.")
    last = wide.iloc[:, -n_years:]
    full = last.dropna()
    if len(full) < 2:
        raise IdentificationError(f"{len(full)} enterprises have the last {n_years} years; two are needed at least.")
    base = last.iloc[:, :n_before].notna().all(axis=1)
    lost = float(1 - last[base].notna().all(axis=1).mean())
    paths = Paths(full.to_numpy(dtype=np.float64), lost)
    if "cluster_id" not in sample:
        return paths
    cluster = sample.drop_duplicates("enterprise_id").set_index("enterprise_id")["cluster_id"]
    return replace(paths, groups=pd.factorize(full.index.to_series().map(cluster), sort=True)[0].astype(np.int64))


@dataclass(frozen=True, slots=True)
class LotTrial:
    """Enterprises drawn into waves, a year apart; the last wave waits beyond the window.

    The draw here is without strata: with them the error is a little smaller,
    so that the power told is not too high.
    """

    paths: Paths
    n_units: int
    n_before: int
    waves: int = 2
    share_first: float = 0.5
    take_up: float = 1.0

    def resized(self, n_units: int) -> Self:
        """The same trial with another number of enterprises."""
        return replace(self, n_units=n_units)

    def draw(self, effect: float, rng: np.random.Generator) -> pd.DataFrame:
        """One row an enterprise and year, as estimators of staggered treatment take it."""
        values = self.paths.outcomes[rng.integers(0, len(self.paths.outcomes), self.n_units)]
        begins = self.n_before + _waves_of(self.n_units, self.waves, self.share_first, rng)
        takes = rng.random(self.n_units) < self.take_up
        return _panel(values, begins, effect * takes.astype(np.float64))


@dataclass(frozen=True, slots=True)
class ClusterTrial:
    """Whole clusters drawn into two waves; members keep what they share."""

    paths: Paths
    n_units: int
    n_before: int
    take_up: float = 1.0

    def resized(self, n_units: int) -> Self:
        """The same trial with another number of clusters."""
        return replace(self, n_units=n_units)

    def draw(self, effect: float, rng: np.random.Generator) -> pd.DataFrame:
        """As `LotTrial.draw`, with ``cluster_id``."""
        members = np.split(
            np.argsort(self.paths.groups, kind="stable"), np.cumsum(np.bincount(self.paths.groups))[:-1]
        )
        drawn = rng.integers(0, len(members), self.n_units)
        rows = np.concatenate([members[at] for at in drawn])
        cluster = np.repeat(np.arange(self.n_units), [len(members[at]) for at in drawn])
        begins = self.n_before + _waves_of(self.n_units, 2, 0.5, rng)[cluster]
        takes = rng.random(len(rows)) < self.take_up
        panel = _panel(self.paths.outcomes[rows], begins, effect * takes.astype(np.float64))
        return panel.assign(cluster_id=np.repeat(cluster, self.paths.outcomes.shape[1]).astype(np.int64))


@dataclass(frozen=True, slots=True)
class ThresholdTrial:
    """Candidates whose score decides: the change of the outcome jumps at the cutoff.

    Where ``paired``, a candidate keeps its own score, and whatever that has to
    do with its growth; made-up scores have nothing to do with it.
    """

    changes: Array = field(repr=False)
    scores: Array = field(repr=False)
    n_units: int
    cutoff: float
    paired: bool = True

    def resized(self, n_units: int) -> Self:
        """The same trial with another number of candidates."""
        return replace(self, n_units=n_units)

    def draw(self, effect: float, rng: np.random.Generator) -> pd.DataFrame:
        """One row a candidate: ``enterprise_id``, ``score``, ``outcome``."""
        rows = rng.integers(0, len(self.changes), self.n_units)
        score = self.scores[rows if self.paired else rng.integers(0, len(self.scores), self.n_units)]
        outcome = self.changes[rows] + effect * (score >= self.cutoff)
        return pd.DataFrame({"enterprise_id": _ids(self.n_units), "score": score, "outcome": outcome})


@dataclass(frozen=True, slots=True)
class KinkTrial:
    """What is paid for rises with what is asked for up to a cap; ``effect`` is that of one unit paid for."""

    changes: Array = field(repr=False)
    asked: Array = field(repr=False)
    n_units: int
    cap: float

    def resized(self, n_units: int) -> Self:
        """The same trial with another number of enterprises."""
        return replace(self, n_units=n_units)

    def draw(self, effect: float, rng: np.random.Generator) -> pd.DataFrame:
        """One row an enterprise: ``enterprise_id``, ``running``, ``outcome``."""
        rows = rng.integers(0, len(self.changes), self.n_units)
        asked = self.asked[rows]
        outcome = self.changes[rows] + effect * np.minimum(asked, self.cap)
        return pd.DataFrame({"enterprise_id": _ids(self.n_units), "running": asked, "outcome": outcome})


@dataclass(frozen=True, slots=True)
class PowerPoint:
    """Share of trials that found a planted effect, with the simulation's own standard error.

    ``share`` counts intervals that exclude zero; a trial in which nothing could
    be estimated (``n_failed``) has found nothing. ``mean`` and ``spread`` are of
    the estimates and ``typical_error`` is the median of their standard errors,
    in the effect's unit.
    """

    effect: float
    n_units: int
    share: float
    std_error: float
    n_draws: int
    n_failed: int
    mean: float
    spread: float
    typical_error: float


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest effect found with the asked power, and the curve around it.

    ``mde`` is in the effect's unit; ``reached`` is the trial at it and ``curve``
    holds the trials in order of their effect, the first without any.
    """

    mde: float
    power: float
    reached: PowerPoint
    curve: tuple[PowerPoint, ...]

    @property
    def false_alarms(self) -> PowerPoint:
        """How often the design finds an effect where there is none."""
        return self.curve[0]


def simulate_power(
    trial: Trial, effect: float, estimate: Estimate, *, n_draws: int = 200, seed: int = 0
) -> PowerPoint:
    """Share of trials in which the design's estimator finds the planted effect.

    Trials of one seed draw the same enterprises whatever the effect, so that
    power rises with it.

    Raises
    ------
    StudyError
        Fewer than 20 draws.
    IdentificationError
        Nothing can be estimated in any trial.
    """
    if n_draws < _FEWEST_DRAWS:
        raise StudyError(f"n_draws is {n_draws}, must be {_FEWEST_DRAWS} or more for a share to mean anything.")
    found, estimates, errors, reason = 0, [], [], ""
    for at in range(n_draws):
        try:
            told = estimate(trial.draw(effect, np.random.default_rng((seed, at))))
        except IdentificationError as error:
            reason = str(error)
            continue
        found += bool(told.ci_low > 0 or told.ci_high < 0)
        estimates.append(told.estimate)
        errors.append(told.std_error)
    if not estimates:
        raise IdentificationError(f"no trial of {trial.n_units} units could be estimated: {reason}")
    share = found / n_draws
    return PowerPoint(
        effect=effect,
        n_units=trial.n_units,
        share=share,
        std_error=simulation_error(share, n_draws),
        n_draws=n_draws,
        n_failed=n_draws - len(estimates),
        mean=float(np.mean(estimates)),
        spread=float(np.std(estimates, ddof=1)) if len(estimates) > 1 else float("nan"),
        typical_error=float(np.median(errors)),
    )


def simulation_error(share: float, n_draws: int) -> float:
    """Standard error of a share over trials; as of one success more and one less where all or none succeeded."""
    inside = (share * n_draws + 1) / (n_draws + 2)
    return float(np.sqrt(inside * (1 - inside) / n_draws))


def find_mde(  # noqa: PLR0913 - every choice has a name at the call
    trial: Trial,
    estimate: Estimate,
    *,
    power: float = POWER,
    level: float = 0.95,
    n_draws: int = 200,
    seed: int = 0,
    curve: Sequence[float] = CURVE,
) -> Detectable:
    """Search the smallest effect that is found with the asked power.

    The pilot's standard error guesses it. Each trial then corrects the guess by
    how far its share of findings lies from the asked one on the normal scale,
    until the two agree within the simulation's error.

    Parameters
    ----------
    curve : sequence of float
        Effects of the curve, in multiples of the detectable one.

    Raises
    ------
    IdentificationError
        Nothing can be estimated, or no effect is found so often.
    """
    pilot = simulate_power(trial, 0.0, estimate, n_draws=_PILOT, seed=seed)
    # The median, for one odd enterprise would throw the spread of so few estimates.
    guess = multiplier(level, power) * pilot.typical_error

    def attempt(effect: float) -> tuple[PowerPoint, float]:
        point = simulate_power(trial, effect, estimate, n_draws=n_draws, seed=seed)
        return point, effect * _correction(point, power, level)

    reached = _settle(attempt, guess, power)
    others = [times * reached.effect for times in curve if times != 1]
    points = [simulate_power(trial, effect, estimate, n_draws=n_draws, seed=seed) for effect in others]
    ordered = sorted([*points, reached], key=lambda point: point.effect)
    return Detectable(reached.effect, power, reached, tuple(ordered))


def find_sample_size(  # noqa: PLR0913 - every choice has a name at the call
    trial: Trial,
    estimate: Estimate,
    target: float,
    *,
    mde: float,
    most: int,
    fewest: int = 40,
    power: float = POWER,
    level: float = 0.95,
    n_draws: int = 200,
    seed: int = 0,
) -> PowerPoint | None:
    """Search the number of units at which an effect of ``target`` is found with the asked power.

    Begins at the number that the detectable effect ``mde`` of ``trial`` implies
    (the error falls with the root of the number); never goes under ``fewest``.

    Returns
    -------
    PowerPoint or None
        None where it would take more than ``most`` units.
    """
    guess = trial.n_units * (mde / target) ** 2
    if guess > most:
        return None

    def attempt(n_units: float) -> tuple[PowerPoint, float]:
        sized = trial.resized(max(round(n_units), fewest))
        point = simulate_power(sized, target, estimate, n_draws=n_draws, seed=seed)
        return point, sized.n_units * _correction(point, power, level) ** 2

    return _settle(attempt, guess, power, fewest=fewest)


def _settle(
    attempt: Callable[[float], tuple[PowerPoint, float]], guess: float, power: float, *, fewest: int = 0
) -> PowerPoint:
    """Try until the share found agrees with the asked power within the simulation's error."""
    tried: list[PowerPoint] = []
    low, high = 0.0, float("inf")
    for _ in range(_MOST_TRIES):
        point, better = attempt(guess)
        tried.append(point)
        enough = point.n_units == fewest and point.share > power
        if enough or abs(point.share - power) <= point.std_error:
            return point
        low, high = (guess, high) if point.share < power else (low, guess)
        # Where luck leads the correction out of what is known already, halve that instead.
        guess = better if low < better < high else (low + high) / 2
    nearest = min(tried, key=lambda point: abs(point.share - power))
    if abs(nearest.share - power) > 3 * nearest.std_error:
        raise IdentificationError(
            f"no effect is found with a power of {power:.0%}: the nearest trial of {nearest.n_units} units found "
            f"{nearest.share:.0%}."
        )
    return nearest


def _correction(point: PowerPoint, power: float, level: float) -> float:
    """By what an effect is to be multiplied, were the estimate normal; never more than threefold at once."""
    inside = float(np.clip(point.share, 1 / (2 * point.n_draws), 1 - 1 / (2 * point.n_draws)))
    reached = float(stats.norm.ppf(0.5 + level / 2) + stats.norm.ppf(inside))
    wanted = multiplier(level, power)
    return float(np.clip(wanted / max(reached, wanted / 3), 1 / 3, 3.0))


def _waves_of(n: int, waves: int, share_first: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Wave (0 first) of each of n units, in sizes as planned."""
    if waves == 2:
        order = np.repeat([0, 1], [max(1, min(n - 1, round(n * share_first))), n])[:n]
    else:
        order = np.arange(n) % waves
    return rng.permutation(order).astype(np.int64)


def _panel(values: Array, begins: NDArray[np.int64], effects: Array) -> pd.DataFrame:
    """Paths with effects from the begin on; who begins after the window is not treated within it."""
    n, n_years = values.shape
    years = np.arange(n_years)
    treated = years[None, :] >= begins[:, None]
    cohort = np.repeat(np.where(begins < n_years, begins, np.nan), n_years)
    year = np.tile(years, n)
    return pd.DataFrame(
        {
            "enterprise_id": np.repeat(_ids(n), n_years),
            "year": year,
            "cohort": cohort,
            "event_time": year - cohort,
            "outcome": (values + treated * effects[:, None]).ravel(),
        }
    )


def _ids(n: int) -> NDArray[np.int64]:
    """Numbers, not texts: the estimators only ask who is whom, and find it sooner."""
    return np.arange(n, dtype=np.int64)
