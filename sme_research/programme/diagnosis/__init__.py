"""Self-assessment of one enterprise: what a title still asks, by how much, and the smallest change that passes."""

from __future__ import annotations

from sme_research.programme.diagnosis.making import (
    TIERS,
    diagnose,
    diagnose_inputs,
    last_day,
    load_population,
    next_tier,
    titles_held,
)
from sme_research.programme.diagnosis.peers import Population
from sme_research.programme.diagnosis.records import (
    Asked,
    Change,
    Diagnosis,
    GateStatus,
    Part,
    Path,
    PeerGroup,
    ScoreStatus,
    Standing,
    Subject,
    TierStatus,
)
from sme_research.programme.diagnosis.search import find_changes
from sme_research.programme.diagnosis.services import Service, load_services, read_services, services_for
from sme_research.programme.diagnosis.sizes import SIZES, classify_sizes

__all__ = [
    "SIZES",
    "TIERS",
    "Asked",
    "Change",
    "Diagnosis",
    "GateStatus",
    "Part",
    "Path",
    "PeerGroup",
    "Population",
    "ScoreStatus",
    "Service",
    "Standing",
    "Subject",
    "TierStatus",
    "classify_sizes",
    "diagnose",
    "diagnose_inputs",
    "find_changes",
    "last_day",
    "load_population",
    "load_services",
    "next_tier",
    "read_services",
    "services_for",
    "titles_held",
]
