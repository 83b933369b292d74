"""Findings for programs: one versioned object a report, older versions read, a site merged to one file."""

import copy
import hashlib
import json
import shutil
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
from click.testing import CliRunner
from factory_cases import PROVENANCE, records, write
from site_cases import finding, manifest, publish_runs, stage

from sme_research.cli import cli
from sme_research.errors import FactoryError
from sme_research.factory.catalogue import list_reports, write_index
from sme_research.factory.feed import COLUMNS, merge_findings, tabulate_feed, tell_feed, write_feed
from sme_research.factory.findings import data_hash, findings_schema, make_findings, upgrade_findings
from sme_research.factory.manifest import TableUsed, read_manifest
from sme_research.factory.plan import RunRequest
from sme_research.factory.publish import publish, publishing, session
from sme_research.factory.run import run_reports
from sme_research.factory.site.comparison import compare_runs
from sme_research.factory.site.pruning import prune
from sme_research.factory.site.runs import PublishedRun, newest_run
from sme_research.factory.site.verification import verify_site

LOAN, TRAINING = "effect-loan_subsidy", "effect-training"
PARAMETERS = {"parameters": {"population": "eligible"}}


def version_1(made, *found) -> dict:
    return make_findings(found, made).to_json()


def publish_version_1(reports: Path, made, *found) -> None:
    publish_runs(reports, (made, version_1(made, *found)))


def call(*arguments: object):
    return CliRunner().invoke(cli, ["findings", *map(str, arguments)])


def fed(reports: Path, *arguments: object) -> dict:
    answer = call("--reports", reports, *arguments)
    assert answer.exit_code == 0, answer.stderr
    return json.loads(answer.stdout)


@pytest.fixture
def reports(tmp_path):
    return tmp_path / "reports"


def test_a_finding_says_what_may_be_said_and_where_it_comes_from():
    made = manifest(2, **PARAMETERS)
    (found,) = version_1(made, finding(estimate=0.062))["findings"]
    assert found["interval"] == {"low": pytest.approx(0.027), "high": pytest.approx(0.097), "level": 0.95}
    assert (found["sms_level"], found["wording"]["permitted"]) == (3, "effect")
    assert found["wording"]["zh"].startswith("若平行趋势等假设成立")
    assert found["wording"]["en"].startswith("If the assumption holds")
    assert (found["population"], found["report"], found["slug"]) == ("eligible", LOAN, f"{LOAN}-zh")
    assert (found["run_id"], found["made_on"], found["made_up"]) == (made.run_id, "2026-11-02", True)
    assert [check["verdict"] for check in found["checks"]] == ["pass", "warn"]
    jsonschema.Draft202012Validator(findings_schema()).validate(version_1(made, finding()))


def test_the_hash_of_the_data_is_over_the_tables_whatever_their_order():
    tables = [TableUsed(name="b", rows=1, sha256="2" * 64), TableUsed(name="a", rows=9, sha256="1" * 64)]
    by_hand = hashlib.sha256(f"a {'1' * 64}\nb {'2' * 64}\n".encode()).hexdigest()
    assert data_hash(manifest(1, tables=tables)) == data_hash(manifest(2, tables=tables[::-1])) == by_hand


def test_a_finding_that_rests_on_rules_names_their_version():
    path = Path(__file__).parents[2] / "data/reference/rules/cn-2026-2.yml"
    content = version_1(manifest(), finding(rule_sets=["cn-2026-2"]), finding("award"))
    used = [{"id": "cn-2026-2", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}]
    assert [found["rule_sets"] for found in content["findings"]] == [used, []]
    assert content["rule_sets"] == used
    with pytest.raises(FactoryError, match="rule set 'cn-1', must be one of 'cluster-national-2022'"):
        version_1(manifest(), finding(rule_sets=["cn-1"]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"estimate": None}, "finding 2, estimate, is None: Input should be a valid number"),
        ({"std_error": -1.0}, "finding 2, std_error, is -1.0: Input should be greater than or equal to 0"),
        ({"unit": ""}, "finding 2, unit, is ''"),
        ({"ci_low": "low"}, "finding 2, interval, low, is 'low'"),
        ({"grade": {"sms_level": 6, "wording": "effect"}}, "finding 2, sms_level, is 6"),
        ({"grade": {"sms_level": 3, "wording": "proof"}}, "finding 2, wording, permitted, is 'proof'"),
        ({"headline": {"zh": "高。"}}, "finding 2, wording, en, is None"),
        ({"checks": [{"name": "balance", "verdict": "good"}]}, "finding 2, checks, 0, verdict, is 'good'"),
        ({"remark": 1}, "finding 2, remark: Extra inputs are not permitted"),
    ],
)
def test_a_record_that_breaks_the_schema_is_refused_with_its_place(change, words):
    with pytest.raises(FactoryError) as refused:
        version_1(manifest(), finding(), {**finding(), **change})
    assert str(refused.value).startswith(f"{LOAN}-zh, {words}")
    assert "docs/schema/findings-1.schema.json" in str(refused.value)


def test_a_report_writes_the_object_and_one_that_breaks_the_schema_fails_with_one_message(tmp_path, inline):
    write(tmp_path / "n/good.ipynb", records(finding(), PROVENANCE))
    write(tmp_path / "n/bad.ipynb", records({**finding(), "estimate": "many"}, PROVENANCE))
    request = RunRequest((tmp_path / "n",), tmp_path / "reports", formats=("html",))
    outcome = run_reports(request, progress=False)
    (good,), (bad,) = outcome.published, outcome.failed
    content = json.loads((good.path / "findings.json").read_text())
    jsonschema.Draft202012Validator(findings_schema()).validate(content)
    assert (content["schema"], content["run_id"]) == ("sme-research/findings/1", good.path.name)
    assert content == version_1(read_manifest(good.path), finding())
    assert "bad-en, finding 1, estimate, is 'many': Input should be a valid number" in str(bad.failure)
    assert "\n" not in str(bad.failure)


def test_two_runs_of_the_same_say_the_same_though_their_ids_differ(tmp_path, inline):
    write(tmp_path / "n/good.ipynb", records(finding(), PROVENANCE))
    said = []
    for name in ("one", "two"):
        request = RunRequest((tmp_path / "n",), tmp_path / name, formats=("html",))
        (made,) = run_reports(request, progress=False).published
        said.append(read_manifest(made.path).content_sha256)
    assert said[0] == said[1]


def test_every_published_version_is_brought_to_the_newest():
    made = manifest(3, **PARAMETERS)
    older = [finding(), finding("award", 0.01)]
    newest = upgrade_findings(older, made)
    assert upgrade_findings(newest.to_json(), made) == newest == make_findings(older, made)


@pytest.mark.parametrize("content", [{"schema": "sme-research/findings/2", "findings": []}, {}, 3, None])
def test_a_version_that_is_not_known_is_refused(content):
    with pytest.raises(FactoryError, match="must be 'sme-research/findings/1' or a list"):
        upgrade_findings(content, manifest())


def test_the_site_reads_and_compares_runs_of_both_versions(reports):
    publish_runs(reports, (manifest(1, **PARAMETERS), [finding(estimate=0.06)]))
    older = newest_run(reports, f"{LOAN}-zh")
    publish_version_1(reports, manifest(2, **PARAMETERS), finding(estimate=0.06))
    newer = newest_run(reports, f"{LOAN}-zh")
    assert "interval" in newer.findings[0]
    assert "ci_low" in older.findings[0]
    comparison = compare_runs(older, newer)
    assert len(comparison.estimates) == 1
    assert not comparison.moved
    moved = PublishedRun(newer.manifest, tuple(version_1(newer.manifest, finding(estimate=0.05))["findings"]))
    (change,) = compare_runs(older, moved).estimates
    assert change.difference == pytest.approx(-0.01)
    assert change.new.headline["en"].startswith("If the assumption")
    assert verify_site(reports).ok
    assert [(row.status, row.n_runs) for row in list_reports(reports)] == [("published", 2)]
    assert "若平行趋势等假设成立" in (reports / "index.html").read_text()


def test_a_report_of_an_unknown_version_counts_as_damaged(reports):
    publish_runs(reports, (manifest(1), {"schema": "sme-research/findings/9", "findings": []}))
    assert [row.status for row in list_reports(reports)] == ["damaged"]


def test_a_report_counts_once_by_its_newest_run_in_whichever_language_and_version(reports):
    publish_runs(reports, (manifest(1), [finding(estimate=0.01)]), (manifest(2, "en"), [finding(estimate=0.02)]))
    publish_version_1(reports, manifest(3, instrument="training"), finding("training", 0.03), finding("award", 0.04))
    feed = fed(reports)
    assert [(found["report"], found["estimate"]) for found in feed["findings"]] == [
        (LOAN, 0.02), (TRAINING, 0.03), (TRAINING, 0.04),
    ]  # fmt: skip
    assert [(report["slug"], report["n_findings"]) for report in feed["reports"]] == [
        (f"{LOAN}-en", 1), (f"{TRAINING}-zh", 2),
    ]  # fmt: skip
    assert (feed["schema"], feed["edition"], feed["unread"]) == ("sme-research/findings-feed/1", "internal", [])
    assert fed(reports) == feed


@pytest.mark.parametrize(
    ("since", "kept"), [("2026-11-01", [LOAN, TRAINING]), ("2026-11-03", [TRAINING]), ("2026-11-04", [])]
)
def test_since_keeps_reports_whose_newest_run_began_on_that_day_or_later(reports, since, kept):
    publish_runs(reports, (manifest(1), [finding()]), (manifest(2), [finding()]))
    publish_runs(reports, (manifest(3, instrument="training"), [finding("training")]))
    feed = fed(reports, "--since", since)
    assert [report["report"] for report in feed["reports"]] == kept
    assert feed["since"] == since


def test_a_day_is_the_one_in_utc(reports):
    publish_runs(reports, (manifest(2, started_at="2026-11-02T01:00:00+08:00"), [finding()]))
    assert fed(reports)["reports"][0]["made_on"] == "2026-11-01"
    assert fed(reports, "--since", "2026-11-02")["reports"] == []


def test_a_damaged_run_is_told_the_rest_is_written_and_the_exit_says_if_it_matters(reports):
    publish_runs(reports, (manifest(1), [finding(estimate=0.01)]), (manifest(2), [finding(estimate=0.02)]))
    publish_runs(reports, (manifest(1, instrument="training"), [finding("training", 0.03)]))
    first, second = (reports / f"{LOAN}-zh" / manifest(day).run_id for day in (1, 2))
    whole = (first / "findings.json").read_bytes()
    (first / "findings.json").write_bytes(whole + b" ")
    older = call("--reports", reports)
    assert older.exit_code == 0
    assert f"{LOAN}-zh/{first.name}: is not as it was published" in older.stderr
    assert "older than the findings that stand" in older.stderr
    assert [found["estimate"] for found in json.loads(older.stdout)["findings"]] == [0.02, 0.03]
    (first / "findings.json").write_bytes(whole)
    (second / "findings.json").write_bytes(b"[]")
    newer = call("--reports", reports)
    assert newer.exit_code == 1
    assert "so the findings may be outdated" in newer.stderr
    feed = json.loads(newer.stdout)
    assert [found["estimate"] for found in feed["findings"]] == [0.01, 0.03]
    assert [(run["run"], run["outdates"]) for run in feed["unread"]] == [(f"{LOAN}-zh/{second.name}", True)]
    assert call("--reports", reports, "--since", "2026-11-03").exit_code == 0


def test_a_run_whose_folder_was_deleted_is_told_like_one_that_is_damaged(reports):
    publish_runs(reports, (manifest(1), [finding(estimate=0.01)]), (manifest(2), [finding(estimate=0.02)]))
    publish_runs(reports, (manifest(1, instrument="training"), [finding("training", 0.03)]))
    first, second = (f"{LOAN}-zh/{manifest(day).run_id}" for day in (1, 2))
    shutil.rmtree(reports / first)
    older = call("--reports", reports)
    assert older.exit_code == 0
    assert f"{first}: is missing, though it was published; restore its folder" in older.stderr
    assert "older than the findings that stand" in older.stderr
    shutil.rmtree(reports / f"{LOAN}-zh")
    gone = call("--reports", reports)
    assert gone.exit_code == 1
    assert f"{second}: is missing, though it was published" in gone.stderr
    feed = json.loads(gone.stdout)
    assert [found["estimate"] for found in feed["findings"]] == [0.03]
    assert [(run["run"], run["outdates"]) for run in feed["unread"]] == [(first, True), (second, True)]
    assert call("--reports", reports, "--since", "2026-11-03").exit_code == 0


def test_a_run_that_was_pruned_is_not_missing(reports):
    publish_runs(reports, (manifest(1), [finding()]), (manifest(2), [finding()]), (manifest(3), [finding()]))
    shutil.rmtree(reports / f"{LOAN}-zh" / manifest(2).run_id)
    with publishing(reports):
        prune(reports, keep=1, damaged=True)
    answer = call("--reports", reports)
    assert (answer.exit_code, answer.stderr, json.loads(answer.stdout)["unread"]) == (0, "", [])


def test_a_damaged_run_whose_other_language_says_the_same_does_not_matter(reports):
    chinese, english = manifest(2, run_id="20261102T010000Z-ffffff"), manifest(2, "en")
    publish_runs(reports, (chinese, [finding()]), (english, [finding()]))
    (reports / chinese.slug / chinese.run_id / "findings.json").write_text("[]")
    answer = call("--reports", reports)
    assert answer.exit_code == 0
    assert [found["slug"] for found in json.loads(answer.stdout)["findings"]] == [english.slug]


def test_a_finding_on_some_places_or_in_real_prices_says_so():
    asked = {"population": "all", "cities": ["350100"], "industries": ["39"], "prices": "real"}
    (found,) = version_1(manifest(parameters=asked), finding())["findings"]
    assert {name: found[name] for name in asked} == asked
    (own,) = version_1(manifest(parameters=asked), finding(population="eligible", cities=[]))["findings"]
    assert (own["population"], own["cities"], own["prices"]) == ("eligible", [], "real")


def test_an_older_record_that_lacks_what_the_schema_asks_is_told_and_left_out(reports):
    lacking = {name: value for name, value in finding().items() if name != "unit"}
    publish_runs(reports, (manifest(1), [finding()]), (manifest(2), [lacking]))
    answer = call("--reports", reports)
    assert answer.exit_code == 1
    assert f"{LOAN}-zh/{manifest(2).run_id}: {LOAN}-zh, finding 1, unit: Field required" in answer.stderr
    assert json.loads(answer.stdout)["reports"][0]["run_id"] == manifest(1).run_id


def test_a_folder_that_is_not_there_is_a_mistake_and_an_empty_site_is_none(tmp_path, reports):
    with pytest.raises(FactoryError, match="holds no reports; make them with: sme-research run"):
        merge_findings(tmp_path / "nowhere")
    with session(reports), publishing(reports):
        write_index(reports)
    assert fed(reports)["findings"] == []


def test_the_public_edition_is_read_from_its_own_site(tmp_path):
    public = tmp_path / "reports-public"
    public.mkdir()
    (public / ".edition").write_text("public\n")
    hidden = finding(n_enterprises=None, n_treated=None)
    made = manifest(1, edition="public")
    with session(public) as staging, publishing(public):
        publish(stage(staging, made, version_1(made, hidden)), public, made.slug, made.run_id)
    feed = fed(tmp_path / "reports", "--edition", "public")
    assert feed["edition"] == "public"
    assert [(found["edition"], found["n_treated"]) for found in feed["findings"]] == [("public", None)]


def test_a_file_is_json_or_parquet_by_its_name(reports, tmp_path):
    unsure = finding("training", 0.03, std_error=None, n_treated=None, checks=[])
    publish_runs(reports, (manifest(1), [finding()]), (manifest(2, instrument="training"), [unsure]))
    assert call("--reports", reports, "--out", tmp_path / "feed.json").exit_code == 0
    assert json.loads((tmp_path / "feed.json").read_text()) == fed(reports)
    assert call("--reports", reports, "--out", tmp_path / "feed.parquet").exit_code == 0
    table = pd.read_parquet(tmp_path / "feed.parquet")
    assert list(table.columns) == [*COLUMNS, "check_balance", "check_pretrends"]
    assert table["estimate"].tolist() == [0.062, 0.03]
    assert table["interval_high"].tolist() == pytest.approx([0.097, 0.065])
    assert table["n_treated"].isna().tolist() == [False, True]
    assert table["n_treated"][0] == 693
    assert table["check_balance"].isna().tolist() == [False, True]
    assert json.loads(table["checks"][0])[0]["name"] == "pretrends"
    wrong = call("--reports", reports, "--out", tmp_path / "feed.csv")
    assert (wrong.exit_code, "must end in .json or .parquet" in wrong.stderr) == (2, True)
    assert sorted(path.name for path in tmp_path.glob("*feed*")) == ["feed.json", "feed.parquet"]


@pytest.mark.parametrize("name", ["all.json", "all.parquet"])
def test_a_file_that_cannot_be_written_leaves_nothing_and_is_named(reports, tmp_path, name):
    reports.mkdir(exist_ok=True)
    (tmp_path / "out" / name).mkdir(parents=True)
    with pytest.raises(OSError, match=name) as fault:
        write_feed(merge_findings(reports), tmp_path / "out" / name)
    assert fault.value.filename == str(tmp_path / "out" / name)
    assert [file.name for file in (tmp_path / "out").iterdir()] == [name]


def test_the_table_has_every_field_and_the_same_types_when_empty(reports):
    publish_runs(reports, (manifest(1), []))
    empty = tabulate_feed(merge_findings(reports))
    publish_runs(reports, (manifest(2), [finding(checks=[])]))
    full = tabulate_feed(merge_findings(reports))
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert (len(empty), len(full)) == (0, 1)
    fields = {f"{name}_{part}" if isinstance(value, dict) else name
              for name, value in version_1(manifest(1), finding())["findings"][0].items()
              for part in (value if isinstance(value, dict) else [""])}  # fmt: skip
    assert fields == set(full.columns)


def test_a_reader_of_version_0_still_gets_the_list_that_it_knows(reports, tmp_path):
    older = [finding(), finding("award", 0.01)]
    publish_version_1(reports, manifest(2, **PARAMETERS), *older)
    told = fed(reports, "--schema", 0)
    for given, found in zip(older, told, strict=True):
        made = {**given, "checks": [{"statistic": None, "p_value": None, "detail": "", "values": {}, **check}
                                    for check in given["checks"]]}  # fmt: skip
        assert {name: found[name] for name in made} == made
    assert upgrade_findings(told, manifest(2)) == upgrade_findings(older, manifest(2, **PARAMETERS))
    assert call("--reports", reports, "--schema", 0, "--out", tmp_path / "old.json").exit_code == 0
    assert json.loads((tmp_path / "old.json").read_text()) == told
    assert call("--reports", reports, "--schema", 0, "--out", tmp_path / "old.parquet").exit_code == 2
    assert call("--reports", reports, "--schema", 2).exit_code == 2
    assert fed(reports, "--schema", 1) == fed(reports)
    with pytest.raises(FactoryError, match="version 7 of the findings is not known; choose from 0, 1"):
        tell_feed(merge_findings(reports), version=7)


def test_making_findings_leaves_the_records_as_they_are():
    given = [finding(), finding("award")]
    before = copy.deepcopy(given)
    make_findings(given, manifest())
    assert given == before
