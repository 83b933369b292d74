"""The estimates of a run as the site compares and shows them; findings may be of an older version and lack parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sme_research.factory.plan import Language
from sme_research.factory.site.runs import Finding, PublishedRun
from sme_research.present.words import LANGUAGES, amount, amount_range, cell, has_text, text

Key = tuple[str, str, str, str]
UNITS = ("log points", "share", "log points a year")
Number = Literal["estimate", "std_error", "ci_low", "ci_high", "level"]
Count = Literal["n_enterprises", "n_treated"]
UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class EstimateOf:
    """One estimate of one run. ``key`` is instrument, outcome, estimand, population; ``checks`` verdicts by name."""

    key: Key
    labels: Mapping[str, Mapping[str, str]]
    headline: Mapping[str, str]
    estimate: float | None
    std_error: float | None
    ci_low: float | None
    ci_high: float | None
    level: float | None
    unit: str
    n_enterprises: int | None
    n_treated: int | None
    checks: Mapping[str, str]
    sms_level: int | None
    wording: str

    def name(self, language: Language) -> str:
        """What it is of, in words."""
        parts = [self.labels[kind].get(language) or key for kind, key in zip(self.labels, self.key, strict=False)]
        told = [part for part in parts if part]
        return (" · ".join(told)) or text(language, "noun.difference")

    def shown(self, number: Number, language: Language) -> str:
        """The estimate or a bound with its unit."""
        value = getattr(self, number)
        if value is None:
            return UNKNOWN
        return amount(value, self.unit, language) if self.unit in UNITS else f"{value:.4g}".replace("-", "−")

    def interval(self, language: Language) -> str:
        """The interval with its unit."""
        if self.ci_low is None or self.ci_high is None:
            return UNKNOWN
        if self.unit in UNITS:
            return amount_range(self.ci_low, self.ci_high, self.unit, language)
        return text(language, "unit.range", low=self.shown("ci_low", language), high=self.shown("ci_high", language))

    def error(self) -> str:
        """The standard error, in the estimate's own unit: log points stay log points."""
        if self.std_error is None:
            return UNKNOWN
        if self.unit == "share":
            return cell(self.std_error, self.unit).lstrip("+")
        return f"{self.std_error:.4f}"

    def count(self, number: Count) -> str:
        """A number of enterprises with its thousands apart."""
        value = getattr(self, number)
        return UNKNOWN if value is None else f"{value:,}"


def estimates_of(run: PublishedRun) -> dict[Key, EstimateOf]:
    """Estimates of a run by key, in the order of its findings; the first of several with one key."""
    found: dict[Key, EstimateOf] = {}
    for finding in run.findings:
        estimate = _estimate(finding, run.manifest.parameters.get("population"))
        found.setdefault(estimate.key, estimate)
    return found


def check_name(name: str, language: Language) -> str:
    """What a check is called."""
    return text(language, f"checks.{name}") if has_text(language, f"checks.{name}") else name.replace("_", " ")


def verdict_word(verdict: str | None, language: Language) -> str:
    """What a verdict is called; a dash where the check was not made."""
    if verdict is None:
        return UNKNOWN
    return text(language, f"verdict.{verdict}") if has_text(language, f"verdict.{verdict}") else verdict


def unit_name(unit: str, language: Language) -> str:
    """What a unit of measurement is called."""
    return text(language, f"unit.head.{unit}") if unit in UNITS else unit


def _estimate(finding: Finding, population: Any) -> EstimateOf:
    """Of a finding of any version; ``population`` is the run's, for versions whose findings do not say it."""
    flat: dict[str, Any] = {**_mapping(finding.get("effect")), **finding}
    grade, interval = _mapping(flat.get("grade")), _mapping(flat.get("interval"))
    wording = _mapping(flat.get("wording"))
    outcome = str(flat.get("outcome") or _mapping(flat.get("outcome_label")).get("en", ""))
    instrument = str(flat.get("instrument") or _mapping(flat.get("instrument_label")).get("en", ""))
    checks = [check for check in flat.get("checks") or [] if isinstance(check, dict)]
    return EstimateOf(
        key=(instrument, outcome, str(flat.get("estimand", "")), str(flat.get("population") or population or "")),
        labels={kind: _mapping(flat.get(f"{kind}_label")) for kind in ("instrument", "outcome")},
        headline=_mapping(flat.get("headline")) or {lang: wording[lang] for lang in LANGUAGES if lang in wording},
        estimate=_number(flat.get("estimate")),
        std_error=_number(flat.get("std_error")),
        ci_low=_number(flat.get("ci_low", interval.get("low"))),
        ci_high=_number(flat.get("ci_high", interval.get("high"))),
        level=_number(flat.get("level", interval.get("level"))),
        unit=str(flat.get("unit", "")),
        n_enterprises=_whole(flat.get("n_enterprises")),
        n_treated=_whole(flat.get("n_treated")),
        checks={str(check.get("name")): str(check.get("verdict")) for check in checks},
        sms_level=_whole(flat.get("sms_level", grade.get("sms_level"))),
        wording=str(wording.get("permitted") or grade.get("wording", "")),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
