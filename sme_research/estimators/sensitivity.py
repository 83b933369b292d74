"""How far trends may diverge before the conclusion goes (Rambachan and Roth 2023).

Smoothness bounds rest on the pieces of the library `diff_diff` that trade the
bias of an extrapolation against its variance. Its relative-magnitudes interval
is too narrow, and the package `moderndid` leaves the first change before
treatment out of the comparison; the conditional test of Andrews, Roth and
Pakes is therefore made here. It needs no linear programme: of its dual, all
vertices can be written down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from sme_research.errors import StudyError
from sme_research.results import EventStudy, Sensitivity

Array = NDArray[np.float64]
Bound = Callable[[float], tuple[float, float]]
Method = Literal["smoothness", "relative_magnitudes"]

RELATIVE_SIZES: Final = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
SMOOTH_SIZES: Final = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
"""In multiples of the largest change of slope seen before treatment."""

_FRONTIER_POINTS: Final = 40
_GRID_POINTS: Final = 401
_DIRECTIONS: Final = 1440
_HALVINGS: Final = 7
_SINGULAR: Final = 1e-8
"""Share of the largest eigenvalue of the correlations under which a direction carries no information."""


@dataclass(frozen=True, slots=True)
class Coefficients:
    """An event study as the bounds need it: the reference period, -1, lies between before and after.

    ``estimates`` and ``covariance`` have the ``n_before`` points first, in
    order of time; ``weights`` (n_after) define the average over the others.
    """

    estimates: Array
    covariance: Array
    n_before: int
    weights: Array

    @property
    def average(self) -> float:
        """The average that is bounded."""
        return float(self.weights @ self.estimates[self.n_before :])

    @property
    def std_error(self) -> float:
        """Standard error of the average."""
        after = self.covariance[self.n_before :, self.n_before :]
        return float(np.sqrt(self.weights @ after @ self.weights))

    def scaled(self, factor: float) -> Coefficients:
        """The same in another unit."""
        return Coefficients(self.estimates * factor, self.covariance * factor**2, self.n_before, self.weights)


def bound_event_study(study: EventStudy, *, level: float = 0.95) -> tuple[Sensitivity, ...]:
    """Intervals for the average effect that allow for trends which were never parallel.

    The average is over the points from event time 0 on, each with the weight of
    its treated enterprises, as in the ATT. ``smoothness`` lets the difference
    in trends change its slope by up to ``size`` a year; size 0 is a straight
    line carried on. ``relative_magnitudes`` lets it change from year to year by
    up to ``size`` times the largest change before treatment.

    Parameters
    ----------
    study : EventStudy
        With the universal base period: differences from event time -1.
    level : float
        Coverage of the intervals, a fraction.

    Returns
    -------
    tuple of Sensitivity
        Smoothness, then relative magnitudes. Points beyond a gap in event time
        are left out. Empty where no point before treatment, or none after, is
        next to the reference period. No smoothness bounds where the covariance
        has less than full rank, as with fewer clusters than points: some
        combination would pass for certain. ``breakdown`` is searched for up to
        the largest size of relative magnitudes, without end for smoothness.

    Raises
    ------
    StudyError
        The event study has a point at event time -1, so its base period varies.

    References
    ----------
    Rambachan and Roth (2023), Review of Economic Studies 90(5).
    Andrews, Roth and Pakes (2023), Review of Economic Studies 90(6).
    """
    coefficients = _coefficients(study)
    if coefficients is None:
        return ()
    unit = 1 / coefficients.std_error
    standard = coefficients.scaled(unit)
    found = []
    if _has_full_rank(standard.covariance):
        sizes = tuple(size * _largest_bend(standard) for size in SMOOTH_SIZES)
        found.append(_trace("smoothness", smoothness_bound(standard, level), sizes, level, study.unit, 1 / unit))
    relative = relative_magnitudes_bound(standard, level)
    found.append(_trace("relative_magnitudes", relative, RELATIVE_SIZES, level, study.unit, 1 / unit))
    return tuple(found)


def smoothness_bound(coefficients: Coefficients, level: float) -> Bound:
    """Interval by the largest change of slope a year: the shortest of fixed length that is honest.

    The estimator subtracts from the average a weighted sum of the changes
    before treatment. Each weighting has a bias of at most size x ``bends`` and
    a standard error; the weightings on the frontier between the two do not
    depend on the size and are found once.
    """
    weightings, bends, errors = _frontier(coefficients)
    centres = coefficients.average - weightings @ _changes_before(coefficients)

    def bound(size: float) -> tuple[float, float]:
        halves = errors * _folded_quantile(size * bends / errors, level)
        best = int(np.argmin(halves))
        return float(centres[best] - halves[best]), float(centres[best] + halves[best])

    return bound


def relative_magnitudes_bound(coefficients: Coefficients, level: float, *, hybrid: bool = True) -> Bound:
    """Interval by the multiple of the largest change before treatment.

    The union, over which change before treatment is the largest and in which
    direction, of the averages that a test of size 1 - level does not reject.
    With ``hybrid`` a tenth of the size goes to the least favourable critical
    value, else all of it to the conditional test.
    """
    alpha = 1 - level
    first = alpha / 10 if hybrid else 0.0
    reach = float(np.cumsum(coefficients.weights[::-1]).sum()) * float(np.abs(_changes_before(coefficients)).max())

    def bound(size: float) -> tuple[float, float]:
        parts = [
            _moments(coefficients, which, sign, size)
            for which in range(coefficients.n_before)
            for sign in (1.0, -1.0)
        ]
        critical = [_least_favourable(part, first) for part in parts]

        def kept(averages: Array) -> NDArray[np.bool_]:
            tests = [
                _accept(part, averages, alpha, first, value) for part, value in zip(parts, critical, strict=True)
            ]
            return np.asarray(np.logical_or.reduce(tests))

        half = size * reach + 10 * coefficients.std_error
        while kept(coefficients.average + np.array([-half, half])).any():
            half *= 2
        grid = np.linspace(coefficients.average - half, coefficients.average + half, _GRID_POINTS)
        inside = np.flatnonzero(kept(grid))
        step = grid[1] - grid[0]
        return _refine(kept, grid[inside[0]], -step), _refine(kept, grid[inside[-1]], step)

    return bound


def _coefficients(study: EventStudy) -> Coefficients | None:
    """The points next to the reference period, without a gap; None where a side has none."""
    at = {point.event_time: position for position, point in enumerate(study.points)}
    if -1 in at:
        raise StudyError(
            "the event study has a point at event time -1: its base period varies; "
            "ask for the event study with base_period='universal' to bound it."
        )
    before = [at[time] for time in _run(at, -2, -1)][::-1]
    after = [at[time] for time in _run(at, 0, 1)]
    if not before or not after:
        return None
    order = [*before, *after]
    estimates = np.array([study.points[position].estimate for position in order])
    counts = np.array([study.points[position].n_treated for position in after], dtype=float)
    covariance = np.asarray(study.covariance, dtype=float)[np.ix_(order, order)]
    return Coefficients(estimates, covariance, len(before), counts / counts.sum())


def _run(times: dict[int, int], start: int, step: int) -> list[int]:
    """Event times from ``start`` on for as long as none lacks."""
    run = []
    while start in times:
        run.append(start)
        start += step
    return run


def _has_full_rank(covariance: Array) -> bool:
    errors = np.sqrt(np.diag(covariance))
    values = np.linalg.eigvalsh(covariance / np.outer(errors, errors))
    return bool(values[0] > _SINGULAR * values[-1])


def _changes_before(coefficients: Coefficients) -> Array:
    """Changes from year to year before treatment, the last one up to the reference period."""
    return np.diff(np.append(coefficients.estimates[: coefficients.n_before], 0.0))


def _largest_bend(coefficients: Coefficients) -> float:
    """Largest change of slope before treatment; with one point there is none, and the standard error stands in."""
    bends = np.abs(np.diff(_changes_before(coefficients)))
    return float(bends.max()) if bends.size and bends.max() > 0 else coefficients.std_error


def _trace(
    method: Method, bound: Bound, sizes: tuple[float, ...], level: float, unit: str, scale: float
) -> Sensitivity:
    """The intervals at ``sizes`` and where they first hold zero; ``scale`` brings them back to ``unit``."""
    intervals = {size: bound(size) for size in sizes}
    breakdown = _breakdown(bound, intervals, endless=method == "smoothness")
    size_scale = scale if method == "smoothness" else 1.0
    return Sensitivity(
        method=method,
        bounds=tuple(
            {"size": size * size_scale, "low": low * scale, "high": high * scale}
            for size, (low, high) in intervals.items()
        ),
        breakdown=None if breakdown is None else breakdown * size_scale,
        level=level,
        unit=unit,
    )


def _breakdown(bound: Bound, intervals: dict[float, tuple[float, float]], *, endless: bool) -> float | None:
    """Largest size before the first at which the interval holds zero, to a 128th of the step."""
    sizes = list(intervals)
    holds = [_holds_zero(interval) for interval in intervals.values()]
    if holds[0]:
        return None
    if any(holds):
        safe, broken = sizes[holds.index(True) - 1], sizes[holds.index(True)]
    elif not endless:
        return sizes[-1]
    else:
        safe, broken = sizes[-1], 2 * sizes[-1]
        while not _holds_zero(bound(broken)):
            safe, broken = broken, 2 * broken
    for _ in range(_HALVINGS):
        middle = (safe + broken) / 2
        safe, broken = (safe, middle) if _holds_zero(bound(middle)) else (middle, broken)
    return safe


def _holds_zero(interval: tuple[float, float]) -> bool:
    return interval[0] <= 0 <= interval[1]


def _frontier(coefficients: Coefficients) -> tuple[Array, Array, Array]:
    """Weightings of the changes before treatment from least variance to least bias.

    Returns the weightings (n x n_before), the bias of each for a slope that may
    change by one a year, and its standard error. Any weighting that adds up to
    the years since the reference period, on average, is honest with its own
    bias and error, so that the solver's accuracy matters to length alone.
    """
    # The library's public function needs its own result object and three hundred solutions a size.
    from diff_diff.honest_did import _flci_h_bounds, _flci_min_bias_given_h, _flci_precompute, _flci_var  # noqa: PLC0415

    n_before, n_after = coefficients.n_before, len(coefficients.weights)
    pieces = _flci_precompute(coefficients.covariance, coefficients.weights, n_before, n_after)
    least, most, start = _flci_h_bounds(pieces)
    last = np.zeros(n_before)
    last[-1] = pieces["target"]
    solved = [
        _flci_min_bias_given_h(pieces, error, x0_w=start) for error in np.linspace(least, most, _FRONTIER_POINTS)
    ]
    corners = np.array([start, *(weights for weights, _, feasible in solved[1:-1] if feasible), last])
    corners += (pieces["target"] - corners.sum(axis=1, keepdims=True)) / n_before
    # Between two neighbours variance and bias are at most their average: the gaps are filled by mixing.
    share = np.linspace(0, 1, 20, endpoint=False)[:, None]
    mixed = [(1 - share) * left + share * right for left, right in pairwise(corners)]
    weightings = np.vstack([*mixed, corners[-1:]])
    errors = np.sqrt(np.array([_flci_var(weights, pieces) for weights in weightings]))
    bends = pieces["constant"] + np.abs(np.cumsum(weightings, axis=1)).sum(axis=1)
    return weightings, bends, errors


def _folded_quantile(shift: Array, level: float) -> Array:
    """Quantile of the absolute value of a normal variable with mean ``shift`` and variance one."""
    found = shift + special.ndtri(0.5 + level / 2)
    for _ in range(20):
        excess = special.ndtr(found - shift) - special.ndtr(-found - shift) - level
        slope = np.exp(-((found - shift) ** 2) / 2) + np.exp(-((found + shift) ** 2) / 2)
        found = found - excess * np.sqrt(2 * np.pi) / slope
    return np.asarray(found)


@dataclass(frozen=True, slots=True)
class _Moments:
    """The test of one average as the largest of a few forms of two normal variables.

    The variables are the average less its hypothesised value, and the change
    before treatment taken to be the largest. ``forms`` is n x 2, ``covariance``
    2 x 2. All forms are at most zero in expectation where the average is right.
    """

    average: float
    change: float
    forms: Array
    covariance: Array


def _moments(coefficients: Coefficients, which: int, sign: float, size: float) -> _Moments:
    """Vertices of the dual of the test's linear programme.

    For each year after treatment, the change may be at most ``size`` x the
    change before, upwards or downwards. Multipliers which leave the average as
    the only unknown are of three kinds: all upward moments, each weighted by
    what its year adds to the average; the same of all downward ones; and both
    moments of a single year. Each is divided by its sum of standard errors.
    """
    n_before, n_after = coefficients.n_before, len(coefficients.weights)
    columns = n_before + n_after
    levels = np.insert(np.eye(columns), n_before, 0.0, axis=0)
    changes = np.diff(levels, axis=0)
    before, after = sign * changes[which], changes[n_before:]
    adds = np.cumsum(coefficients.weights[::-1])[::-1]
    average = np.concatenate([np.zeros(n_before), coefficients.weights])
    upward, downward = (_errors(rows - size * before, coefficients.covariance) for rows in (after, -after))
    bound = size * adds.sum()
    both = (upward + downward)[upward + downward > 0]
    forms = np.array(
        [
            [1 / (adds @ upward), -bound / (adds @ upward)],
            [-1 / (adds @ downward), -bound / (adds @ downward)],
            *([0.0, -2 * size / error] for error in both),
        ]
    )
    pair = np.array([average, before])
    return _Moments(
        average=coefficients.average,
        change=float(before @ coefficients.estimates),
        forms=forms,
        covariance=pair @ coefficients.covariance @ pair.T,
    )


def _errors(rows: Array, covariance: Array) -> Array:
    return np.asarray(np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", rows, covariance, rows), 0.0)))


def _least_favourable(moments: _Moments, size: float) -> float:
    """Value that the largest form exceeds with chance ``size`` where all have mean zero.

    In polar coordinates the radius is independent of the direction, and the
    largest form is the radius times its value in that direction.
    """
    if size == 0:
        return float("inf")
    values, vectors = np.linalg.eigh(moments.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    angle = np.arange(_DIRECTIONS) * (2 * np.pi / _DIRECTIONS)
    largest = (moments.forms @ root @ np.array([np.cos(angle), np.sin(angle)])).max(axis=0)
    upward = largest[largest > 0]

    def excess(value: float) -> float:
        return float(np.exp(-(value**2) / (2 * upward**2)).sum() / _DIRECTIONS - size)

    return float(optimize.brentq(excess, 0.0, 10 * upward.max()))


def _accept(moments: _Moments, averages: Array, alpha: float, first: float, critical: float) -> NDArray[np.bool_]:
    """Whether each hypothesised average survives the conditional test after the first stage.

    Given the rest of the data, the largest form is a normal variable cut off
    where another form would have become the largest.
    """
    forms, covariance = moments.forms, moments.covariance
    data = np.array([moments.average - averages, np.full_like(averages, moments.change)])
    values = forms @ data
    winner = values.argmax(axis=0)
    largest = values[winner, np.arange(len(averages))]
    joint = forms @ covariance @ forms.T
    variance = np.diag(joint)[winner]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = joint[:, winner] / variance
        limits = (values - share * largest) / (1 - share)
        high = np.minimum(np.where(share > 1 + 1e-12, limits, np.inf).min(axis=0), critical)
        low = np.minimum(np.where(share < 1 - 1e-12, limits, -np.inf).max(axis=0), high)
        error = np.sqrt(variance)
        # Rounding may leave the largest form a hair outside the limits that define it.
        chance = _upper_tail(np.clip(largest, low, high) / error, low / error, high / error)
    rejected = (largest > critical) | (chance < (alpha - first) / (1 - first))
    return np.asarray(~(rejected & (largest > 0) & (variance > 0)))


def _upper_tail(value: Array, low: Array, high: Array) -> Array:
    """Chance that a standard normal variable between ``low`` and ``high`` exceeds ``value``."""
    beyond_low, beyond, beyond_high = (special.log_ndtr(-limit) for limit in (low, value, high))
    share = -np.expm1(beyond_high - beyond) / -np.expm1(beyond_high - beyond_low)
    return np.asarray(np.exp(beyond - beyond_low) * share)


def _refine(kept: Callable[[Array], NDArray[np.bool_]], inside: float, step: float) -> float:
    """The last average kept between ``inside`` and one step beyond it, to a thousandth of the step."""
    points = inside + step * np.linspace(0, 1, 1001)
    return float(points[np.flatnonzero(kept(points))[-1]])
