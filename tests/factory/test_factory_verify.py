"""Every byte that changes after publication is found and named."""

import json
import shutil

import pytest
from click.testing import CliRunner
from site_cases import fail_run, finding, manifest, publish_runs

from sme_research.cli import cli
from sme_research.errors import FactoryError
from sme_research.factory.catalogue import list_reports
from sme_research.factory.publish import mend, publishing
from sme_research.factory.site.ledger import BrokenLedgerError, Ledger
from sme_research.factory.site.pruning import prune
from sme_research.factory.site.runs import newest_run
from sme_research.factory.site.signatures import new_key, read_key, read_signers, sign_run, signers_path
from sme_research.factory.site.verification import verify_site

SLUG = "effect-loan_subsidy-zh"
FIRST, SECOND = manifest(1).run_id, manifest(2).run_id


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Two runs of one report, the first signed, and a failed attempt at another."""
    root = tmp_path_factory.mktemp("published")
    reports = root / "reports"
    publish_runs(reports, (manifest(1), [finding()]))
    (root / "signers.toml").write_text(new_key("reviewer", "Office", root / "key.pem", password=""))
    with publishing(reports):
        signers = read_signers(signers_path(reports))
        key = read_key(root / "key.pem", "")
        sign_run(Ledger(reports), newest_run(reports, SLUG), key, role="reviewer", note="", signers=signers)
    publish_runs(reports, (manifest(2), [finding()]), (manifest(2, "en"), [finding()]))
    fail_run(reports, manifest(3, instrument="training"))
    return root


@pytest.fixture
def reports(published, tmp_path):
    return shutil.copytree(published, tmp_path / "site") / "reports"


def faults(reports) -> tuple[str, ...]:
    return verify_site(reports).faults


def published_files(root) -> list[str]:
    reports = root / "reports"
    files = (path.relative_to(reports) for path in reports.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in files if path.parts[0] not in (".failed", ".staging", ".lock"))


def test_a_site_as_it_was_published_is_intact(reports):
    found = verify_site(reports)
    assert found.ok
    assert (found.n_runs, found.n_signatures) == (3, 1)


def test_a_changed_byte_in_any_file_is_found_and_named(published, tmp_path):
    files = published_files(published)
    assert len(files) > 15
    for name in files:
        reports = shutil.copytree(published, tmp_path / "copy") / "reports"
        for at in (0, -1):
            original = (reports / name).read_bytes()
            changed = bytearray(original)
            changed[at] ^= 1
            (reports / name).write_bytes(changed)
            told = faults(reports)
            assert told, f"{name}, byte {at}"
            assert any(name in fault or "ledger.jsonl" in name for fault in told), told
            (reports / name).write_bytes(original)
        shutil.rmtree(reports.parent)


def test_every_single_byte_of_the_ledger_counts(reports):
    path = reports / "ledger.jsonl"
    content = path.read_bytes()
    for at in range(0, len(content), 7):
        changed = bytearray(content)
        changed[at] ^= 1
        path.write_bytes(changed)
        assert faults(reports), at


def test_a_line_that_is_taken_out_of_the_ledger_is_missed(reports):
    path = reports / "ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for number in range(len(lines)):
        path.write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
        assert faults(reports), number


def test_a_missing_and_an_added_file_are_named(published, tmp_path):
    for name in published_files(published):
        if name == "ledger.jsonl":
            continue
        reports = shutil.copytree(published, tmp_path / "copy") / "reports"
        (reports / name).unlink()
        assert any("missing" in fault or "cannot be read" in fault for fault in faults(reports)), name
        shutil.rmtree(reports.parent)
    reports = shutil.copytree(published, tmp_path / "copy") / "reports"
    added = ["x.html", f"{SLUG}/x.html", f"{SLUG}/{FIRST}/x.html", f"signatures/{SLUG}/{FIRST}/other.json"]
    for name in added:
        (reports / name).write_text("x")
        told = faults(reports)
        assert any(name in fault for fault in told), told
        (reports / name).unlink()
    assert faults(reports) == ()


def test_a_run_that_was_put_there_by_hand_is_not_in_the_ledger_and_not_listed(reports):
    stranger = reports / SLUG / "20261130T010000Z-00001e"
    shutil.copytree(reports / SLUG / SECOND, stranger)
    record = json.loads((stranger / "manifest.json").read_text())
    (stranger / "manifest.json").write_text(json.dumps({**record, "run_id": stranger.name}))
    assert f"{SLUG}/{stranger.name}/manifest.json: is not in the ledger" in faults(reports)
    mend(reports)
    assert f'"{SLUG}/{stranger.name}/index.html"' not in (reports / "index.html").read_text()
    assert stranger.name in (reports / "index.html").read_text()
    row = next(row for row in list_reports(reports) if row.slug == SLUG)
    assert (row.run_id, row.n_runs) == (SECOND, 2)


def test_a_whole_run_that_is_gone_is_missed(reports):
    shutil.rmtree(reports / SLUG / FIRST)
    assert f"{SLUG}/{FIRST}: the run is missing" in faults(reports)


def test_an_older_page_in_place_of_the_newest_is_found(reports):
    old = (reports / "index.html").read_bytes()
    publish_runs(reports, (manifest(5), [finding(estimate=0.01)]))
    (reports / "index.html").write_bytes(old)
    assert faults(reports) == ("index.html: has changed since it was published",)
    mend(reports)
    assert faults(reports) == ()


def test_a_link_in_place_of_a_file_is_found(reports, tmp_path):
    page = reports / SLUG / SECOND / "index.html"
    shutil.copy(page, tmp_path / "elsewhere.html")
    page.unlink()
    page.symlink_to(tmp_path / "elsewhere.html")
    assert f"{SLUG}/{SECOND}/index.html: is a link" in faults(reports)


def test_a_changed_run_can_be_verified_alone(reports):
    (reports / SLUG / SECOND / "index.html").write_text("x")
    assert verify_site(reports, only=f"{SLUG}/{FIRST}").ok
    assert not verify_site(reports, only=f"{SLUG}/{SECOND}").ok
    with pytest.raises(FactoryError, match="'effect-none-zh/1' is not in the ledger"):
        verify_site(reports, only="effect-none-zh/1")


@pytest.mark.parametrize("name", ["", " ", "/"])
def test_an_empty_name_is_refused_rather_than_taken_for_the_whole_site(reports, name):
    answer = CliRunner().invoke(cli, ["verify", name, "--reports", str(reports)])
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert str(answer.exception).startswith("the name of the run is empty; give slug/run_id, or leave it out")


def test_nothing_is_published_on_a_broken_ledger(reports):
    path = reports / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b"published", b"publishes", 1))
    with pytest.raises(
        BrokenLedgerError, match=r"ledger\.jsonl, line \d+: has changed since it was written; restore"
    ):
        publish_runs(reports, (manifest(6), [finding()]))


def test_a_tampered_page_is_not_taken_for_true_when_the_next_run_writes_over_it(reports):
    (reports / "index.html").write_text("tampered")
    assert faults(reports)
    mend(reports)
    assert faults(reports) == ()
    assert "tampered" not in (reports / "index.html").read_text()
    assert Ledger(reports).last["index.html"].before == ""


def test_pruning_keeps_the_newest_good_run_and_all_that_was_signed(reports):
    publish_runs(reports, *((manifest(day), [finding()]) for day in (4, 5, 6)))
    with publishing(reports):
        planned = prune(reports, keep=1, dry_run=True)
        assert (reports / SLUG / SECOND).exists()
        gone = prune(reports, keep=1)
    assert gone.runs == planned.runs
    assert {path.split("/")[1] for path in gone.runs} == {SECOND, manifest(4).run_id, manifest(5).run_id}
    assert sorted(path.name for path in (reports / SLUG).glob("*/")) == [FIRST, manifest(6).run_id]
    assert faults(reports) == ()
    assert SECOND not in (reports / SLUG / "index.html").read_text()
    with publishing(reports):
        assert prune(reports, keep=1, older_than_days=0).runs == ()


def test_pruning_by_age_leaves_what_is_young(reports):
    with publishing(reports):
        assert prune(reports, keep=1, older_than_days=36_500).runs == ()


def test_a_damaged_run_leaves_by_pruning_and_stays_in_the_ledger(reports):
    (reports / SLUG / SECOND / "findings.json").write_text("[]")
    publish_runs(reports, (manifest(7), [finding()]))
    with publishing(reports):
        gone = prune(reports, keep=9, damaged=True)
    assert gone.runs == (f"{SLUG}/{SECOND}",)
    assert faults(reports) == ()
    assert [line.what for line in Ledger(reports).lines if line.path == f"{SLUG}/{SECOND}"][-2:] == [
        "pruning",
        "pruned",
    ]


def test_the_command_says_one_line_a_fault_and_exits_with_1(reports):
    run = CliRunner()
    done = run.invoke(cli, ["verify", "--reports", str(reports)])
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith("intact: 3 runs")
    (reports / SLUG / SECOND / "index.html").write_text("x")
    (reports / "en.html").unlink()
    done = run.invoke(cli, ["verify", "--reports", str(reports)])
    assert done.exit_code == 1
    assert sorted(done.stdout.splitlines()) == [
        f"{SLUG}/{SECOND}/index.html has changed since it was published",
        "en.html: is missing",
    ]
    record = json.loads(run.invoke(cli, ["verify", "--json", "--reports", str(reports)]).stdout)
    assert (record["ok"], len(record["faults"])) == (False, 2)
