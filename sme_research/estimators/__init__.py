"""One method a file: sample -> result."""

from sme_research.estimators.callaway_santanna import estimate_att, estimate_both, estimate_event_study

__all__ = ["estimate_att", "estimate_both", "estimate_event_study"]
