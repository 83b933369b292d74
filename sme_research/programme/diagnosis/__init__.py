"""Self-assessment of one enterprise: what a title still asks, by how much, and the smallest change that passes."""

from __future__ import annotations

from sme_research.programme.diagnosis.aggregate import (
    GateCount,
    TierCount,
    count_statuses,
    diagnose_for_report,
    find_example,
)
from sme_research.programme.diagnosis.as_json import diagnosis_to_json
from sme_research.programme.diagnosis.form import Answers, read_form, write_form
from sme_research.programme.diagnosis.making import (
    TIERS,
    assessment_day,
    diagnose,
    diagnose_form,
    diagnose_inputs,
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
    "Answers",
    "Asked",
    "Change",
    "Diagnosis",
    "GateCount",
    "GateStatus",
    "Part",
    "Path",
    "PeerGroup",
    "Population",
    "ScoreStatus",
    "Service",
    "Standing",
    "Subject",
    "TierCount",
    "TierStatus",
    "assessment_day",
    "classify_sizes",
    "count_statuses",
    "diagnose",
    "diagnose_for_report",
    "diagnose_form",
    "diagnose_inputs",
    "diagnosis_to_json",
    "find_changes",
    "find_example",
    "load_population",
    "load_services",
    "next_tier",
    "read_form",
    "read_services",
    "services_for",
    "titles_held",
    "write_form",
]
