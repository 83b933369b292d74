"""The command line as a user meets it: one clear message, the right exit code, clean JSON."""

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sme_research.cli import main
from sme_research.synthetic import Province

sys.path.insert(0, str(Path(__file__).parent / "tables"))
from broken_inputs import BROKEN_INPUTS

REPOSITORY = Path(__file__).parents[1]
CHECK_KEYS = {"name", "verdict", "statistic", "p_value", "detail"}
EVENT_KEYS = {"event_time", "estimate", "std_error", "ci_low", "ci_high", "n_treated"}
CONTRACT_KEYS = {
    "instrument", "outcome", "estimand", "estimate", "std_error", "ci_low", "ci_high", "level", "unit",
    "n_enterprises", "n_treated", "n_observations", "estimator", "comparison", "event_study", "checks", "grade",
}  # fmt: skip


@pytest.fixture
def call(monkeypatch, capsys):
    """Call the command; gives exit code, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sme-research", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def folder(small_folder, tmp_path):
    return Path(shutil.copytree(small_folder, tmp_path / "data"))


def rewrite(folder: Path, table: str, change) -> None:
    path = folder / f"{table}.csv"
    change(pd.read_csv(path, dtype=str)).to_csv(path, index=False)


def effect_of(table: str) -> tuple[str, ...]:
    """Arguments of an effect that reads a table."""
    instrument = {"clusters": "cluster_membership", "cluster_members": "cluster_membership"}.get(
        table, "loan_subsidy"
    )
    return ("effect", "--instrument", {"training": "training"}.get(table, instrument))


def is_one_message(code: int, out: str, err: str) -> bool:
    return code == 1 and not out and bool(err.strip()) and "Traceback" not in err


@pytest.mark.parametrize("case", BROKEN_INPUTS, ids=lambda case: case.name)
def test_a_broken_table_gives_one_message_and_no_estimate(call, folder, case):
    case.damage(folder)
    answer = call(*effect_of(case.table), "--data", folder)
    assert is_one_message(*answer)
    assert all(words in answer[2] for words in case.words)


def only_first_treated(folder: Path) -> None:
    rewrite(folder, "training", lambda rows: rows[rows["enterprise_id"] == rows["enterprise_id"].iloc[0]])


def all_before_the_panel(folder: Path) -> None:
    rewrite(folder, "training", lambda rows: rows.assign(held_on="2010-05-01"))


def everybody_at_once(folder: Path) -> None:
    ids = pd.read_csv(folder / "enterprises.csv", dtype=str)["enterprise_id"]
    rows = pd.DataFrame({"session_id": "s", "enterprise_id": ids, "held_on": "2020-05-01", "participants": "1"})
    rewrite(folder, "training", lambda _: rows)


def nobody(folder: Path) -> None:
    rewrite(folder, "training", lambda rows: rows.head(0))


def one_year(folder: Path) -> None:
    rewrite(folder, "accounts", lambda rows: rows[rows["year"] == "2020"])


def revenue_all_zero(folder: Path) -> None:
    rewrite(folder, "accounts", lambda rows: rows.assign(revenue="0"))


def no_research(folder: Path) -> None:
    rewrite(folder, "accounts", lambda rows: rows.drop(columns="rd_expense"))


def no_accounts(folder: Path) -> None:
    (folder / "accounts.csv").unlink()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (only_first_treated, "only 1 treated"),
        (all_before_the_panel, "before or in their first account year"),
        (everybody_at_once, "not yet treated"),
        (nobody, "training"),
        (one_year, "in two years"),
        (revenue_all_zero, "No enterprise is left to compare: none has a value of the outcome"),
        (no_research, "rd_expense"),
        (no_accounts, "holds no table 'accounts'"),
    ],
)
def test_data_that_cannot_answer_say_why(call, folder, damage, words):
    damage(folder)
    answer = call("effect", "--data", folder, "--instrument", "training")
    assert is_one_message(*answer)
    assert words in answer[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--instrument", "loans"), "choose one of 'award'"),
        (("--instrument", "training", "--outcome", "profit"), "choose one of 'exit'"),
        (("--instrument", "training", "--covariates", "sise"), "covariate 'sise' is not known"),
        (("--instrument", "training", "--estimator", "ols"), "estimator is 'ols'"),
    ],
)
def test_a_question_that_cannot_be_understood_is_answered_before_data_are_read(call, tmp_path, arguments, words):
    answer = call("effect", "--data", tmp_path / "nowhere", *arguments)
    assert is_one_message(*answer)
    assert words in answer[2]


@pytest.mark.parametrize(
    "arguments",
    [("effect",), ("effect", "--data", "x"), ("demo", "--years", "2016"), ("demo", "--seed", "a"), ("nothing",),
     ("run", "-p", "instrument"), ("effect", "--data", "x", "--instrument", "training", "--comparison", "some")],
)  # fmt: skip
def test_wrong_usage_is_exit_two(call, arguments):
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert "Traceback" not in err


@pytest.mark.parametrize("instrument", ["loan_subsidy", "training", "cluster_membership"])
def test_json_is_one_object_with_the_names_of_the_contract(call, small_folder, instrument):
    code, out, _ = call("effect", "--data", small_folder, "--instrument", instrument, "--json")
    answer = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert code == 0
    assert answer.keys() >= CONTRACT_KEYS
    assert all(point.keys() >= EVENT_KEYS for point in answer["event_study"])
    assert all(check.keys() >= CHECK_KEYS for check in answer["checks"])
    assert {check["verdict"] for check in answer["checks"]} <= {"pass", "warn", "fail", "not_applicable"}
    assert answer["grade"]["wording"] in {"effect", "association", "description"}
    assert 1 <= answer["grade"]["sms_level"] <= 5
    assert answer["ci_low"] < answer["estimate"] < answer["ci_high"]
    # By the normal law; where clusters are assigned by Student's t, which is wider.
    multiple = (answer["ci_high"] - answer["ci_low"]) / (2 * answer["std_error"])
    clustered = instrument == "cluster_membership"
    assert multiple > 1.98 if clustered else math.isclose(multiple, 1.959964, rel_tol=1e-6)
    assert [way["method"] for way in answer["inferences"][:1]] == (["cluster_jackknife"] if clustered else [])


def test_json_finds_the_planted_truth_again(call, small_folder):
    truth = json.loads((small_folder / "truth.json").read_text())["training"]["log_revenue"]["att"]
    answer = json.loads(call("effect", "--data", small_folder, "--instrument", "training", "--json")[1])
    assert answer["ci_low"] < truth < answer["ci_high"]


def test_covariates_can_be_named_or_left_out(call, small_folder):
    asked = ("effect", "--data", small_folder, "--instrument", "training", "--json", "--covariates")
    assert json.loads(call(*asked, "size, rd_intensity")[1])["covariates"] == ["x_size", "x_rd_intensity"]
    assert json.loads(call(*asked, "")[1])["covariates"] == []


def test_a_loan_effect_runs_without_the_tables_it_does_not_use(call, folder):
    for name in ("clusters", "cluster_members", "training", "official_figures"):
        (folder / f"{name}.csv").unlink()
    code, out, _ = call("effect", "--data", folder, "--instrument", "loan_subsidy", "--json")
    assert (code, json.loads(out)["instrument"]) == (0, "loan_subsidy")


def test_the_sentence_is_in_the_language_asked_for(call, small_folder):
    asked = ("effect", "--data", small_folder, "--instrument", "training", "--lang")
    assert "置信区间" in call(*asked, "zh")[1]
    assert "interval" in call(*asked, "en")[1]


def test_check_says_that_a_good_folder_keeps_every_rule(call, small_folder):
    code, out, err = call("check", small_folder)
    assert (code, err) == (0, "")
    assert "18 tables" in out


def test_check_prints_every_fault_with_its_place_and_exits_with_one(call, folder):
    rewrite(
        folder, "accounts", lambda rows: rows.assign(employees=rows["employees"].mask(rows.index.isin([3, 88]), "-3"))
    )
    rewrite(folder, "loans", lambda rows: rows.assign(rate=rows["rate"].mask(rows.index == 0, "229")))
    code, out, err = call("check", folder)
    assert code == 1
    assert "accounts.csv, rows 5 and 90: employees is -3" in out
    assert "loans.csv, row 2: rate is 229" in out
    assert "3 fault" in err


def test_demo_writes_what_check_accepts(call, tmp_path):
    code, out, _ = call("demo", "--enterprises", 600, "--seed", 5, "--out", tmp_path / "p", "--trap", "bundle")
    assert code == 0
    assert "made up" in out
    assert json.loads((tmp_path / "p" / "truth.json").read_text())["planted"]["traps"]["bundle"] is True
    assert call("check", tmp_path / "p")[0] == 0


@pytest.mark.parametrize("arguments", [("--enterprises", 5), ("--years", "2020:2021"), ("--years", "2016:2999")])
def test_an_impossible_demo_is_refused(call, tmp_path, arguments):
    assert is_one_message(*call("demo", *arguments, "--out", tmp_path / "p"))
    assert not (tmp_path / "p").exists()


def test_run_publishes_lists_and_refuses_misspelt_parameters(call, small_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    asked = (
        "run",
        "notebooks/20_effect.ipynb",
        "--data",
        small_folder,
        "--lang",
        "zh",
        "--reports",
        tmp_path / "site",
    )
    refused = call(*asked, "-p", "instrumnet=training")
    assert is_one_message(*refused)
    assert "instrument" in refused[2]
    assert not (tmp_path / "site" / "index.html").exists()
    code, out, _ = call(*asked, "-p", "instrument=training")
    assert code == 0
    assert out.strip().endswith("index.html")
    assert (tmp_path / "site" / "index.html").exists()
    code, out, _ = call("list", "--reports", tmp_path / "site")
    assert (code, "effect-training-zh" in out) == (0, True)


def test_a_report_that_fails_is_exit_one_and_not_published(call, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    only_first_treated(folder)
    code, _, err = call(
        "run", "notebooks/20_effect.ipynb", "-p", "instrument=training", "--lang", "en",
        "--data", folder, "--reports", tmp_path / "site",
    )  # fmt: skip
    assert code == 1
    assert "only 1 treated" in err
    assert "Traceback" not in err
    assert not list((tmp_path / "site").glob("effect-*/*/index.html"))


def test_the_installed_command_answers():
    command = Path(sys.executable).with_name("sme-research")
    answer = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert "0.1.0" in answer.stdout


def test_the_small_province_is_what_the_other_tests_think(small_province: Province):
    assert len(small_province.tables["enterprises"]) == 600


def test_a_path_that_cannot_be_written_is_one_message(call, tmp_path):
    (tmp_path / "file").write_text("")
    assert is_one_message(*call("demo", "--enterprises", 300, "--out", tmp_path / "file" / "demo"))


def test_a_terminal_that_lacks_a_sign_still_gets_the_sentence(small_folder):
    command = Path(sys.executable).with_name("sme-research")
    asked = [command, "effect", "--data", small_folder, "--instrument", "training", "--lang", "zh"]
    answer = subprocess.run(asked, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "gbk"}, check=True)
    assert "置信区间" in answer.stdout.decode("gbk")


def test_a_covariate_named_twice_is_refused(call, small_folder):
    answer = call("effect", "--data", small_folder, "--instrument", "training", "--covariates", "size,size")
    assert is_one_message(*answer)
    assert "named twice" in answer[2]
