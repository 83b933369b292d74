"""A scenario of the next stage: budget, measures, limits, goal; read from TOML and checked before anything runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sme_research.errors import StudyError
from sme_research.instruments import INSTRUMENTS
from sme_research.rules import load_rule_sets
from sme_research.tables import reference_path
from sme_research.tables.areas import is_prefecture
from sme_research.toml import read_toml

MOST_YEARS: Final = 10
DEMONSTRATION: Final = "scenarios/next_stage.toml"
NO_CITY: Final = "is no code of a prefecture-level city; write one such as 350700 (GB/T 2260)"
Fraction = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0, le=1e9)]
Positive = Annotated[float, Field(gt=0, le=1e9)]
Tier = Literal["none", "innovative", "srdi", "little_giant", "champion"]
Words = dict[Literal["zh", "en"], str]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Goal(_Strict):
    """What a year's gain is worth: weight of 1 万元 of added revenue, and 万元 a job and a promotion."""

    revenue: Annotated[float, Field(ge=0, le=1e6)] = 1.0
    jobs: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    promotions: Annotated[float, Field(ge=0, le=1e6)] = 0.0

    @model_validator(mode="after")
    def _something_counts(self) -> Goal:
        if self.revenue == self.jobs == self.promotions == 0:
            raise ValueError("every weight is 0, so nothing could be gained; give one of them a weight")
        return self


class Measure(_Strict):
    """One instrument's terms.

    ``cost`` is what one enterprise costs once, in 万元; where it is not given,
    what the tables say was paid. ``points`` and ``caps`` (of the loan by tier, in
    万元) are terms of a loan subsidy: cost and effect follow the points in
    proportion. ``seats`` are the most enterprises, by year. ``most_reached`` is
    the largest share of the eligible of a segment that will come.
    """

    tiers: list[Tier] = Field(default_factory=list)
    excluded_cities: list[str] = Field(default_factory=list)
    cost: Positive | None = None
    points: Annotated[float, Field(gt=0, le=5)] | None = None
    caps: dict[Tier, Positive] = Field(default_factory=dict)
    seats: list[Amount] = Field(default_factory=list)
    least_share: Fraction = 0.0
    most_share: Fraction = 1.0
    most_reached: Fraction = 1.0
    displacement: Fraction | None = None

    @model_validator(mode="after")
    def _limits_in_order(self) -> Measure:
        if self.least_share > self.most_share:
            raise ValueError(
                f"least_share {self.least_share} is above most_share {self.most_share}; no budget is between them"
            )
        return self


class Scenario(_Strict):
    """What the next stage may do; money in 万元 of the scenario's first year.

    ``test_share`` is the most of all money that a measure without a shown effect
    gets, unless today's share of it is larger: it is tested before it grows.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    title: Words
    first_year: Annotated[int, Field(ge=2000, le=2100)]
    budget: Annotated[list[Amount], Field(min_length=1, max_length=MOST_YEARS)]
    rules: str
    goal: Goal = Goal()
    measures: Annotated[dict[str, Measure], Field(min_length=1)]
    city_shares: dict[Annotated[str, Field(pattern=r"^\d{6}$")], Fraction] = Field(default_factory=dict)
    test_share: Fraction = 0.1
    displacement: Fraction = 0.0
    value_added_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    draws: Annotated[int, Field(ge=20, le=10_000)] = 500

    @field_validator("measures")
    @classmethod
    def _known_instruments(cls, measures: dict[str, Measure]) -> dict[str, Measure]:
        for name in measures:
            if name not in INSTRUMENTS:
                choices = ", ".join(sorted(INSTRUMENTS))
                raise ValueError(f"{name!r} is no instrument; choose among {choices}")
        return measures

    @model_validator(mode="after")
    def _consistent(self) -> Scenario:
        if set(self.title) != {"zh", "en"}:
            raise ValueError("title needs both zh and en")
        known = {name for name, rule_set in load_rule_sets().items() if "srdi" in rule_set.tiers}
        if self.rules not in known:
            raise ValueError(
                f"rules {self.rules!r} is no rule set of the tiers; choose among {', '.join(sorted(known))}"
            )
        if not any(self.budget):
            raise ValueError("budget is 0 in every year, so nothing can be allocated; give some year money")
        for city in self.city_shares:
            if not is_prefecture(city):
                raise ValueError(f"city_shares: {city!r} {NO_CITY}")
        for name, measure in self.measures.items():
            for city in measure.excluded_cities:
                if not is_prefecture(city):
                    raise ValueError(f"measures.{name}.excluded_cities: {city!r} {NO_CITY}")
            if measure.seats and len(measure.seats) != len(self.budget):
                raise ValueError(
                    f"measures.{name}.seats has {len(measure.seats)} years and budget {len(self.budget)}; "
                    "give both one number a year"
                )
            if (measure.points is not None or measure.caps) and name != "loan_subsidy":
                raise ValueError(f"measures.{name}: points and caps are terms of loan_subsidy only; leave them out")
        return self

    @property
    def years(self) -> tuple[int, ...]:
        """Years of the plan, in order."""
        return tuple(range(self.first_year, self.first_year + len(self.budget)))

    @property
    def digest(self) -> str:
        """SHA-256 of the scenario's content, whatever the order in its file."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()

    def displaced(self, instrument: str) -> float:
        """Share of an instrument's gain that competitors lose."""
        own = self.measures[instrument].displacement
        return self.displacement if own is None else own


def read_scenario(path: str | Path = "") -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path : str or Path
        A TOML file; the shipped demonstration where empty.

    Raises
    ------
    StudyError
        The file is not there, is no TOML, or breaks a rule: the message gives
        file, place, value, rule.
    """
    path = Path(path) if str(path) else reference_path(DEMONSTRATION)
    try:
        content = read_toml(path)
    except FileNotFoundError:
        raise StudyError(f"{path}: there is no such file; give a scenario such as next_stage.toml.") from None
    except ValueError as fault:
        raise StudyError(f"{path}: is no TOML: {fault}.") from None
    return make_scenario(content, str(path))


def make_scenario(content: Mapping[str, Any], place: str = "scenario") -> Scenario:
    """Check the content of a scenario; errors are those of `read_scenario`."""
    try:
        return Scenario.model_validate(content)
    except ValidationError as fault:
        told = "; ".join(_sentence(one) for one in fault.errors()[:3])
        raise StudyError(f"{place}: {told}.") from None


def _sentence(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "value_error":
        said = str(fault["ctx"]["error"])
        return f"{where}: {said}" if where else said
    if fault["type"] == "missing":
        return f"{where} is missing; add it"
    if fault["type"] == "extra_forbidden":
        return f"{where} is not known here; take it out or correct its name"
    return f"{where} is {fault['input']!r}: {fault['msg'][0].lower()}{fault['msg'][1:]}"
