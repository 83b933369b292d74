"""Ways in which a folder of canonical CSV tables can be broken, and words that the message must hold.

Each case breaks a folder that holds at least enterprises, accounts, loans and
recognitions as canonical CSV. The table test and the command line test share
this list.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path


@dataclass(frozen=True)
class BrokenInput:
    """One way to break a folder; ``table`` is the one to ask for, ``words`` stand in the message."""

    name: str
    table: str
    damage: Callable[[Path], None]
    words: tuple[str, ...]


def read_rows(folder: Path, table: str) -> list[list[str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def write_rows(folder: Path, table: str, rows: list[list[str]]) -> None:
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def set_cell(table: str, column: str, value: str, row: int = 2) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        rows = read_rows(folder, table)
        rows[row - 1][rows[0].index(column)] = value
        write_rows(folder, table, rows)

    return damage


def rename_column(table: str, column: str, name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        rows = read_rows(folder, table)
        rows[0][rows[0].index(column)] = name
        write_rows(folder, table, rows)

    return damage


def repeat_row(folder: Path) -> None:
    rows = read_rows(folder, "accounts")
    write_rows(folder, "accounts", [*rows[:3], rows[1], *rows[3:]])


def repeat_header(folder: Path) -> None:
    rows = read_rows(folder, "accounts")
    write_rows(folder, "accounts", [[*row, row[rows[0].index("revenue")]] for row in rows])


def drop_cell(folder: Path) -> None:
    rows = read_rows(folder, "accounts")
    rows[4] = rows[4][:-1]
    write_rows(folder, "accounts", rows)


def break_check_character(folder: Path) -> None:
    rows = read_rows(folder, "enterprises")
    place = rows[0].index("enterprise_id")
    code = rows[1][place]
    rows[1][place] = code[:-1] + ("1" if code[-1] == "0" else "0")
    write_rows(folder, "enterprises", rows)


def mix_in_opaque_id(folder: Path) -> None:
    set_cell("enterprises", "enterprise_id", "company-7")(folder)


def recode(encoding: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "enterprises.csv"
        path.write_bytes(path.read_text(encoding="utf-8").encode(encoding, errors="replace"))

    return damage


def put_bytes(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


def break_character(folder: Path) -> None:
    path = folder / "enterprises.csv"
    rows = read_rows(folder, "enterprises")
    place = rows[0].index("name")
    for row in rows[1:]:
        row[place] = "福州市某某制造有限公司"
    write_rows(folder, "enterprises", rows)
    content = path.read_bytes()
    start = content.index("造".encode())
    path.write_bytes(content[: start + 1] + content[start + 2 :])


def keep_header_only(folder: Path) -> None:
    write_rows(folder, "loans", read_rows(folder, "loans")[:1])


def add_second_file(folder: Path) -> None:
    shutil.copy(folder / "loans.csv", folder / "贴息贷款.csv")


def rename_text_to_xlsx(folder: Path) -> None:
    (folder / "loans.csv").rename(folder / "loans.xlsx")


def truncate_parquet(folder: Path) -> None:
    import pandas as pd

    pd.read_csv(folder / "loans.csv").to_parquet(folder / "loans.parquet")
    (folder / "loans.csv").unlink()
    content = (folder / "loans.parquet").read_bytes()
    (folder / "loans.parquet").write_bytes(content[: len(content) // 2])


def open_quotation(folder: Path) -> None:
    rows = (folder / "loans.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "loans.csv").write_text(rows[0] + '"' + "".join(rows[1:]), encoding="utf-8")


TOMORROW = (date.today() + timedelta(days=40)).isoformat()
UNKNOWN_CODE = "91350199MA0000000"

BROKEN_INPUTS = [
    BrokenInput(
        "missing column",
        "accounts",
        rename_column("accounts", "revenue", "revenu"),
        ("accounts.csv", "revenue", "营业收入", "must exist", "Is 'revenu' meant?"),
    ),
    BrokenInput(
        "letters in revenue",
        "accounts",
        set_cell("accounts", "revenue", "12a4"),
        ("accounts.csv, row 2", "revenue is '12a4'", "must be a number"),
    ),
    BrokenInput(
        "negative staff",
        "accounts",
        set_cell("accounts", "employees", "-3", row=4),
        ("accounts.csv, row 4: employees is -3, must be 0 or more. Correct it in the file.",),
    ),
    BrokenInput(
        "half a person",
        "accounts",
        set_cell("accounts", "employees", "12.5"),
        ("accounts.csv, row 2: employees is 12.5, must be a whole number",),
    ),
    BrokenInput(
        "duplicate key",
        "accounts",
        repeat_row,
        ("accounts.csv, rows 2 and 4: enterprise_id, year is ", "must occur once"),
    ),
    BrokenInput(
        "unknown city",
        "enterprises",
        set_cell("enterprises", "city_code", "359900"),
        ("enterprises.csv, row 2: city_code is 359900", "GB/T 2260"),
    ),
    BrokenInput(
        "county as city",
        "enterprises",
        set_cell("enterprises", "city_code", "350582"),
        ("enterprises.csv, row 2: city_code is 350582", "prefecture-level"),
    ),
    BrokenInput(
        "unknown industry",
        "enterprises",
        set_cell("enterprises", "industry_code", "9999"),
        ("enterprises.csv, row 2: industry_code is 9999", "GB/T 4754-2017"),
    ),
    BrokenInput("wrong encoding", "enterprises", recode("utf-16"), ("enterprises.csv", "UTF-16", "UTF-8'")),
    BrokenInput(
        "neither encoding",
        "loans",
        put_bytes("loans.csv", b"loan_id,enterprise_id\n\xff\xff\xff,\x80\n"),
        ("loans.csv", "neither UTF-8 nor GB18030", "CSV UTF-8"),
    ),
    BrokenInput("broken character", "enterprises", break_character, ("enterprises.csv", "line 2", "broken")),
    BrokenInput("empty file", "loans", put_bytes("loans.csv", b""), ("loans.csv", "the file is empty")),
    BrokenInput("header only", "loans", keep_header_only, ("loans.csv", "a header and no row")),
    BrokenInput(
        "future date",
        "loans",
        set_cell("loans", "drawn_on", TOMORROW),
        (f"loans.csv, row 2: drawn_on is {TOMORROW}, must not lie in the future",),
    ),
    BrokenInput(
        "no such day",
        "loans",
        set_cell("loans", "drawn_on", "2024-02-30"),
        ("loans.csv, row 2: drawn_on is 2024-02-30, must be a date like 2024-01-31",),
    ),
    BrokenInput(
        "bad credit code",
        "enterprises",
        break_check_character,
        ("enterprises.csv, row 2: enterprise_id is ", "check character", "GB 32100"),
    ),
    BrokenInput(
        "opaque id among credit codes",
        "enterprises",
        mix_in_opaque_id,
        ("enterprises.csv, row 2: enterprise_id is 'company-7'", "unified social credit code"),
    ),
    BrokenInput(
        "unknown tier",
        "recognitions",
        set_cell("recognitions", "tier", "giant"),
        ("recognitions.csv, row 2: tier is 'giant'", "innovative, srdi, little_giant, champion"),
    ),
    BrokenInput(
        "enterprise not in enterprises",
        "loans",
        set_cell("loans", "enterprise_id", "91350199ABCDEFGH00"),
        ("loans.csv, row 2: enterprise_id is '91350199ABCDEFGH00', must be in ", "enterprises.csv"),
    ),
    BrokenInput(
        "rate as 229 instead of 2.29",
        "loans",
        set_cell("loans", "rate", "229"),
        ("loans.csv, row 2: rate is 229, must be 36 % or less", "percent"),
    ),
    BrokenInput(
        "blank id",
        "loans",
        set_cell("loans", "loan_id", " "),
        ("loans.csv, row 2: loan_id is blank, must be filled in",),
    ),
    BrokenInput("two files for one table", "loans", add_second_file, ("loans.csv", "贴息贷款.csv")),
    BrokenInput("no such folder", "loans", shutil.rmtree, ("there is no folder",)),
    BrokenInput("not really an xlsx file", "loans", rename_text_to_xlsx, ("loans.xlsx", "not a readable XLSX")),
    BrokenInput("truncated parquet", "loans", truncate_parquet, ("loans.parquet", "not a readable Parquet")),
    BrokenInput("duplicated header", "accounts", repeat_header, ("accounts.csv", "revenue must occur once")),
    BrokenInput(
        "row with a missing cell",
        "accounts",
        drop_cell,
        ("accounts.csv, row 5: the row has ", "like the header"),
    ),
    BrokenInput("quotation mark left open", "loans", open_quotation, ("loans.csv", "quotation mark")),
    BrokenInput(
        "spreadsheet error",
        "accounts",
        set_cell("accounts", "revenue", "#DIV/0!"),
        ("accounts.csv, row 2: revenue is '#DIV/0!', must be a number",),
    ),
]
