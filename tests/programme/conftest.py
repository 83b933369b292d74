"""One small province and its monitoring, made once for all tests of them."""

import pytest

from sme_research.programme.monitor import monitor_programme
from sme_research.synthetic import WorldSpec, make_province
from sme_research.tables import tables_from_frames


@pytest.fixture(scope="session")
def monitored_tables():
    return tables_from_frames(make_province(WorldSpec(n_enterprises=600)).tables, made_up=True)


@pytest.fixture(scope="session")
def monitored(monitored_tables):
    return monitor_programme(monitored_tables, n_months=13)


@pytest.fixture(scope="session")
def monitored_in_public(monitored_tables):
    return monitor_programme(monitored_tables, n_months=13, edition="public")
