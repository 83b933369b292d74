"""Titled against untitled, where the scheme exists against where it does not, after against before.

Where a scheme is open to every holder of a title in some places and to nobody
in another, holders there may grow apart from others for reasons of their own.
The place without the scheme shows by how much holders part from others anyway.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.guards import MIN_COMPARISON, guard_shape
from sme_research.estimators.shaping import Label, fit_quietly, interact_covariates, shape_effect, to_frame
from sme_research.results import Effect

ESTIMATOR: Final = "triple_difference"
COMPARISON: Final = "untitled_and_places_without_scheme"
ESTIMAND: Final = "ITT"
"""Intention to treat: the effect of being able to take part, whoever did."""


def estimate_triple_difference(sample: pd.DataFrame, *, unit: str, level: float = 0.95, seed: int = 0) -> Effect:
    """Effect of the scheme's being there for those who can ask for it, by triple differences.

    How much more titled than untitled enterprises changed in places with the
    scheme, minus the same in places without it. Enterprise effects, and year
    effects of their own for titled and for eligible places, take out all that
    two of the three differences share. On a balanced panel it is the difference
    of means after and before; years after the start weigh the same.

    It needs that, without the scheme, the gap between titled and untitled would
    have moved alike in both kinds of places. Where only one place is without
    the scheme, whatever else happened to titled enterprises there is in the
    estimate and not in its interval.

    Parameters
    ----------
    sample : DataFrame, one row an enterprise and year
        Columns of every sample, and, fixed by enterprise: ``eligible`` (0 or 1:
        the scheme exists in its place), ``titled`` (0 or 1: holds the title that
        makes it a candidate), ``scheme_year`` (year in which the scheme started,
        the same for all; missing where it never did). ``cohort`` is not used:
        who took part is not asked. Years may be missing for some enterprises.
        Covariates ``x_…`` enter times year dummies.
    unit : str
        Unit of ``outcome``; carried to the result.
    level : float
        Coverage of the interval, a fraction.
    seed : int
        Nothing is random here.

    Returns
    -------
    Effect
        Estimand ``ITT``, in ``unit``, clustered by ``cluster_id`` where it is
        there, else by enterprise. ``n_treated`` counts titled enterprises in
        places with the scheme that are seen before and after its start.

    Raises
    ------
    StudyError
        A column lacks, is not 0 or 1, or changes; the scheme has several starts
        or a start where it does not apply.
    IdentificationError
        One of the four groups has fewer than ten enterprises seen before and after.

    References
    ----------
    Olden and Moen (2022), Econometrics Journal 25(3); Ortiz-Villavicencio and
    Sant'Anna (2025), arXiv:2505.09942, on why covariates and staggered starts
    need more than three interactions: here the start is one year.
    """
    del seed
    start = _guard_scheme(sample)
    shown = _as_treated(sample, start)
    _guard_groups(shown, start)
    covariates = interact_covariates(shown)
    columns = shown[["eligible", "titled"]].astype("int64").reset_index(drop=True)
    frame = to_frame(shown).join(columns).join(covariates)
    frame["in_force"] = (frame["eligible"] * frame["titled"] * (frame["year"] >= start)).astype("float64")
    formula = f"outcome ~ {' + '.join(['in_force', *covariates])} | id + year^eligible + year^titled"
    fit = fit_quietly("feols", formula, frame, vcov={"CRV1": "group"}, fixef_rm="none")
    if "in_force" not in fit.coef().index:
        raise IdentificationError(
            "the triple difference is not determined: the four groups are not seen in the same years before and "
            "after the start."
        )
    return shape_effect(
        shown,
        Label(ESTIMATOR, COMPARISON, unit, level, estimand=ESTIMAND),
        estimate=float(fit.coef()["in_force"]),
        std_error=float(fit.se()["in_force"]),
    )


def _guard_scheme(sample: pd.DataFrame) -> int:
    """The year in which the scheme started; StudyError where the columns do not tell one."""
    guard_shape(sample)
    for column in ("eligible", "titled", "scheme_year"):
        if column not in sample:
            raise StudyError(f"sample lacks the column {column!r}; a triple difference needs it.")
        values = sample.groupby("enterprise_id")[column].nunique(dropna=False)
        if (values > 1).any():
            raise StudyError(f"enterprise {values.idxmax()} changes its {column} over the years; it must be fixed.")
    for column in ("eligible", "titled"):
        strange = sample.loc[~sample[column].isin([0, 1]), column]
        if len(strange):
            raise StudyError(f"{column} is {strange.iloc[0]}, must be 0 or 1.")
    astray = sample[sample["eligible"].astype("bool") != sample["scheme_year"].notna()]
    if len(astray):
        raise StudyError(
            f"enterprise {astray['enterprise_id'].iloc[0]} has eligible {astray['eligible'].iloc[0]} and scheme_year "
            f"{astray['scheme_year'].iloc[0]}; the year must be there just where the scheme exists."
        )
    starts = sorted(sample["scheme_year"].dropna().unique())
    if len(starts) != 1:
        raise StudyError(
            f"the scheme starts in {len(starts)} different years, must start in one everywhere it exists."
        )
    return int(starts[0])


def _as_treated(sample: pd.DataFrame, start: int) -> pd.DataFrame:
    """The sample with cohort the start of the scheme for those it is for, so that counts count those."""
    offered = sample["eligible"].astype("bool") & sample["titled"].astype("bool")
    return sample.assign(cohort=np.where(offered, float(start), np.nan))


def _guard_groups(sample: pd.DataFrame, start: int) -> None:
    for eligible in (1, 0):
        for titled in (1, 0):
            rows = sample[(sample["eligible"] == eligible) & (sample["titled"] == titled)]
            before = set(rows.loc[rows["year"] < start, "enterprise_id"])
            after = set(rows.loc[rows["year"] >= start, "enterprise_id"])
            if len(before & after) < MIN_COMPARISON:
                raise IdentificationError(
                    f"only {len(before & after)} enterprise(s) with eligible {eligible} and titled {titled} are seen "
                    f"both before and after {start}; {MIN_COMPARISON} are needed in each of the four groups."
                )
