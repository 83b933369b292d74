"""Which service of the programme addresses what is missing: a table that the department edits."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from sme_research.errors import DataError
from sme_research.rules import METRICS, RuleSet, load_rule_sets
from sme_research.tables import reference_path

FILE: Final = "services.csv"
COLUMNS: Final = ("metric", "service", "zh", "en", "source")
NONE: Final = "none"
"""Written where no service of the programme helps: said, not left out."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service for one metric; labels by language; ``source`` is where the programme says so."""

    metric: str
    id: str
    label: Mapping[str, str]
    source: str


@cache
def load_services() -> Mapping[str, tuple[Service, ...]]:
    """Services of the shipped table by metric, in the table's order; an empty tuple where none helps."""
    return read_services(reference_path(FILE))


def read_services(path: Path, rule_sets: Mapping[str, RuleSet] | None = None) -> dict[str, tuple[Service, ...]]:
    """Services out of a file.

    Raises
    ------
    DataError
        The file breaks the form, with line, value and rule; or a metric of the rules has no row.
    """
    found: dict[str, list[Service]] = {}
    labels: dict[str, tuple[int, str, str]] = {}
    for line, row in _rows(path):
        place = f"{path.name}, line {line}"
        service = _service(row, place)
        _refuse_other_label(service, labels, line, place)
        own = found.setdefault(service.metric, [])
        if any(other.id == service.id for other in own):
            raise DataError(f"{place}: {service.metric} has service {service.id!r} twice; remove one row.")
        if own and NONE in (service.id, own[0].id):
            raise DataError(f"{place}: {service.metric} has both {NONE!r} and a service; keep either.")
        own.append(service)
    _refuse_lacking(found, rule_sets or load_rule_sets(), path)
    return {metric: tuple(one for one in own if one.id != NONE) for metric, own in found.items()}


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise DataError(f"{path.name}, line 1: the columns must be {', '.join(COLUMNS)}.")
            for row in reader:
                if None in row or None in row.values():
                    raise DataError(f"{path.name}, line {reader.line_num}: must have {len(COLUMNS)} cells.")
                yield reader.line_num, {name: (cell or "").strip() for name, cell in row.items()}
    except UnicodeDecodeError:
        raise DataError(f"{path.name}: is not UTF-8; save it as CSV UTF-8.") from None


def _service(row: Mapping[str, str], place: str) -> Service:
    metric, service = row["metric"], row["service"]
    if metric not in METRICS:
        near = difflib.get_close_matches(metric, METRICS, n=1)
        hint = f"; did you mean {near[0]}?" if near else "."
        raise DataError(f"{place}: metric {metric!r} is not known{hint}")
    needed = ("service", "source") if service == NONE else ("service", "zh", "en", "source")
    empty = next((name for name in needed if not row[name]), None)
    if empty is not None:
        raise DataError(f"{place}: column {empty} is empty; fill it in.")
    return Service(metric, service, {"zh": row["zh"], "en": row["en"]}, row["source"])


def _refuse_other_label(service: Service, labels: dict[str, tuple[int, str, str]], line: int, place: str) -> None:
    """One service has one name."""
    first, zh, en = labels.setdefault(service.id, (line, service.label["zh"], service.label["en"]))
    for language, known in (("zh", zh), ("en", en)):
        if service.label[language] != known:
            told = service.label[language]
            raise DataError(f"{place}: {service.id} is {told!r}, but {known!r} on line {first}; use one name.")


def _refuse_lacking(found: Iterable[str], rule_sets: Mapping[str, RuleSet], path: Path) -> None:
    asked = [name for rules in rule_sets.values() for tier in rules.tiers.values() for name in tier.metrics()]
    lacking = [name for name in dict.fromkeys(asked) if name not in set(found)]
    if lacking:
        raise DataError(
            f"{path.name}: no row for {', '.join(lacking)}, which the rules ask for; name a service, or {NONE!r}."
        )


def services_for(metrics: Iterable[str]) -> dict[str, tuple[Service, ...]]:
    """Services for each of the metrics, an empty tuple where the programme has none."""
    known = load_services()
    return {name: known.get(name, ()) for name in metrics}
