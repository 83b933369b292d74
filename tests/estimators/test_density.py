"""The test of a jump in density against rddensity, planted bunching and smooth figures."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sme_research.errors import IdentificationError
from sme_research.estimators.density import estimate_density_jump

GOLDEN = Path(__file__).parents[1] / "golden"
LABEL = {"zh": "研发强度", "en": "R&D intensity"}


def intensities(seed: int, n: int = 2000) -> pd.Series:
    return pd.Series(np.random.default_rng(seed).lognormal(np.log(0.03), 0.5, n))


def bunched(seed: int) -> pd.Series:
    """Half of the reports between 2.6 % and 3 % are moved to 3 % to 3.3 %."""
    rng = np.random.default_rng(1000 + seed)
    values = intensities(seed)
    moved = (values >= 0.026) & (values < 0.03) & (rng.random(len(values)) < 0.5)
    return values.mask(moved, pd.Series(rng.uniform(0.03, 0.033, len(values))))


def jump(values: pd.Series, threshold: float = 0.03):
    return estimate_density_jump(values, name="rd_intensity", label=LABEL, threshold=threshold, unit="share")


def test_statistic_of_the_senate_is_that_of_rddensity():
    # T = -0.8753, p = 0.3814 as stated for rddensity's defaults; we have no stored output of it to show.
    margins = pd.read_csv(GOLDEN / "senate.csv")["margin"]
    density = jump(margins, threshold=0.0)
    assert density.statistic == pytest.approx(-0.8753, abs=5e-5)
    assert density.p_value == pytest.approx(0.3814, abs=5e-5)
    assert (density.n_below, density.n_above) == (640, 750)


def test_planted_bunching_is_found():
    found = [jump(bunched(seed)) for seed in range(40)]
    assert np.mean([density.p_value < 0.05 and density.statistic > 0 for density in found]) >= 0.9


def test_smooth_reports_are_rarely_suspected():
    # Of 200 draws at a nominal 5 %, more than 20 are suspected with a chance under one in a thousand.
    assert sum(jump(intensities(seed)).p_value < 0.05 for seed in range(200)) <= 20


def test_bins_have_the_threshold_on_an_edge_and_one_width():
    density = jump(bunched(0))
    edges = [row["from"] for row in density.bins] + [density.bins[-1]["to"]]
    assert min(abs(edge - 0.03) for edge in edges) == 0
    assert np.diff(edges) == pytest.approx(np.diff(edges)[0])
    assert 0 < sum(edge < 0.03 for edge in edges) <= 20
    assert 0 < sum(row["from"] >= 0.03 for row in density.bins) <= 20


def test_bins_count_every_report_of_the_window_once():
    values = bunched(0)
    density = jump(values)
    low, high = density.bins[0]["from"], density.bins[-1]["to"]
    below = sum(row["count"] for row in density.bins if row["to"] <= 0.03)
    above = sum(row["count"] for row in density.bins if row["from"] >= 0.03)
    assert below == ((values >= low) & (values < 0.03)).sum()
    assert above == ((values >= 0.03) & (values < high)).sum()


def test_a_report_on_the_threshold_is_above_it():
    values = intensities(1)
    one_more = pd.concat([values, pd.Series([0.03])])
    assert jump(one_more).n_above == jump(values).n_above + 1
    assert jump(one_more).n_below == jump(values).n_below


def test_missing_reports_are_left_out():
    values = intensities(2)
    holes = pd.concat([values, pd.Series([np.nan, np.inf])])
    assert jump(holes) == jump(values)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 100), scale=st.floats(1e-3, 1e4))
def test_unit_and_order_of_the_figure_do_not_matter(seed, scale):
    values = bunched(seed)
    one = jump(values)
    two = jump(scale * values.sample(frac=1, random_state=seed), threshold=scale * 0.03)
    assert two.statistic == pytest.approx(one.statistic, rel=1e-4, abs=1e-6)


def test_rounded_reports_with_few_distinct_values_are_refused():
    with pytest.raises(IdentificationError, match=r"with \d+ distinct values lie below 0.03"):
        jump(intensities(3).round(2))


def test_a_side_without_reports_is_refused():
    values = intensities(4)
    with pytest.raises(IdentificationError, match="0 enterprises with 0 distinct values lie below"):
        jump(values[values >= 0.03])
