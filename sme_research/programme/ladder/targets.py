"""Targets of the plan for the ladder's tiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from sme_research.errors import DataError
from sme_research.programme.ladder.titles import TIERS
from sme_research.tables import reference_path

FILE: Final = "plan_targets.yml"


@dataclass(frozen=True, slots=True)
class Target:
    """At least ``number`` enterprises with a tier's title in force by the end of ``year``; ``source`` by language."""

    tier: str
    year: int
    number: int
    source: Mapping[str, str]


def read_targets(path: Path | None = None) -> tuple[Target, ...]:
    """Targets that speak of a tier's stock, out of ``data/reference/plan_targets.yml``.

    Raises
    ------
    DataError
        An entry lacks its indicator, its number or its day; with file, entry and rule.
    """
    place = path or reference_path(FILE)
    content = yaml.safe_load(place.read_text(encoding="utf-8"))
    source = {lang: str(told) for lang, told in content.get("source", {}).items()}
    entries = enumerate(content.get("targets", []), start=1)
    return tuple(_target(entry, f"{place.name}, target {at}", source) for at, entry in entries if _is_tier(entry))


def _is_tier(entry: Any) -> bool:
    return not isinstance(entry, Mapping) or entry.get("indicator") in (None, *TIERS)


def _target(entry: Any, place: str, source: Mapping[str, str]) -> Target:
    if not isinstance(entry, Mapping) or "indicator" not in entry:
        raise DataError(f"{place} must be a mapping with indicator, least and by; add the indicator.")
    least, by = entry.get("least"), entry.get("by")
    if not isinstance(least, int) or least < 1:
        raise DataError(f"{place}: least is {least!r}, must be a whole number of enterprises of 1 or more.")
    if not isinstance(by, date):
        raise DataError(f"{place}: by is {by!r}, must be a day such as 2025-12-31.")
    return Target(str(entry["indicator"]), by.year, least, source)
