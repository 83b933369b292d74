"""Plain counts of the ladder: what became of each cohort, and how many titles were renewed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pandas as pd
from scipy.stats import beta

from sme_research.programme.ladder.histories import FOLLOWED, LAPSED, PROMOTED, Ladder
from sme_research.programme.ladder.rates import term_reached_from
from sme_research.programme.ladder.titles import TIERS, Titles

LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True)
class CohortFlow:
    """What became of the enterprises that entered a tier in a year, by the end of follow-up.

    ``promoted``, ``lapsed`` and ``holding`` add up to ``entered``. Of the lapsed, ``stopped``
    have no accounts from the year of the lapse on although others have, ``reporting`` have;
    of the rest the accounts cannot say.
    """

    tier: str
    cohort: int
    entered: int
    promoted: int
    lapsed: int
    holding: int
    reporting: int
    stopped: int


@dataclass(frozen=True, slots=True)
class RenewalShare:
    """Titles of a tier that came up for renewal, by year of the grant, and how many were renewed.

    ``ended_early`` never reached their term: closed, merged or withdrawn. ``pending`` have
    expired, but a renewal may still come, so they count in neither.
    ``share`` is 0 to 1 with its exact (Clopper-Pearson) interval; None where none came up.
    """

    tier: str
    cohort: int
    due: int
    renewed: int
    ended_early: int
    pending: int
    share: float | None
    ci_low: float | None
    ci_high: float | None


def count_cohorts(ladder: Ladder, tier: str) -> tuple[CohortFlow, ...]:
    """Flows of one tier by year of entry."""
    groups = ladder.of(tier).groupby("cohort")
    return tuple(_flow(tier, int(str(cohort)), rows) for cohort, rows in groups)


def _flow(tier: str, cohort: int, rows: pd.DataFrame) -> CohortFlow:
    status, ended = rows["status"].value_counts(), rows["ended"].value_counts()
    counts = [int(status.get(code, 0)) for code in (PROMOTED, LAPSED, FOLLOWED)]
    told = [int(ended.get(name, 0)) for name in ("reporting", "stopped")]
    return CohortFlow(tier, cohort, len(rows), *counts, *told)


def count_renewals(titles: Titles) -> tuple[RenewalShare, ...]:
    """Share renewed by tier and year of the grant, for titles whose renewal is known on the data's day.

    A title came up for renewal when it reached its full term by `Titles.followed_until`,
    also where the renewal was granted before.
    """
    frame = titles.frame
    expired = frame["expires_on"] <= pd.Timestamp(titles.followed_until)
    early = frame["expires_on"] < term_reached_from(frame)
    passed = ~expired & (frame["expires_on"] < pd.Timestamp(titles.data_day)) & (frame["fate"] == "open")
    told = frame.assign(
        due=expired & ~early,
        renewed=expired & ~early & (frame["fate"] == "renewed"),
        ended_early=expired & early & (frame["fate"] == "lapsed"),
        pending=passed & ~early,
    )
    counts = told.groupby([told["tier"], told["granted_on"].dt.year])[
        ["due", "renewed", "ended_early", "pending"]
    ].sum()
    return tuple(_shares(counts[counts.sum(axis=1) > 0]))


def _shares(counts: pd.DataFrame) -> Iterator[RenewalShare]:
    for tier in TIERS:
        if tier not in counts.index.get_level_values(0):
            continue
        for cohort, row in counts.loc[tier].iterrows():
            due, renewed = int(row["due"]), int(row["renewed"])
            known = (renewed / due, *exact_interval(renewed, due)) if due else (None, None, None)
            rest = (int(row["ended_early"]), int(row["pending"]))
            yield RenewalShare(tier, int(str(cohort)), due, renewed, *rest, *known)


def exact_interval(successes: int, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """Clopper-Pearson interval of a share of ``trials`` > 0."""
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, successes, trials - successes + 1)) if successes else 0.0
    high = float(beta.ppf(1 - tail, successes + 1, trials - successes)) if successes < trials else 1.0
    return low, high
