"""The records in which every number travels with its unit, uncertainty and sample size.

This is the waist of the house: estimators and checks make these records, the
evidence grade, the texts and the reports read them, and nothing else passes
between them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

COVARIATE_PREFIX: Final = "x_"
"""Columns of a sample that begin so are covariates: every estimator adjusts for them."""

Verdict = Literal["pass", "warn", "fail", "not_applicable"]
Wording = Literal["effect", "association", "description"]
Count: TypeAlias = int | Any
"""A number of enterprises; None where the public edition withholds it."""
Amount: TypeAlias = float | Any
"""A number that the public edition withholds as None."""
WITHHELD: Final = "*"


def _told(count: Count) -> str:
    """A count with its thousands apart, or the mark of what is withheld."""
    return WITHHELD if count is None else f"{count:,}"


def _marked(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the mark where a number is withheld."""
    return frame.astype(object).where(frame.notna(), WITHHELD)


def _card(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """Small HTML table with a caption: how a record shows itself in Jupyter."""
    body = "".join(f"<tr><th scope='row'>{name}</th><td>{value}</td></tr>" for name, value in rows)
    return f"<table class='sme'><caption>{title}</caption><tbody>{body}</tbody></table>"


@dataclass(frozen=True, slots=True)
class Span:
    """A number with its interval, 95 % where the record that holds it tells no other level.

    All three are in the unit that the holding record tells. An end without a limit
    is infinite; ``estimate`` is NaN where only the ends can be told.
    """

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Effect:
    """One estimated effect with its uncertainty and its sample.

    ``estimate``, ``std_error``, ``ci_low`` and ``ci_high`` are in ``unit``;
    ``level`` is the coverage of the interval as a fraction. Counts are of
    distinct enterprises, and of enterprise-years for ``n_observations``;
    ``n_clusters`` counts the independent groups of the standard error.
    ``n_cells`` counts the cohort-years behind the estimate, ``n_cells_lost``
    those that could not be estimated, ``n_cells_unsure`` those in which the
    chance of treatment was not well determined.
    """

    estimand: str
    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    level: float
    unit: str
    n_enterprises: Count
    n_treated: Count
    n_observations: Count
    n_clusters: Count
    n_treated_clusters: Count
    estimator: str
    comparison: str
    n_cells: int = 0
    n_cells_lost: int = 0
    n_cells_unsure: int = 0

    def _repr_html_(self) -> str:
        interval = f"{self.ci_low:+.4f} … {self.ci_high:+.4f}"
        return _card(
            self.estimand,
            [
                (f"estimate ({self.unit})", f"{self.estimate:+.4f}"),
                ("standard error", f"{self.std_error:.4f}"),
                (f"{self.level:.0%} interval", interval),
                ("enterprises (treated)", f"{_told(self.n_enterprises)} ({_told(self.n_treated)})"),
                ("enterprise-years", _told(self.n_observations)),
                ("estimator, comparison", f"{self.estimator}, {self.comparison}"),
            ],
        )


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient of a regression, in ``unit`` of its outcome a unit of its regressor.

    ``std_error`` assumes independent errors of one variance (the convention of
    older papers); ``std_error_clustered`` lets an enterprise's errors correlate.
    """

    name: str
    estimate: float
    std_error: float
    std_error_clustered: float
    unit: str
    n_observations: int


@dataclass(frozen=True, slots=True)
class Published:
    """A published coefficient beside ours."""

    name: str
    estimate: float
    std_error: float
    n_observations: int
    ours: Coefficient

    @property
    def agrees(self) -> bool:
        """Whether ours shows the published digits."""
        return (
            f"{self.ours.estimate:.3f}" == f"{self.estimate:.3f}"
            and f"{self.ours.std_error:.3f}" == f"{self.std_error:.3f}"
            and self.ours.n_observations == self.n_observations
        )


@dataclass(frozen=True, slots=True)
class EventTimeEffect:
    """Difference at one event time (years since first treatment), in the event study's unit."""

    event_time: int
    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    n_treated: Count


@dataclass(frozen=True, slots=True)
class EventStudy:
    """Differences by event time, with their joint covariance.

    ``points`` are in order of event time. ``covariance`` is square, n_points x
    n_points, in squared ``unit``. The reference period is not among the points.
    """

    points: tuple[EventTimeEffect, ...]
    covariance: NDArray[np.float64] = field(repr=False, compare=False)
    level: float
    unit: str
    estimator: str
    comparison: str

    def to_frame(self) -> pd.DataFrame:
        """One row an event time: columns as in `EventTimeEffect`."""
        return pd.DataFrame([asdict(point) for point in self.points])

    def _repr_html_(self) -> str:
        shown = _marked(self.to_frame()).to_html(index=False, float_format="{:+.4f}".format, border=0)
        return shown.replace("<thead>", f"<caption>Event study, {self.unit}</caption><thead>", 1)


@dataclass(frozen=True, slots=True)
class FlowStep:
    """What is left after one step from population to analysis sample (distinct enterprises)."""

    name: str
    n_enterprises: Count
    n_treated: Count
    n_observations: Count


@dataclass(frozen=True, slots=True)
class SampleFlow:
    """The way from population to analysis sample, first step first (CONSORT)."""

    steps: tuple[FlowStep, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a step: columns as in `FlowStep`."""
        return pd.DataFrame([asdict(step) for step in self.steps])

    def _repr_html_(self) -> str:
        return _marked(self.to_frame()).to_html(index=False, border=0)


@dataclass(frozen=True, slots=True)
class Inference:
    """One way to put an interval and a p-value around the same estimate.

    ``method`` is ``clustered``, ``cluster_jackknife``, ``permutation`` or
    ``wild_bootstrap``. ``std_error`` and the interval are in ``unit`` and None
    where the method gives none; ``degrees_of_freedom`` is None for the normal
    approximation. ``estimate`` is the number the method tests, which for a
    permutation of whole clusters is not the average effect itself.
    """

    method: str
    estimate: float
    std_error: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float
    degrees_of_freedom: float | None
    n_clusters: Count
    n_treated_clusters: Count
    unit: str


@dataclass(frozen=True, slots=True)
class Specification:
    """One way to have asked the same question; ``reason`` says why it has no effect where it has none.

    ``choices`` name what was chosen, by what is chosen (``estimator``,
    ``comparison``, ``covariates``, ``sample``, ``prices``, ``anticipation``).
    """

    name: str
    choices: Mapping[str, str]
    effect: Effect | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OutcomeEffect:
    """The same instrument's effect on one outcome of the family; labels by language.

    ``definition`` holds how it is made (``transformation``), and what a ``zero``
    and a ``missing`` item mean, each by language.
    """

    outcome: str
    label: Mapping[str, str]
    family: str
    effect: Effect | None
    reason: str = ""
    definition: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SubgroupEffect:
    """The effect within one part of the sample, such as the smaller half; labels by language."""

    variable: str
    variable_label: Mapping[str, str]
    part: str
    part_label: Mapping[str, str]
    effect: Effect | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Interaction:
    """Do the parts of one subgroup variable differ? The test that separate significance is not.

    ``difference`` is the second part's effect less the first's, in the
    outcome's unit; ``q_value`` is adjusted over all interactions of the report
    (Benjamini and Hochberg 1995).
    """

    variable: str
    variable_label: Mapping[str, str]
    difference: float
    std_error: float
    p_value: float
    q_value: float


@dataclass(frozen=True, slots=True)
class NaturalUnits:
    """A relative effect told in yuan or heads: per treated enterprise and year, in ``unit``.

    ``base`` is the mean level of the treated in the year before treatment;
    ``estimate``, ``ci_low`` and ``ci_high`` are that level times the relative
    effect, as if every enterprise changed by the same percentage.
    ``n_base`` enterprises stand behind the mean, ``largest_share`` of it is one
    enterprise's: by these its publication is decided; they are never shown.
    """

    base: float
    estimate: float
    ci_low: float
    ci_high: float
    unit: Mapping[str, str]
    n_base: Count = None
    largest_share: float | None = None


@dataclass(frozen=True, slots=True)
class CostFigures:
    """What the purse paid for the treated of the sample, in 10,000 yuan.

    ``per_enterprise`` is the mean over the ``n_enterprises`` for whom a cost is
    recorded; ``break_even`` the effect on revenue, in log points, at which one
    treated enterprise-year's added revenue equals that cost, and None where the
    outcome is not revenue. ``largest_share`` is the part of the total that one
    enterprise received, by which its publication is decided; it is never shown.
    """

    label: Mapping[str, str]
    total: Amount
    per_enterprise: float
    n_enterprises: Count
    break_even: float | None
    largest_share: float | None = None


@dataclass(frozen=True, slots=True)
class OfficialFact:
    """One official figure beside our recount of it; labels by language."""

    label: Mapping[str, str]
    value: float
    bound: str
    unit: str
    as_of: str
    perimeter: str
    source: str
    recount: Amount


@dataclass(frozen=True, slots=True)
class PublishedEffect:
    """An effect size from the literature; percent where it has numbers, text by language.

    ``checked`` is whether the statement was seen in a source, or is from memory.
    """

    reference: str
    place: str
    design: str
    text: Mapping[str, str]
    outcome: str
    low: float | None
    high: float | None
    checked: bool


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """What was fixed before estimation: its fingerprint, and how this run departs from a registered one.

    ``registered`` is the fingerprint that the study was asked to be held
    against, None where it was not registered.
    """

    fingerprint: str
    registered: str | None
    deviations: tuple[str, ...]
    specifications: tuple[str, ...]
    outcomes: tuple[str, ...]
    subgroups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThresholdDensity:
    """Density of a reported figure on both sides of a rule's threshold.

    ``statistic`` and ``p_value`` are of the test that the density does not
    jump there; ``bins`` hold ``from``, ``to`` and ``count`` in the figure's
    ``unit``, enterprises' reports by bin.
    """

    name: str
    label: Mapping[str, str]
    threshold: float
    unit: str
    statistic: float
    p_value: float
    n_below: Count
    n_above: Count
    bins: tuple[Mapping[str, float], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class DosePoint:
    """Effect of one dose, in the outcome's unit; ``dose`` in the dose's unit."""

    dose: float
    estimate: float
    std_error: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class DoseResponse:
    """Effect by dose among the treated, and what one more unit of dose goes with.

    ``slope`` is in the outcome's unit a unit of dose, ``dose_label`` and
    ``dose_unit`` are by language.
    """

    points: tuple[DosePoint, ...]
    slope: Effect
    dose_label: Mapping[str, str]
    dose_unit: Mapping[str, str]
    n_treated: Count


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two-way fixed effects beside the estimate, with the comparisons it averages.

    ``parts`` hold ``kind`` (``treated_vs_never``, ``earlier_vs_later``,
    ``later_vs_earlier``), ``weight`` and ``estimate``; weights sum to one.
    """

    effect: Effect
    parts: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Bounds on the average effect when trends before treatment may go on (Rambachan and Roth 2023).

    ``method`` is ``smoothness`` (``size`` is the change of slope a year, in
    ``unit``) or ``relative_magnitudes`` (``size`` is a multiple of the largest
    change before treatment). ``bounds`` hold ``size``, ``low`` and ``high``;
    ``breakdown`` is the largest size at which the interval still excludes zero,
    None where it holds zero from the start.
    """

    method: Literal["smoothness", "relative_magnitudes"]
    bounds: tuple[Mapping[str, float], ...]
    breakdown: float | None
    level: float
    unit: str


Refit = Callable[[pd.DataFrame], tuple[Effect, EventStudy]]
"""The primary estimator, as the study asks for it, on another sample."""


@dataclass(frozen=True, slots=True)
class Estimation:
    """One sample with what was estimated on it: all that a check may look at.

    ``refit`` is the primary estimator; ``population`` holds the account rows of
    everybody who could be in the sample (``enterprise_id``, ``year``,
    ``cohort``, ``event_time``, ``outcome``, missing where not reported, and
    ``above_scale``, 0 or 1 or missing); ``placebo_group`` a sample of those
    whom the rules exclude, as if they had been treated when others were.
    What was not estimated is empty or None, and its check says so.
    """

    sample: pd.DataFrame = field(repr=False, compare=False)
    flow: SampleFlow
    effect: Effect
    event_study: EventStudy
    covariates: tuple[str, ...]
    refit: Refit | None = field(default=None, repr=False, compare=False)
    population: pd.DataFrame | None = field(default=None, repr=False, compare=False)
    inferences: tuple[Inference, ...] = ()
    sensitivity: tuple[Sensitivity, ...] = ()
    specifications: tuple[Specification, ...] = ()
    family: tuple[OutcomeEffect, ...] = ()
    densities: tuple[ThresholdDensity, ...] = ()
    placebo_outcome: OutcomeEffect | None = None
    placebo_group: pd.DataFrame | None = field(default=None, repr=False, compare=False)


def judge(value: float, *, warn_over: float, fail_over: float) -> Verdict:
    """Verdict on a number of which less is better."""
    if value > fail_over:
        return "fail"
    return "warn" if value > warn_over else "pass"


@dataclass(frozen=True, slots=True)
class Check:
    """The answer to one threat.

    ``values`` holds the numbers that the sentences of the report quote, by
    name; ``table`` the rows behind the verdict, one mapping a row.
    """

    name: str
    verdict: Verdict
    statistic: float | None
    p_value: float | None
    values: Mapping[str, float] = field(default_factory=dict)
    table: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    def to_frame(self) -> pd.DataFrame:
        """The rows behind the verdict."""
        return pd.DataFrame([dict(row) for row in self.table])

    def _repr_html_(self) -> str:
        rows: list[tuple[str, str]] = [("verdict", self.verdict)]
        rows += [(name, f"{value:.4g}") for name, value in self.values.items()]
        return _card(self.name, rows)


@dataclass(frozen=True, slots=True)
class Grade:
    """Level on the Maryland Scientific Methods scale (1-5) and the words it permits.

    ``reasons`` are keys of the catalogue of texts, in the order in which they
    set or lowered the level.
    """

    sms_level: int
    wording: Wording
    reasons: tuple[str, ...]

    def _repr_html_(self) -> str:
        rows = [("level", f"{self.sms_level} of 5"), ("wording", self.wording)]
        return _card("Evidence grade", [*rows, ("reasons", "<br>".join(self.reasons))])


@dataclass(frozen=True, slots=True)
class Finding:
    """What one report may say: the question, the estimate, its checks and its grade.

    Labels and words are by language code (``zh``, ``en``). ``covariate_label``
    has an entry for each covariate column; ``words`` hold the
    instrument's ``treatment``, ``population``, ``comparison``, ``selection``
    and ``mechanism``, and the outcome's ``transformation``, ``zero`` and
    ``missing``. ``steps`` is the mechanism as a chain. ``years`` are the first
    and the last of the sample. ``cohorts`` are effects by first treated year.
    What was not estimated is empty or None.
    """

    instrument: str
    outcome: str
    instrument_label: Mapping[str, str]
    outcome_label: Mapping[str, str]
    covariate_label: Mapping[str, Mapping[str, str]]
    words: Mapping[str, Mapping[str, str]]
    years: tuple[int, int]
    flow: SampleFlow
    effect: Effect
    event_study: EventStudy
    checks: tuple[Check, ...]
    grade: Grade
    steps: Mapping[str, Sequence[str]] = field(default_factory=dict)
    prices: Literal["nominal", "real"] = "nominal"
    plan: PlanRecord | None = None
    natural: NaturalUnits | None = None
    inferences: tuple[Inference, ...] = ()
    sensitivity: tuple[Sensitivity, ...] = ()
    specifications: tuple[Specification, ...] = ()
    family: tuple[OutcomeEffect, ...] = ()
    subgroups: tuple[SubgroupEffect, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    cohorts: tuple[tuple[int, Effect], ...] = ()
    dose: DoseResponse | None = None
    contrast: Contrast | None = None
    triple_difference: Effect | None = None
    entry_margin: Effect | None = None
    single_clusters: Mapping[str, Effect] = field(default_factory=dict)
    threshold_jump: Effect | None = None
    kinks: Mapping[str, Effect] = field(default_factory=dict)
    densities: tuple[ThresholdDensity, ...] = ()
    cost: CostFigures | None = None
    facts: tuple[OfficialFact, ...] = ()
    literature: tuple[PublishedEffect, ...] = ()
    unanswered: Mapping[str, str] = field(default_factory=dict)
    """Why a part has no result, by its name, in words for the analyst."""

    def check(self, name: str) -> Check:
        """The check of that name; KeyError where it was not made."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class TableQuality:
    """One table as read: its size and the number of its faults; labels by language."""

    name: str
    label: Mapping[str, str]
    n_rows: Count
    n_columns: int
    n_faults: Count


@dataclass(frozen=True, slots=True)
class Missing:
    """Share of the rows in which a column is blank, 0 to 1; labels by language."""

    table_label: Mapping[str, str]
    label: Mapping[str, str]
    share: Amount
