"""What is fixed before any estimate: written down, fingerprinted, and held against later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sme_research.errors import StudyError
from sme_research.evaluation.specifications import SPECIFICATIONS
from sme_research.evaluation.subgroups import SUBGROUPS
from sme_research.outcomes import REPORTED_FAMILY
from sme_research.results import PlanRecord
from sme_research.study import Study

_NOT_PLANNED: Final = ("level", "seed")


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


def compare_plan(study: Study, registered: str | Path | None) -> PlanRecord:
    """Plan of the study, with its deviations from a registered one.

    Raises
    ------
    StudyError
        The registered plan is not there, not a plan, or was changed after it was written.
    """
    plan = write_plan(study)
    old = None if registered is None else _read(Path(registered))
    return PlanRecord(
        fingerprint=fingerprint(plan),
        registered=None if old is None else fingerprint(old),
        deviations=() if old is None else tuple(_deviations(old, plan)),
        specifications=tuple(plan["specifications"]),
        outcomes=tuple(plan["outcomes"]),
        subgroups=tuple(plan["subgroups"]),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(f"plan {path} is not there; give the file that was registered, or none.") from None
    except (OSError, ValueError) as error:
        raise StudyError(f"plan {path} cannot be read: {error}.") from None
    if not isinstance(plan, dict) or not {"study", "fingerprint"} <= plan.keys():
        raise StudyError(f"plan {path} is not a plan: it must be the file that save_plan wrote.")
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
