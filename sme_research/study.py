"""What one run asks: checked before any data are read."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from sme_research.covariates import COVARIATES
from sme_research.errors import StudyError
from sme_research.instruments import INSTRUMENTS, Instrument
from sme_research.outcomes import OUTCOMES, Outcome

Adjustment = Literal["doubly_robust", "outcome_regression"]
EstimatorName = Literal["callaway_santanna", "imputation", "sun_abraham", "wooldridge_poisson"]


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
    cities : sequence of str
        Codes of the prefectures to keep; all where empty.
    industries : sequence of str
        First digits of the industries to keep, such as ``"39"``; all where empty.
    estimator : str, optional
        Name of the estimator; where not given a count model for counts, and
        group-time effects for all else.
    adjustment : {"doubly_robust", "outcome_regression"}, optional
        How covariates enter; the instrument's own where not given.
    anticipation : int, optional
        Years before treatment that are not used as base; the instrument's own
        where not given.
    prices : {"nominal", "real"}
        Whether money is deflated by producer prices.
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
    cities: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    estimator: EstimatorName | None = None
    adjustment: Adjustment | None = None
    anticipation: int | None = Field(default=None, ge=0, le=3)
    prices: Literal["nominal", "real"] = "nominal"
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

    @field_validator("cities", "industries")
    @classmethod
    def _codes_are_digits(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [code for code in codes if not (code.isascii() and code.isdigit())]
        if wrong:
            raise ValueError(
                f"code {wrong[0]!r} must be digits, such as '350100' for a prefecture or '39' for a division"
            )
        return tuple(sorted(set(codes)))

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
    def estimator_name(self) -> str:
        """Name of the estimator in use."""
        fitting = "wooldridge_poisson" if self.outcome_declaration.count else "callaway_santanna"
        return self.estimator or fitting

    @property
    def adjustment_name(self) -> Adjustment:
        """How covariates enter."""
        return self.adjustment or self.instrument_declaration.adjustment

    @property
    def anticipation_years(self) -> int:
        """Years before treatment that are not used as base."""
        return self.instrument_declaration.anticipation if self.anticipation is None else self.anticipation

    def settled(self) -> dict[str, Any]:
        """Everything that is asked, with the instrument's own choices where the study left them open."""
        return self.model_dump() | {
            "covariates": list(self.adjusted_for),
            "estimator": self.estimator_name,
            "adjustment": self.adjustment_name,
            "anticipation": self.anticipation_years,
        }

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
