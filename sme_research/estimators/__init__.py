"""One method a module: sample -> result."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from sme_research.estimators.callaway_santanna import estimate_att, estimate_both, estimate_event_study
from sme_research.results import Effect, EventStudy


def _estimate_by(module: str) -> Callable[..., tuple[Effect, EventStudy]]:
    """The `estimate_both` of a module that is imported when first called."""

    def estimate(*args: Any, **options: Any) -> tuple[Effect, EventStudy]:
        both: tuple[Effect, EventStudy] = importlib.import_module(f"{__name__}.{module}").estimate_both(
            *args, **options
        )
        return both

    return estimate


ESTIMATORS: Final[Mapping[str, Callable[..., tuple[Effect, EventStudy]]]] = {
    "callaway_santanna": estimate_both,
    "imputation": _estimate_by("imputation"),
    "sun_abraham": _estimate_by("sun_abraham"),
    "wooldridge_poisson": _estimate_by("poisson"),
}
"""Estimators of the same question, by name: each takes (sample, *, unit, comparison, level, seed).

Whom an estimator really compares with stands in its result: imputation and
Poisson always take the not yet treated, Sun and Abraham the never treated.
"""

__all__ = ["ESTIMATORS", "estimate_att", "estimate_both", "estimate_event_study"]
