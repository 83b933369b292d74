"""What a report found, for programs: one versioned object, and how its older versions are read.

``findings.json`` of every report is a `Findings`; `findings_schema` is its JSON
Schema, published as ``docs/schema/findings-1.schema.json``. Version 0 was a bare
list of the notebook's records. A version that is published never changes: a new
field makes a new version, with one more step in `UPGRADES`, and one back for
readers who know no newer one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sme_research.errors import FactoryError
from sme_research.factory.manifest import Manifest
from sme_research.factory.plan import Edition, Language

VERSION: Final = 1
SCHEMA_PREFIX: Final = "sme-research/findings/"
DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_GROUPED: Final = ("kind", "effect", "ci_low", "ci_high", "level", "grade", "headline", "rule_sets")
"""What a record of version 0 has that a finding holds elsewhere or not at all."""

Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="Day in UTC, YYYY-MM-DD.")]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 in hexadecimal.")]
Name = Annotated[str, Field(min_length=1)]


class Exact(BaseModel):
    """A record with exactly its fields, each of exactly its type."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, json_schema_serialization_defaults_required=True
    )


class Labels(Exact):
    """A name in both languages."""

    zh: Name
    en: Name


class Interval(Exact):
    """Confidence interval in the finding's unit; ``level`` is its coverage as a fraction."""

    low: Number
    high: Number
    level: Annotated[float, Field(gt=0, lt=1)]


class PermittedWording(Exact):
    """How strongly the finding may be told, and the sentence that tells it so in each language."""

    permitted: Literal["effect", "association", "description"]
    zh: Name
    en: Name


class CheckMade(Exact):
    """One check: its verdict, the numbers behind it and an English reading."""

    name: Name
    verdict: Literal["pass", "warn", "fail", "not_applicable"]
    statistic: Number | None = None
    p_value: Number | None = None
    detail: str = ""
    values: dict[str, Number | None] = Field(default_factory=dict)


class EventTime(Exact):
    """Difference at one event time, years since first treatment, in the finding's unit."""

    event_time: int
    estimate: Number | None
    std_error: Number | None
    ci_low: Number | None
    ci_high: Number | None
    n_treated: Count | None


class OtherInference(Exact):
    """Another interval or p-value around the estimate; null where the method gives none."""

    method: Name
    estimate: Number | None
    std_error: Number | None
    ci_low: Number | None
    ci_high: Number | None
    p_value: Number | None
    degrees_of_freedom: Number | None
    n_clusters: Count | None
    n_treated_clusters: Count | None
    unit: str


class RuleSetUsed(Exact):
    """A dated set of recognition rules that the finding rests on; ``sha256`` is of its file."""

    id: Name
    sha256: Hash


class Source(Exact):
    """Which run of which report says it, on which data.

    ``report`` is the report's name without language, ``slug``/``run_id`` the
    run's folder within the site. ``data_hash`` is over the sorted lines ``name
    sha256`` of the tables read; the public edition's is keyed and compares only
    with itself. ``made_up`` is true for demonstration data.
    """

    report: Name
    slug: Name
    run_id: Name
    made_on: Day
    edition: Edition
    made_up: bool
    data_hash: Hash
    rule_sets: list[RuleSetUsed]


class Finding(Source):
    """One estimate with what may be said of it; it carries its source, so that it can travel alone.

    ``population`` is whom the sample keeps: ``eligible`` by the instrument's
    rules or ``all``, null where the report does not say; of it only the
    ``cities`` and ``industries`` named, all where empty. ``prices`` is whether
    money was deflated, null where the report does not say. ``estimate``,
    ``std_error`` and ``interval`` are in ``unit``. Counts are null where the
    public edition withholds them. ``sms_level`` is the level on the Maryland
    Scientific Methods scale.
    """

    number: Annotated[int, Field(ge=1, description="Place within its report.")]
    instrument: Name
    instrument_label: Labels
    outcome: Name
    outcome_label: Labels
    estimand: Name
    population: Name | None
    cities: list[Name]
    industries: list[Name]
    prices: Literal["nominal", "real"] | None
    comparison: str = ""
    estimator: str = ""
    covariates: list[str] = Field(default_factory=list)
    estimate: Number
    std_error: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
    interval: Interval
    unit: Name
    n_enterprises: Count | None
    n_treated: Count | None
    n_observations: Count | None = None
    n_clusters: Count | None = None
    n_treated_clusters: Count | None = None
    n_cells: Count = 0
    n_cells_lost: Count = 0
    n_cells_unsure: Count = 0
    sms_level: Annotated[int, Field(ge=1, le=5)]
    grade_reasons: list[str]
    wording: PermittedWording
    checks: list[CheckMade]
    event_study: list[EventTime] = Field(default_factory=list)
    inferences: list[OtherInference] = Field(default_factory=list)


class Findings(Source):
    """All findings of one run of one report: the content of ``findings.json``; none for some reports."""

    schema_: Literal["sme-research/findings/1"] = Field("sme-research/findings/1", alias="schema")
    title: Name
    language: Language
    findings: list[Finding]

    def to_json(self) -> dict[str, Any]:
        """The object in JSON types, its version first."""
        told = self.model_dump(by_alias=True)
        return {"schema": told.pop("schema"), **told}


@cache
def findings_schema() -> Mapping[str, Any]:
    """JSON Schema (draft 2020-12) of ``findings.json``, with the version that is written today."""
    return published_schema(Findings, f"findings:{VERSION}")


def published_schema(model: type[BaseModel], name: str) -> dict[str, Any]:
    """JSON Schema of what a model writes: every field is there, and no other."""
    made = model.model_json_schema(mode="serialization", by_alias=True)
    return {"$schema": DRAFT, "$id": f"urn:sme-research:schema:{name}", **made}


def make_findings(records: Sequence[Mapping[str, Any]], manifest: Manifest) -> Findings:
    """The findings of a run that is about to be published, from its notebook's records.

    Raises
    ------
    FactoryError
        A record breaks the schema: with report, finding, field and rule.
    """
    return upgrade_findings([dict(record) for record in records], manifest)


def upgrade_findings(content: Any, manifest: Manifest) -> Findings:
    """Published content of any version, as the newest version has it.

    Parameters
    ----------
    content : list or dict
        What a ``findings.json`` holds.
    manifest : Manifest
        Of the same run: older versions leave to it what they lack.

    Raises
    ------
    FactoryError
        The version is not known, or the content breaks its schema.
    """
    for version in range(version_of(content, manifest.slug), VERSION):
        content = UPGRADES[version](content, manifest)
    try:
        return Findings.model_validate(content)
    except ValidationError as fault:
        raise FactoryError(_told(fault, manifest.slug)) from None


def stored_findings(content: Any, place: str) -> tuple[Mapping[str, Any], ...]:
    """Findings of a file of any version as they stand there, without a check of their fields.

    Raises
    ------
    FactoryError
        The version is not known.
    """
    found = content if version_of(content, place) == 0 else content.get("findings")
    return tuple(finding for finding in found or () if isinstance(finding, Mapping))


def version_of(content: Any, place: str) -> int:
    """Version of the content of a ``findings.json``; FactoryError where it is none that is known."""
    if isinstance(content, list):
        return 0
    schema = content.get("schema") if isinstance(content, dict) else None
    known = {f"{SCHEMA_PREFIX}{version}": version for version in range(1, VERSION + 1)}
    if schema not in known:
        raise FactoryError(
            f"{place}: findings of schema {schema!r}, must be {' or '.join(map(repr, known))} or a list; "
            "use the version of sme-research that wrote them, or restore the file."
        )
    return known[schema]


def data_hash(manifest: Manifest) -> str:
    """SHA-256 over the sorted lines ``name sha256`` of the tables that a run read."""
    lines = sorted(f"{table.name} {table.sha256}\n" for table in manifest.tables)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def made_on(manifest: Manifest) -> str:
    """Day in UTC on which a run began, YYYY-MM-DD."""
    return datetime.fromisoformat(manifest.started_at).astimezone(UTC).date().isoformat()


def _from_0(content: list[Any], manifest: Manifest) -> dict[str, Any]:
    """The records of version 0 in the form of version 1, with the run they came from."""
    findings = [_finding_from_0(record, number, manifest) for number, record in enumerate(content, start=1)]
    rules = {used["id"]: used for finding in findings for used in finding["rule_sets"]}
    return {
        "schema": f"{SCHEMA_PREFIX}1",
        **_source(manifest),
        "rule_sets": list(rules.values()),
        "title": manifest.title,
        "language": manifest.language,
        "findings": findings,
    }


def _finding_from_0(given: Mapping[str, Any], number: int, manifest: Manifest) -> dict[str, Any]:
    nested = given.get("effect")
    record = {**(nested if isinstance(nested, Mapping) else {}), **given}
    grade, headline = _mapping(record.get("grade")), _mapping(record.get("headline"))
    asked = manifest.parameters
    return {
        **_source(manifest),
        "rule_sets": [_rule_set(name, manifest.slug) for name in record.get("rule_sets", ())],
        "number": number,
        "population": asked.get("population"),
        "cities": asked.get("cities", []),
        "industries": asked.get("industries", []),
        "prices": asked.get("prices"),
        **{name: value for name, value in record.items() if name not in _GROUPED},
        "interval": {
            name: record.get(key) for name, key in (("low", "ci_low"), ("high", "ci_high"), ("level", "level"))
        },
        "sms_level": grade.get("sms_level"),
        "grade_reasons": grade.get("reasons", []),
        "wording": {"permitted": grade.get("wording"), "zh": headline.get("zh"), "en": headline.get("en")},
    }


UPGRADES: Final[Mapping[int, Callable[[Any, Manifest], Any]]] = {0: _from_0}
"""By version: the step to the next one."""


def record_of_0(finding: Finding) -> dict[str, Any]:
    """The finding as version 0 had it: the record of a notebook, without its source."""
    told = finding.model_dump()
    interval, wording, grade = told["interval"], told["wording"], ("sms_level", "grade_reasons")
    kept = {name for name in Finding.model_fields if name not in Source.model_fields}
    return {
        "kind": "finding",
        **{name: told[name] for name in told if name in kept - {"number", "interval", "wording", *grade}},
        "ci_low": interval["low"],
        "ci_high": interval["high"],
        "level": interval["level"],
        "grade": {
            "sms_level": finding.sms_level,
            "wording": wording["permitted"],
            "reasons": finding.grade_reasons,
        },
        "headline": {lang: wording[lang] for lang in ("zh", "en")},
        "rule_sets": [used["id"] for used in told["rule_sets"]],
    }


def _source(manifest: Manifest) -> dict[str, Any]:
    return {
        "report": manifest.family,
        "slug": manifest.slug,
        "run_id": manifest.run_id,
        "made_on": made_on(manifest),
        "edition": manifest.edition,
        "made_up": manifest.made_up,
        "data_hash": data_hash(manifest),
    }


def _rule_set(name: str, place: str) -> dict[str, str]:
    """A rule set by its id, with the hash of its file."""
    from sme_research.rules import read_rule_set  # noqa: PLC0415  few findings rest on rules
    from sme_research.tables.reference import reference_path  # noqa: PLC0415

    files = {read_rule_set(path).id: path for path in sorted(reference_path("rules").glob("*.yml"))}
    if name not in files:
        choices = ", ".join(map(repr, files))
        raise FactoryError(f"{place}: a finding rests on rule set {name!r}, must be one of {choices}.")
    return {"id": name, "sha256": hashlib.sha256(files[name].read_bytes()).hexdigest()}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _told(fault: ValidationError, slug: str) -> str:
    """One message for the first thing that breaks the schema."""
    first = fault.errors(include_url=False)[0]
    steps = [step for step in first["loc"] if step != "findings"]
    where = [
        f"finding {step + 1}" if at == 0 and isinstance(step, int) else str(step) for at, step in enumerate(steps)
    ]
    value = "" if first["type"] in ("missing", "extra_forbidden") else f", is {first['input']!r}"
    return (
        f"{slug}, {', '.join(where)}{value}: {first['msg']}. Findings must keep to "
        f"docs/schema/findings-{VERSION}.schema.json; correct the record that the notebook shows."
    )
