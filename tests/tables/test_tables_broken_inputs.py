"""Every broken input gives one message that names the place, the value, the rule and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from broken_inputs import BROKEN_INPUTS, BrokenInput

from sme_research.errors import DataError
from sme_research.tables import check_folder, describe_faults, load_tables


@pytest.mark.parametrize("case", BROKEN_INPUTS, ids=lambda case: case.name)
def test_a_broken_input_is_refused_with_a_message_that_helps(folder: Path, case: BrokenInput):
    case.damage(folder)
    with pytest.raises(DataError) as refusal:
        load_tables(folder)[case.table]
    for words in case.words:
        assert words in str(refusal.value)
    assert "Traceback" not in str(refusal.value)


@pytest.mark.parametrize(
    "case", [case for case in BROKEN_INPUTS if case.name != "no such folder"], ids=lambda case: case.name
)
def test_checking_the_folder_lists_the_same_fault(folder: Path, case: BrokenInput):
    assert check_folder(folder) == []
    case.damage(folder)
    said = "\n".join(describe_faults(check_folder(folder)))
    for words in case.words:
        assert words in said


def test_an_empty_folder_is_a_fault(tmp_path: Path):
    (fault,) = check_folder(tmp_path)
    assert "holds no table" in str(fault)
