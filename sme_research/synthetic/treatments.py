"""Who borrows, who is trained, whose cluster is designated: the tables and the cohorts.

Given size, R&D and city the instruments (these three and those of `programmes`) are drawn independently of each other
(except in the bundle trap) and of every later shock.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.synthetic import calibration as cal
from sme_research.synthetic.population import Floats, Ints, Population, days_of
from sme_research.synthetic.recognition import NEVER, Ladder
from sme_research.synthetic.world import WorldSpec, stream
from sme_research.tables import reference_path

DAYS_A_YEAR = 360  # as banks count; a longer term is subsidised for one year
DAYS_A_MONTH = 30
LISTED_SHARE = 0.9  # of the enterprises in a designated county and industry, who are on its list


@dataclass(frozen=True, slots=True, eq=False)
class Treatment:
    """First treated year by enterprise (`NEVER` where none) and the tables that record it.

    ``dose`` is how much each enterprise received, where the effect depends on it.
    """

    cohort: Ints
    tables: dict[str, pd.DataFrame]
    dose: Floats | None = None


def draw_loans(population: Population, ladder: Ladder, spec: WorldSpec) -> Treatment:
    """Two pilot rounds and phase 1, to titled enterprises outside Xiamen."""
    rng = stream(spec.seed, "loans")
    n = len(population)
    score = population.selection_score(hidden=spec.traps.broken_trends)
    urge = cal.LOAN_SELECTION * score + rng.gumbel(size=n)
    cohort = np.full(n, NEVER, dtype=np.int64)
    parts = []
    for year, count in {**cal.PILOTS, cal.PHASE1_YEAR: cal.PHASE1_ENTERPRISES}.items():
        if year not in spec.years:
            continue
        eligible = (ladder.srdi < year) & (population.city != cal.XIAMEN) & ~ladder.lapsed
        eligible &= population.alive(year, before=2)
        chosen = _choose_borrowers(rng, urge, eligible, cohort < NEVER, spec.scaled(count), year)
        cohort[chosen] = np.minimum(cohort[chosen], year)
        parts.append(_loans_of(rng, chosen, year))
    table = (
        pd.concat(parts, ignore_index=True) if parts else _loans_of(rng, np.empty(0, dtype=np.int64), cal.PHASE1_YEAR)
    )
    index = table.pop("index").to_numpy(dtype=np.int64)
    months = table["amount"] * np.minimum(table["term_days"], DAYS_A_YEAR) / DAYS_A_MONTH
    dose = np.bincount(index, weights=months.to_numpy(dtype=np.float64), minlength=n).astype(np.float64)
    if spec.traps.dear_loans:
        dear = np.arange(len(table)) % cal.DEAR_EVERY == 0
        table["rate"] = (table["rate"] + np.where(dear, cal.DEAR_POINTS, 0.0)).round(2)
    table.insert(0, "loan_id", [f"L{number:07d}" for number in range(1, len(table) + 1)])
    table.insert(1, "enterprise_id", population.ids[index])
    return Treatment(cohort, {"loans": table}, dose)


def _choose_borrowers(
    rng: np.random.Generator,
    urge: Floats,
    eligible: NDArray[np.bool_],
    before: NDArray[np.bool_],
    count: int,
    year: int,
) -> Ints:
    """The most urgent among the eligible; in phase 1 a tenth have borrowed before."""
    again = round(count * cal.PHASE1_REPEAT_SHARE) if year == cal.PHASE1_YEAR else 0
    repeaters = np.flatnonzero(eligible & before)
    again = min(again, len(repeaters))
    fresh = np.flatnonzero(eligible & ~before)
    chosen = fresh[np.argsort(-urge[fresh], kind="stable")[: count - again]]
    return np.sort(np.concatenate([chosen, rng.choice(repeaters, again, replace=False)])).astype(np.int64)


def _loans_of(rng: np.random.Generator, index: Ints, year: int) -> pd.DataFrame:
    """One loan an enterprise; phase 1 has the official mean amount and rate."""
    phase1 = year == cal.PHASE1_YEAR
    mean = cal.PHASE1_AMOUNT / cal.PHASE1_ENTERPRISES if phase1 else cal.PILOT_MEAN_AMOUNT
    ceiling = _lpr(year) - cal.SUBSIDY_POINTS
    rate = np.clip(rng.normal(cal.PHASE1_RATE if phase1 else ceiling - 0.15, 0.07, len(index)), 1.0, ceiling)
    if phase1 and len(index):
        rate = np.clip(rate + (cal.PHASE1_RATE - rate.mean()), 1.0, ceiling)
    last_day = 120 if phase1 else 360
    applied = np.round(_applications(rng, len(index), mean), 1)
    return pd.DataFrame(
        {
            "index": index,
            "phase": "1" if phase1 else f"pilot-{year}",
            "bank": rng.choice([f"示例银行{number:02d}" for number in range(1, 19)], len(index)),
            "drawn_on": days_of(np.full(len(index), year), rng.integers(15, last_day, len(index))),
            "amount": np.minimum(applied, cal.LOAN_CAP),
            "rate": np.round(rate, 2),
            "subsidy_points": cal.SUBSIDY_POINTS,
            "term_days": rng.choice([180, 270, 360, 365, 720, 1080], len(index), p=[0.1, 0.1, 0.4, 0.3, 0.05, 0.05]),
            "applied_amount": applied,
        }
    )


def _applications(rng: np.random.Generator, count: int, mean: float) -> Floats:
    """Skewed amounts asked for, such that what is granted under the cap has this mean."""
    asked = mean * rng.lognormal(0.0, 0.6, count)
    for _ in range(30):  # raising all by one factor lifts the grants under the cap only, so it takes a few rounds
        asked = asked * (mean / np.minimum(asked, cal.LOAN_CAP).mean() if count else 1.0)
    return asked


def _lpr(year: int) -> float:
    """One-year loan prime rate in force on 1 July of a year, or in its first quarter for 2024."""
    history = pd.read_csv(reference_path("lpr_history.csv"), parse_dates=["effective_date"])
    day = pd.Timestamp(year, 3, 31) if year == cal.PHASE1_YEAR else pd.Timestamp(year, 7, 1)
    return float(history.loc[history["effective_date"] <= day, "lpr_1y_pct"].iloc[-1])


def draw_training(population: Population, loans: Treatment, spec: WorldSpec) -> Treatment:
    """Sessions from 2018 on; an enterprise's first attendance is its cohort."""
    rng = stream(spec.seed, "training")
    n = len(population)
    score = population.selection_score(hidden=spec.traps.broken_trends)
    odds = np.exp(score) / np.exp(score).mean()
    cohort = np.full(n, NEVER, dtype=np.int64)
    parts = [_attendance(rng, np.empty(0, dtype=np.int64), cal.FIRST_TRAINING_YEAR, spec)]
    for year in spec.years:
        if year < cal.FIRST_TRAINING_YEAR:
            continue
        chance = np.minimum(cal.FIRST_TRAINING_RATE * odds, 0.5)
        first = (rng.random(n) < chance) & population.alive(year, before=2) & (cohort == NEVER)
        sent = (rng.random(n) < cal.BUNDLED_SHARE) & (loans.cohort == year)
        if spec.traps.bundle:
            first |= sent & (cohort == NEVER)
        again = (cohort < year) & population.alive(year) & (rng.random(n) < cal.RETURN_RATE)
        cohort[first] = year
        parts.append(_attendance(rng, np.flatnonzero(first | again), year, spec))
    table = pd.concat(parts, ignore_index=True)
    table.insert(1, "enterprise_id", population.ids[table.pop("index")])
    return Treatment(cohort, {"training": table})


def _attendance(rng: np.random.Generator, present: Ints, year: int, spec: WorldSpec) -> pd.DataFrame:
    """Who sat in which session of a year; some come to two of them."""
    sessions = spec.scaled(cal.SESSIONS_A_YEAR)
    twice = present[rng.random(len(present)) < 0.25] if sessions > 1 else present[:0]
    # Every session is held, so the first rows fill one each.
    number = rng.permutation(np.resize(np.arange(sessions), len(present)))
    position = np.searchsorted(present, twice)
    second = (number[position] + rng.integers(1, max(sessions, 2), len(twice))) % sessions
    day = np.sort(rng.integers(60, 350, sessions))
    topic = rng.choice(cal.TOPICS, sessions)
    rows = pd.DataFrame(
        {"session": np.concatenate([number, second]), "index": np.concatenate([present, twice])}
    ).sort_values(["session", "index"], ignore_index=True)
    held = rows.pop("session").to_numpy()
    rows.insert(0, "session_id", pd.Series([f"T{year}-{number:04d}" for number in held + 1], dtype=str))
    rows["held_on"] = days_of(np.full(len(rows), year), day[held])
    rows["topic"] = topic[held]
    rows["participants"] = _participants(rng, len(rows), year, spec)
    return rows


def _participants(rng: np.random.Generator, count: int, year: int, spec: WorldSpec) -> Ints:
    """Persons an enterprise sends: several, so that person-times are not enterprises."""
    if not spec.traps.person_times or count == 0:
        return np.ones(count, dtype=np.int64)
    total = max(spec.scaled(cal.PERSON_TIMES_2023), count)
    if year != 2023:
        return 1 + rng.poisson(3.0, count).astype(np.int64)
    return 1 + rng.multinomial(total - count, np.full(count, 1 / count)).astype(np.int64)


def draw_clusters(population: Population, spec: WorldSpec) -> Treatment:
    """Designation of county x industry agglomerations, and their members."""
    rng = stream(spec.seed, "clusters")
    designated = _designate(rng, population, spec)
    table = pd.DataFrame(
        {
            "cluster_id": [f"C{number:03d}" for number in range(1, len(designated) + 1)],
            "name": [f"示例集群{number:02d}" for number in range(1, len(designated) + 1)],
            "level": designated["level"],
            "designated_on": days_of(designated["year"].to_numpy(), rng.integers(90, 300, len(designated))),
            "county_code": designated["county"],
            "industry_code": designated["industry"],
        }
    )
    members, cohort = _members(population, table, designated, spec)
    return Treatment(cohort, {"clusters": table, "cluster_members": members})


def _designate(rng: np.random.Generator, population: Population, spec: WorldSpec) -> pd.DataFrame:
    """Agglomerations of larger and more research-minded enterprises are designated sooner."""
    score = population.selection_score(hidden=spec.traps.broken_trends)
    inside = population.agglomeration >= 0
    cells = (
        pd.DataFrame(
            {
                "cell": population.agglomeration,
                "score": score,
                "county": population.county,
                "industry": population.industry,
            }
        )[inside]
        .groupby("cell", as_index=False)
        .agg(score=("score", "mean"), county=("county", "first"), industry=("industry", "first"))
    )
    spread = cells["score"].std()
    urge = cells["score"] / spread + rng.gumbel(size=len(cells))
    # Every prefecture keeps places that were never designated: else a city could be compared with nothing.
    prefecture = cells["county"].str[:4]
    place, places = urge.groupby(prefecture).rank(ascending=False), urge.groupby(prefecture).transform("size")
    last = place > np.maximum(cal.MOST_DESIGNATED * places, 1)
    order = np.lexsort((-urge.to_numpy(), last.to_numpy()))
    national = [(year, "national") for year, count in cal.NATIONAL_CLUSTERS_BY_YEAR.items() for _ in range(count)]
    wanted = cal.N_PROVINCIAL_CLUSTERS + len(national) if spec.designated is None else spec.designated
    provincial = max(cal.N_PROVINCIAL_CLUSTERS, wanted - len(national))
    years = np.resize(cal.PROVINCIAL_CLUSTER_YEARS, provincial)
    slots = pd.DataFrame([*national, *((int(year), "provincial") for year in years)], columns=["year", "level"])
    slots = slots.iloc[rng.permutation(len(slots))].iloc[: min(wanted, len(cells))]
    chosen = cells.iloc[order[: len(slots)]].assign(year=slots["year"].to_numpy(), level=slots["level"].to_numpy())
    return chosen[chosen["year"].isin(spec.years)].sort_values(["year", "cell"], ignore_index=True)


def _members(
    population: Population, clusters: pd.DataFrame, designated: pd.DataFrame, spec: WorldSpec
) -> tuple[pd.DataFrame, Ints]:
    rng = stream(spec.seed, "cluster_members")
    n = len(population)
    by_cell = pd.Series(np.arange(len(designated)), index=designated["cell"])
    number = pd.Series(population.agglomeration).map(by_cell).fillna(-1).to_numpy(dtype=np.int64)
    year = np.append(designated["year"].to_numpy(), NEVER)[number]
    joined_year = np.maximum(year, population.entry)
    joins = (number >= 0) & (joined_year < population.exit) & (rng.random(n) < LISTED_SHARE)
    index = np.flatnonzero(joins)
    day = clusters["designated_on"].to_numpy()[number[index]]
    own_day = days_of(joined_year[index], rng.integers(0, 180, len(index)))
    joined = np.where(joined_year[index] > year[index], own_day, day)
    left = days_of(population.exit[index], np.zeros(len(index), dtype=np.int64))
    gone = population.exit[index] <= spec.last_year
    table = pd.DataFrame(
        {
            "cluster_id": clusters["cluster_id"].to_numpy()[number[index]],
            "enterprise_id": population.ids[index],
            "joined_on": joined,
            "left_on": np.where(gone, left, np.datetime64("NaT")),
        }
    ).sort_values(["cluster_id", "enterprise_id"], ignore_index=True)
    return table, np.where(joins, joined_year, NEVER).astype(np.int64)
