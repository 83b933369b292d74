"""Whether reports pile up on the favourable side of a threshold (Cattaneo, Jansson and Ma 2020)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from diff_diff import RDDensityTest
from numpy.typing import NDArray

from sme_research.errors import IdentificationError
from sme_research.estimators.regression_discontinuity import guard_sides
from sme_research.results import ThresholdDensity

BINS_EACH_SIDE: Final = 20


def estimate_density_jump(
    values: pd.Series[float], *, name: str, label: Mapping[str, str], threshold: float, unit: str
) -> ThresholdDensity:
    """Test that the density of a reported figure does not jump at a threshold.

    The density on each side is that of a local polynomial fitted to the
    distribution function; the test corrects for its bias. A jump says that
    figures are chosen with the rule in mind; none says only that this test
    found none. Reports that are moved from just below to just above also hollow
    out the near side, so the bins are part of the answer.

    Parameters
    ----------
    values : Series
        One reported figure an enterprise, in ``unit``; missing ones are left out.
    name, label : str, mapping
        Key of the figure, and its label by language.
    threshold : float
        In ``unit``; a value equal to it is above.
    unit : str
        Unit of the figure.

    Returns
    -------
    ThresholdDensity
        ``n_below`` and ``n_above`` count all reports. Bins are of equal width,
        with the threshold on an edge and up to 20 on each side within the wider
        bandwidth of the test; an enterprise on an edge counts to the bin above.

    Raises
    ------
    IdentificationError
        A side has too few reports, or too few distinct ones.

    References
    ----------
    Cattaneo, Jansson and Ma (2020), Journal of the American Statistical Association 115(531).
    """
    known = values.astype("float64")
    known = known[np.isfinite(known)]
    guard_sides(known, threshold)
    test = RDDensityTest(cutoff=threshold)
    with warnings.catch_warnings():
        # Repeated figures are adjusted for; a bandwidth wider than a side takes the whole side.
        warnings.filterwarnings("ignore", message="Repeated running-variable values|Bandwidth h_")
        try:
            result = test.fit(pd.DataFrame({"value": known.sort_values()}), "value")
        except (ValueError, np.linalg.LinAlgError) as error:
            raise IdentificationError(
                f"the density of {name} cannot be compared at {threshold:g}: {error}"
            ) from error
    if not np.isfinite(result.t_stat):
        raise IdentificationError(
            f"the density of {name} has no standard error at {threshold:g}: too few lie near it."
        )
    return ThresholdDensity(
        name=name,
        label=label,
        threshold=threshold,
        unit=unit,
        statistic=float(result.t_stat),
        p_value=float(result.p_value),
        n_below=int((known < threshold).sum()),
        n_above=int((known >= threshold).sum()),
        bins=_count_bins(np.asarray(known, dtype=np.float64), threshold, max(result.h_left, result.h_right)),
    )


def _count_bins(values: NDArray[np.float64], threshold: float, window: float) -> tuple[Mapping[str, float], ...]:
    """Reports by bin within the window, as far as there are any."""
    width = window / BINS_EACH_SIDE
    inside = values[np.abs(values - threshold) < window]
    # By side first, so that rounding cannot carry a report over the threshold.
    place = np.floor((inside - threshold) / width).astype(int)
    place = np.where(inside < threshold, np.minimum(place, -1), np.maximum(place, 0))
    return tuple(
        {
            "from": threshold + at * width,
            "to": threshold + (at + 1) * width,
            "count": float((place == at).sum()),
        }
        for at in range(place.min(), place.max() + 1)
    )
