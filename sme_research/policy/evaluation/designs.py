"""Which design each measure of the next stage allows: a table that the department edits."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sme_research.errors import DataError, SmeResearchError
from sme_research.study import Study
from sme_research.tables import reference_path

DESIGNS: Final = "evaluation_designs.yml"
Kind = Literal["phase_in", "waiting_list", "cluster_lot", "score_threshold", "cap_kink"]
LOTS: Final[tuple[Kind, ...]] = ("phase_in", "waiting_list", "cluster_lot")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Record):
    """One text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def __getitem__(self, lang: str) -> str:
        return str(getattr(self, lang))


class Design(_Record):
    """One way to know: what it assumes, what threatens it, what must be kept from the first day, who estimates it.

    ``estimator`` is ``module.function`` within ``sme_research.estimators``.
    """

    label: Words
    how: Words
    assumption: Words
    threats: Words
    keep: tuple[Words, ...] = Field(min_length=1)
    estimator: str = Field(pattern=r"^\w+\.\w+$")


class Measure(_Record):
    """One measure's study: instrument, design, outcome, size, and the smallest effect worth knowing.

    ``n_units`` are enterprises, or clusters where whole clusters are drawn;
    ``share_first`` of them begin at once where the list waits for a year, else
    the waves are of equal size. ``target`` is in the outcome's unit, and for
    ``cap_kink`` a unit of what is paid for. ``take_up`` is the share of those
    drawn who do take part. ``running`` names the recorded column, as
    table.column, whose real distribution the trial uses; where nothing is
    recorded yet, ``running`` is ``normal`` with the given mean and spread.
    ``dated`` is the date column of that table.
    """

    instrument: str
    design: Kind
    outcome: str = "log_revenue"
    n_units: int = Field(ge=20, le=20_000)
    waves: int = Field(default=2, ge=2, le=6)
    share_first: float = Field(default=0.5, ge=0.1, le=0.9)
    take_up: float = Field(default=1.0, gt=0, le=1)
    target: float = Field(gt=0)
    running: str = ""
    dated: str = ""
    cutoff: float | None = None
    mean: float | None = None
    spread: float | None = Field(default=None, gt=0)
    question: Words
    keep: tuple[Words, ...] = ()

    @model_validator(mode="after")
    def _has_what_its_design_needs(self) -> Measure:
        if self.design in LOTS:
            if self.running or self.cutoff is not None:
                raise ValueError("a lot has no running figure and no cutoff; leave both out")
            if self.design == "waiting_list" and self.waves != 2:
                raise ValueError(f"waves is {self.waves}, must be 2 for a waiting list; else the design is phase_in")
            return self
        if not self.running or self.cutoff is None:
            raise ValueError(f"the design {self.design} needs running and cutoff")
        if self.running == "normal" and (self.mean is None or self.spread is None):
            raise ValueError("running is 'normal', so mean and spread are needed")
        if self.running != "normal" and (self.running.count(".") != 1 or not self.dated):
            raise ValueError(f"running is {self.running!r}, must be table.column with dated, or normal")
        return self

    @property
    def name(self) -> str:
        """Instrument and design, by which the study is known."""
        return f"{self.instrument}.{self.design}"

    def years_after(self) -> int:
        """Years in which somebody drawn later is still waiting; for thresholds the year after."""
        return self.waves - 1 if self.design in LOTS else 1

    def study(self, *, level: float, seed: int = 0) -> Study:
        """The question as reports will ask it later; adjusts for nothing, for a lot needs none."""
        return Study(instrument=self.instrument, outcome=self.outcome, covariates=(), level=level, seed=seed)


class StageDesigns(_Record):
    """The whole table: designs by name, measures in order, and what holds for all.

    ``first_year`` is the first in which a measure of the next stage runs,
    ``accounts_ready`` the month and day by which accounts of the year before are in.
    """

    first_year: int = Field(ge=2020, le=2100)
    accounts_ready: str = Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")
    level: float = Field(gt=0.5, lt=1)
    power: float = Field(gt=0.5, lt=1)
    strata: tuple[str, ...]
    keep: tuple[Words, ...] = Field(min_length=1)
    designs: dict[Kind, Design]
    measures: tuple[Measure, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _hangs_together(self) -> StageDesigns:
        names = [measure.name for measure in self.measures]
        twice = [name for at, name in enumerate(names) if name in names[:at]]
        if twice:
            raise ValueError(f"the measure {twice[0]} stands twice; keep one")
        for measure in self.measures:
            if measure.design not in self.designs:
                raise ValueError(f"{measure.instrument}: the design {measure.design} is not described under designs")
            try:
                study = measure.study(level=self.level)
            except SmeResearchError as error:
                raise ValueError(f"measure {measure.name}: {error}") from None
            by_cluster = study.instrument_declaration.assigned_by == "cluster"
            if by_cluster != (measure.design == "cluster_lot"):
                raise ValueError(
                    f"{measure.instrument} is assigned by {study.instrument_declaration.assigned_by}, so its design "
                    f"{'must' if by_cluster else 'cannot'} be cluster_lot"
                )
        return self

    def design_of(self, measure: Measure) -> Design:
        """What the measure's design says about itself."""
        return self.designs[measure.design]

    def answer_on(self, measure: Measure) -> str:
        """Day (ISO) on which the accounts that answer the measure's question are in."""
        last = self.first_year + measure.years_after() - (measure.design in LOTS)
        return f"{last + 1}-{self.accounts_ready}"

    def kept(self, measure: Measure) -> tuple[Words, ...]:
        """All that must be kept from the first day: for every measure, for its design, for itself."""
        return (*self.keep, *self.design_of(measure).keep, *measure.keep)


def load_designs(path: str | Path | None = None) -> StageDesigns:
    """The table of measures and designs; ``data/reference/evaluation_designs.yml`` where no file is named.

    Raises
    ------
    DataError
        The file is not there, cannot be read, or a field lacks or is out of its limits.
    """
    place = reference_path(DESIGNS) if path is None else Path(path)
    try:
        content: Any = yaml.safe_load(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{place.name} is not there; give the file of measures and designs.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{place.name} cannot be read: {error}.") from None
    try:
        return StageDesigns.model_validate(content)
    except ValidationError as error:
        told = [f"{'.'.join(map(str, fault['loc'])) or 'file'}: {_sentence(fault)}" for fault in error.errors()]
        raise DataError(f"{place.name}, " + "; ".join(told) + ".") from None


def _sentence(fault: Any) -> str:
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    told = f"{fault['msg'][0].lower()}{fault['msg'][1:]}"
    return told if fault["type"] == "missing" else f"is {fault['input']!r}, {told}"
