"""The other designs that speak to the same question: dose, contrast, triple difference, thresholds, places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import pandas as pd

from sme_research.context import count_enterprises_by_place, has_columns, load_triple_difference
from sme_research.errors import IdentificationError, SmeResearchError
from sme_research.estimators.density import estimate_density_jump
from sme_research.estimators.dose_response import estimate_dose_response
from sme_research.estimators.entry_margin import estimate_entry_margin
from sme_research.estimators.fixed_effects import estimate_contrast
from sme_research.estimators.kink import estimate_kink
from sme_research.estimators.regression_discontinuity import estimate_jump
from sme_research.estimators.synthetic_did import estimate_synthetic_did
from sme_research.estimators.triple_difference import estimate_triple_difference
from sme_research.evaluation.primary import make_refit
from sme_research.evaluation.workers import Ask
from sme_research.results import Contrast, DoseResponse, Effect, ThresholdDensity
from sme_research.study import Study

TablesLike = Mapping[str, pd.DataFrame]
Words = Mapping[str, str]
Part = TypeVar("Part")

PASS_MARK: Final = 60.0
"""Assessment score from which the SRDI title may be granted (63号, 2022)."""
SCORED_TIER: Final = "srdi"
YEARS_AFTER: Final = 1
SLOPE_AT_CAP: Final = -1.0
"""Up to a cap one more unit is paid for, beyond it none."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A reported figure with a threshold of the recognition rules.

    ``figure`` takes accounts of two years in a row (columns of the earlier with
    the suffix ``_before``) and gives the reported figure in ``unit``.
    """

    name: str
    label: Words
    threshold: float
    unit: str
    columns: tuple[str, ...]
    figure: Callable[[pd.DataFrame], pd.Series[float]]


def _ratio(rows: pd.DataFrame, above: str, below: str) -> pd.Series[float]:
    base = rows[below].astype("float64")
    return rows[above].astype("float64") / base.where(base > 0)


GATES: Final = (
    Gate(
        "rd_share", {"zh": "研发费用占营业收入 3%", "en": "R&D at 3% of revenue"}, 3.0, "%",
        ("rd_expense", "revenue"), lambda rows: 100 * _ratio(rows, "rd_expense", "revenue"),
    ),
    Gate(
        "revenue", {"zh": "营业收入 5000 万元", "en": "revenue of 50 million yuan"}, 5_000.0, "万元",
        ("revenue",), lambda rows: rows["revenue"].astype("float64"),
    ),
    Gate(
        "growth", {"zh": "营业收入增长 5%", "en": "revenue growth of 5%"}, 5.0, "%",
        ("revenue",), lambda rows: 100 * (_ratio(rows, "revenue", "revenue_before") - 1),
    ),
)  # fmt: skip
"""Gates of the SRDI standard (R&D) and of the reserve pool (revenue, growth)."""

SCORE_GATE: Final = Gate(
    "score", {"zh": "认定评分 60 分", "en": "assessment score of 60"}, PASS_MARK, "points",
    ("score",), lambda rows: rows["score"].astype("float64"),
)  # fmt: skip
"""The pass mark itself, over first assessments."""


def attempt(part: str, unanswered: dict[str, str], make: Callable[[], Part]) -> Part | None:
    """The part, or None with its reason noted where the data cannot carry it."""
    try:
        return make()
    except SmeResearchError as error:
        unanswered[part] = str(error)
        return None


def estimate_design(ask: Ask, name: str) -> tuple[Any, str]:
    """One of `DESIGNS`, or None with the reason why the data cannot carry it."""
    try:
        return DESIGNS[name](ask), ""
    except SmeResearchError as error:
        return None, str(error)


def run_densities(study: Study, tables: TablesLike, unanswered: dict[str, str]) -> tuple[ThresholdDensity, ...]:
    """Density at every gate, over each enterprise's last report before the instrument reached it.

    Where the instrument asks for the scored title, also at the pass mark over first assessments.
    """
    rows = _last_untreated_reports(study, tables)
    reported = [(gate, gate.figure(rows).dropna()) for gate in GATES if set(gate.columns) <= set(rows)]
    scored = SCORED_TIER in study.instrument_declaration.eligible_tiers
    if scored and has_columns(("self_reports.score",), tables):
        reported.append((SCORE_GATE, SCORE_GATE.figure(_first_assessments(tables)).dropna()))
    found = []
    for gate, values in reported:
        try:
            found.append(
                estimate_density_jump(
                    values, name=gate.name, label=gate.label, threshold=gate.threshold, unit=gate.unit
                )
            )
        except SmeResearchError as error:
            unanswered[f"density_{gate.name}"] = str(error)
    return tuple(found)


def _first_assessments(tables: TablesLike) -> pd.DataFrame:
    """The first scored self-report of each enterprise, by id."""
    reports = tables["self_reports"].dropna(subset=["score"]).sort_values(["enterprise_id", "reported_on"])
    return reports.drop_duplicates("enterprise_id").set_index("enterprise_id")


def _last_untreated_reports(study: Study, tables: TablesLike) -> pd.DataFrame:
    accounts = tables["accounts"].sort_values(["enterprise_id", "year"])
    before = accounts.groupby("enterprise_id")[["year", "revenue"]].shift()
    rows = accounts.assign(revenue_before=before["revenue"].where(accounts["year"] - before["year"] == 1))
    first = study.instrument_declaration.first_treated(tables).set_index("enterprise_id")["first_on"]
    since = pd.to_datetime(rows["enterprise_id"].map(first)).dt.year
    untreated = rows[since.isna() | (rows["year"] < since)]
    return untreated.drop_duplicates("enterprise_id", keep="last")


def _options(ask: Ask) -> dict[str, Any]:
    return {"unit": ask.study.unit, "level": ask.study.level}


def _guard_linear(ask: Ask) -> None:
    if ask.study.estimator_name == "wooldridge_poisson":
        raise IdentificationError("a count is not estimated by a linear model.")


def _cohorts(ask: Ask) -> tuple[tuple[int, Effect], ...]:
    """Effect by first treated year; later cohorts are compared with until their own treatment."""
    sample, refit = ask.sample, make_refit(ask.study)
    found = []
    for cohort in sorted(sample.loc[sample["cohort"] <= sample["year"].max(), "cohort"].unique()):
        later = sample["cohort"].isna() | (sample["cohort"] > cohort)
        untreated = sample["cohort"].isna() | (sample["year"] < sample["cohort"])
        rows = sample[(sample["cohort"] == cohort) | (later & untreated)]
        rows = rows.assign(cohort=rows["cohort"].where(rows["cohort"] == cohort))
        with suppress(IdentificationError):  # a cohort too small for an interval is left out of the table
            found.append((int(cohort), refit(rows)[0]))
    return tuple(found)


def _contrast(ask: Ask) -> Contrast:
    _guard_linear(ask)
    return estimate_contrast(ask.sample, **_options(ask))


def _triple_difference(ask: Ask) -> Effect:
    _guard_linear(ask)
    rows = load_triple_difference(ask.study, ask.tables)
    if rows is None:
        raise IdentificationError(f"{ask.study.instrument!r} excludes no place: there is no third difference.")
    return estimate_triple_difference(rows, seed=ask.study.seed, **_options(ask))


def _dose(ask: Ask) -> DoseResponse:
    _guard_linear(ask)
    dose = ask.study.instrument_declaration.dose
    if dose is None or "exposure" not in ask.sample:
        raise IdentificationError(f"the tables do not say how much of {ask.study.instrument!r} was received.")
    return estimate_dose_response(
        ask.sample, dose_label=dose.label, dose_unit=dose.unit, seed=ask.study.seed, **_options(ask)
    )


def _jump(ask: Ask) -> Effect:
    """Change of the outcome around the first assessment, at the pass mark."""
    _guard_linear(ask)
    study, tables = ask.study, ask.tables
    if SCORED_TIER not in study.instrument_declaration.eligible_tiers:
        raise IdentificationError(f"{study.instrument!r} does not ask for a title that is scored.")
    if not has_columns(("self_reports.score",), tables):
        raise IdentificationError("the table self_reports holds no assessment scores.")
    first = _first_assessments(tables)
    year = pd.to_datetime(first["reported_on"]).dt.year
    # All candidates, not the sample: hardly anybody under the mark holds the title that the sample asks for.
    accounts = tables["accounts"][["enterprise_id", "year"]].assign(outcome=study.outcome_declaration.values(tables))
    outcome = accounts.set_index(["enterprise_id", "year"])["outcome"]
    before = outcome.reindex(pd.MultiIndex.from_arrays([first.index, year - 1])).to_numpy()
    after = outcome.reindex(pd.MultiIndex.from_arrays([first.index, year + YEARS_AFTER])).to_numpy()
    score = first["score"].to_numpy(dtype="float64")
    scores = pd.DataFrame({"enterprise_id": first.index, "score": score, "outcome": after - before}).dropna()
    return estimate_jump(scores, cutoff=PASS_MARK, **_options(ask))


def _kinks(ask: Ask) -> Mapping[str, Effect]:
    """What one more unit paid for went with, at each cap on what is paid for."""
    _guard_linear(ask)
    sample, instrument = ask.sample, ask.study.instrument_declaration
    if instrument.asked is None or not has_columns(instrument.asked.columns, ask.tables):
        raise IdentificationError(f"the tables do not say how much of {instrument.name!r} was asked for.")
    asked = instrument.asked.measure(ask.tables).set_index("enterprise_id")["dose"]
    treated = sample[sample["cohort"].notna()]
    base = treated[treated["event_time"] == -1].set_index("enterprise_id")["outcome"]
    after = treated[treated["event_time"] >= 0].groupby("enterprise_id")["outcome"].mean()
    frame = pd.DataFrame({"outcome": after - base}).dropna()
    frame = (
        frame.assign(running=frame.index.to_series().map(asked)).dropna().rename_axis("enterprise_id").reset_index()
    )
    found, reasons = {}, []
    for name, cap in instrument.caps.items():
        try:
            found[name] = estimate_kink(frame, kink=cap, slope_change=SLOPE_AT_CAP, **_options(ask))
        except SmeResearchError as error:
            reasons.append(f"{name}: {error}")
    if not found:
        raise IdentificationError(" ".join(reasons))
    return found


def _entry_margin(ask: Ask) -> Effect:
    return estimate_entry_margin(count_enterprises_by_place(ask.study, ask.tables), level=ask.study.level)


def _single_clusters(ask: Ask) -> Mapping[str, Effect]:
    _guard_linear(ask)
    if ask.study.instrument_declaration.assigned_by != "cluster":
        raise IdentificationError(f"{ask.study.instrument!r} is not assigned by cluster.")
    clusters = estimate_synthetic_did(ask.sample, seed=ask.study.seed, **_options(ask))
    found = {cluster.cluster_id: cluster.effect for cluster in clusters if cluster.effect is not None}
    if not found:
        raise IdentificationError("; ".join(f"{cluster.cluster_id}: {cluster.reason}" for cluster in clusters))
    return found


DESIGNS: Final[Mapping[str, Callable[[Ask], Any]]] = {
    "cohorts": _cohorts,
    "contrast": _contrast,
    "triple_difference": _triple_difference,
    "dose": _dose,
    "threshold_jump": _jump,
    "kinks": _kinks,
    "entry_margin": _entry_margin,
    "single_clusters": _single_clusters,
}
"""Designs by the name of their field in `Finding`."""
