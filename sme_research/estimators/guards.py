"""What must hold of a sample before any estimator sees it.

The libraries behind the estimators accept frames that break these rules and
return a number all the same.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from sme_research.errors import IdentificationError, StudyError
from sme_research.results import COVARIATE_PREFIX

MIN_TREATED: Final = 10
"""Fewer treated enterprises than this carry no interval: its normal approximation means nothing."""
MIN_COMPARISON: Final = 10
MIN_TREATED_CLUSTERS: Final = 2

REQUIRED: Final = ("enterprise_id", "year", "cohort", "outcome")


def guard_shape(sample: pd.DataFrame) -> None:
    """Columns, duplicates and constancy; StudyError names the first offender."""
    missing = [name for name in REQUIRED if name not in sample]
    if missing:
        raise StudyError(f"sample lacks the column {missing[0]!r}; it must have {', '.join(REQUIRED)}.")
    if sample["enterprise_id"].isna().any() or sample["year"].isna().any():
        raise StudyError("sample has rows without enterprise_id or year; drop or complete them.")
    twice = sample.duplicated(["enterprise_id", "year"])
    if twice.any():
        row = sample[twice].iloc[0]
        raise StudyError(f"enterprise {row['enterprise_id']} stands twice in the year {row['year']}; keep one row.")
    for column in ("cohort", *(["cluster_id"] if "cluster_id" in sample else [])):
        values = sample[["enterprise_id", column]].drop_duplicates()["enterprise_id"]
        if values.duplicated().any():
            most = values.value_counts(sort=False).sort_index().idxmax()
            raise StudyError(f"enterprise {most} changes its {column} over the years; it must be fixed.")
    numbers = ["outcome", *(name for name in sample if str(name).startswith(COVARIATE_PREFIX))]
    bad = [name for name in numbers if not np.isfinite(sample[name].astype("float64")).all()]
    if bad:
        raise StudyError(f"sample has missing or infinite values in {bad[0]}; drop those rows first.")


def keep_comparable_years(sample: pd.DataFrame, anticipation: int = 0) -> pd.DataFrame:
    """The years in which enough enterprises are not yet treated, nor about to be, to compare with.

    Where nearly everybody is treated in the end, the last years rest on a
    handful of enterprises whose luck would be taken for precision.
    """
    untreated = sample[sample["cohort"].isna() | (sample["cohort"] > sample["year"] + anticipation)]
    left = untreated["year"].value_counts()
    enough = left.index[left >= MIN_COMPARISON]
    return sample if enough.empty else sample[sample["year"] <= enough.max()]


def guard_anticipation(anticipation: int) -> None:
    """Whole years, none or more; StudyError otherwise."""
    if isinstance(anticipation, bool) or not isinstance(anticipation, int) or anticipation < 0:
        raise StudyError(f"anticipation is {anticipation!r}, must be a whole number of years, 0 or more.")


def guard_comparison(sample: pd.DataFrame, comparison: str, anticipation: int = 0) -> None:
    """Somebody to compare with when the first are treated, by the kind of comparison asked for."""
    last = sample["year"].max()
    cohort = sample.drop_duplicates("enterprise_id")["cohort"]
    never = int((cohort.isna() | (cohort > last)).sum())
    not_yet = int((cohort.isna() | (cohort > cohort.min() + anticipation)).sum())
    left, words = (never, "never treated") if comparison == "never_treated" else (not_yet, "not yet treated")
    if left < MIN_COMPARISON:
        raise IdentificationError(
            f"only {left} enterprise(s) were {words} when the first were treated; {MIN_COMPARISON} are needed to "
            "compare with."
        )


def guard_treated(sample: pd.DataFrame, anticipation: int = 0) -> None:
    """Enough treated with a year before and after, in more than one cluster."""
    treated = usable_treated(sample, anticipation)
    if treated < MIN_TREATED:
        raise IdentificationError(
            f"only {treated} treated enterprise(s) are seen before and after treatment, {MIN_TREATED} are needed for "
            "an interval that means anything; add years or enterprises."
        )
    if "cluster_id" in sample:
        inside = sample["cohort"] <= sample["year"].max()
        clusters = sample.loc[inside, "cluster_id"].nunique()
        if clusters < MIN_TREATED_CLUSTERS:
            raise IdentificationError(
                f"only {clusters} cluster is treated; with fewer than {MIN_TREATED_CLUSTERS} its own luck cannot be "
                "told from an effect."
            )


def usable_treated(sample: pd.DataFrame, anticipation: int = 0) -> int:
    """Number of treated enterprises with the outcome both in their base year and after treatment.

    The base year is the last one before treatment, or before its anticipation.
    """
    event_time = sample["year"] - sample["cohort"]
    base = sample.loc[event_time == -1 - anticipation, "enterprise_id"].unique()
    after = pd.Series(sample.loc[event_time >= 0, "enterprise_id"].unique())
    return int(after.isin(base).sum())
