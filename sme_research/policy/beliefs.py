"""What may be believed of effects, and draws from it that carry grade and joint uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sme_research.errors import StudyError

Wording = Literal["effect", "association", "description"]
CAUSAL: Final[Wording] = "effect"
NOTHING: Final = 0.1
SEED: Final = 20241128


@dataclass(frozen=True, slots=True)
class Belief:
    """One instrument's estimate on one outcome, a year, with the words its grade permits.

    ``estimate`` and ``std_error`` are in ``unit`` (log points, or a fraction of
    enterprises where the outcome is a yes or no). ``path`` has the estimates by
    full years since the start, from the year of the start on, and
    ``path_covariance`` (n_years x n_years) that of their errors; both are empty
    where only the average is known.
    """

    instrument: str
    outcome: str
    estimate: float
    std_error: float
    unit: str
    wording: Wording
    path: tuple[float, ...] = ()
    path_covariance: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (np.isfinite(self.estimate) and np.isfinite(self.std_error) and self.std_error >= 0):
            raise StudyError(
                f"{self.instrument} on {self.outcome}: estimate {self.estimate} with standard error "
                f"{self.std_error} is no number to draw from; leave the instrument out or estimate it anew."
            )

    @property
    def name(self) -> tuple[str, str]:
        """Instrument and outcome."""
        return self.instrument, self.outcome

    def span(self, level: float = 0.95) -> tuple[float, float]:
        """Limits of what may be the case: the interval, widened to include zero below the causal grade."""
        reach = float(stats.norm.ppf((1 + level) / 2)) * self.std_error
        low, high = self.estimate - reach, self.estimate + reach
        return (low, high) if self.wording == CAUSAL else (min(low, 0.0), max(high, 0.0))

    @property
    def is_shown(self) -> bool:
        """Whether it may be called an effect and is clear of zero."""
        low, high = self.span()
        return self.wording == CAUSAL and not low <= 0 <= high


def draw_effects(
    beliefs: Sequence[Belief], n_draws: int, *, correlation: NDArray[np.float64] | None = None, seed: int = SEED
) -> pd.DataFrame:
    """Draw effects jointly.

    An effect that may be called one is drawn from its normal distribution. One
    that may not is drawn evenly from its interval widened to include zero: the
    data do not say where in it the truth lies. In a share `NOTHING` of the draws all
    such effects are nothing at once, so that adding up many of them never makes a
    gain that is clear of zero.

    Parameters
    ----------
    beliefs : sequence of Belief
        Each instrument and outcome once.
    n_draws : int
    correlation : ndarray, n_beliefs x n_beliefs, optional
        Of the estimates' errors; independent where not given.
    seed : int

    Returns
    -------
    DataFrame, n_draws x n_beliefs
        Columns by instrument and outcome, in the beliefs' units.

    Raises
    ------
    StudyError
        An instrument and outcome twice, or a correlation that is none.
    """
    names = pd.MultiIndex.from_tuples([belief.name for belief in beliefs], names=["instrument", "outcome"])
    if names.has_duplicates:
        instrument, outcome = names[names.duplicated()][0]
        raise StudyError(f"the effect of {instrument} on {outcome} is given twice; keep one.")
    scores = _scores(len(beliefs), n_draws, correlation, seed)
    nothing = np.random.default_rng([seed, 3]).random(n_draws) < NOTHING
    columns = []
    for belief, score in zip(beliefs, scores.T, strict=True):
        if belief.wording == CAUSAL:
            columns.append(belief.estimate + belief.std_error * score)
        else:
            low, high = belief.span()
            columns.append(np.where(nothing, 0.0, low + (high - low) * stats.norm.cdf(score)))
    return pd.DataFrame(np.column_stack(columns), columns=names)


def draw_paths(
    beliefs: Sequence[Belief],
    n_draws: int,
    n_years: int,
    *,
    correlation: NDArray[np.float64] | None = None,
    seed: int = SEED,
) -> NDArray[np.float64]:
    """Draw effects by years since the start, jointly.

    An effect that may be called one, and whose path is known, follows it: its
    average moves with the other effects' errors, the rest of its errors is its
    own. Beyond the years seen the last one holds. Every other effect is the same
    in all years, as `draw_effects` draws it.

    Parameters
    ----------
    beliefs, n_draws, correlation, seed
        As for `draw_effects`.
    n_years : int

    Returns
    -------
    ndarray, n_draws x n_beliefs x n_years
    """
    drawn = draw_effects(beliefs, n_draws, correlation=correlation, seed=seed).to_numpy()
    paths = np.repeat(drawn[:, :, None], n_years, axis=2)
    scores = _scores(len(beliefs), n_draws, correlation, seed)
    rng = np.random.default_rng([seed, 2])
    for at, belief in enumerate(beliefs):
        if belief.wording == CAUSAL and belief.path:
            assert belief.path_covariance is not None
            seen = min(len(belief.path), n_years)
            covariance = belief.path_covariance[:seen, :seen]
            with_mean = covariance.mean(axis=1)
            common = np.outer(scores[:, at], with_mean) / np.sqrt(max(with_mean.mean(), np.finfo(float).tiny))
            rest = covariance - np.outer(with_mean, with_mean) / max(with_mean.mean(), np.finfo(float).tiny)
            own = rng.standard_normal((n_draws, seen)) @ _root(rest).T
            known = np.asarray(belief.path[:seen]) + common + own
            paths[:, at] = known[:, np.minimum(np.arange(n_years), seen - 1)]
    return paths


def _root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """A matrix whose product with its own transpose is the covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(values.clip(min=0)))


def _scores(n: int, n_draws: int, correlation: NDArray[np.float64] | None, seed: int) -> NDArray[np.float64]:
    """Standard normals with a given correlation, n_draws x n."""
    free = np.random.default_rng(seed).standard_normal((n_draws, n))
    if correlation is None:
        return free
    is_one = correlation.shape == (n, n) and np.allclose(np.diag(correlation), 1)
    if not is_one or np.linalg.eigvalsh(correlation).min() < -1e-8:
        raise StudyError(f"the correlation of {n} effects must be a {n} x {n} correlation matrix.")
    return free @ _root(correlation).T
