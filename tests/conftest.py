"""What several folders of tests share: a small made-up province, as frames and as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from sme_research.synthetic import Province, WorldSpec, make_province, write_province

SMALL = WorldSpec(n_enterprises=600)


@pytest.fixture(scope="session")
def small_province() -> Province:
    return make_province(SMALL)


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("province") / "demo"
    write_province(SMALL, folder)
    return folder
