"""The made-up enterprises: where they are, what they make, when they live."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.synthetic import calibration as cal
from sme_research.synthetic.world import WorldSpec, stream
from sme_research.tables import make_codes, reference_path

FICTIONAL_AREA = "350199"  # not allocated in GB/T 2260: such a code can never be a real enterprise's

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Enterprises as parallel arrays of length n_enterprises.

    ``agglomeration`` is -1 outside the county x industry agglomerations;
    ``entry`` is the first account year, ``exit`` the first year without
    accounts (far away for the living). ``size`` and ``rd`` are what the first
    accounts show: log employees and R&D intensity as a fraction. ``hidden`` is
    seen by nobody.
    """

    ids: NDArray[np.str_]
    city: NDArray[np.str_]
    county: NDArray[np.str_]
    industry: NDArray[np.str_]
    agglomeration: Ints
    entry: Ints
    exit: Ints
    scale: Floats
    size: Floats
    rd: Floats
    hidden: Floats

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def size_score(self) -> Floats:
        """Size in standard deviations around the province's."""
        return np.asarray((self.size - cal.SIZE_CENTRE) / cal.SIZE_SCALE, dtype=np.float64)

    @property
    def rd_score(self) -> Floats:
        """R&D intensity in standard deviations around the province's."""
        return np.asarray((self.rd - cal.RD_CENTRE) / cal.RD_SCALE, dtype=np.float64)

    def by_city(self, values: dict[str, float]) -> Floats:
        """A value by prefecture, 0 where the prefecture has none."""
        return np.asarray(pd.Series(self.city).map(values).fillna(0.0), dtype=np.float64)

    def selection_score(self, *, hidden: bool) -> Floats:
        """Log odds of being treated, up to a constant; the same for every instrument."""
        score = cal.SELECTION_BY_SIZE * self.size_score + cal.SELECTION_BY_RD * self.rd_score
        score = score + self.by_city(cal.SELECTION_BY_CITY)
        return score + cal.SELECTION_BY_HIDDEN * self.hidden if hidden else score

    def alive(self, year: int, *, before: int = 0) -> NDArray[np.bool_]:
        """Whether accounts exist in ``year`` and in the ``before`` years before it."""
        return (self.entry <= year - before) & (self.exit > year)


def draw_population(spec: WorldSpec) -> Population:
    """Draw the enterprises of a province."""
    rng = stream(spec.seed, "enterprises")
    n = spec.n_enterprises
    city = rng.choice(list(cal.CITY_SHARES), size=n, p=list(cal.CITY_SHARES.values()))
    agglomeration, county, industry = _place(rng, city)
    entry, leave = _lives(rng, spec)
    scale = rng.normal(size=n)
    size = cal.LOG_EMPLOYEES_MEAN + cal.LOG_EMPLOYEES_SLOPE * scale
    size = np.log(np.maximum(np.round(np.exp(size + rng.normal(0, cal.LOG_EMPLOYEES_SD, n))), 3))
    rd = np.minimum(cal.RD_MEDIAN * np.exp(rng.normal(0, cal.RD_LOG_SD, n)), cal.RD_MOST)
    if spec.traps.bunching:
        rd = bunch_rd(stream(spec.seed, "enterprises: bunched research"), rd)
    return Population(
        ids=make_codes(FICTIONAL_AREA, rng.permutation(n)),
        city=city,
        county=county,
        industry=industry,
        agglomeration=agglomeration,
        entry=entry,
        exit=leave,
        scale=scale,
        size=size,
        rd=rd,
        hidden=rng.normal(size=n),
    )


def bunch_rd(rng: np.random.Generator, intensity: Floats) -> Floats:
    """Half of those a little under 3 % report a little over it (Chen et al. 2021)."""
    near = (intensity >= 0.026) & (intensity < 0.030) & (rng.random(intensity.shape) < 0.5)
    return np.where(near, rng.uniform(0.030, 0.033, intensity.shape), intensity)


def _lives(rng: np.random.Generator, spec: WorldSpec) -> tuple[Ints, Ints]:
    n = spec.n_enterprises
    late = rng.integers(spec.first_year + 1, max(spec.last_year - 1, spec.first_year + 2), n)
    entry = np.where(rng.random(n) < cal.ENTRANT_SHARE, late, spec.first_year)
    leave = entry + rng.geometric(cal.EXIT_RATE, n)
    return entry.astype(np.int64), leave.astype(np.int64)


def _place(rng: np.random.Generator, city: NDArray[np.str_]) -> tuple[Ints, NDArray[np.str_], NDArray[np.str_]]:
    """Agglomeration, county and industry of each enterprise, given its prefecture."""
    n = len(city)
    counties, classes = _counties(), _industries()
    cells = _agglomerations(rng, counties)
    agglomeration = np.full(n, -1, dtype=np.int64)
    county = np.empty(n, dtype=object)
    industry = rng.choice(classes["manufacturing"], n).astype(object)
    other = rng.random(n) >= cal.MANUFACTURING_SHARE
    industry[other] = rng.choice(classes["other"], int(other.sum()))
    for code in cal.CITY_SHARES:
        here = np.flatnonzero(city == code)
        county[here] = rng.choice(counties[code], len(here))
        inside = here[rng.random(len(here)) < cal.AGGLOMERATED_SHARE]
        numbers = cells.index[cells["city"] == code].to_numpy()
        weights = rng.dirichlet(np.full(len(numbers), 3.0))
        agglomeration[inside] = rng.choice(numbers, len(inside), p=weights)
    member = agglomeration >= 0
    county[member] = cells["county"].to_numpy()[agglomeration[member]]
    industry[member] = cells["industry"].to_numpy()[agglomeration[member]]
    pingtan = (city == cal.FUZHOU) & (rng.random(n) < cal.PINGTAN_SHARE / cal.CITY_SHARES[cal.FUZHOU])
    county[pingtan] = cal.PINGTAN_COUNTY
    agglomeration[pingtan] = -1
    return agglomeration, county.astype(str), industry.astype(str)


def _agglomerations(rng: np.random.Generator, counties: dict[str, list[str]]) -> pd.DataFrame:
    """County x industry cells that could become clusters; no two alike."""
    groups = _industries()["groups"]
    rows = []
    for city, count in cal.AGGLOMERATIONS.items():
        pairs = [(county, group) for county in counties[city] for group in groups]
        for index in rng.choice(len(pairs), count, replace=False):
            county, group = pairs[index]
            rows.append({"city": city, "county": county, "industry": group})
    return pd.DataFrame(rows)


def _counties() -> dict[str, list[str]]:
    areas = pd.read_csv(reference_path("area_codes.csv"), dtype=str)
    areas = areas[(areas["level"] == "county") & (areas["code"] != cal.PINGTAN_COUNTY)]
    return {str(city): list(group) for city, group in areas.groupby("parent")["code"]}


def _industries() -> dict[str, list[str]]:
    """Codes to draw from: classes of manufacturing and of services, and manufacturing's groups."""
    codes = pd.read_csv(reference_path("gbt4754_2017.csv"), dtype=str)
    made = codes["section"] == "C"
    service = codes["section"].isin(["I", "M"])
    is_class, is_group = codes["level"] == "class", codes["level"] == "group"
    return {
        "manufacturing": list(codes.loc[made & is_class, "code"]),
        "other": list(codes.loc[service & is_class, "code"]),
        "groups": list(codes.loc[made & is_group, "code"]),
    }


def enterprises_table(population: Population, spec: WorldSpec) -> pd.DataFrame:
    """The table `enterprises` of this population."""
    rng = stream(spec.seed, "enterprises: register")
    n = len(population)
    founded = population.entry - rng.integers(1, 16, n)
    ownership = rng.choice(["private", "state", "foreign_or_joint"], n, p=[0.84, 0.09, 0.07])
    return pd.DataFrame(
        {
            "enterprise_id": population.ids,
            "name": np.char.add("虚构企业", np.char.zfill(np.arange(1, n + 1).astype(str), 7)),
            "city_code": population.city,
            "county_code": population.county,
            "industry_code": population.industry,
            "founded_on": days_of(founded, rng.integers(0, 365, n)),
            "ownership": ownership,
            "listed_on": np.full(n, np.datetime64("NaT"), dtype="datetime64[s]"),
        }
    )


def days_of(years: Ints, day_of_year: Ints) -> NDArray[np.datetime64]:
    """Dates from calendar years and days counted from 0."""
    starts = (np.asarray(years) - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    days: NDArray[np.datetime64] = starts + np.asarray(day_of_year).astype("timedelta64[D]")
    return days.astype("datetime64[s]")
