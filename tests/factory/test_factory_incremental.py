"""A report is made again exactly when something it is made from has changed, and the plan says what."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from factory_cases import FINDING, code, records, write

from sme_research.cli import cli
from sme_research.factory import freshness
from sme_research.factory.manifest import read_manifest
from sme_research.factory.run import RunRequest, plan_reports, run_reports

HEAD = "indicator,as_of,value,unit,perimeter,bound,source\n"
READS = code(
    "from sme_research import load_tables, tabulate_provenance, trace_tables\n"
    "tables = load_tables(data)\n"
    "print(len(tables['official_figures']), 'loans' in tables)\n"
    "tabulate_provenance(trace_tables(tables), lang)"
)
PARAMETERS = 'lang: str = "zh"\nword: str = "a"\ndata: str = "../data"\nseed: int = 3'


@pytest.fixture
def bench(tmp_path, inline) -> RunRequest:
    """A workbench of two reports: one reads a table, the other reads none."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "official_figures.csv").write_text(HEAD + "a,2024-04-30,1,家,全省,exact,测试\n", encoding="utf-8")
    write(tmp_path / "notebooks" / "reader.ipynb", READS, records(FINDING), parameters=PARAMETERS)
    write(tmp_path / "notebooks" / "plain.ipynb", code("print(word)"), records(FINDING, _provenance()))
    request = RunRequest(
        notebooks=(tmp_path / "notebooks",), reports=tmp_path / "reports", data=data, formats=("html",)
    )
    assert run_reports(request, progress=False).ok
    return request


def _provenance() -> dict[str, object]:
    return {"kind": "provenance", "made_up": True, "tables": []}


def due(request: RunRequest) -> dict[str, tuple[str, ...]]:
    """Reasons by report, of those that are to be made."""
    judged, _ = plan_reports(request)
    return {one.planned.slug: one.reasons for one in judged if one.standing != "fresh"}


def test_an_unchanged_second_run_does_nothing(bench):
    assert due(bench) == {}
    before = sorted(path for path in bench.reports.rglob("*"))
    outcome = run_reports(bench, progress=False)
    assert (outcome.published, outcome.ok, len(outcome.fresh)) == ((), True, 2)
    assert sorted(path for path in bench.reports.rglob("*")) == before


def test_a_changed_table_is_the_matter_of_its_readers_alone(bench):
    table = bench.data / "official_figures.csv"
    table.write_text(table.read_text(encoding="utf-8") + "b,2024-04-30,2,家,全省,exact,测试\n", encoding="utf-8")
    assert due(bench) == {"reader-en": ("table official_figures has changed",)}
    outcome = run_reports(bench, progress=False)
    assert [report.slug for report in outcome.published] == ["reader-en"]
    assert due(bench) == {}


def test_a_table_nobody_reads_changes_nothing_and_one_that_was_missed_does(bench):
    (bench.data / "training.csv").write_text("session_id\n", encoding="utf-8")
    assert due(bench) == {}
    (bench.data / "loans.csv").write_text("loan_id\n", encoding="utf-8")
    assert due(bench) == {"reader-en": ("table loans is there now",)}


def test_a_table_that_is_gone_and_a_file_beside_the_tables(bench):
    (bench.data / "truth.json").write_text("{}", encoding="utf-8")
    assert due(bench) == {"reader-en": ("file truth.json has changed",)}
    (bench.data / "official_figures.csv").unlink()
    assert due(bench) == {"reader-en": ("table official_figures is gone", "file truth.json has changed")}


def test_the_same_bytes_written_again_are_no_change(bench):
    table = bench.data / "official_figures.csv"
    content = table.read_bytes()
    time.sleep(0.01)
    table.write_bytes(content)
    os.utime(table)
    assert due(bench) == {}


def test_a_changed_notebook_is_made_again_alone(bench):
    path = bench.notebooks[0] / "plain.ipynb"
    write(path, code("print(word, word)"), records(FINDING, _provenance()))
    assert due(bench) == {"plain-en": ("the notebook plain.ipynb has changed",)}


def test_a_changed_default_and_a_given_parameter(bench):
    path = bench.notebooks[0] / "reader.ipynb"
    write(path, READS, records(FINDING), parameters=PARAMETERS.replace("= 3", "= 4"))
    assert due(bench)["reader-en"] == (
        "the notebook reader.ipynb has changed",
        "parameter seed was 3, is 4",
    )
    given = replace(bench, parameters={"word": "b"})
    assert due(given) == dict.fromkeys(("plain-word_b-en", "reader-word_b-en"), ("it was never made",))


def test_code_texts_reference_template_and_environment_are_told_apart(bench, monkeypatch):
    now = freshness.reached
    told = {
        "code": "code that it can reach has changed",
        "texts": "its texts have changed",
        "reference": "reference data that it uses have changed",
        "template": "the template has changed",
    }
    for part, reason in told.items():
        changed = lambda reach, part=part: now(reach).model_copy(update={part: "0" * 64})  # noqa: E731
        monkeypatch.setattr(freshness, "reached", changed)
        assert due(bench) == {"plain-en": (reason,), "reader-en": (reason,)}
    monkeypatch.setattr(freshness, "reached", now)
    other = freshness.environment().model_copy(update={"lock_sha256": "0" * 64})
    monkeypatch.setattr(freshness, "environment", lambda: other)
    assert due(bench)["plain-en"] == ("the environment has changed",)


def test_a_missing_format_force_and_a_damaged_file(bench):
    assert due(replace(bench, formats=("html", "pdf"))) == dict.fromkeys(
        ("plain-en", "reader-en"), ("format pdf is missing",)
    )
    assert due(replace(bench, force=True))["plain-en"] == ("it is asked for in any case",)
    folder, _ = freshness.newest_run(bench.reports, "plain-en")
    (folder / "index.html").write_text("changed", encoding="utf-8")
    assert due(bench) == {"plain-en": ("published file index.html has changed since it was published",)}


def test_a_failed_attempt_is_tried_again_though_nothing_changed(bench):
    path = bench.notebooks[0] / "plain.ipynb"
    good = path.read_bytes()
    write(path, code("1 / 0"), records(FINDING, _provenance()))
    assert not run_reports(bench, progress=False).ok
    path.write_bytes(good)
    assert due(bench) == {"plain-en": ("the last attempt failed",)}
    assert run_reports(bench, progress=False).ok
    assert due(bench) == {}


def test_the_manifest_says_what_was_missed_and_read_beside_the_tables(bench):
    folder, manifest = freshness.newest_run(bench.reports, "reader-en")
    assert manifest == read_manifest(folder)
    assert (manifest.absent, [file.path for file in manifest.files]) == (["loans"], ["data/truth.json"])
    assert manifest.files[0].sha256 == ""
    assert manifest.reached is not None


def test_the_plan_is_told_before_anything_runs(bench, monkeypatch):
    monkeypatch.chdir(bench.reports.parent)
    asked = ["plan", "notebooks", "--data", "data", "--format", "html"]
    answer = CliRunner().invoke(cli, asked, catch_exceptions=False)
    assert "fresh     reader-en: nothing it is made from has changed" in answer.output
    shutil.rmtree("reports/plain-en")
    answer = CliRunner().invoke(cli, [*asked, "--json"], catch_exceptions=False)
    assert json.loads(answer.output)["reports"] == [
        {"report": "plain-en", "edition": "internal", "do": "new", "reasons": ["it was never made"]},
        {"report": "reader-en", "edition": "internal", "do": "fresh", "reasons": []},
    ]
    assert not Path("reports/plain-en").exists()


def test_a_wrong_format_or_half_a_cluster_is_wrong_usage():
    for asked in (["--format", "odt"], ["--edition", "secret"], ["--executor", "dask"], ["--scheduler", "tcp://x:1"]):
        answer = CliRunner().invoke(cli, ["run", *asked])
        assert answer.exit_code == 2, answer.output
