"""What is fixed before any estimate: written down, fingerprinted, and held against later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sme_research.errors import StudyError
from sme_research.evaluation.specifications import SPECIFICATIONS
from sme_research.evaluation.subgroups import SUBGROUPS
from sme_research.outcomes import REPORTED_FAMILY
from sme_research.results import Effect, PlanRecord
from sme_research.study import Study

if TYPE_CHECKING:  # every report writes a plan, few of them the stage's
    from sme_research.policy.evaluation.records import MeasureStudy, StagePlan

_NOT_PLANNED: Final = ("level", "seed")
_NOT_REGISTERED: Final = ("seed",)
"""What a registered stage leaves open: its level is part of what the sample size was planned for."""
_DIGITS: Final = 6


def write_plan(study: Study) -> dict[str, Any]:
    """The study's plan: what is asked, and the lists of what will be reported beside it."""
    asked = {name: value for name, value in study.settled().items() if name not in _NOT_PLANNED}
    return {
        "study": asked,
        "specifications": list(SPECIFICATIONS),
        "outcomes": list(outcomes_of(study)),
        "subgroups": [subgroup.name for subgroup in SUBGROUPS],
    }


def outcomes_of(study: Study) -> tuple[str, ...]:
    """The study's own outcome first, then the family that every report shows."""
    return (study.outcome, *(name for name in REPORTED_FAMILY if name != study.outcome))


def fingerprint(plan: Mapping[str, Any]) -> str:
    """SHA-256 of a plan, in hexadecimal."""
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def save_plan(study: Study, path: str | Path) -> str:
    """Write the study's plan as JSON for registration; gives its fingerprint."""
    plan = write_plan(study)
    content = json.dumps({**plan, "fingerprint": fingerprint(plan)}, ensure_ascii=False, indent=2, sort_keys=True)
    Path(path).write_text(content + "\n", encoding="utf-8")
    return fingerprint(plan)


def write_stage(plan: StagePlan) -> dict[str, Any]:
    """Every measure's study of the next stage: question, design, sizes, and the lists that reports show beside it."""
    return {
        "kind": "next_stage",
        "strata": list(plan.strata),
        "studies": [
            _registered(found.measure.study(level=plan.level)) | {"design": _design(found, plan)}
            for found in plan.studies
        ],
    }


def save_stage(plan: StagePlan, path: str | Path) -> str:
    """Write the plan of the next stage as JSON for registration; gives its fingerprint.

    Reports are held against it by `compare_plan`, as against a single study's plan.
    """
    content = write_stage(plan)
    told = json.dumps({**content, "fingerprint": fingerprint(content)}, ensure_ascii=False, indent=2, sort_keys=True)
    Path(path).write_text(told + "\n", encoding="utf-8")
    return fingerprint(content)


def compare_plan(study: Study, registered: str | Path | None) -> PlanRecord:
    """Plan of the study, with its deviations from a registered one.

    Of a registered stage it is held against the study of the same instrument
    that it comes closest to; its fingerprint is then that of the stage with
    this study in that one's place, so that the same means no deviation.

    Raises
    ------
    StudyError
        The registered plan is not there, not a plan, or was changed after it was written.
    """
    plan = write_plan(study)
    old = None if registered is None else _read(Path(registered))
    now = fingerprint(plan)
    deviations: tuple[str, ...] = ()
    if old is not None:
        now, deviations = _held_against(old, study)
    return PlanRecord(
        fingerprint=now,
        registered=None if old is None else fingerprint(old),
        deviations=deviations,
        specifications=tuple(plan["specifications"]),
        outcomes=tuple(plan["outcomes"]),
        subgroups=tuple(plan["subgroups"]),
    )


def compare_size(study: Study, effect: Effect, registered: str | Path) -> tuple[str, ...]:
    """Where an estimate has fewer enterprises, or clusters, than the registered stage planned to keep.

    Empty where the plan is of one study, which plans no size, or where the
    edition withholds the count.

    Raises
    ------
    StudyError
        As `compare_plan`.
    """
    old = _read(Path(registered))
    entry = _closest(old, study) if "studies" in old else None
    if entry is None:
        return ()
    design = entry["design"]
    found = effect.n_clusters if design["name"] == "cluster_lot" else effect.n_enterprises
    if found is None or found >= design["n_kept"]:
        return ()
    return (f"n_units: {design['n_kept']} → {found}",)


def _registered(study: Study) -> dict[str, Any]:
    """The study's plan with its level, as a stage registers it."""
    asked = {name: value for name, value in study.settled().items() if name not in _NOT_REGISTERED}
    plain: dict[str, Any] = json.loads(json.dumps(write_plan(study) | {"study": asked}))
    return plain


def _design(found: MeasureStudy, plan: StagePlan) -> dict[str, Any]:
    """What makes the study's answer possible, and how much it can tell."""
    measure = found.measure
    return {
        "name": measure.design,
        "estimator": found.design.estimator,
        "n_units": measure.n_units,
        "n_kept": found.n_kept,
        "waves": measure.waves,
        "take_up": measure.take_up,
        "running": measure.running,
        "cutoff": measure.cutoff,
        "power": plan.power,
        "target": measure.target,
        "mde": None if found.detectable is None else round(found.detectable.mde, _DIGITS),
        "n_needed": found.n_needed,
        "answer_on": found.answer_on,
        "n_draws": plan.n_draws,
        "seed": plan.seed,
    }


def _held_against(old: Mapping[str, Any], study: Study) -> tuple[str, tuple[str, ...]]:
    """Fingerprint of the plan as it is now, and the deviations from the registered one."""
    if "studies" not in old:
        plan = write_plan(study)
        return fingerprint(plan), tuple(_deviations(old, plan))
    entry, new = _closest(old, study), _registered(study)
    if entry is None:
        known = sorted({other["study"]["instrument"] for other in old["studies"]})
        return fingerprint(new), (f"instrument: {_shown(known)} → {study.instrument}",)
    studies = [entry | new if other is entry else other for other in old["studies"]]
    return fingerprint({**old, "studies": studies}), tuple(_deviations(entry, new))


def _closest(old: Mapping[str, Any], study: Study) -> Mapping[str, Any] | None:
    """Of the registered studies of the instrument the first with fewest deviations; None where there is none."""
    same: list[Mapping[str, Any]] = [
        entry for entry in old["studies"] if entry["study"]["instrument"] == study.instrument
    ]
    return min(same, key=lambda entry: len(_deviations(entry, _registered(study))), default=None)


def _read(path: Path) -> dict[str, Any]:
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(f"plan {path} is not there; give the file that was registered, or none.") from None
    except (OSError, ValueError) as error:
        raise StudyError(f"plan {path} cannot be read: {error}.") from None
    if not isinstance(plan, dict) or "fingerprint" not in plan or not {"study", "studies"} & plan.keys():
        raise StudyError(f"plan {path} is not a plan: it must be the file that save_plan or save_stage wrote.")
    stated = plan.pop("fingerprint")
    if stated != fingerprint(plan):
        raise StudyError(f"plan {path} was changed after it was registered: its content has another fingerprint.")
    return plan


def _deviations(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """One entry a departure: name, registered value, value now."""
    pairs = [(name, old["study"].get(name), value) for name, value in json.loads(json.dumps(new["study"])).items()]
    pairs += [(name, old.get(name), new[name]) for name in ("specifications", "outcomes", "subgroups")]
    return [f"{name}: {_shown(before)} → {_shown(after)}" for name, before, after in pairs if before != after]


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) or "–" if isinstance(value, list) else str(value)
