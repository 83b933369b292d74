"""The other designs that speak to the same question: dose, contrast, triple difference, thresholds, places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
import pandas as pd

from sme_research.context import count_enterprises_by_place, has_columns, load_triple_difference
from sme_research.errors import IdentificationError, SmeResearchError
from sme_research.estimators.callaway_santanna import estimate_cohorts
from sme_research.estimators.density import estimate_density_jump
from sme_research.estimators.dose_response import estimate_dose_response
from sme_research.estimators.entry_margin import estimate_entry_margin
from sme_research.estimators.fixed_effects import estimate_contrast
from sme_research.estimators.kink import estimate_kink
from sme_research.estimators.regression_discontinuity import estimate_jump
from sme_research.estimators.synthetic_did import estimate_synthetic_did
from sme_research.estimators.triple_difference import estimate_triple_difference
from sme_research.results import Effect, ThresholdDensity
from sme_research.study import Study

TablesLike = Mapping[str, pd.DataFrame]
Words = Mapping[str, str]
Part = TypeVar("Part")

PASS_MARK: Final = 60.0
"""Assessment score from which the SRDI title may be granted (63号, 2022)."""
SCORED_TIER: Final = "srdi"
YEARS_AFTER: Final = 1


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


def attempt(part: str, unanswered: dict[str, str], make: Callable[[], Part]) -> Part | None:
    """The part, or None with its reason noted where the data cannot carry it."""
    try:
        return make()
    except SmeResearchError as error:
        unanswered[part] = str(error)
        return None


def run_designs(study: Study, tables: TablesLike, sample: pd.DataFrame, unanswered: dict[str, str]) -> dict[str, Any]:
    """Every other design by the name of its field in `Finding`; reasons go to ``unanswered``."""
    options: dict[str, Any] = {"unit": study.unit, "level": study.level}
    linear = study.estimator_name != "wooldridge_poisson"
    found: dict[str, Any] = {}
    found["cohorts"] = attempt("cohorts", unanswered, lambda: _cohorts(study, sample)) or ()
    if linear:
        found["contrast"] = attempt("contrast", unanswered, lambda: estimate_contrast(sample, **options))
        found["triple_difference"] = attempt(
            "triple_difference", unanswered, lambda: _triple_difference(study, tables, options)
        )
        found["dose"] = attempt("dose", unanswered, lambda: _dose(study, sample, options))
        found["threshold_jump"] = attempt("threshold", unanswered, lambda: _jump(study, tables, sample, options))
        found["kinks"] = _kinks(study, sample, options, unanswered)
    if study.instrument_declaration.assigned_by == "cluster":
        found["entry_margin"] = attempt(
            "entry_margin",
            unanswered,
            lambda: estimate_entry_margin(count_enterprises_by_place(study, tables), level=study.level),
        )
        if linear:
            found["single_clusters"] = attempt(
                "single_clusters", unanswered, lambda: estimate_synthetic_did(sample, seed=study.seed, **options)
            ) or {}
    return found


def run_densities(study: Study, tables: TablesLike, unanswered: dict[str, str]) -> tuple[ThresholdDensity, ...]:
    """Density at every gate, over each enterprise's last report before the instrument reached it."""
    rows = _last_untreated_reports(study, tables)
    found = []
    for gate in GATES:
        if set(gate.columns) <= set(rows):
            values = gate.figure(rows).dropna()
            density = attempt(f"density_{gate.name}", unanswered, lambda gate=gate, values=values: (  # type: ignore[misc]
                estimate_density_jump(
                    values, name=gate.name, label=gate.label, threshold=gate.threshold, unit=gate.unit
                )
            ))
            if density is not None:
                found.append(density)
    return tuple(found)


def _last_untreated_reports(study: Study, tables: TablesLike) -> pd.DataFrame:
    accounts = tables["accounts"].sort_values(["enterprise_id", "year"])
    before = accounts.groupby("enterprise_id")[["year", "revenue"]].shift()
    rows = accounts.assign(revenue_before=before["revenue"].where(accounts["year"] - before["year"] == 1))
    first = study.instrument_declaration.first_treated(tables).set_index("enterprise_id")["first_on"]
    since = pd.to_datetime(rows["enterprise_id"].map(first)).dt.year
    untreated = rows[since.isna() | (rows["year"] < since)]
    return untreated.drop_duplicates("enterprise_id", keep="last")


def _cohorts(study: Study, sample: pd.DataFrame) -> tuple[tuple[int, Effect], ...]:
    if study.estimator_name != "callaway_santanna":
        raise IdentificationError(f"the estimator {study.estimator_name} gives no effect by cohort.")
    return estimate_cohorts(
        sample,
        unit=study.unit,
        comparison=study.comparison,
        level=study.level,
        adjustment=study.adjustment_name,
        anticipation=study.anticipation_years,
    )


def _triple_difference(study: Study, tables: TablesLike, options: dict[str, Any]) -> Effect:
    rows = load_triple_difference(study, tables)
    if rows is None:
        raise IdentificationError(f"{study.instrument!r} excludes no place: there is no third difference.")
    return estimate_triple_difference(rows, seed=study.seed, **options)


def _dose(study: Study, sample: pd.DataFrame, options: dict[str, Any]) -> Any:
    dose = study.instrument_declaration.dose
    if dose is None or "exposure" not in sample:
        raise IdentificationError(f"the tables do not say how much of {study.instrument!r} an enterprise received.")
    return estimate_dose_response(
        sample, dose_label=dose.label, dose_unit=dose.unit, seed=study.seed, **options
    )


def _jump(study: Study, tables: TablesLike, sample: pd.DataFrame, options: dict[str, Any]) -> Effect:
    """Change of the outcome around the first assessment, at the pass mark."""
    if SCORED_TIER not in study.instrument_declaration.eligible_tiers:
        raise IdentificationError(f"{study.instrument!r} does not ask for a title that is scored.")
    if not has_columns(("self_reports.score",), tables):
        raise IdentificationError("the table self_reports holds no assessment scores.")
    reports = tables["self_reports"].dropna(subset=["score"]).sort_values(["enterprise_id", "reported_on"])
    first = reports.drop_duplicates("enterprise_id").set_index("enterprise_id")
    year = pd.to_datetime(first["reported_on"]).dt.year
    outcome = sample.set_index(["enterprise_id", "year"])["outcome"]
    known = first.index.intersection(sample["enterprise_id"].unique())
    before = outcome.reindex(pd.MultiIndex.from_arrays([known, year[known] - 1])).to_numpy()
    after = outcome.reindex(pd.MultiIndex.from_arrays([known, year[known] + YEARS_AFTER])).to_numpy()
    scores = pd.DataFrame(
        {"enterprise_id": known, "score": first.loc[known, "score"].to_numpy(dtype="float64"), "outcome": after - before}
    ).dropna()
    return estimate_jump(scores, cutoff=PASS_MARK, **options)


def _kinks(
    study: Study, sample: pd.DataFrame, options: dict[str, Any], unanswered: dict[str, str]
) -> Mapping[str, Effect]:
    """Change of slope at each cap: what one more unit below the cap went with, less the same above it."""
    if "exposure" not in sample:
        return {}
    treated = sample[sample["exposure"].notna()].sort_values(["enterprise_id", "year"])
    base = treated[treated["event_time"] == -1].set_index("enterprise_id")["outcome"]
    after = treated[treated["event_time"] >= 0].groupby("enterprise_id")["outcome"].mean()
    frame = pd.DataFrame({"running": treated.groupby("enterprise_id")["exposure"].first(), "outcome": after - base})
    frame = frame.dropna().reset_index()
    found = {}
    for name, cap in study.instrument_declaration.caps.items():
        effect = attempt(f"kink_{name}", unanswered, lambda cap=cap: estimate_kink(frame, kink=cap, **options))  # type: ignore[misc]
        if effect is not None:
            found[name] = effect
    return found


