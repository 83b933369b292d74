"""One table in every format, encoding and kind of header gives one and the same frame."""

from __future__ import annotations

import contextlib
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sme_research.errors import DataError
from sme_research.tables import TABLES, load_tables, write_tables


def in_english(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    assert set(frame.columns) <= set(TABLES[table].column_names)
    return frame


def in_chinese(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    return frame.rename(columns={column.name: column.label_zh for column in TABLES[table].columns})


def save(frame: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_parquet(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("rename", [in_english, in_chinese])
@pytest.mark.parametrize("table", ["enterprises", "accounts", "loans"])
def test_csv_in_every_encoding_gives_the_same_frame(folder, encoding, rename, table):
    wanted = load_tables(folder)[table]
    frame = rename(pd.read_csv(folder / f"{table}.csv", dtype=str), table)
    frame.to_csv(folder / f"{table}.csv", index=False, encoding=encoding)
    pd.testing.assert_frame_equal(load_tables(folder)[table], wanted)


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
@pytest.mark.parametrize("rename", [in_english, in_chinese])
@pytest.mark.parametrize("table", ["enterprises", "accounts", "loans"])
def test_typed_files_give_the_same_frame_as_csv(folder, frames, suffix, rename, table):
    wanted = load_tables(folder)[table]
    (folder / f"{table}.csv").unlink()
    save(rename(frames[table], table), folder / f"{TABLES[table].label_zh}{suffix}")
    pd.testing.assert_frame_equal(load_tables(folder)[table], wanted)


def test_frames_have_all_declared_columns_in_canonical_types(folder):
    accounts = load_tables(folder)["accounts"]
    assert list(accounts.columns) == TABLES["accounts"].column_names
    assert accounts["revenue"].dtype == "float64"
    assert accounts["year"].dtype == "int64"
    assert accounts["employees"].dtype == "Int64"
    assert accounts["above_scale"].dtype == "boolean"
    assert accounts["loan_balance"].isna().all()
    enterprises = load_tables(folder)["enterprises"]
    assert isinstance(enterprises["city_code"].dtype, pd.StringDtype)
    assert enterprises["founded_on"].dtype.kind == "M"


def write_text(folder: Path, table: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{table}.csv").write_text(text, encoding="utf-8")


def accounts_with(cell: str) -> str:
    return f'enterprise_id,year,revenue,employees\na1,2023,"{cell}",5\n'


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1,234.5", 1234.5),
        ("１２３４．５", 1234.5),
        (" 7 ", 7.0),
        ("+7", 7.0),
        ("1e3", 1000.0),
        ("12.", 12.0),
    ],
)
def test_thousands_separators_and_full_width_digits_are_numbers(tmp_path, cell, value):
    write_text(tmp_path, "accounts", accounts_with(cell))
    assert load_tables(tmp_path)["accounts"]["revenue"].item() == value


@pytest.mark.parametrize("cell", ["1,23.5", "12,3456", "NaN", "inf", "-", "约100", "1.2.3", "0x10", "1 000", "N/A"])
def test_anything_else_is_no_number(tmp_path, cell):
    write_text(tmp_path, "accounts", accounts_with(cell))
    with pytest.raises(DataError, match="must be a number") as refusal:
        load_tables(tmp_path)["accounts"]
    assert f"revenue is '{cell}'" in str(refusal.value) or f"revenue is {cell}," in str(refusal.value)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1", True), ("是", True), ("TRUE", True), ("true", True), ("0", False), ("否", False)],
)
def test_above_scale_is_understood_in_both_languages(tmp_path, cell, value):
    write_text(tmp_path, "accounts", f"enterprise_id,year,revenue,employees,规上\na1,2023,1,5,{cell}\n")
    assert load_tables(tmp_path)["accounts"]["above_scale"].item() == value


@pytest.mark.parametrize(
    "cell", ["2024-01-05", "2024/1/5", "2024-1-5", "2024-01-05 13:30:00", "2024-01-05T00:00:00.0"]
)
def test_dates_are_read_year_first(tmp_path, cell):
    write_text(tmp_path, "loans", f"loan_id,enterprise_id,drawn_on,amount,rate\nL1,a1,{cell},5,2\n")
    assert load_tables(tmp_path)["loans"]["drawn_on"].item() == pd.Timestamp("2024-01-05")


@pytest.mark.parametrize("cell", ["05/01/2024", "2024-13-01", "45296", "2024", "2024年1月5日"])
def test_anything_else_is_no_date(tmp_path, cell):
    write_text(tmp_path, "loans", f"loan_id,enterprise_id,drawn_on,amount,rate\nL1,a1,{cell},5,2\n")
    with pytest.raises(DataError, match="must be a date like"):
        load_tables(tmp_path)["loans"]


def test_headers_may_carry_spaces_full_width_letters_and_the_declared_unit(tmp_path):
    write_text(tmp_path, "accounts", "统一社会信用代码, 年份 ,营业收入（万元）,ＥＭＰＬＯＹＥＥＳ\na1,2023,5,7\n")
    accounts = load_tables(tmp_path)["accounts"]
    assert accounts[["revenue", "employees"]].iloc[0].tolist() == [5.0, 7]


def test_a_label_with_another_unit_is_not_taken_for_the_column(tmp_path):
    write_text(tmp_path, "accounts", "enterprise_id,year,营业收入（元）,employees\na1,2023,50000,7\n")
    with pytest.raises(DataError, match="营业收入（元）"):
        load_tables(tmp_path)["accounts"]


def test_unknown_columns_are_left_out_and_noted(tmp_path):
    write_text(tmp_path, "accounts", "enterprise_id,year,revenue,employees,备注\na1,2023,5,7,x\n")
    tables = load_tables(tmp_path)
    assert "备注" not in tables["accounts"].columns
    assert any("'备注' is not declared" in note for note in tables.notes)


def test_blank_rows_are_skipped_and_rows_keep_their_numbers(tmp_path):
    text = "enterprise_id,year,revenue,employees\na1,2023,5,7\n\n,,,\na2,2023,x,7\n"
    write_text(tmp_path, "accounts", text)
    with pytest.raises(DataError, match="row 5: revenue is 'x'"):
        load_tables(tmp_path)["accounts"]


def test_cells_may_hold_commas_quotes_and_line_breaks(tmp_path):
    rows = 'L1,a1,2024-01-05,5,2,"a, ""b""\nc"\nL2,a1,2024-01-05,5,z,d\n'
    write_text(tmp_path, "loans", f"loan_id,enterprise_id,drawn_on,amount,rate,bank\n{rows}")
    tables = load_tables(tmp_path)
    (fault,) = tables.faults()
    assert fault.row == 3


def test_the_sheet_named_like_the_table_is_read_and_the_others_are_noted(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["说明"])
    sheet = book.create_sheet("贴息贷款")
    sheet.append(["loan_id", "enterprise_id", "drawn_on", "amount", "rate"])
    sheet.append(["L1", "a1", datetime(2024, 1, 5), 500, 2.29])
    sheet.append(["L2", "a1", date(2024, 1, 6), 500.5, "2.29"])
    book.save(tmp_path / "loans.xlsx")
    tables = load_tables(tmp_path)
    assert tables["loans"]["drawn_on"].dt.day.tolist() == [5, 6]
    assert tables["loans"]["rate"].tolist() == [2.29, 2.29]
    assert any("other sheets were not" in note for note in tables.notes)


def test_a_wrong_cell_of_a_workbook_is_named_by_the_row_on_the_screen(tmp_path):
    book = openpyxl.Workbook()
    for line in (
        ["loan_id", "enterprise_id", "drawn_on", "amount", "rate"],
        [],
        ["L1", "a1", 45296, 500, 2.29],
    ):
        book.active.append(line)
    book.save(tmp_path / "loans.xlsx")
    (fault,) = load_tables(tmp_path).faults()
    assert (fault.row, fault.column, fault.value) == (3, "drawn_on", "45296")


def test_rows_of_parquet_files_count_from_one(tmp_path, frames):
    loans = frames["loans"].assign(rate=[2.29, 229.0, 2.0])
    loans.to_parquet(tmp_path / "loans.parquet")
    (fault,) = load_tables(tmp_path).faults()
    assert (fault.row, fault.value) == (2, "229")


def test_codes_stored_as_numbers_are_read_as_text(tmp_path, frames):
    frame = frames["enterprises"].assign(city_code=350100, industry_code=39.0)
    frame.to_parquet(tmp_path / "enterprises.parquet")
    enterprises = load_tables(tmp_path)["enterprises"]
    assert set(enterprises["city_code"]) == {"350100"}
    assert set(enterprises["industry_code"]) == {"39"}


def test_credit_codes_in_lower_case_or_full_width_become_canonical(tmp_path, frames):
    proper = frames["enterprises"]["enterprise_id"]
    wide = proper.str.lower().map(lambda code: "".join(chr(ord(c) + 0xFEE0) for c in code))
    write_tables({"enterprises": frames["enterprises"].assign(enterprise_id=wide)}, tmp_path)
    assert load_tables(tmp_path)["enterprises"]["enterprise_id"].tolist() == proper.tolist()


def test_an_opaque_id_keeps_its_case(tmp_path):
    write_text(tmp_path, "accounts", "enterprise_id,year,revenue,employees\nabc,2023,5,7\nABC,2023,5,7\n")
    assert load_tables(tmp_path)["accounts"]["enterprise_id"].tolist() == ["abc", "ABC"]


def test_an_old_excel_file_is_noted(tmp_path):
    (tmp_path / "loans.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    assert "Save it as .xlsx" in load_tables(tmp_path).notes[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\nloan_id,enterprise_id\nL1,a1\n", "the first row is blank, must be the header"),
        ("loan_id;enterprise_id\nL1;a1\n", "must be separated by commas"),
        ("  \n \n", "the file is empty"),
        ("loan_id,enterprise_id\nL1,a\x001\n", "line 2 holds a zero byte"),
        ("2023年贷款,,\nloan_id,enterprise_id,drawn_on\n", "the first row names no column of table 'loans'"),
    ],
)
def test_a_file_without_a_usable_header_is_refused(tmp_path, text, words):
    write_text(tmp_path, "loans", text)
    with pytest.raises(DataError, match=words):
        load_tables(tmp_path)["loans"]


def test_types_of_parquet_make_no_difference(tmp_path, folder, frames):
    loans = frames["loans"]
    typed = pa.table(
        {
            "loan_id": pa.array(loans["loan_id"].tolist()).dictionary_encode(),
            "enterprise_id": pa.array(loans["enterprise_id"].tolist(), pa.large_string()),
            "phase": pa.array([1, 1, 2], pa.int8()),
            "bank": pa.array(loans["bank"].tolist()),
            "drawn_on": pa.array(loans["drawn_on"].dt.date.tolist(), pa.date32()),
            "amount": pa.array([Decimal("1278.0"), Decimal("500.5"), Decimal("2000.0")]),
            "rate": pa.array(["2.29", "2.45", "1.78"]),
            "term_days": pa.array([360.0, 180.0, 365.0], pa.float32()),
        }
    )
    pq.write_table(typed, tmp_path / "loans.parquet")
    pd.testing.assert_frame_equal(load_tables(tmp_path)["loans"], load_tables(folder)["loans"])


HEADER = b"loan_id,enterprise_id,drawn_on,amount,rate\n"
lines_of_text = st.lists(st.text('L1a,"\n\r\t .;5-/\x00福企', max_size=30), max_size=6).map(
    lambda lines: HEADER + "\n".join(lines).encode()
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    content=st.binary(max_size=200) | lines_of_text | st.binary(max_size=100).map(lambda tail: HEADER + tail),
    suffix=st.sampled_from([".csv", ".xlsx", ".parquet"]),
)
@example(content=HEADER + b'L1,a1,2024-01-05,5,"2', suffix=".csv")
@example(content=HEADER.replace(b"\n", b"\r"), suffix=".csv")
@example(content=b"PAR1PAR1", suffix=".parquet")
def test_whatever_a_file_holds_the_answer_is_a_frame_or_a_data_error(tmp_path, content, suffix):
    path = tmp_path / f"loans{suffix}"
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        assert len(load_tables(tmp_path)["loans"]) > 0
    path.unlink()


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "\n", "\n\n\n"])
def test_line_endings_make_no_difference(tmp_path, folder, ending, last):
    text = (folder / "enterprises.csv").read_text(encoding="utf-8").rstrip("\n") + last
    (tmp_path / "enterprises.csv").write_bytes(text.replace("\n", ending).encode())
    pd.testing.assert_frame_equal(load_tables(tmp_path)["enterprises"], load_tables(folder)["enterprises"])


def workbook_of_loans() -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.active.append(["loan_id", "enterprise_id", "drawn_on", "amount", "rate"])
    book.active.append(["L1", "a1", "2024-01-05", 500, 2.29])
    return book


def test_a_stray_cell_at_the_far_end_of_a_sheet_is_noted_and_costs_no_memory(tmp_path):
    book = workbook_of_loans()
    book.active.cell(50_000, 16_384, "x")
    book.save(tmp_path / "loans.xlsx")
    tables = load_tables(tmp_path)
    assert len(tables["loans"]) == 1
    assert any("cells without a header, right of the table in 1 row(s)" in note for note in tables.notes)


def test_a_sheet_too_large_to_read_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sme_research.tables.reading.MOST_CELLS", 9)
    workbook_of_loans().save(tmp_path / "loans.xlsx")
    with pytest.raises(DataError, match="2 rows and 5 columns, more than can be read"):
        load_tables(tmp_path)["loans"]


def test_a_sheet_of_charts_without_drawings_is_no_traceback(tmp_path):
    book = workbook_of_loans()
    book.create_chartsheet("chart")
    book.save(tmp_path / "loans.xlsx")
    with pytest.raises(DataError, match="not a readable XLSX workbook"):
        load_tables(tmp_path)["loans"]


def test_a_damaged_sheet_inside_a_workbook_is_refused(tmp_path, frames):
    frames["loans"].to_excel(tmp_path / "whole.xlsx", index=False)
    with (
        zipfile.ZipFile(tmp_path / "whole.xlsx") as whole,
        zipfile.ZipFile(tmp_path / "loans.xlsx", "w") as damaged,
    ):
        for name in whole.namelist():
            content = whole.read(name)
            damaged.writestr(name, content[: len(content) // 2] if "sheet1.xml" in name else content)
    with pytest.raises(DataError, match="not a readable XLSX workbook"):
        load_tables(tmp_path)["loans"]


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("employees", pa.array([True, False])),
        ("revenue", pa.array([True, False])),
        ("employees", pa.array([1, 2], pa.timestamp("s"))),
    ],
)
def test_a_truth_value_or_a_moment_is_no_number(tmp_path, column, cells):
    columns = {
        "enterprise_id": pa.array(["a", "b"]),
        "year": pa.array([2020, 2020]),
        "revenue": pa.array([1.0, 2.0]),
        "employees": pa.array([1, 2]),
    }
    pq.write_table(pa.table({**columns, column: cells}), tmp_path / "accounts.parquet")
    assert {fault.column for fault in load_tables(tmp_path).faults()} == {column}


def test_a_spreadsheets_serial_number_is_no_date(tmp_path):
    titles = {"enterprise_id": ["a"], "tier": ["srdi"], "granted_on": ["2020-01-01"]}
    table = pa.table({**titles, "expires_on": pa.array([45292], pa.int32())})
    pq.write_table(table, tmp_path / "recognitions.parquet")
    assert {fault.column for fault in load_tables(tmp_path).faults()} == {"expires_on"}


def test_views_of_text_are_text(tmp_path):
    table = pa.table({"session_id": ["s"], "enterprise_id": pa.array(["a"], pa.string_view())})
    table = table.append_column("held_on", pa.array(["2020-01-01"])).append_column("participants", pa.array([1]))
    pq.write_table(table, tmp_path / "training.parquet")
    assert load_tables(tmp_path)["training"]["enterprise_id"].tolist() == ["a"]


def test_a_fault_shows_a_value_that_fits_a_line_of_a_terminal(tmp_path):
    rows = f"enterprise_id,year,revenue,employees\na,2020,{'x' * 5_000}\x1b[31m,3\n"
    (tmp_path / "accounts.csv").write_text(rows)
    (fault,) = load_tables(tmp_path).faults()
    assert len(str(fault)) < 300
    assert str(fault).isprintable()
