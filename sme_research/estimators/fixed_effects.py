"""Two-way fixed effects: what older papers report, shown as a contrast and never as the estimate.

Under staggered adoption it compares the treated with enterprises treated
earlier and may carry the wrong sign (Goodman-Bacon 2021).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence

import pandas as pd

from sme_research.results import Coefficient


def estimate_fixed_effects(
    panel: pd.DataFrame, *, outcome: str, regressors: Sequence[str], unit: str
) -> tuple[Coefficient, ...]:
    """Coefficients of a regression with enterprise and year effects.

    Parameters
    ----------
    panel : DataFrame, one row an enterprise and year
        Columns ``enterprise_id``, ``year``, the outcome and the regressors;
        rows with a missing value are left out.
    outcome, regressors : str, sequence of str
        Names of columns.
    unit : str
        Unit of the outcome.

    Returns
    -------
    tuple of Coefficient
        In the order of ``regressors``.

    References
    ----------
    Goodman-Bacon (2021), Journal of Econometrics 225(2).
    """
    columns = ["enterprise_id", "year", outcome, *regressors]
    rows = panel[columns].dropna()
    formula = f"{outcome} ~ {' + '.join(regressors)} | enterprise_id + year"
    plain, clustered = _fit(formula, rows, "iid"), _fit(formula, rows, {"CRV1": "enterprise_id"})
    return tuple(
        Coefficient(
            name,
            float(plain.coef()[name]),
            float(plain.se()[name]),
            float(clustered.se()[name]),
            unit,
            len(rows),
        )
        for name in regressors
    )


def _fit(formula: str, rows: pd.DataFrame, vcov: object):  # type: ignore[no-untyped-def]
    """Fit by pyfixest, kept from configuring this process's logging and from its own deprecations.

    Singletons stay: they carry no information, but they count in N as in the literature.
    """
    level = logging.root.level
    handlers = logging.root.handlers[:]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"pyfixest.*")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        import pyfixest  # noqa: PLC0415  imported here, since it costs a second that most reports do not need

        fit = pyfixest.feols(formula, rows, vcov=vcov)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    return fit
