"""The form of the diagnosis: written, filled in, read back, and refused cell by cell."""

from __future__ import annotations

import json
import math
import zipfile
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from diagnosis_cases import LITTLE_GIANT, rules, with_values
from openpyxl import load_workbook

from sme_research.cli import cli
from sme_research.errors import DataError, StudyError
from sme_research.programme.diagnosis import find_changes, read_form, write_form
from sme_research.rules import METRICS


def fill(path: Path, answers: dict[str, object]) -> None:
    """Write answers beside their keys, as a person would."""
    book = load_workbook(path)
    for sheet in book.worksheets:
        for row in range(4, sheet.max_row + 1):
            key = sheet.cell(row, 1).value
            if key in answers:
                sheet.cell(row, 3).value = answers[key]
    book.save(path)


def as_written(name: str, value: float) -> object:
    metric = METRICS[name]
    if metric.kind == "boolean":
        return "是" if value else "否"
    return value * 100 if metric.unit == "fraction" else value


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    path = tmp_path / "form.xlsx"
    write_form(path, "zh")
    return path


def test_a_blank_form_asks_every_metric_of_an_enterprise_once_in_four_sheets(blank):
    book = load_workbook(blank)
    assert book.sheetnames == ["基本信息", "经济效益", "创新能力", "经营管理"]
    keys = [sheet.cell(row, 1).value for sheet in book.worksheets for row in range(4, sheet.max_row + 1)]
    assert len(keys) == len(set(keys))
    assert {name for name in METRICS if not name.startswith("cluster_")} <= set(keys)
    assert all(sheet.data_validations.dataValidation for sheet in book.worksheets)


def test_a_blank_form_read_back_knows_nothing(blank):
    answers = read_form(blank)
    assert all(math.isnan(value) for value in answers.values.values())
    assert answers.on is None


def test_what_is_filled_in_comes_back_in_the_metrics_units(blank):
    fill(blank, {name: as_written(name, value) for name, value in LITTLE_GIANT.items()})
    fill(blank, {"on": "2025-06-30", "industry_code": "3562", "employees": 120})
    answers = read_form(blank)
    for name, value in LITTLE_GIANT.items():
        assert answers.values[name] == pytest.approx(value), name
    assert (answers.on, answers.industry_code, answers.employees) == (date(2025, 6, 30), "3562", 120)
    assert find_changes(answers.values, rules("little_giant")).paths[0].items == ()


def test_what_follows_by_arithmetic_is_filled_in_where_left_blank(blank):
    fill(blank, {"rd_expense": 150, "rd_expense_previous": 90, "revenue": 5000})
    values = read_form(blank).values
    assert values["rd_ratio"] == pytest.approx(0.03)
    assert (values["rd_expense_sum_2y"], values["rd_expense_mean_2y"]) == (240, 120)


def test_every_bad_cell_is_named_with_sheet_row_value_rule_and_remedy(blank):
    fill(
        blank,
        {"own_brand": "maybe", "market_share": 140, "revenue": "a lot", "class_1": 1.5, "industry_code": "9999"},
    )
    with pytest.raises(DataError) as refused:
        read_form(blank)
    lines = str(refused.value).splitlines()
    assert len(lines) == 5
    assert all(line.startswith("form.xlsx, sheet ") and ", row " in line for line in lines)
    told = {name: next(line for line in lines if name in line) for name in ("maybe", "140", "a lot", "1.5", "9999")}
    assert "是 or 否" in told["maybe"]
    assert "sheet 经营管理" in told["maybe"]
    assert "0 to 100" in told["140"]
    assert "a whole number" in told["1.5"]


def test_a_formula_without_a_result_is_refused_and_not_taken_for_blank(blank):
    fill(blank, {"revenue": "=5000+1"})
    with pytest.raises(DataError, match="the answer is a formula without a result"):
        read_form(blank)


@pytest.mark.parametrize("written", ["1_0", "1,5", "0x10", "inf", "1e"])
def test_what_the_tables_take_for_no_number_is_none_in_the_form(blank, written):
    fill(blank, {"revenue": written})
    with pytest.raises(DataError, match="must be a number"):
        read_form(blank)


@pytest.mark.parametrize("written", ["1,234.5", "１２３４．５", " 1234.5 "])
def test_thousands_separators_and_full_width_digits_are_numbers(blank, written):
    fill(blank, {"revenue": written})
    assert read_form(blank).values["revenue"] == 1234.5


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_a_damaged_form_is_no_traceback(blank, kept):
    with zipfile.ZipFile(blank) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    refused = {}
    for damaged in parts:
        with zipfile.ZipFile(blank, "w") as book:
            for name, content in parts.items():
                book.writestr(name, content[: int(kept * len(content))] if name == damaged else content)
        try:
            read_form(blank)
        except DataError as fault:
            refused[damaged] = str(fault)
    assert {"[Content_Types].xml", "xl/workbook.xml"} <= refused.keys() < parts.keys()  # some are not needed
    assert all(blank.name in told for told in refused.values())


def test_a_form_that_unpacks_to_too_much_is_refused(blank):
    with zipfile.ZipFile(blank, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/media/a.bin", bytes(60_000_000))
    with pytest.raises(DataError, match="must be 50,000,000 or less"):
        read_form(blank)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_that_no_table_can_tell_of_is_refused(blank, day):
    fill(blank, {"on": day})
    told = CliRunner().invoke(cli, ["diagnose", "--form", str(blank)])
    assert isinstance(told.exception, StudyError)
    assert str(told.exception).startswith(f"the day asked for is {day}, must lie in the years 1900 to 2100")


def test_a_form_is_never_written_over(blank):
    with pytest.raises(DataError, match="is there already"):
        write_form(blank, "zh")


def test_the_command_writes_a_form_and_diagnoses_it_filled_in(tmp_path):
    path, runner = tmp_path / "f.xlsx", CliRunner()
    assert runner.invoke(cli, ["diagnose", "--blank", str(path), "--lang", "en"]).exit_code == 0
    short = with_values(LITTLE_GIANT, market_share=0.08)
    written = {name: as_written(name, value) for name, value in short.items() if not math.isnan(value)}
    fill(
        path,
        {**written, "on": "2025-06-30"}
        | {name: {"是": "yes", "否": "no"}[v] for name, v in written.items() if v in ("是", "否")},
    )
    told = runner.invoke(cli, ["diagnose", "--form", str(path), "--tier", "little_giant", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    first = next(tier for tier in found["tiers"] if tier["applies"])
    assert first["status"] == "unmet"
    changes = first["paths"][0]["changes"]
    assert [(change["metric"], change["needed"]) for change in changes] == [("market_share", 0.1)]
