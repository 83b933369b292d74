"""Two runs side by side: every estimate, and which data, code, parameters or environment differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sme_research.factory.manifest import Manifest
from sme_research.factory.site.estimates import EstimateOf, Key, estimates_of
from sme_research.factory.site.runs import PublishedRun

CauseKind = Literal[
    "table", "file", "parameter", "notebook", "code", "texts", "reference", "template", "environment", "edition"
]
Change = Literal["changed", "added", "removed"]
TOLD = (
    "estimate",
    "std_error",
    "ci_low",
    "ci_high",
    "level",
    "n_enterprises",
    "n_treated",
    "unit",
    "sms_level",
    "wording",
)
SAME = 1e-9
CANNOT_MOVE = ("texts", "template")
"""What changes how a report reads and never a number."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that differs: ``old`` and ``new`` are rows of a table, a parameter's values, versions, or None."""

    kind: CauseKind
    name: str
    change: Change
    old: Any = None
    new: Any = None


@dataclass(frozen=True, slots=True)
class EstimateChange:
    """One estimate in both runs; None where a run has none. ``checks`` are verdicts that changed, old and new."""

    key: Key
    old: EstimateOf | None
    new: EstimateOf | None
    checks: Mapping[str, tuple[str | None, str | None]]

    @property
    def difference(self) -> float | None:
        """New less old, in the estimate's unit."""
        if self.old is None or self.new is None or self.old.unit != self.new.unit:
            return None
        if self.old.estimate is None or self.new.estimate is None:
            return None
        return self.new.estimate - self.old.estimate

    @property
    def within_older_interval(self) -> bool | None:
        """Whether the new estimate lies in the old interval; None where that cannot be said."""
        if self.old is None or self.new is None or self.old.unit != self.new.unit:
            return None
        if self.new.estimate is None or self.old.ci_low is None or self.old.ci_high is None:
            return None
        return self.old.ci_low <= self.new.estimate <= self.old.ci_high

    @property
    def moved(self) -> bool:
        """Whether any number, verdict or grade differs."""
        if self.old is None or self.new is None or self.checks:
            return True
        return any(_differ(getattr(self.old, name), getattr(self.new, name)) for name in TOLD)


@dataclass(frozen=True, slots=True)
class Comparison:
    """An older and a newer run, estimate by estimate, and what differs in what they were made from."""

    older: Manifest
    newer: Manifest
    estimates: tuple[EstimateChange, ...]
    causes: tuple[Cause, ...]

    @property
    def moved(self) -> bool:
        """Whether any estimate differs."""
        return any(change.moved for change in self.estimates)

    @property
    def explaining(self) -> tuple[Cause, ...]:
        """Causes that can move a number."""
        return tuple(cause for cause in self.causes if cause.kind not in CANNOT_MOVE)

    def to_json(self) -> dict[str, Any]:
        """The comparison in JSON types."""
        return {
            "older": f"{self.older.slug}/{self.older.run_id}",
            "newer": f"{self.newer.slug}/{self.newer.run_id}",
            "moved": self.moved,
            "estimates": [_change_json(change) for change in self.estimates],
            "causes": [asdict(cause) for cause in self.causes],
        }


def compare_runs(older: PublishedRun, newer: PublishedRun) -> Comparison:
    """Hold a newer run against an older one, estimate by estimate."""
    old, new = estimates_of(older), estimates_of(newer)
    changes = tuple(_compare_estimate(key, old.get(key), new.get(key)) for key in {**old, **new})
    return Comparison(older.manifest, newer.manifest, changes, tuple(_causes(older.manifest, newer.manifest)))


def _differ(old: Any, new: Any) -> bool:
    """Whether two values differ by more than the rounding of a sum in another order."""
    if isinstance(old, float) and isinstance(new, float):
        return not math.isclose(old, new, rel_tol=SAME, abs_tol=SAME)
    return bool(old != new)


def _compare_estimate(key: Key, old: EstimateOf | None, new: EstimateOf | None) -> EstimateChange:
    before, after = (old.checks if old else {}), (new.checks if new else {})
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    both = old is not None and new is not None
    return EstimateChange(key, old, new, {name: (before.get(name), after.get(name)) for name in names if both})


def _causes(old: Manifest, new: Manifest) -> Iterator[Cause]:
    tables_old = {table.name: (table.sha256, table.rows) for table in old.tables}
    tables_new = {table.name: (table.sha256, table.rows) for table in new.tables}
    for name, change in _changes(tables_old, tables_new):
        rows_old, rows_new = tables_old.get(name, (None, None))[1], tables_new.get(name, (None, None))[1]
        yield Cause("table", name, change, rows_old, rows_new)
    files_old, files_new = _files(old), _files(new)
    yield from (Cause("file", name, change) for name, change in _changes(files_old, files_new))
    for name, change in _changes(dict(old.parameters), dict(new.parameters)):
        yield Cause("parameter", name, change, old.parameters.get(name), new.parameters.get(name))
    if old.notebook_sha256 != new.notebook_sha256:
        yield Cause("notebook", new.notebook, "changed", old.notebook_sha256[:12], new.notebook_sha256[:12])
    if old.edition != new.edition:
        yield Cause("edition", "edition", "changed", old.edition, new.edition)
    yield from _code_causes(old, new)
    yield from _environment_causes(old, new)


def _code_causes(old: Manifest, new: Manifest) -> Iterator[Cause]:
    versions = (_version(old), _version(new))
    if old.reached is None or new.reached is None:
        if old.code.source_sha256 != new.code.source_sha256:
            yield Cause("code", "sme_research", "changed", *versions)
        return
    kinds: tuple[CauseKind, ...] = ("code", "texts", "reference", "template")
    for kind in kinds:
        if getattr(old.reached, kind) != getattr(new.reached, kind):
            yield Cause(kind, "sme_research", "changed", *versions)


def _environment_causes(old: Manifest, new: Manifest) -> Iterator[Cause]:
    before, after = old.environment, new.environment
    if before.python != after.python:
        yield Cause("environment", "python", "changed", before.python, after.python)
    if before.packages_sha256 != after.packages_sha256:
        yield Cause("environment", "packages", "changed", before.packages_sha256[:12], after.packages_sha256[:12])
    if before.lock_sha256 != after.lock_sha256:
        locks = ((lock or "")[:12] or None for lock in (before.lock_sha256, after.lock_sha256))
        yield Cause("environment", "requirements.lock", "changed", *locks)


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Change]]:
    for name in {**old, **new}:
        if name not in old:
            yield name, "added"
        elif name not in new:
            yield name, "removed"
        elif old[name] != new[name]:
            yield name, "changed"


def _files(manifest: Manifest) -> dict[str, str]:
    """Files beside the tables, those left out that were looked for and absent."""
    return {file.path: file.sha256 for file in manifest.files if file.sha256}


def _version(manifest: Manifest) -> str:
    commit = manifest.code.commit
    dirty = "+" if manifest.code.dirty else ""
    return f"{commit[:8]}{dirty}" if commit else manifest.code.source_sha256[:8]


def _change_json(change: EstimateChange) -> dict[str, Any]:
    return {
        "key": dict(zip(("instrument", "outcome", "estimand", "population"), change.key, strict=True)),
        "old": None if change.old is None else _estimate_json(change.old),
        "new": None if change.new is None else _estimate_json(change.new),
        "difference": change.difference,
        "within_older_interval": change.within_older_interval,
        "moved": change.moved,
        "checks": {name: {"old": old, "new": new} for name, (old, new) in change.checks.items()},
    }


def _estimate_json(estimate: EstimateOf) -> dict[str, Any]:
    return {name: getattr(estimate, name) for name in TOLD}
