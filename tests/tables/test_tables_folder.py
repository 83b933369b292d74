"""Folders of tables: what is there, when it is read, where it comes from, and writing it back."""

from __future__ import annotations

import hashlib
import pickle
import string
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sme_research.errors import DataError
from sme_research.tables import (
    TABLES,
    Fault,
    check_folder,
    describe_faults,
    load_tables,
    make_codes,
    summarise_faults,
    tables_from_frames,
    write_tables,
)


def test_a_whole_folder_passes_and_lists_its_tables(folder, frames):
    assert check_folder(folder) == []
    tables = load_tables(folder)
    assert tables.folder == folder
    assert set(tables) == set(tables.names) == set(frames) < set(TABLES)
    assert "official_figures" not in tables


def test_tables_are_read_when_asked_for(folder):
    (folder / "loans.csv").write_text("nonsense", encoding="utf-8")
    tables = load_tables(folder)
    assert len(tables["accounts"]) == 12
    tables["training"], tables["accounts"]
    assert tables.used == ("accounts", "training")
    with pytest.raises(DataError, match=r"loans\.csv"):
        tables["loans"]


def test_changing_a_frame_changes_nothing_in_the_tables(folder):
    tables = load_tables(folder)
    accounts = tables["accounts"]
    accounts.loc[:, "revenue"] = 0.0
    accounts["new"] = 1
    assert tables["accounts"]["revenue"].iloc[0] == 1234.5
    assert "new" not in tables["accounts"]


def test_an_absent_table_is_asked_for_by_its_file_names(folder):
    (folder / "loans.csv").unlink()
    words = r"holds no table 'loans' \(贴息贷款\): put loans\.csv, loans\.xlsx or loans\.parquet there\."
    with pytest.raises(DataError, match=words):
        load_tables(folder)["loans"]
    with pytest.raises(DataError, match=words):
        load_tables(folder, ["accounts", "loans"])
    assert load_tables(folder).get("loans") is None


def test_an_unknown_table_is_refused_with_the_known_names(folder):
    with pytest.raises(DataError, match="'lones' is not known; choose one of accounts, "):
        load_tables(folder)["lones"]


def test_other_tables_may_be_left_out(folder):
    assert set(load_tables(folder, ["accounts"])) == {"accounts"}


def test_without_enterprises_ids_are_checked_as_credit_codes(folder, frames):
    broken = frames["accounts"].assign(enterprise_id=lambda frame: frame["enterprise_id"].str[:-1] + "0")
    write_tables({"accounts": broken}, folder / "other")
    said = describe_faults(check_folder(folder / "other"))
    assert any("check character" in sentence for sentence in said)


def test_opaque_ids_are_fine_where_no_cell_is_a_credit_code(folder, frames):
    renamed = {}
    for name, frame in frames.items():
        if "enterprise_id" in frame:
            renamed[name] = frame.assign(enterprise_id="firm" + frame["enterprise_id"].str[10:])
    renamed["clusters"] = frames["clusters"]
    write_tables(renamed, folder)
    assert check_folder(folder) == []
    assert not load_tables(folder).made_up


def test_a_member_of_an_unknown_cluster_is_a_fault(folder, frames):
    write_tables({"cluster_members": frames["cluster_members"].assign(cluster_id="K9")}, folder)
    (fault,) = check_folder(folder)
    assert (fault.row, fault.column, fault.value) == (2, "cluster_id", "K9")
    assert fault.rule.endswith("clusters.csv")


def test_what_has_a_tables_name_and_is_no_file_is_a_fault_not_an_absent_table(folder):
    (folder / "loans.csv").unlink()
    (folder / "loans.csv").symlink_to(folder / "gone.csv")
    with pytest.raises(DataError, match=r"loans\.csv: is a link that leads to no file, must be a file"):
        load_tables(folder)
    (folder / "loans.csv").unlink()
    (folder / "loans.csv").mkdir()
    with pytest.raises(DataError, match=r"loans\.csv: is a folder, must be a file"):
        load_tables(folder)


def test_hashes_are_of_the_bytes_of_the_files(folder):
    tables = load_tables(folder)
    assert set(tables.hashes()) == set(tables.names)
    assert tables.hashes()["loans"] == hashlib.sha256((folder / "loans.csv").read_bytes()).hexdigest()


def test_made_up_data_say_so_by_truth_or_by_their_codes(folder, frames, tmp_path):
    assert load_tables(folder).made_up
    assert load_tables(folder, ["accounts"]).made_up
    real = {"enterprises": frames["enterprises"].assign(enterprise_id=make_codes("110000", np.arange(6)))}
    write_tables(real, tmp_path / "real")
    assert not load_tables(tmp_path / "real").made_up
    (tmp_path / "real" / "truth.json").write_text("{}", encoding="utf-8")
    assert load_tables(tmp_path / "real").made_up


def test_reading_ids_for_made_up_is_no_use_of_a_table(folder):
    tables = load_tables(folder)
    assert tables.made_up
    assert tables.used == ()


def test_tables_from_frames_obey_the_same_rules(folder, frames):
    tables = tables_from_frames(frames)
    pd.testing.assert_frame_equal(tables["accounts"], load_tables(folder)["accounts"])
    assert tables.hashes()["loans"] == load_tables(folder).hashes()["loans"]
    assert tables.folder is None
    broken = tables_from_frames({"loans": frames["loans"].assign(rate=[2.29, 229, 2])})
    with pytest.raises(DataError, match="<frame loans>, row 2: rate is 229, must be 36 % or less"):
        broken["loans"]


def test_frames_may_hold_mixed_objects(frames):
    mixed = frames["loans"].astype(object)
    mixed.loc[0, "rate"] = "2.29"
    mixed.loc[1, "rate"] = "twice"
    (fault,) = tables_from_frames({"loans": mixed}).faults()
    assert (fault.row, fault.column, fault.value) == (2, "rate", "twice")


def test_tables_show_themselves_in_a_notebook(folder):
    shown = load_tables(folder)._repr_html_()
    for words in ("accounts", "年度经营", "Yearly accounts", "<td>12</td>", "accounts.csv", "made up"):
        assert words in shown


def test_a_table_is_described_by_its_declaration(folder):
    described = load_tables(folder).describe("accounts").set_index("column")
    assert described.loc["revenue", "unit"] == "万元"
    assert described.loc["revenue", "label_zh"] == "营业收入"
    assert described.loc["year", "maximum"] == str(date.today().year)


def test_the_same_frame_gives_the_same_bytes(folder, frames, tmp_path):
    (path,) = write_tables({"loans": frames["loans"].sample(frac=1, axis=1, random_state=1)}, tmp_path / "again")
    assert path.read_bytes() == (folder / "loans.csv").read_bytes()


def test_csv_is_plain_utf8_with_iso_dates_and_ones_and_zeros(folder):
    lines = (folder / "accounts.csv").read_bytes().split(b"\n")
    assert lines[0] == b"enterprise_id,year,revenue,profit,employees,above_scale"
    assert lines[1].split(b",", 1)[1] == b"2022,1234.5,-12.25,50,1"
    assert lines[12].endswith(b"2023,,-12.25,,0")
    assert b"2024-01-31" in (folder / "loans.csv").read_bytes()
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_undeclared_tables_and_columns_are_not_written(frames, tmp_path):
    with pytest.raises(DataError, match="'firms' is not known"):
        write_tables({"firms": frames["loans"]}, tmp_path)
    with pytest.raises(DataError, match="declares no column colour"):
        write_tables({"loans": frames["loans"].assign(colour="red")}, tmp_path)
    with pytest.raises(DataError, match="rate cannot be written as number"):
        write_tables({"loans": frames["loans"].assign(rate="low")}, tmp_path)


words = st.text(string.ascii_letters + string.digits + "闽企业,\"'；", min_size=1, max_size=8)
amounts = st.floats(0.0001, 1e8, allow_nan=False)
days = st.dates(date(1949, 10, 1), date(2024, 1, 1)).map(pd.Timestamp)
loan_rows = st.lists(
    st.tuples(
        st.none() | words,
        days,
        amounts,
        st.floats(0, 36),
        st.none() | st.floats(0, 5),
        st.none() | st.integers(1, 3650),
    ),
    min_size=1,
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(rows=loan_rows)
def test_what_was_written_is_read_back(tmp_path, rows):
    loans = pd.DataFrame(rows, columns=["bank", "drawn_on", "amount", "rate", "subsidy_points", "term_days"])
    loans.insert(0, "loan_id", [f"L{number}" for number in range(len(loans))])
    loans.insert(1, "enterprise_id", make_codes("350199", np.arange(len(loans))))
    loans = loans.astype({"term_days": "Int64", "subsidy_points": "float64"})
    write_tables({"loans": loans}, tmp_path)
    back = load_tables(tmp_path)["loans"]
    for column in loans.columns:
        wanted, found = loans[column], back[column]
        assert (wanted.isna() == found.isna()).all()
        assert wanted.dropna().tolist() == found.dropna().tolist()
    first = (tmp_path / "loans.csv").read_bytes()
    write_tables({"loans": back[loans.columns]}, tmp_path)
    assert (tmp_path / "loans.csv").read_bytes() == first


@pytest.mark.parametrize(("value", "shown"), [("9" * 10**6, "9" * 80 + "…"), ("A" * 10**6, f"'{'A' * 80}…'")])
def test_a_long_value_is_cut_whether_or_not_it_is_a_number(value, shown):
    fault = Fault("a.csv", 4, "enterprise_id", value, "must occur once", "Keep one.")
    assert str(fault) == f"a.csv, row 4: enterprise_id is {shown}, must occur once. Keep one."
    assert fault.value == value


def test_equal_faults_are_one_sentence_and_many_are_cut():
    faults = [Fault("a.csv", row, "employees", "-3", "must be 0 or more", "Correct it.") for row in (4, 89)]
    assert describe_faults(faults) == ["a.csv, rows 4 and 89: employees is -3, must be 0 or more. Correct it."]
    faults = [Fault("a.csv", row, "employees", "-3", "must be 0 or more", "Correct it.") for row in range(2, 10)]
    assert "rows 2, 3, 4, 5, 6 and 3 more:" in describe_faults(faults)[0]
    many = [Fault("a.csv", row, "employees", str(-row), "must be 0 or more", "Correct it.") for row in range(2, 20)]
    assert summarise_faults(many, "data/x").endswith("... and 8 more faults; `sme-research check data/x` lists all")


def test_every_fault_of_a_table_is_in_the_list(folder):
    path = folder / "accounts.csv"
    lines = path.read_text(encoding="utf-8").split("\n")
    cells = lines[1].split(",")
    lines[1] = ",".join([cells[0], "1066", "-5", "x", "-2", "maybe"])
    path.write_text("\n".join(lines), encoding="utf-8")
    found = {(fault.row, fault.column, fault.value) for fault in check_folder(folder)}
    assert found == {
        (2, "year", "1066"),
        (2, "revenue", "-5"),
        (2, "profit", "x"),
        (2, "employees", "-2"),
        (2, "above_scale", "maybe"),
    }


def test_a_cell_is_reported_once_by_the_first_rule_it_breaks(folder, frames):
    write_tables(
        {"loans": frames["loans"].assign(enterprise_id=["nobody", *frames["loans"]["enterprise_id"][1:]])},
        folder,
    )
    assert [(fault.row, fault.column) for fault in check_folder(folder)] == [(2, "enterprise_id")]


def test_dates_only_of_expiry_and_leaving_may_lie_in_the_future(folder, frames):
    late = pd.Timestamp("2099-01-01")
    write_tables({"cluster_members": frames["cluster_members"].assign(left_on=late)}, folder)
    assert check_folder(folder) == []
    write_tables({"training": frames["training"].assign(held_on=late)}, folder)
    assert [fault.row for fault in check_folder(folder)] == [2, 3]


def test_messages_name_the_folder_as_it_was_given(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    Path("data/loans.csv").write_text("loan_id\nL1\n", encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        load_tables("data")["loans"]
    assert str(refusal.value).startswith("data/loans.csv: column enterprise_id (统一社会信用代码) must exist.")


def test_a_fault_travels_between_processes(folder):
    (folder / "loans.csv").write_text("loan_id\nL1\n", encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        load_tables(folder)["loans"]
    back = pickle.loads(pickle.dumps(refusal.value))
    assert str(back) == str(refusal.value)
    assert back.faults == refusal.value.faults
