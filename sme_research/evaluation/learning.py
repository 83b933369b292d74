"""Whether the tables would let one choose better whom an instrument reaches, and what that is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from sme_research.errors import IdentificationError
from sme_research.estimators.callaway_santanna import covariates_of
from sme_research.estimators.policy_learning import PolicyValue, learn_policy
from sme_research.sample import load_sample
from sme_research.study import Study
from sme_research.tables import Tables

YEARS_AFTER: Final = 1
BEFORE, GROWTH = "before", "growth"


def learn_from_study(study: Study, tables: Tables) -> PolicyValue:
    """Learn whom a study's instrument should reach, and judge the rule on enterprises left out.

    Every year in which enterprises were first treated is a trial of its own: the
    treated of that year beside those not treated by the end of the year after,
    with the outcome's change from the year before to the year after. The study's
    covariates, the outcome in the year before and its growth in that year are what
    a rule may go by. Like the study's estimate it assumes that nothing else sets
    the two apart.

    Raises
    ------
    DataError, IdentificationError
        The tables lack what the question needs, or too few are treated to learn from.
    """
    sample = load_sample(study, tables)
    covariates = covariates_of(sample)
    trials = list(_trials(sample, list(covariates)))
    if not trials:
        raise IdentificationError("no year has enterprises first treated that are seen before and after it.")
    rows = pd.concat(trials, ignore_index=True)
    return learn_policy(rows, [*covariates, BEFORE, GROWTH], level=study.level, seed=study.seed)


def learn_all(
    instruments: Sequence[str], tables: Tables, *, outcome: str = "log_revenue"
) -> dict[str, PolicyValue | None]:
    """Learn for several instruments; None where too few were supported."""
    found: dict[str, PolicyValue | None] = {}
    for name in instruments:
        try:
            found[name] = learn_from_study(Study(instrument=name, outcome=outcome), tables)
        except IdentificationError:
            found[name] = None
    return found


def _trials(sample: pd.DataFrame, covariates: list[str]) -> Iterator[pd.DataFrame]:
    """One frame a year of first treatments."""
    outcome = sample.set_index(["enterprise_id", "year"])["outcome"].unstack("year")  # noqa: PD010  one row a cell
    first = sample.drop_duplicates("enterprise_id").set_index("enterprise_id")
    cohort = first["cohort"].astype("float64")
    for year in sorted(cohort.dropna().astype(int).unique()):
        last = year + YEARS_AFTER
        if not {year - 2, year - 1, last} <= set(outcome.columns):
            continue
        treated = cohort == year
        beside = cohort.isna() | (cohort > last)
        before = outcome[year - 1]
        trial = first.loc[treated | beside, covariates].assign(
            treated=treated,
            change=outcome[last] - before,
            **{BEFORE: before, GROWTH: before - outcome[year - 2]},
        )
        known = trial[np.isfinite(trial.astype("float64")).all(axis=1)]
        # The change that everybody saw in that year is nobody's gain.
        centred = known["change"] - known.loc[~known["treated"], "change"].mean()
        yield known.assign(change=centred).reset_index()
