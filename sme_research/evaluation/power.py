"""The evaluation plan of the next stage: each measure tried on the department's panel by its design's estimator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, Final

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.cache import recall
from sme_research.context import has_columns
from sme_research.errors import DataError, IdentificationError
from sme_research.estimators import cluster_inference
from sme_research.estimators.callaway_santanna import estimate_att
from sme_research.estimators.kink import estimate_kink
from sme_research.estimators.regression_discontinuity import estimate_jump
from sme_research.policy.evaluation.designs import LOTS, Measure, StageDesigns
from sme_research.policy.evaluation.formulas import error_of_change, mde_of_error, measure_correlation
from sme_research.policy.evaluation.power import (
    ClusterTrial,
    Detectable,
    Estimate,
    KinkTrial,
    LotTrial,
    Paths,
    PowerPoint,
    ThresholdTrial,
    Trial,
    cut_paths,
    find_mde,
    find_sample_size,
)
from sme_research.policy.evaluation.records import MeasureStudy, StagePlan
from sme_research.results import Effect
from sme_research.sample import load_sample
from sme_research.study import Study

TablesLike = Mapping[str, pd.DataFrame]
Array = NDArray[np.float64]
N_BEFORE: Final = 1
"""Years before the draw: the estimators compare with the last of them alone."""
SLOPE_AT_CAP: Final = -1.0
_FEWEST_CLUSTERS: Final = 8
_FEWEST: Final = 60
_SPAN: Final = 2
"""Years of a change around a threshold: from the year before it to the year after."""


def plan_stage(designs: StageDesigns, tables: TablesLike, *, n_draws: int = 200, seed: int = 0) -> StagePlan:
    """Power of every measure's study on the department's own panel.

    Parameters
    ----------
    designs : StageDesigns
        As `load_designs` gives them.
    tables : mapping of str to DataFrame
        As `load_tables` gives them.
    n_draws : int
        Trials of each planted effect; a power of 80 % from 200 is known to 3 points.
    seed : int

    Returns
    -------
    StagePlan
        A measure that the tables cannot carry stands there with its reason.

    Where the environment names a folder for kept results, a plan made from the
    same designs, data, code and environment is taken from it.
    """
    question = {"designs": designs.model_dump(mode="json"), "n_draws": n_draws, "seed": seed}

    def make() -> tuple[dict[str, Any], ...]:
        known: dict[str, dict[str, Any]] = {}
        return tuple(
            _numbers(designs, measure, tables, known, n_draws=n_draws, seed=seed) for measure in designs.measures
        )

    kept = recall("stage_plan", question, tables, make, module=__name__)
    studies = tuple(
        MeasureStudy(
            measure=measure,
            design=designs.design_of(measure),
            keep=designs.kept(measure),
            answer_on=designs.answer_on(measure),
            unit=measure.study(level=designs.level).unit,
            n_units=measure.n_units,
            **numbers | {"detectable": _detectable(numbers["detectable"])},
        )
        for measure, numbers in zip(designs.measures, kept, strict=True)
    )
    return StagePlan(studies, designs.level, designs.power, designs.strata, n_draws, seed)


def estimator_of(measure: Measure, *, level: float) -> Estimate:
    """The estimator that the measure's design will be answered by, ready for a trial's frame."""
    unit = measure.study(level=level).unit
    cutoff = measure.cutoff or 0.0
    makers: Mapping[str, Callable[..., Effect]] = {
        "phase_in": estimate_att,
        "waiting_list": estimate_att,
        "cluster_lot": _jackknife,
        "score_threshold": partial(estimate_jump, cutoff=cutoff),
        "cap_kink": partial(estimate_kink, kink=cutoff, slope_change=SLOPE_AT_CAP),
    }
    return partial(makers[measure.design], unit=unit, level=level)


def make_trial(measure: Measure, tables: TablesLike, *, level: float) -> tuple[Trial, Paths | None, int]:
    """The measure's trial on real outcomes, the paths that it draws from, and how many enterprises lend theirs.

    Raises
    ------
    DataError, IdentificationError
        The tables lack what the trial needs.
    """
    study = measure.study(level=level)
    if measure.design in LOTS:
        paths = cut_paths(load_sample(study, tables), n_before=N_BEFORE, n_after=measure.years_after())
        n_pool = len(paths.outcomes)
        if measure.design == "cluster_lot":
            return ClusterTrial(paths, measure.n_units, N_BEFORE, measure.take_up), paths, n_pool
        n_kept = _kept(measure, paths)
        return (
            LotTrial(paths, n_kept, N_BEFORE, measure.waves, measure.share_first, measure.take_up), paths, n_pool
        )  # fmt: skip
    running, changes = _running(measure, study, tables)
    assert measure.cutoff is not None
    if measure.design == "cap_kink":
        return KinkTrial(changes, running, measure.n_units, measure.cutoff), None, len(changes)
    paired = measure.running != "normal"
    return ThresholdTrial(changes, running, measure.n_units, measure.cutoff, paired), None, len(changes)


def _numbers(
    designs: StageDesigns,
    measure: Measure,
    tables: TablesLike,
    known: dict[str, dict[str, Any]],
    *,
    n_draws: int,
    seed: int,
) -> dict[str, Any]:
    """Fields of `MeasureStudy` that are found by trial; ``known`` spares measures of like trials the second one."""
    nothing = {"detectable": None, "n_needed": None, "by_formula": None, "correlation": None}
    try:
        trial, paths, n_pool = make_trial(measure, tables, level=designs.level)
    except (DataError, IdentificationError) as error:
        return {"n_pool": 0, "n_kept": 0, **nothing, "reason": str(error)}
    key = joblib.hash((trial, measure.design, measure.target, measure.cutoff))
    if key not in known:
        known[key] = _try(designs, measure, trial, paths, n_pool, n_draws=n_draws, seed=seed)
    return known[key]


def _try(  # noqa: PLR0913 - every choice has a name at the call
    designs: StageDesigns,
    measure: Measure,
    trial: Trial,
    paths: Paths | None,
    n_pool: int,
    *,
    n_draws: int,
    seed: int,
) -> dict[str, Any]:
    estimate = estimator_of(measure, level=designs.level)
    asked: dict[str, Any] = {"power": designs.power, "level": designs.level, "n_draws": n_draws, "seed": seed}
    found = {
        "n_pool": n_pool,
        "n_kept": trial.n_units,
        "detectable": None,
        "n_needed": None,
        "by_formula": _by_formula(measure, trial, designs),
        "correlation": _correlation(paths),
        "reason": "",
    }
    try:
        detectable = find_mde(trial, estimate, **asked)
        most, fewest = n_pool, _FEWEST
        if isinstance(trial, ClusterTrial):
            most, fewest = int(trial.paths.groups.max()) + 1, _FEWEST_CLUSTERS
        needed = find_sample_size(
            trial, estimate, measure.target, mde=detectable.mde, most=most, fewest=fewest, **asked
        )
    except IdentificationError as error:
        return found | {"reason": str(error)}
    lost = paths.lost if paths is not None and not isinstance(trial, ClusterTrial) else 0.0
    return found | {"detectable": asdict(detectable), "n_needed": _recruited(needed, lost)}


def _detectable(told: dict[str, Any] | None) -> Detectable | None:
    """The record again: results are kept as plain values."""
    if told is None:
        return None
    curve = tuple(PowerPoint(**point) for point in told["curve"])
    return Detectable(told["mde"], told["power"], PowerPoint(**told["reached"]), curve)


def _kept(measure: Measure, paths: Paths) -> int:
    """Enterprises of the plan expected to report to the end, at the panel's own loss."""
    return round(measure.n_units * (1 - paths.lost))


def _recruited(needed: PowerPoint | None, lost: float) -> int | None:
    """Units to begin with, so that so many report to the end."""
    return None if needed is None else round(needed.n_units / (1 - lost))


def _by_formula(measure: Measure, trial: Trial, designs: StageDesigns) -> float | None:
    """Detectable effect of a draw into two waves from the panel's covariance; None for other designs."""
    if not isinstance(trial, LotTrial) or trial.waves != 2:
        return None
    covariance = np.cov(trial.paths.outcomes, rowvar=False)
    n_drawn = round(trial.n_units * trial.share_first)
    error = error_of_change(covariance, (-1.0, 1.0), n_drawn, trial.n_units - n_drawn)
    return mde_of_error(error, level=designs.level, power=designs.power) / measure.take_up


def _correlation(paths: Paths | None) -> float | None:
    """Intra-cluster correlation of the change since the base year."""
    if paths is None or not len(paths.groups):
        return None
    return measure_correlation(paths.outcomes[:, -1] - paths.outcomes[:, N_BEFORE - 1], paths.groups)


def _running(measure: Measure, study: Study, tables: TablesLike) -> tuple[Array, Array]:
    """The figure that decides, and the same enterprises' change of the outcome before it did.

    Changes after it hold the effect of what it decided; those before it do not,
    and keep whatever the figure has to do with growth.
    """
    accounts = tables["accounts"][["enterprise_id", "year"]].assign(outcome=study.outcome_declaration.values(tables))
    outcome = accounts.dropna().set_index(["enterprise_id", "year"])["outcome"]
    if measure.running == "normal":
        last = int(accounts["year"].max())
        now = outcome.xs(last, level="year")
        changes = (now - outcome.xs(last - _SPAN, level="year")).dropna().to_numpy(dtype=np.float64)
        assert measure.mean is not None
        assert measure.spread is not None
        return np.random.default_rng(0).normal(measure.mean, measure.spread, len(changes)), changes
    table, column = measure.running.split(".")
    if not has_columns((measure.running, f"{table}.{measure.dated}"), tables):
        raise DataError(f"the tables hold no {measure.running}, by which the design {measure.design} decides.")
    rows = tables[table].dropna(subset=[column, measure.dated]).sort_values(measure.dated, kind="stable")
    each = rows.groupby("enterprise_id").agg(
        figure=(column, "sum" if measure.design == "cap_kink" else "first"), first=(measure.dated, "first")
    )
    year = pd.to_datetime(each["first"]).dt.year
    before, since = (
        outcome.reindex(pd.MultiIndex.from_arrays([each.index, year - back])).to_numpy(dtype=np.float64)
        for back in (1, 1 + _SPAN)
    )
    found = pd.DataFrame({"figure": each["figure"].to_numpy(dtype=np.float64), "change": before - since}).dropna()
    if found.empty:
        raise IdentificationError(f"no enterprise with {measure.running} has accounts of the three years before.")
    return found["figure"].to_numpy(), found["change"].to_numpy()


def _jackknife(frame: pd.DataFrame, *, unit: str, level: float) -> Effect:
    return cluster_inference.jackknife(frame, unit=unit, level=level)[0]


def stage_to_json(plan: StagePlan) -> dict[str, Any]:
    """The plan for machines: one object a measure, with its power curve."""
    return {
        "level": plan.level,
        "power": plan.power,
        "strata": list(plan.strata),
        "n_draws": plan.n_draws,
        "studies": [
            {
                **found.measure.model_dump(mode="json"),
                "estimator": found.design.estimator,
                "answer_on": found.answer_on,
                "unit": found.unit,
                **{
                    name: getattr(found, name)
                    for name in ("n_pool", "n_kept", "n_needed", "by_formula", "correlation", "reason")
                },
                "mde": None if found.detectable is None else found.detectable.mde,
                "curve": [] if found.detectable is None else [asdict(point) for point in found.detectable.curve],
            }
            for found in plan.studies
        ],
    }
