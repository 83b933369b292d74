"""Rules of the subsidised loans as dated data, and what they make of each loan that is on file."""

from __future__ import annotations

from sme_research.lending.subsidy import assess_loans, find_cap_resets, find_ceilings, find_reviewed, part_of_cap
from sme_research.lending.terms import (
    SUBSIDISED_DAYS,
    Caps,
    Phase,
    interest_subsidy,
    last_known_day,
    load_phases,
    load_prime_rates,
    loan_caps,
    loan_phases,
    prime_rate_on,
    require_prime_rate,
)

__all__ = [
    "SUBSIDISED_DAYS",
    "Caps",
    "Phase",
    "assess_loans",
    "find_cap_resets",
    "find_ceilings",
    "find_reviewed",
    "interest_subsidy",
    "last_known_day",
    "load_phases",
    "load_prime_rates",
    "loan_caps",
    "loan_phases",
    "part_of_cap",
    "prime_rate_on",
    "require_prime_rate",
]
