"""What one finding is worth: its effect set beside what was paid for the treated of its sample."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sme_research.policy.beliefs import Belief
from sme_research.policy.fiscal import Costs, spend_on
from sme_research.policy.worth.additionality import Additionality, measure_gross, split_additional
from sme_research.policy.worth.base import TablesLike, add_levels, measure_base
from sme_research.policy.worth.cost import MEASURES, Worth, weigh_in_real, weigh_worth
from sme_research.results import Finding


@dataclass(frozen=True, slots=True)
class Value:
    """What one finding is worth, in nominal and real money, and how much would have come anyway.

    ``real`` is None where prices of a year are not on file.
    """

    nominal: Worth
    real: Worth | None
    additionality: Additionality


def weigh_finding(
    finding: Finding,
    sample: pd.DataFrame,
    tables: TablesLike,
    costs: Costs,
    *,
    anticipation_years: int = 0,
    base_year: int | None = None,
) -> Value | None:
    """Set a finding beside what was paid for the treated of its sample; None where no cost is known.

    Parameters
    ----------
    finding : Finding
        On an outcome in `MEASURES`.
    sample : DataFrame
        The evaluation's own.
    tables : mapping of str to DataFrame
        Of the same run; levels of the outcome are read from them.
    costs : Costs
        Outlays after the sample's last year do not count.
    anticipation_years : int
        As the study has it.
    base_year : int, optional
        Of real money; the last year whose prices are on file where not given.

    Raises
    ------
    StudyError
        As `weigh_worth` and `measure_base`.
    """
    treated = sample.loc[sample["cohort"].notna(), "enterprise_id"].astype(str).unique()
    until = int(sample["year"].max())
    spent = spend_on(costs, finding.instrument, treated, until=until, base_year=base_year)
    if spent is None:
        return None
    belief = believe(finding)
    counted = MEASURES.get(finding.outcome)
    told = add_levels(sample, finding.outcome, tables)
    base = None if counted in (None, "promotion") else measure_base(told, anticipation_years=anticipation_years)
    nominal = weigh_worth(belief, spent, base)
    real = None
    if spent.per_enterprise_real is not None and nominal.measure == "revenue":
        in_real = measure_base(told, anticipation_years=anticipation_years, base_year=spent.base_year)
        real = weigh_worth(belief, spent, in_real)
    elif spent.per_enterprise_real is not None:
        real = weigh_in_real(nominal, spent)
    gross = measure_gross(sample, anticipation_years=anticipation_years)
    return Value(nominal, real, split_additional(belief, gross))


def believe(finding: Finding) -> Belief:
    """What a finding lets one believe: its estimate in the words that its grade permits."""
    effect, wording = finding.effect, finding.grade.wording
    return Belief(finding.instrument, finding.outcome, effect.estimate, effect.std_error, effect.unit, wording)
