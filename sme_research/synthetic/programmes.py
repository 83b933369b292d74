"""The smaller programmes: awards, coaching, contests, finance matching, special actions.

Each is drawn from its own stream by the same observed score as training, and
given size, R&D and city independently of every other instrument. Awards are
the exception: they are paid at recognition and follow the ladder.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.synthetic import calibration as cal
from sme_research.synthetic.population import Floats, Ints, Population, days_of
from sme_research.synthetic.recognition import NEVER, Ladder
from sme_research.synthetic.treatments import Treatment
from sme_research.synthetic.world import WorldSpec, stream

PAID_FROM_DAY = {"srdi": 130, "little_giant": 275}  # after the title's own window, within its year
PAID_WITHIN_DAYS = 80


def draw_programmes(population: Population, ladder: Ladder, spec: WorldSpec) -> dict[str, Treatment]:
    """Every smaller instrument by name; the three special actions share one table."""
    actions = {f"{action}_action": _draw_action(action, population, spec) for action in cal.ACTIONS}
    return {
        "award": _draw_awards(population, ladder, spec),
        "coaching": _draw_coaching(population, spec),
        "contest": _draw_contests(population, spec),
        "matching_event": _draw_matching(population, spec),
        **actions,
    }


def programme_tables(treatments: dict[str, Treatment]) -> dict[str, pd.DataFrame]:
    """Their tables by name; rows of one table that several instruments write stand below each other."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for treatment in treatments.values():
        for name, table in treatment.tables.items():
            parts.setdefault(name, []).append(table)
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}


def _attend(
    rng: np.random.Generator,
    population: Population,
    spec: WorldSpec,
    *,
    years: tuple[int, int],
    rate: float,
    again: float = 0.0,
) -> NDArray[np.bool_]:
    """Who takes part in which year, n_enterprises x n_years: a first time by the score, later ones by chance."""
    odds = np.exp(population.selection_score(hidden=spec.traps.broken_trends))
    calendar = np.array(spec.years)
    held = (calendar >= years[0]) & (calendar <= years[1])
    alive = (population.entry[:, None] <= calendar - 2) & (population.exit[:, None] > calendar)
    chance = np.minimum(rate * odds / odds.mean(), 0.5)[:, None]
    tried = (rng.random(alive.shape) < chance) & alive & held
    since = np.cumsum(tried, axis=1) > 0
    before = np.hstack([np.zeros((len(since), 1), dtype=bool), since[:, :-1]])
    present: NDArray[np.bool_] = (tried & ~before) | (before & alive & held & (rng.random(alive.shape) < again))
    return present


def _first_year(present: NDArray[np.bool_], spec: WorldSpec) -> Ints:
    years = present.argmax(axis=1) + spec.first_year
    return np.where(present.any(axis=1), years, NEVER).astype(np.int64)


def _number(prefix: str, table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Put an id in front of each row."""
    table.insert(0, column, pd.Series([f"{prefix}{number:07d}" for number in range(1, len(table) + 1)], dtype=str))
    return table


def _draw_awards(population: Population, ladder: Ladder, spec: WorldSpec) -> Treatment:
    """Once a title, in the year of its first grant, outside Xiamen; renewals carry none."""
    rng = stream(spec.seed, "awards")
    parts, cohort = [], np.full(len(population), NEVER, dtype=np.int64)
    for tier, amount in cal.AWARD_AMOUNTS.items():
        year = ladder.year_of(tier)
        index = np.flatnonzero((year < NEVER) & (population.city != cal.XIAMEN))
        cohort[index] = np.minimum(cohort[index], year[index])
        first_day = PAID_FROM_DAY[tier]
        paid = days_of(year[index], rng.integers(first_day, first_day + PAID_WITHIN_DAYS, len(index)))
        province = pd.DataFrame(
            {"index": index, "tier": tier, "paid_on": paid, "amount": amount, "payer": "province"}
        )
        top_up = population.by_city(cal.CITY_TOP_UP)[index]
        city = province.assign(payer="city", amount=amount * top_up)[top_up > 0]
        parts += [province, city]
    table = pd.concat(parts, ignore_index=True).sort_values(["paid_on", "index", "payer"], ignore_index=True)
    table.insert(0, "enterprise_id", population.ids[table.pop("index")])
    return Treatment(cohort, {"awards": _number("A", table, "award_id")})


def _draw_coaching(population: Population, spec: WorldSpec) -> Treatment:
    """Each year the highest scores of the potential list among those not yet coached."""
    rng = stream(spec.seed, "coaching")
    n, (first, last) = len(population), cal.COACHING_YEARS
    selection = population.selection_score(hidden=spec.traps.broken_trends)
    expected = cal.COACHING_SCORE_MEAN + cal.COACHING_SCORE_SLOPE * selection
    cohort = np.full(n, NEVER, dtype=np.int64)
    parts = [_coached(rng, np.empty(0, dtype=np.int64), first, np.empty(0))]
    for year in range(max(first, spec.first_year), min(last, spec.last_year) + 1):
        score = np.clip(expected + rng.normal(0, cal.COACHING_SCORE_SD, n), 0, 100).round(1)
        listed = np.flatnonzero(population.alive(year, before=2) & (cohort == NEVER))
        chosen = np.sort(listed[np.argsort(-score[listed], kind="stable")[: spec.scaled(cal.COACHED_A_YEAR)]])
        cohort[chosen] = year
        parts.append(_coached(rng, chosen, year, score[chosen]))
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "enterprise_id", population.ids[table.pop("index").to_numpy(dtype=np.int64)])
    return Treatment(cohort, {"coaching": _number("G", table, "coaching_id")})


def _coached(rng: np.random.Generator, index: Ints, year: int, score: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "index": index,
            "started_on": days_of(np.full(len(index), year), rng.integers(60, 300, len(index))),
            "score": score,
            "coach_days": 3 + rng.poisson(6.0, len(index)),
        }
    )


def _draw_contests(population: Population, spec: WorldSpec) -> Treatment:
    """One contest a year; ranks follow the jury's points."""
    rng = stream(spec.seed, "contests")
    present = _attend(rng, population, spec, years=cal.CONTEST_YEARS, rate=cal.CONTEST_RATE, again=cal.CONTEST_RETURN)
    column, index = np.nonzero(present.T)
    year = column + spec.first_year
    merit = 5 * population.selection_score(hidden=False)[index] + rng.normal(0, 8, len(index))
    day = rng.integers(200, 300, len(spec.years))
    table = pd.DataFrame(
        {
            "contest": [f"示例大赛第{edition}届" for edition in year - cal.CONTEST_YEARS[0] + 1],
            "enterprise_id": population.ids[index],
            "held_on": days_of(year, day[column]),
            "score": np.clip(65 + merit, 0, 100).round(1),
        }
    )
    ranks = table.groupby("held_on")["score"].rank(method="min", ascending=False)
    table.insert(3, "rank", ranks.astype("int64"))
    return Treatment(_first_year(present, spec), {"contests": _number("E", table, "entry_id")})


def _draw_matching(population: Population, spec: WorldSpec) -> Treatment:
    """Events of a year, up to three an enterprise; intentions dwarf contracts, contracts what is drawn."""
    rng = stream(spec.seed, "matching_events")
    present = _attend(
        rng, population, spec, years=cal.MATCHING_YEARS, rate=cal.MATCHING_RATE, again=cal.MATCHING_RETURN
    )
    column, index = np.nonzero(present.T)
    times = rng.choice([1, 2, 3], len(index), p=[0.5, 0.3, 0.2])
    column, index = np.repeat(column, times), np.repeat(index, times)
    events = spec.scaled(cal.MATCHING_EVENTS_A_YEAR)
    # Every event is held, so the first rows of a year fill one each.
    position = np.arange(len(column)) - np.searchsorted(column, column)
    event = rng.permutation(events)[position % events]
    year = column + spec.first_year
    day = rng.integers(60, 350, (len(spec.years), events))
    table = pd.DataFrame(
        {
            "event_id": pd.Series(
                [f"M{at}-{number:04d}" for at, number in zip(year, event + 1, strict=True)], dtype=str
            ),
            "enterprise_id": population.ids[index],
            "held_on": days_of(year, day[column, event]),
            **_amounts(rng, year, spec),
        }
    )
    table = table.sort_values(["held_on", "event_id", "enterprise_id"], ignore_index=True)
    return Treatment(_first_year(present, spec), {"matching_events": _number("P", table, "participation_id")})


def _amounts(rng: np.random.Generator, year: Ints, spec: WorldSpec) -> dict[str, Floats]:
    """Matched amounts with the official sum of 2023, the contracts that followed and what was drawn of them."""
    raw = rng.lognormal(0.0, 1.0, len(year))
    in_2023 = raw[year == 2023]
    wanted = cal.MATCHED_2023 * spec.n_enterprises / 6_000
    each = wanted / (in_2023.sum() if len(in_2023) else 1_000 * spec.scaled(1.0))
    matched = np.ceil(raw * each)
    signed = rng.random(len(year)) < cal.CONTRACTED_SHARE
    contracted = np.where(signed, matched * cal.CONTRACT_OF_MATCHED * rng.beta(2, 2, len(year)) * 2, 0.0)
    drawn = contracted * np.minimum(cal.DRAWN_OF_CONTRACT * rng.beta(3, 2, len(year)) / 0.6, 1.0)
    return {
        "matched_amount": matched,
        "contracted_amount": contracted.round(1),
        "drawn_amount": drawn.round(1),
    }


def _draw_action(action: str, population: Population, spec: WorldSpec) -> Treatment:
    """One project an enterprise and action; the public purse pays a part, up to a cap."""
    rng = stream(spec.seed, f"special_actions: {action}")
    first, rate = cal.ACTIONS[action]
    present = _attend(rng, population, spec, years=(first, spec.last_year), rate=rate)
    column, index = np.nonzero(present.T)
    spending = (cal.ACTION_SPENDING * rng.lognormal(0.0, 0.6, len(index))).round(1)
    table = pd.DataFrame(
        {
            "enterprise_id": population.ids[index],
            "action": action,
            "started_on": days_of(column + spec.first_year, rng.integers(30, 330, len(index))),
            "spending": spending,
            "subsidy": np.minimum(spending * cal.ACTION_SUBSIDY_SHARE, cal.ACTION_SUBSIDY_CAP).round(1),
        }
    )
    table = _number(f"S{action[0].upper()}", table, "participation_id")
    return Treatment(_first_year(present, spec), {"special_actions": table})
