"""Targets of the plan for the ladder's tiers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """At least ``number`` enterprises with a tier's title by the end of ``year``."""

    tier: str
    year: int
    number: int


def read_targets() -> tuple[Target, ...]:
    """Targets of the plan that speak of a tier's stock."""
    return ()
