"""Which enterprises are listed, and since when."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.synthetic import calibration as cal
from sme_research.synthetic.world import WorldSpec, stream
from sme_research.tables import are_in_force

_TITLED_ONLY = "innovative"


def listing_days(enterprises: pd.DataFrame, recognitions: pd.DataFrame, spec: WorldSpec) -> NDArray[np.datetime64]:
    """First day of trading by enterprise, blank for most.

    By the day of the count as many SRDI enterprises are listed as officially
    counted, of those with the title in force; some innovative ones without it too.
    """
    rng = stream(spec.seed, "enterprises: listings")
    day = pd.Timestamp(spec.as_of)
    valid = recognitions[are_in_force(recognitions, day)]
    srdi = valid.loc[valid["tier"] == "srdi", "enterprise_id"].drop_duplicates()
    others = valid.loc[(valid["tier"] == _TITLED_ONLY) & ~valid["enterprise_id"].isin(srdi), "enterprise_id"]
    chosen = [
        _choose(rng, srdi, spec.scaled(cal.N_LISTED_SRDI)),
        _choose(rng, others.drop_duplicates(), spec.scaled(cal.N_LISTED_OTHERS)),
    ]
    at = np.flatnonzero(enterprises["enterprise_id"].isin(np.concatenate(chosen)))
    days = np.full(len(enterprises), np.datetime64("NaT"), dtype="datetime64[s]")
    founded = enterprises["founded_on"].to_numpy().astype("datetime64[D]")[at]
    # Trading begins some years after the founding, and has begun by the day of the count.
    end = np.datetime64(spec.as_of, "D")
    room = np.maximum((end - founded).astype(np.int64) - 1, 0)
    age = np.floor(room * rng.uniform(cal.LISTED_AT_LEAST, 1.0, len(at))).astype("timedelta64[D]")
    days[at] = (founded + age).astype("datetime64[s]")
    return days


def _choose(rng: np.random.Generator, ids: pd.Series[str], n: int) -> NDArray[np.object_]:
    pool = np.sort(ids.to_numpy(dtype=object))
    return np.asarray(rng.choice(pool, min(n, len(pool)), replace=False), dtype=object)
