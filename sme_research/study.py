"""What one run asks: checked before any data are read."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from sme_research.covariates import COVARIATES
from sme_research.errors import StudyError
from sme_research.instruments import INSTRUMENTS, Instrument
from sme_research.outcomes import OUTCOMES, Outcome


class Study(BaseModel):
    """One question: which instrument, which outcome, compared how.

    Parameters
    ----------
    instrument : str
        Name of a policy instrument, e.g. ``"training"``.
    outcome : str
        Name of an outcome, e.g. ``"log_revenue"``.
    covariates : sequence of str, optional
        Characteristics to adjust for; the instrument's own where not given,
        none where empty.
    comparison : {"not_yet_treated", "never_treated"}
        Whom the treated are compared with.
    population : {"eligible", "all"}
        ``"eligible"`` keeps those who could have been treated, by the
        instrument's rules; ``"all"`` everybody in the accounts.
    level : float
        Coverage of the intervals.
    seed : int
        Seed of whatever is random.

    Raises
    ------
    StudyError
        A name is not known or a value is out of its limits.

    Examples
    --------
    >>> Study(instrument="training", outcome="log_employees").unit
    'log points'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    instrument: str
    outcome: str = "log_revenue"
    covariates: tuple[str, ...] | None = None
    comparison: Literal["not_yet_treated", "never_treated"] = "not_yet_treated"
    population: Literal["eligible", "all"] = "eligible"
    estimator: Literal["callaway_santanna"] = "callaway_santanna"
    level: float = Field(default=0.95, gt=0.5, lt=1.0)
    seed: int = Field(default=0, ge=0)

    def __init__(self, **asked: Any) -> None:
        try:
            super().__init__(**asked)
        except ValidationError as error:
            raise StudyError("; ".join(_sentence(fault) for fault in error.errors()) + ".") from None

    @field_validator("instrument")
    @classmethod
    def _instrument_is_known(cls, name: str) -> str:
        return _known("instrument", name, INSTRUMENTS)

    @field_validator("outcome")
    @classmethod
    def _outcome_is_known(cls, name: str) -> str:
        return _known("outcome", name, OUTCOMES)

    @field_validator("covariates")
    @classmethod
    def _covariates_are_known(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        twice = [name for at, name in enumerate(names or ()) if name in (names or ())[:at]]
        if twice:
            raise ValueError(f"covariate {twice[0]!r} is named twice; name it once")
        return names if names is None else tuple(_known("covariate", name, COVARIATES) for name in names)

    @property
    def unit(self) -> str:
        """Unit of the outcome."""
        return self.outcome_declaration.unit

    @property
    def instrument_declaration(self) -> Instrument:
        """What the instrument declares about itself."""
        return INSTRUMENTS[self.instrument]

    @property
    def outcome_declaration(self) -> Outcome:
        """What the outcome is made of."""
        return OUTCOMES[self.outcome]

    @property
    def adjusted_for(self) -> tuple[str, ...]:
        """Names of the covariates in use."""
        return self.instrument_declaration.covariates if self.covariates is None else self.covariates


def _known(kind: str, name: str, registry: Any) -> str:
    if name not in registry:
        choices = ", ".join(repr(choice) for choice in sorted(registry))
        raise ValueError(f"{kind} {name!r} is not known; choose one of {choices}")
    return name


def _sentence(fault: Any) -> str:
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place} is {fault['input']!r}: {fault['msg'][0].lower()}{fault['msg'][1:]}"
