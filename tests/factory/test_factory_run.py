"""Real kernels: what ends a notebook badly, what is published, what is not."""

import io
import json
import sys
from contextlib import redirect_stderr
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from factory_cases import FINDING, PROVENANCE, code, records, text, write

from sme_research.factory.execute import LOST
from sme_research.factory.findings import make_findings
from sme_research.factory.manifest import check_outputs, read_manifest
from sme_research.factory.run import RunRequest, list_reports, run_reports
from sme_research.factory.unpack import texts_of

BAD = {
    "raises": "1 / 0",
    "says": "from sme_research.errors import DataError as E; raise E('accounts.csv, row 4: revenue is -3')",
    "exits": "import sys; sys.exit(0)",
    "dies": "import os; os._exit(3)",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "sleeps": "import time; time.sleep(60)",
    "quits": "quit()",
}


class Terminal(io.StringIO):
    """Standard error as a person sees it; bars are shown nowhere else."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """One run of a good report in two languages, and of every kind of bad one."""
    root = tmp_path_factory.mktemp("factory")
    (root / "data/demo").mkdir(parents=True)
    (root / "data/demo/a.csv").write_text("x")
    write(
        root / "notebooks/good.ipynb",
        text("只有中文", "lang-zh"),
        text("English only", "lang-en"),
        code("import os, sys\nprint('noise ' * 3, file=sys.stderr)\nprint(os.getcwd(), os.listdir(data))"),
        code("print(os.environ['PYTHONHASHSEED'], word)"),
        records(FINDING, PROVENANCE),
        parameters='lang: str = "zh"\nword: str = "a"\nseed: int = 3\ndata: str = "../data/demo"',
        meta={"languages": ["zh", "en"]},
    )
    for name, source in BAD.items():
        write(root / f"notebooks/{name}.ipynb", text("# x"), code(f"# why\n{source}"), records(PROVENANCE))
    write(root / "notebooks/unsourced.ipynb", code("1"))
    with redirect_stderr(Terminal()) as stderr:
        outcome = run_reports(RunRequest((root / "notebooks",), root / "reports", timeout=8))
    assert "reports: 100%" in stderr.getvalue()
    failures = {failed.slug.removesuffix("-en"): failed.failure for failed in outcome.failed}
    return SimpleNamespace(root=root, reports=root / "reports", outcome=outcome, failures=failures)


def published(site, slug: str) -> Path:
    return next(report.path for report in site.outcome.published if report.slug == slug)


def test_a_failed_report_does_not_stop_the_others(site):
    assert [report.slug for report in site.outcome.published] == ["good-zh", "good-en"]
    assert not site.outcome.ok
    assert set(site.failures) == {*BAD, "unsourced"}


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("raises", "ZeroDivisionError"),
        ("exits", "SystemExit"),
        ("dies", "KernelDied"),
        ("killed", "KernelDied"),
        ("sleeps", "CellTimeout"),
    ],
)
def test_a_failure_names_the_cell_its_first_line_and_the_error(site, name, error):
    failure = site.failures[name]
    assert (failure.error, failure.cell, failure.line) == (error, 3, "# why")


def test_a_users_error_is_shown_as_its_one_message(site):
    assert str(site.failures["says"]) == "accounts.csv, row 4: revenue is -3"


def run_beside_three_others(tmp_path, source: str):
    write(tmp_path / "n/a.ipynb", code(source), records(PROVENANCE))
    for name in "bcd":
        write(tmp_path / f"n/{name}.ipynb", records(PROVENANCE))
    return run_reports(RunRequest((tmp_path / "n",), tmp_path / "reports", formats=("html",), jobs=1), progress=False)


# The kernel dies a moment after the warm process; it waits for that, or it might be done before.
KILL_PARENT = "os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)"


def test_a_killed_warm_process_costs_no_report_and_is_told(tmp_path):
    once = f"""import os, pathlib, signal, time
done = pathlib.Path({str(tmp_path / "killed")!r})
if not done.exists():
    done.touch(); {KILL_PARENT}"""
    outcome = run_beside_three_others(tmp_path, once)
    assert ([str(failed.failure) for failed in outcome.failed], len(outcome.published)) == ([], 4)
    assert f"a-en: ran in an ordinary kernel: {LOST}" in outcome.notes
    unreached = "ran in an ordinary kernel: the warm process cannot be reached"
    assert [f"{name}-en: {unreached}" in "".join(outcome.notes) for name in "bcd"] == [True] * 3


def test_a_notebook_that_kills_whatever_started_its_kernel_fails_alone(tmp_path):
    outcome = run_beside_three_others(tmp_path, f"import os, signal, time; {KILL_PARENT}")
    assert [(failed.slug, failed.failure.error) for failed in outcome.failed] == [("a-en", "WorkerDied")]
    assert len(outcome.published) == 3


def test_a_notebook_that_kills_its_worker_has_failed(tmp_path, monkeypatch):
    monkeypatch.setenv("SME_RESEARCH_NO_FORK", "1")
    write(tmp_path / "n/killer.ipynb", code("import os, signal; os.kill(os.getppid(), signal.SIGKILL)"))
    outcome = run_reports(RunRequest((tmp_path / "n",), tmp_path / "reports"), progress=False)
    assert [failed.failure.error for failed in outcome.failed] == ["WorkerDied"]
    assert "the process that ran the notebook was killed" in (tmp_path / "reports/index.html").read_text()


def test_quit_is_no_way_to_complete(site):
    assert (site.failures["quits"].error, site.failures["quits"].cell) == ("NotRun", 3)


def test_a_report_without_provenance_has_failed(site):
    assert "0 provenance records, must be one" in str(site.failures["unsourced"])


def test_nothing_of_a_failed_report_is_published_but_its_notebook_is_kept(site):
    # Only the page of its history, which says that the attempt failed.
    assert [path.name for path in (site.reports / "raises-en").iterdir()] == ["index.html"]
    kept = list((site.reports / ".failed/raises-en").glob("*/*"))
    assert sorted(path.name for path in kept) == ["failure.json", "notebook.ipynb"]
    record = json.loads(next(path for path in kept if path.suffix == ".json").read_text())
    assert (record["cell"], record["error"]) == (3, "ZeroDivisionError")


def test_manifests_hash_the_bytes_that_are_published(site):
    for report in site.outcome.published:
        assert check_outputs(report.path) == []
        manifest = read_manifest(report.path)
        made = {"index.html", "notebook.ipynb", "findings.json", "report.pdf", "report.docx", "replication.zip"}
        assert set(manifest.outputs) - {"figures/figure-1.csv"} == made
        assert (manifest.formats, len(manifest.content_sha256)) == (["html", "pdf", "docx"], 64)
        assert (manifest.seed, manifest.made_up, manifest.tables[0].rows) == (3, True, 12)
    tampered = published(site, "good-en") / "findings.json"
    original = tampered.read_bytes()
    tampered.write_bytes(original + b" ")
    assert check_outputs(tampered.parent) == ["findings.json has changed since it was published"]
    tampered.write_bytes(original)


def test_findings_are_collected(site):
    folder = published(site, "good-zh")
    findings = json.loads((folder / "findings.json").read_text())
    assert findings == make_findings([FINDING], read_manifest(folder)).to_json()
    assert [found["estimate"] for found in findings["findings"]] == [0.059]


def test_each_language_keeps_its_own_cells(site):
    chinese = (published(site, "good-zh") / "index.html").read_text()
    english = (published(site, "good-en") / "index.html").read_text()
    assert "只有中文" in chinese
    assert "只有中文" not in english
    assert "English only" in english
    assert "English only" not in chinese


def test_neither_stderr_nor_records_nor_paths_of_the_machine_are_published(site):
    for report in site.outcome.published:
        for path in report.path.iterdir():
            if path.is_dir():
                continue
            for found in texts_of(path.read_bytes(), path.name):
                assert "noise noise" not in found.text
                assert str(site.root) not in found.text
        assert "hidden repr" not in (report.path / "index.html").read_text()


def test_the_data_folder_is_found_from_the_run_s_own_folder(site):
    assert "['a.csv']" in (published(site, "good-en") / "index.html").read_text()


def test_the_kernel_s_environment_is_fixed(site):
    notebook = nbformat.read(published(site, "good-en") / "notebook.ipynb", 4)
    assert any("0 a" in output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert "papermill" not in notebook.metadata


def test_the_index_shows_reports_findings_and_failures(site):
    index = (site.reports / "en.html").read_text()
    assert "Revenue is 6% higher." in index
    assert "Evidence: level 4 of 5" in index
    assert "The latest attempt failed" in index
    assert "accounts.csv, row 4: revenue is -3" in index
    assert "ZeroDivisionError" in index


def test_reports_are_listed_with_their_status(site):
    rows = {row.slug: row for row in list_reports(site.reports)}
    assert (rows["good-zh"].status, rows["good-zh"].n_runs, rows["good-zh"].language) == (
        "published",
        1,
        "zh",
    )
    assert (rows["raises-en"].status, rows["raises-en"].n_runs) == ("failed", 0)


def test_nothing_is_left_in_staging(site):
    assert list((site.reports / ".staging").iterdir()) == []


def test_a_failure_stands_beside_the_last_good_report_until_a_good_run_follows(tmp_path, inline):
    notebook, reports = tmp_path / "n/thing.ipynb", tmp_path / "reports"

    def run(*cells) -> str:
        write(notebook, *cells, records(PROVENANCE))
        run_reports(RunRequest((notebook,), reports), progress=False)
        return (reports / "en.html").read_text()

    assert "latest attempt failed" not in run(code("1"))
    index = run(code("1 / 0"))
    assert "latest attempt failed" in index
    assert "Listed here is the last good report" in index
    assert list_reports(reports)[0].status == "failed"
    index = run(code("2"))
    assert "latest attempt failed" not in index
    assert "All runs (2)" in index
    assert list_reports(reports)[0].n_runs == 2


def test_neither_a_stray_kernelspec_nor_the_user_s_profile_leaks_in(tmp_path, inline, monkeypatch):
    spec = tmp_path / "jupyter/kernels/python3/kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": ["false"], "display_name": "stray", "language": "python"}))
    startup = tmp_path / "ipython/profile_default/startup/00.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("leaked = 1")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    source = f"import sys\nassert sys.executable == {sys.executable!r}\nassert 'leaked' not in globals()"
    write(tmp_path / "n/clean.ipynb", code(source), records(PROVENANCE))
    outcome = run_reports(RunRequest((tmp_path / "n",), tmp_path / "reports"), progress=False)
    assert [str(failed.failure) for failed in outcome.failed] == []
