"""Cumulative incidence of promotion and of lapse: competing risks with right-censoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.duration.survfunc import CumIncidenceRight

from sme_research.errors import StudyError
from sme_research.programme.ladder.histories import LAPSED, PROMOTED, UNKNOWN, Ladder

Floats = NDArray[np.float64]
CAUSES: Final = {"promotion": PROMOTED, "lapse": LAPSED}
LANDMARKS: Final = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
"""Years since entry at which incidence is told; 3 is the first expiry."""
FEWEST: Final = 20
"""Enterprises at entry below which a group's incidence is not told: its interval would span most of 0 to 1."""
GROUPINGS: Final = ("cohort", "city", "industry", "size")


@dataclass(frozen=True, slots=True)
class Point:
    """Incidence of one cause by one time: share of those that entered, 0 to 1, with its interval."""

    years: float
    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    n_events: int
    n_at_risk: int


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """Cumulative incidence of both causes in one group of enterprises.

    ``times`` are the n_times distinct times with an event or a censoring, in years; ``promotion``
    and ``lapse`` are the shares that had the event by then, 0 to 1, with standard errors;
    ``n_at_risk`` counts who was followed until just before each time.
    """

    times: Floats
    promotion: Floats
    lapse: Floats
    promotion_se: Floats
    lapse_se: Floats
    n_at_risk: NDArray[np.int64]
    n_promoted: NDArray[np.int64]
    n_lapsed: NDArray[np.int64]
    n_enterprises: int
    level: float

    @property
    def enough(self) -> bool:
        """Whether the group is large enough to tell anything."""
        return self.n_enterprises >= FEWEST

    def at(self, years: float, cause: str) -> Point | None:
        """Incidence by a time; None beyond the follow-up or where nobody is at risk any more."""
        events = {"promotion": self.n_promoted, "lapse": self.n_lapsed}[cause]
        shares, errors = {"promotion": (self.promotion, self.promotion_se), "lapse": (self.lapse, self.lapse_se)}[
            cause
        ]
        place = int(np.searchsorted(self.times, years, side="right")) - 1
        if self.times.size == 0 or years > self.times[-1]:
            return None
        at_risk = int(self.n_at_risk[place + 1]) if place + 1 < len(self.times) else int(self.n_at_risk[-1])
        if place < 0:
            return Point(years, 0.0, 0.0, 0.0, _upper_of_none(self.n_enterprises, self.level), 0, at_risk)
        low, high = interval(shares[place], errors[place], self.level, int(self.n_at_risk[place]))
        n_events = int(events[: place + 1].sum())
        return Point(years, float(shares[place]), float(errors[place]), low, high, n_events, at_risk)


def estimate_incidence(
    years: Sequence[float] | Floats | pd.Series[float],
    status: Sequence[int] | NDArray[np.int64] | pd.Series[int],
    *,
    level: float = 0.95,
) -> Incidence:
    """Aalen-Johansen estimate of both causes.

    Parameters
    ----------
    years : n_enterprises times of 0 or more
        Time followed. At a tie, events come before censorings.
    status : n_enterprises codes
        `FOLLOWED` for a censored time, `PROMOTED`, `LAPSED`.

    Raises
    ------
    StudyError
        There is nobody, or a time is negative or missing.

    References
    ----------
    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5(3);
    variance by the delta method, Marubini and Valsecchi (1995), ch. 10.
    """
    time, cause = np.asarray(years, dtype=float), np.asarray(status, dtype=int)
    if time.size == 0 or not (time >= 0).all():
        raise StudyError("incidence needs at least one enterprise and times of 0 years or more.")
    times = np.unique(time)
    events = {code: _count(times, time[cause == code]) for code in CAUSES.values()}
    at_risk = (len(time) - np.searchsorted(np.sort(time), times, side="left")).astype(np.int64)
    shares, errors = _estimate(time, cause, events, at_risk)
    return Incidence(
        times, shares[PROMOTED], shares[LAPSED], errors[PROMOTED], errors[LAPSED], at_risk,
        events[PROMOTED], events[LAPSED], len(time), level,
    )  # fmt: skip


def interval(share: float, std_error: float, level: float, n_at_risk: int) -> tuple[float, float]:
    """Interval of a cumulative incidence on the log(-log) scale, 0 to 1.

    Without an event, the upper bound is the exact one of 0 among those still at risk.
    """
    if share <= 0:
        return 0.0, _upper_of_none(n_at_risk, level)
    if share >= 1 or not std_error > 0:
        return float(share), float(share)
    half = NormalDist().inv_cdf((1 + level) / 2) * std_error / (share * np.log(share))
    return float(share ** np.exp(-half)), float(share ** np.exp(half))


def compare_groups(ladder: Ladder, tier: str, by: str, *, level: float = 0.95) -> dict[str, Incidence]:
    """Incidence in each group of a tier's enterprises, unknown groups left out.

    Parameters
    ----------
    by : str
        One of `GROUPINGS`.

    Raises
    ------
    StudyError
        ``by`` is none of them.
    """
    if by not in GROUPINGS:
        raise StudyError(f"by is {by!r}; choose one of {', '.join(GROUPINGS)}.")
    rows = ladder.of(tier)
    known = rows[rows[by].astype(str) != UNKNOWN]
    return {
        str(group): estimate_incidence(part["years"], part["status"], level=level)
        for group, part in known.groupby(by, sort=True)
    }


def _upper_of_none(n: int, level: float) -> float:
    return float(1 - ((1 - level) / 2) ** (1 / n)) if n else 1.0


def _count(times: Floats, events: Floats) -> NDArray[np.int64]:
    return np.bincount(np.searchsorted(times, events), minlength=len(times)).astype(np.int64)


def _estimate(
    time: Floats, cause: NDArray[np.int64], events: dict[int, NDArray[np.int64]], at_risk: NDArray[np.int64]
) -> tuple[dict[int, Floats], dict[int, Floats]]:
    """The library's shares and standard errors by cause; none where a cause never came."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = CumIncidenceRight(time, cause)
    shares, errors = ({code: np.zeros(len(at_risk)) for code in events} for _ in range(2))
    for code in range(1, len(found.cinc) + 1):
        shares[code], errors[code] = np.array(found.cinc[code - 1]), np.array(found.cinc_se[code - 1])
    all_gone = sum(events.values()) == at_risk
    for code in events:
        # The library divides by zero at the time that takes everybody who was left.
        for place in np.flatnonzero(all_gone):
            errors[code][place] = _std_error(shares[code], events, at_risk, code, int(place))
    return shares, errors


def _std_error(
    share: Floats, events: dict[int, NDArray[np.int64]], at_risk: NDArray[np.int64], code: int, place: int
) -> float:
    """The same formula at one time; what happens at that time itself adds nothing to its first and last sum."""
    until = slice(0, place + 1)
    n, own, rest = at_risk[until].astype(float), events[code][until], share[place] - share[until]
    gone = sum(event[until] for event in events.values())
    staying = np.concatenate([[1.0], np.cumprod(1 - gone / n)[:-1]])
    left = np.where(rest > 0, n - gone, 1.0)
    variance = rest**2 * gone / (n * left) + staying**2 * (n - own) * own / n**3 - 2 * rest * staying * own / n**2
    return float(np.sqrt(max(variance.sum(), 0.0)))
