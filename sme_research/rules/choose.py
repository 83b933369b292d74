"""Which rule set a tier is assessed by on a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, get_args

from sme_research.errors import StudyError
from sme_research.rules.conditions import InForce, Occasion, RuleSet, TierRules
from sme_research.rules.reading import load_rule_sets

OCCASIONS: Final = get_args(Occasion)


def choose_rules(
    tier: str, on: date, occasion: Occasion = "first", rule_sets: Mapping[str, RuleSet] | None = None
) -> TierRules:
    """Rules of a tier that are applied on a day.

    Parameters
    ----------
    tier : str
        ``innovative``, ``srdi``, ``little_giant`` or a tier that a rule file adds.
    on : date
        Day of the assessment.
    occasion : {"first", "renewal"}
        First application or review of a title that ends.

    Raises
    ------
    StudyError
        No rule set has the tier, or is applied on that day; or two are and neither prevails.
    """
    known = {name: sets.tiers[tier] for name, sets in (rule_sets or load_rule_sets()).items() if tier in sets.tiers}
    if not known:
        raise StudyError(f"no rule set has the tier {tier!r}; add it to a file in data/reference/rules.")
    found = {
        name: period for name, rules in known.items() for period in rules.in_force if _applies(period, on, occasion)
    }
    beaten = {name for period in found.values() for name in period.prevails_over}
    left = [name for name in found if name not in beaten]
    if len(left) == 1:
        return known[left[0]]
    if left:
        raise StudyError(f"{' and '.join(left)} both apply to {tier} on {on}; say in one which prevails.")
    periods = "; ".join(f"{name} from {rules.in_force[0].first_day}" for name, rules in known.items())
    raise StudyError(f"no rules for {tier} ({occasion}) are known on {on}; there are: {periods}.")


def _applies(period: InForce, on: date, occasion: Occasion) -> bool:
    within = period.first_day <= on and (period.last_day is None or on <= period.last_day)
    return within and occasion in period.occasions
