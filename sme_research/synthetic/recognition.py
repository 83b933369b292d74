"""Who climbs the ladder, and when: titles are cumulative, never a partition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.synthetic import calibration as cal
from sme_research.synthetic.population import Floats, Ints, Population, days_of
from sme_research.synthetic.world import WorldSpec, stream

NEVER = 9_999
YEARS_TO_LITTLE_GIANT = 3
RULE_SET_2022 = "cn-2022-63"
RULE_SET_2022_FROM = np.datetime64("2022-08-01")
TIERS = ("innovative", "srdi", "little_giant", "champion")


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """Year in which each enterprise first got each title; `NEVER` where it did not.

    ``margin`` is the merit over the bar of the SRDI title, and ``candidate``
    the year of the assessment, for whoever applied.
    """

    innovative: Ints
    srdi: Ints
    little_giant: Ints
    champion: Ints
    lapsed: NDArray[np.bool_]
    margin: Floats
    candidate: Ints

    def year_of(self, tier: str) -> Ints:
        """First year of a tier, by enterprise."""
        years: Ints = getattr(self, tier)
        return years


def draw_ladder(population: Population, spec: WorldSpec) -> Ladder:
    """Draw titles so that the official counts hold exactly among the living."""
    rng = stream(spec.seed, "recognitions")
    n = len(population)
    merit = 0.75 * population.scale + 0.30 * population.rd_score + rng.normal(0, 0.9, n)
    counted = population.exit > spec.as_of.year
    titled = population.entry < spec.as_of.year
    tried = population.entry <= spec.as_of.year - YEARS_TO_LITTLE_GIANT
    thresholds = _thresholds(merit, [counted & titled, counted & tried], spec)
    # Granted long enough ago to have lapsed by the day of the count.
    ended = spec.as_of.year - cal.TITLE_YEARS - rng.integers(1, 3, n)
    lapsed = (population.entry < ended) & (merit < thresholds[0]) & (rng.random(n) < cal.LAPSED_SHARE)

    flow = cal.SRDI_FLOW if spec.traps.entrant_balance else cal.SRDI_FLOW_EVEN
    drawn = rng.choice(cal.SRDI_YEARS, n, p=flow).astype(np.int64)
    giant = tried & (merit >= thresholds[2])
    drawn = np.where(giant, rng.integers(2019, 2022, n), np.where(lapsed, ended, drawn))
    drawn = np.clip(np.maximum(drawn, population.entry + 1), spec.first_year, spec.as_of.year)
    innovative = _first(
        (titled & (merit >= thresholds[0])) | lapsed,
        np.maximum(drawn - rng.integers(0, 3, n), population.entry),
        population,
    )
    return Ladder(
        innovative=innovative,
        srdi=_first((titled & (merit >= thresholds[1])) | lapsed, drawn, population),
        little_giant=_first(giant, np.clip(drawn + rng.integers(1, 3, n), None, _last_full_year(spec)), population),
        champion=_first(tried & (merit >= thresholds[3]), np.full(n, _last_full_year(spec)), population),
        lapsed=lapsed,
        margin=merit - thresholds[1],
        candidate=_first(innovative < NEVER, drawn, population),
    )


def _last_full_year(spec: WorldSpec) -> int:
    """Little giants and champions are granted late in a year, so not in the year of the count."""
    return spec.as_of.year - 1 if spec.as_of.month < 12 else spec.as_of.year


def _thresholds(merit: Floats, countable: list[NDArray[np.bool_]], spec: WorldSpec) -> list[float]:
    """Merit of the last one in: two lower tiers among the first mask, two upper among the second."""
    lower, upper = (np.sort(merit[mask])[::-1] for mask in countable)
    counts = (
        (cal.N_INNOVATIVE, lower),
        (cal.N_SRDI, lower),
        (cal.N_LITTLE_GIANT, upper),
        (cal.N_CHAMPION, upper),
    )
    return [
        float(ranked[min(spec.scaled(count), len(ranked)) - 1]) if len(ranked) else float("inf")
        for count, ranked in counts
    ]


def _first(holds: NDArray[np.bool_], year: Ints, population: Population) -> Ints:
    """Year of a title; one that falls after the enterprise's exit was never given."""
    return np.where(holds & (year < population.exit), year, NEVER).astype(np.int64)


def recognitions_table(ladder: Ladder, population: Population, spec: WorldSpec) -> pd.DataFrame:
    """The table `recognitions`: first grants, renewals after three years, lapses."""
    rng = stream(spec.seed, "recognitions: dates")
    parts = []
    for tier, (first_day, last_day) in zip(TIERS, _WINDOWS, strict=True):
        year = ladder.year_of(tier)
        index = np.flatnonzero(year < NEVER)
        granted = days_of(year[index], rng.integers(first_day, last_day, len(index)))
        parts.append(_with_renewals(tier, index, granted, ladder, population, spec))
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "enterprise_id", population.ids[table.pop("index")])
    new_rules = table["granted_on"] >= RULE_SET_2022_FROM
    table["rule_set"] = pd.Series(RULE_SET_2022, index=table.index).where(new_rules & (table["tier"] != "champion"))
    return table.sort_values(["enterprise_id", "tier", "granted_on"], ignore_index=True)


# Days of the year in which each tier is granted: the lower ones before the end of April, so that
# a title and its successor may come in one year, and the count of 30 April sees the year's grants.
_WINDOWS = ((0, 45), (60, 115), (180, 270), (300, 360))


def _with_renewals(
    tier: str,
    index: Ints,
    granted: NDArray[np.datetime64],
    ladder: Ladder,
    population: Population,
    spec: WorldSpec,
) -> pd.DataFrame:
    """One row a grant; titles in force on the day of the count were renewed as often as needed."""
    last = pd.DataFrame({"index": index, "tier": tier, "granted_on": granted})
    parts = [last.assign(expires_on=last["granted_on"]).iloc[:0]]
    while not last.empty:
        end = last["granted_on"] + pd.DateOffset(years=cal.TITLE_YEARS)
        who = last["index"].to_numpy(dtype=np.int64)
        closed = days_of(population.exit[who], np.zeros(len(who), dtype=np.int64))
        last = last.assign(expires_on=end.where(end < closed, closed))
        parts.append(last)
        renewed = (end <= pd.Timestamp(spec.as_of)) & (end < closed) & ~ladder.lapsed[who]
        last = last[renewed].assign(granted_on=end[renewed])
    return pd.concat(parts, ignore_index=True)
