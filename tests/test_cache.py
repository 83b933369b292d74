"""Kept results: shared where everything is the same, made anew where anything differs."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pandas as pd
import pytest

from sme_research import cache
from sme_research.cache import recall, trim_cache
from sme_research.processes import CACHE_VARIABLE, NOTES_VARIABLE
from sme_research.tables import load_tables

MODULE = "sme_research.prices"
IDS = ["91350199MA0000000X", "91350199MA00000010"]


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(NOTES_VARIABLE, str(tmp_path / "notes.txt"))
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "official_figures.csv").write_text(
        "indicator,as_of,value,unit,perimeter,bound,source\na,2024-04-30,1,家,全省,exact,测试\n", encoding="utf-8"
    )
    return folder


def count(tables) -> tuple[int, bool]:
    return len(tables["official_figures"]), "loans" in tables


class Maker:
    def __init__(self, tables) -> None:
        self.tables, self.times = tables, 0

    def __call__(self) -> tuple[int, bool]:
        self.times += 1
        return count(self.tables)


def ask(data: Path, question="q") -> tuple[object, int]:
    maker = Maker(load_tables(data))
    return recall("test", {"question": question}, maker.tables, maker, module=MODULE), maker.times


def test_the_second_asking_makes_nothing_and_knows_what_was_read(data):
    assert ask(data) == ((1, False), 1)
    tables = load_tables(data)
    assert recall("test", {"question": "q"}, tables, Maker(tables), module=MODULE) == (1, False)
    assert tables.used == ("official_figures",)
    assert (tables.n_rows("official_figures"), tables.missed) == (1, ("loans",))


def test_a_result_depends_on_what_it_was_made_from_not_on_what_was_read_before(data):
    tables = load_tables(data)
    (data / "loans.csv").write_text("loan_id,enterprise_id,drawn_on,amount,rate\nL1,E1,2024-01-01,1,3\n")
    tables = load_tables(data)
    assert len(tables["loans"]) == 1
    recall("test", {"question": "apart"}, tables, lambda: len(tables["official_figures"]), module=MODULE)
    # Both count as read in the end, in the order in which they were.
    assert tables.used == ("loans", "official_figures")
    (data / "loans.csv").unlink()
    later = load_tables(data)
    made = []
    recall("test", {"question": "apart"}, later, lambda: made.append(1) or 2, module=MODULE)
    assert made == []
    assert later.used == ("official_figures",)


def test_a_table_that_another_refers_to_counts_though_both_were_read_before(data):
    (data / "enterprises.csv").write_text(
        "enterprise_id,name,city_code,industry_code\nE1,x,350100,39\n", encoding="utf-8"
    )
    (data / "loans.csv").write_text("loan_id,enterprise_id,drawn_on,amount,rate\nL1,E1,2024-01-01,1,3\n")
    tables = load_tables(data)
    assert len(tables["loans"]) == 1
    with tables.reading_apart():
        assert len(tables["loans"]) == 1
        assert [path.name for path in tables.files] == ["enterprises.csv"]
        assert tables.used == ("loans",)


def test_another_question_is_made_for_itself(data):
    ask(data)
    assert ask(data, "another")[1] == 1


def test_a_changed_table_makes_it_anew_and_the_old_content_finds_the_old_result(data):
    ask(data)
    path = data / "official_figures.csv"
    before = path.read_text(encoding="utf-8")
    path.write_text(before + "b,2024-04-30,2,家,全省,exact,测试\n", encoding="utf-8")
    assert ask(data) == ((2, False), 1)
    path.write_text(before, encoding="utf-8")
    assert ask(data) == ((1, False), 0)


def test_a_table_that_was_missed_and_is_there_now_makes_it_anew(data):
    ask(data)
    (data / "loans.csv").write_text("loan_id\n", encoding="utf-8")
    assert ask(data) == ((1, True), 1)


def test_changed_code_or_environment_makes_it_anew(data, monkeypatch):
    ask(data)
    monkeypatch.setattr(cache, "packages_digest", lambda: "another environment")
    assert ask(data)[1] == 1
    assert recall("test", {"question": "q"}, load_tables(data), lambda: 7, module="sme_research.study") == 7


@pytest.mark.parametrize("harm", ["flip", "cut", "empty"])
def test_a_damaged_entry_is_made_anew_and_reported(data, tmp_path, harm):
    ask(data)
    (path,) = (tmp_path / "cache").rglob("*.result")
    content = bytearray(path.read_bytes())
    if harm == "flip":
        content[len(content) // 2] ^= 1
    path.write_bytes({"flip": bytes(content), "cut": bytes(content[:-9]), "empty": b""}[harm])
    assert ask(data) == ((1, False), 1)
    assert "was damaged and is made anew" in (tmp_path / "notes.txt").read_text()
    assert ask(data) == ((1, False), 0)


def test_a_damaged_list_of_what_was_read_is_reported_too(data, tmp_path):
    ask(data)
    (path,) = (tmp_path / "cache").rglob("reading.json")
    path.write_text("{", encoding="utf-8")
    assert ask(data) == ((1, False), 1)
    assert "damaged" in (tmp_path / "notes.txt").read_text()


def test_a_result_that_would_come_back_changed_is_refused(data):
    with pytest.raises(TypeError, match="cannot be written"):
        recall("test", {"question": "odd"}, load_tables(data), object, module=MODULE)


def test_a_folder_that_cannot_be_written_costs_the_keeping_not_the_result(data, tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "_write", full)
    assert ask(data) == ((1, False), 1)
    assert "could not be kept (No space left on device)" in (tmp_path / "notes.txt").read_text()


def test_nothing_is_kept_without_a_folder_or_for_frames(data, monkeypatch, tmp_path):
    frames = {"accounts": pd.DataFrame()}
    assert recall("test", {}, frames, lambda: 1, module=MODULE) == 1
    monkeypatch.delenv(CACHE_VARIABLE)
    assert [ask(data)[1], ask(data)[1]] == [1, 1]
    assert not (tmp_path / "cache").exists()


def slowly(folder: str, log: str) -> None:
    tables = load_tables(folder)

    def make() -> tuple[int, bool]:
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(1)
        return count(tables)

    assert recall("test", {"question": "both"}, tables, make, module=MODULE) == (1, False)


def test_two_that_ask_at_once_make_it_once(data, tmp_path):
    context = multiprocessing.get_context("spawn")
    log = str(tmp_path / "made.txt")
    asking = [context.Process(target=slowly, args=(str(data), log)) for _ in range(2)]
    for process in asking:
        process.start()
    for process in asking:
        process.join(60)
    assert [process.exitcode for process in asking] == [0, 0]
    assert len(Path(log).read_text().split()) == 1


def test_trimming_removes_what_was_not_used_for_longest(data, tmp_path):
    for question in "abc":
        ask(data, question)
    entries = sorted((tmp_path / "cache").rglob("*.result"), key=lambda path: path.stat().st_mtime_ns)
    for age, path in enumerate(reversed(entries)):
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    size = entries[0].stat().st_size
    assert trim_cache(tmp_path / "cache", most_bytes=2 * size + 10) == 1
    assert not entries[0].exists()
    assert entries[1].exists()
    assert entries[2].exists()
