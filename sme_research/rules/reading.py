"""Rule sets out of YAML files; whatever a file may not say is refused with its line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sme_research.errors import DataError
from sme_research.rules.conditions import (
    OPERATORS,
    AllOf,
    AnyOf,
    Band,
    Compare,
    Condition,
    Gate,
    InForce,
    Judge,
    Only,
    RuleSet,
    ScoreAtLeast,
    Scored,
    Steps,
    TierRules,
)
from sme_research.rules.metrics import METRICS
from sme_research.tables.reference import reference_path

LANGUAGES: Final = ("zh", "en")
OCCASIONS: Final = ("first", "renewal")
_TOO_DEEP: Final = "its conditions hold each other without end, or nearly so; write them out and without anchors."
WHOLE: Final = 1.0
"""No threshold of a share lies above the whole, also where the share itself may: 3 instead of 3 % is refused."""


def load_rule_sets(folder: Path | None = None) -> Mapping[str, RuleSet]:
    """Rule sets by id, from every ``*.yml`` of a folder; the shipped ones where none is given.

    Raises
    ------
    DataError
        A file breaks the form, with file, line, value and rule; or an id is there twice.
    """
    return _shipped() if folder is None else _load(folder)


@cache
def _shipped() -> Mapping[str, RuleSet]:
    # Each file by its name, so that a report's reach names the facts it uses.
    names = ("cluster-national-2022.yml", "cn-2022-63.yml", "cn-2026-2.yml", "reserve-pool-2024.yml")
    folder = reference_path("rules")
    known = {folder / name for name in names}
    return _load(folder, [*sorted(known), *sorted(set(folder.glob("*.yml")) - known)])


def _load(folder: Path, paths: list[Path] | None = None) -> dict[str, RuleSet]:
    found: dict[str, RuleSet] = {}
    for path in sorted(folder.glob("*.yml")) if paths is None else paths:
        rules = read_rule_set(path)
        if rules.id in found:
            raise DataError(f"{path.name}: rule set {rules.id!r} is there twice; give each an id of its own.")
        found[rules.id] = rules
    if not found:
        raise DataError(f"{folder.as_posix()} holds no rule set; put a .yml file there.")
    return found


def read_rule_set(path: Path) -> RuleSet:
    """One rule set out of its file.

    Raises
    ------
    DataError
        The file breaks the form, with file, line, value and rule.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DataError(f"{path.name}, line {line}: is no YAML ({error.problem}); mend it.") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name}: byte {error.start + 1:,} is not UTF-8; save the file as UTF-8.") from None
    except yaml.reader.ReaderError as error:
        raise DataError(f"{path.name}: holds the character U+{error.character:04X}; remove it.") from None
    except RecursionError:
        raise DataError(f"{path.name}: {_TOO_DEEP}") from None
    if node is None:
        raise DataError(f"{path.name}: is empty; write a rule set or remove the file.")
    try:
        return _rule_set(_Place(path.name, node))
    except RecursionError:
        raise DataError(f"{path.name}: {_TOO_DEEP}") from None


@dataclass(frozen=True, slots=True)
class _Place:
    """A node of a file, which knows its line."""

    file: str
    node: Node

    @property
    def line(self) -> int:
        return self.node.start_mark.line + 1

    def refuse(self, rule: str) -> DataError:
        return DataError(f"{self.file}, line {self.line}: {rule}")

    def fields(self, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, _Place]:
        """The entries of a mapping, which has all of the one and at most the other keys."""
        if not isinstance(self.node, MappingNode):
            raise self.refuse(f"must be a mapping with {', '.join(required)}.")
        found: dict[str, _Place] = {}
        for key, value in self.node.value:
            name, place = str(key.value), _Place(self.file, key)
            if name not in (*required, *optional):
                raise place.refuse(
                    f"key {name!r} is not known here; the keys are {', '.join((*required, *optional))}."
                )
            if name in found:
                raise place.refuse(f"key {name!r} is there twice; keep one.")
            found[name] = _Place(self.file, value)
        lacking = [name for name in required if name not in found]
        if lacking:
            raise self.refuse(f"key {lacking[0]!r} is missing; add it.")
        return found

    def keys(self) -> tuple[str, ...]:
        if not isinstance(self.node, MappingNode):
            return ()
        return tuple(str(key.value) for key, _ in self.node.value)

    def items(self) -> Iterator[_Place]:
        if not isinstance(self.node, SequenceNode) or not self.node.value:
            raise self.refuse("must be a list with at least one entry.")
        return (_Place(self.file, node) for node in self.node.value)

    def scalar(self) -> Any:
        if not isinstance(self.node, ScalarNode):
            raise self.refuse("must be one value.")
        try:
            return yaml.safe_load(yaml.serialize(self.node))
        except (ValueError, yaml.YAMLError):
            raise self.refuse(f"{self.node.value!r} is no value of its kind; write one that exists.") from None

    def text(self) -> str:
        value = self.node.value if isinstance(self.node, ScalarNode) else ""
        if not str(value).strip():
            raise self.refuse("must be a text.")
        return str(value)

    def number(self) -> float:
        value = self.scalar()
        if isinstance(value, bool):
            return float(value)
        if not isinstance(value, (int, float)) or ":" in self.node.value:  # YAML takes 1:30 for 90
            raise self.refuse(f"{self.node.value!r} must be a number.")
        if not math.isfinite(value):
            raise self.refuse(f"{self.node.value} decides nothing; write the number that is meant.")
        return float(value)

    def whole_number(self) -> int:
        value = self.number()
        if value < 1 or not value.is_integer():
            raise self.refuse(f"{value:g} must be a whole number, 1 or more.")
        return int(value)

    def within(self, what: str, unit: str, least: float | None, most: float | None) -> float:
        """A threshold of something that has limits of its own."""
        value = self.number()
        if (least is not None and value < least) or (most is not None and value > most):
            limits = {"at least": least, "at most": most}
            told = " and ".join(f"{word} {limit:g}" for word, limit in limits.items() if limit is not None)
            raise self.refuse(f"{value:g} is no threshold of {what}: it must be {told} in {unit!r}; write it so.")
        return value

    def day(self) -> date:
        value = self.scalar()
        if isinstance(value, datetime) or not isinstance(value, date):
            raise self.refuse(f"{self.node.value!r} must be a day such as 2026-04-01, without a time.")
        return value

    def one_of(self, choices: tuple[str, ...], what: str) -> str:
        value = self.text()
        if value not in choices:
            raise self.refuse(f"{what} {value!r} is not known; choose one of {', '.join(choices)}.")
        return value

    def labels(self) -> dict[str, str]:
        return {language: place.text() for language, place in self.fields(LANGUAGES).items()}


def _rule_set(place: _Place) -> RuleSet:
    parts = place.fields(("id", "title", "document", "sources", "confidence", "tiers"), ("validity_years", "notes"))
    name = parts["id"].text()
    years = parts["validity_years"].whole_number() if "validity_years" in parts else None
    tiers = parts["tiers"]
    return RuleSet(
        id=name,
        title=parts["title"].labels(),
        document=parts["document"].text(),
        sources=tuple(source.text() for source in parts["sources"].items()),
        confidence=parts["confidence"].text(),
        tiers={tier: _tier(name, tier, rules, years) for tier, rules in tiers.fields((), tiers.keys()).items()},
    )


def _tier(rule_set: str, tier: str, place: _Place, years: int | None) -> TierRules:
    parts = place.fields(("label", "in_force", "gates"), ("scored",))
    scored = tuple(_scored(entry) for entry in parts["scored"].items()) if "scored" in parts else ()
    groups: dict[str, float] = {}
    for name, most in ((name, entry.most) for entry in scored for name in ("total", entry.group)):
        groups[name] = groups.get(name, 0.0) + most
    gates = tuple(_gate(entry, groups) for entry in parts["gates"].items())
    _refuse_double_ids(tier, [entry for key in ("gates", "scored") if key in parts for entry in parts[key].items()])
    periods = tuple(_in_force(entry) for entry in parts["in_force"].items())
    return TierRules(rule_set, tier, parts["label"].labels(), periods, gates, scored, years)


def _refuse_double_ids(tier: str, entries: Iterable[_Place]) -> None:
    first: dict[str, int] = {}
    ids = (entry.fields(("id",), entry.keys())["id"] for entry in entries)
    for place in sorted(ids, key=lambda place: place.line):
        name = place.text()
        if name in first:
            raise place.refuse(
                f"id {name!r} is there twice in tier {tier!r}, first in line {first[name]}; give each its own."
            )
        first[name] = place.line


def _in_force(place: _Place) -> InForce:
    parts = place.fields(("from",), ("to", "occasions", "prevails_over"))
    first, last = parts["from"].day(), parts["to"].day() if "to" in parts else None
    if last is not None and last < first:
        raise parts["to"].refuse(f"ends on {last}, before it begins on {first}.")
    given = parts["occasions"].items() if "occasions" in parts else ()
    occasions: Any = tuple(entry.one_of(OCCASIONS, "occasion") for entry in given) or OCCASIONS
    over = tuple(entry.text() for entry in parts["prevails_over"].items()) if "prevails_over" in parts else ()
    return InForce(first, last, occasions, over)


def _gate(place: _Place, groups: Mapping[str, float]) -> Gate:
    parts = place.fields(("id", "group", "label", "condition"))
    label = parts["label"].labels()
    return Gate(parts["id"].text(), parts["group"].text(), label, _condition(parts["condition"], groups))


def _condition(place: _Place, groups: Mapping[str, float]) -> Condition:
    keys = place.keys()
    if "waived_at" in keys or "only_at" in keys:
        return _occasional(place, groups)
    for name, kind in (("all_of", AllOf), ("any_of", AnyOf)):
        if name in keys:
            return kind(tuple(_condition(part, groups) for part in place.fields((name,))[name].items()))
    if "judge" in keys:
        return Judge(place.fields(("judge",))["judge"].labels())
    if "score" in keys:
        parts = place.fields(("score", "op", "value", "unit"))
        parts["op"].one_of((">=",), "operator")
        parts["unit"].one_of(("points",), "unit")
        group = parts["score"].one_of(tuple(groups), "group of scored indicators")
        return ScoreAtLeast(group, parts["value"].within(f"score {group!r}", "points", 0.0, groups[group]))
    return _compare(place)


def _occasional(place: _Place, groups: Mapping[str, float]) -> Only:
    """``waived_at``: met at that occasion; ``only_at``: a way that is open at that occasion only."""
    waived = "waived_at" in place.keys()  # noqa: SIM118  a method of ours
    key = "waived_at" if waived else "only_at"
    parts = place.fields((key, "condition"))
    at = parts[key].one_of(OCCASIONS, "occasion")
    if waived:
        at = "first" if at == "renewal" else "renewal"
    return Only(at, _condition(parts["condition"], groups), otherwise=waived)  # type: ignore[arg-type]


def _compare(place: _Place) -> Compare:
    parts = place.fields(("metric", "op", "value", "unit"))
    metric = parts["metric"].one_of(tuple(METRICS), "metric")
    op = parts["op"].one_of(tuple(OPERATORS), "operator")
    unit, known = parts["unit"].text(), METRICS[metric]
    if unit != known.unit:
        raise parts["unit"].refuse(f"unit {unit!r} is not that of {metric}, which is in {known.unit!r}.")
    most = WHOLE if known.most is None and unit == "fraction" else known.most
    return Compare(metric, op, parts["value"].within(metric, unit, known.least, most), unit)


def _scored(place: _Place) -> Scored:
    parts = place.fields(("id", "group", "label", "most"), ("bands", "otherwise", "steps"))
    if ("bands" in parts) == ("steps" in parts):
        raise place.refuse("must have either bands or steps.")
    most = parts["most"].number()
    bands = tuple(_bands(parts["bands"], most)) if "bands" in parts else ()
    otherwise = parts["otherwise"].number() if "otherwise" in parts else 0.0
    if bands and otherwise >= bands[-1].points:
        raise parts["otherwise"].refuse(f"{otherwise:g} points must be less than those of the last band.")
    return Scored(
        id=parts["id"].text(),
        group=parts["group"].text(),
        label=parts["label"].labels(),
        most=most,
        bands=bands,
        otherwise=otherwise,
        steps=_steps(parts["steps"]) if "steps" in parts else None,
    )


def _bands(place: _Place, most: float) -> Iterator[Band]:
    best = None
    for entry in place.items():
        parts = entry.fields(("points", "condition"))
        points = parts["points"].number()
        if points > most or (best is not None and points >= best):
            raise parts["points"].refuse(
                f"{points:g} points: bands go from the best down, the first at most {most:g}."
            )
        best = points
        yield Band(_condition(parts["condition"], {}), points)


def _steps(place: _Place) -> Steps:
    parts = place.fields(("metrics", "every", "points"))
    counted = tuple(entry.one_of(tuple(METRICS), "metric") for entry in parts["metrics"].items())
    if parts["every"].number() < 0:
        raise parts["every"].refuse("must be 0 (the metric itself, unrounded) or more.")
    return Steps(counted, parts["every"].number(), parts["points"].number())
