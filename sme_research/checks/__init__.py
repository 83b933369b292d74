"""Threats to an estimate: one a file, each found by itself.

Modules that begin with an underscore hold what several checks share.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from sme_research.results import Check, Estimation


def _discover() -> dict[str, Callable[[Estimation], Check]]:
    names = sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    return {name: getattr(import_module(f"{__name__}.{name}"), f"check_{name}") for name in names}


CHECKS: Final[Mapping[str, Callable[[Estimation], Check]]] = _discover()


def run_checks(estimation: Estimation) -> tuple[Check, ...]:
    """Every check of this estimation, in order of name."""
    return tuple(check(estimation) for check in CHECKS.values())


__all__ = ["CHECKS", "run_checks"]
