"""Two runs compared by estimate, with what explains the difference."""

import json
import re

import pytest
from click.testing import CliRunner
from factory_cases import FINDING
from site_cases import finding, manifest, publish_runs

from sme_research.cli import cli
from sme_research.factory.manifest import CodeVersion, Environment, FileUsed, Reached, TableUsed
from sme_research.factory.site.comparison import compare_runs
from sme_research.factory.site.runs import PublishedRun
from sme_research.factory.site.telling import tell_changes
from sme_research.factory.site.words import words

MORE_ROWS = [TableUsed(name="accounts", rows=6012, sha256="cd" * 32)]
GREW = {"tables": MORE_ROWS}


def run(day: int, *findings, **changes) -> PublishedRun:
    return PublishedRun(manifest(day, **changes), findings)


def told(older: PublishedRun, newer: PublishedRun, language: str = "zh") -> list[str]:
    return tell_changes(compare_runs(older, newer), language)


def causes(**changes) -> list[tuple[str, str, str]]:
    found = compare_runs(run(1, finding()), run(2, finding(), **changes)).causes
    return [(cause.kind, cause.name, cause.change) for cause in found]


def test_the_sentences_an_official_reads_say_what_moved_and_why():
    assert told(run(1, finding(estimate=0.062)), run(2, finding(estimate=0.057), **GREW)) == [
        "自上次报告（2026年11月1日）以来：估计值由 +6.4% 变为 +5.9%，仍在上次的置信区间内。",
        "原因：数据表“年度经营”（accounts）有更新（5,980 → 6,012 行）。",
    ]
    assert told(run(1, finding(estimate=0.062)), run(2, finding(estimate=0.057), **GREW), "en") == [
        "Since the last report (1 November 2026): the estimate went from +6.4% to +5.9%, "
        "still within the earlier confidence interval.",
        "Reason: the table accounts (Yearly accounts) was updated (5,980 → 6,012 rows).",
    ]


def test_an_estimate_outside_the_earlier_interval_is_said_to_be():
    comparison = compare_runs(run(1, finding(estimate=0.06)), run(2, finding(estimate=0.01), **GREW))
    (change,) = comparison.estimates
    assert change.difference == pytest.approx(-0.05)
    assert change.within_older_interval is False
    assert "已在上次的置信区间之外" in tell_changes(comparison, "zh")[0]


def test_grade_checks_and_sample_that_changed_are_told_at_most_six_sentences_long():
    weaker = finding(
        estimate=0.03,
        n_enterprises=1402,
        grade={"sms_level": 2, "wording": "association"},
        checks=[{"name": "pretrends", "verdict": "fail"}, {"name": "balance", "verdict": "warn"}],
    )
    sentences = told(run(1, finding()), run(2, weaker, **GREW))
    assert "证据等级由 3 级变为 2 级。" in sentences
    assert "可用的说法由“效应”变为“相关”。" in sentences
    assert "检验结论有变：参加前趋势由通过变为未通过。" in sentences
    assert "分析的企业由 1,376 家变为 1,402 家。" in sentences
    assert len(sentences) <= 6


def test_each_kind_of_change_is_named_as_the_cause():
    reached = manifest(1).reached
    environment = manifest(1).environment
    assert causes() == []
    assert causes(tables=[]) == [("table", "accounts", "removed")]
    assert causes(tables=[*manifest(1).tables, TableUsed(name="loans", rows=3, sha256="aa" * 32)]) == [
        ("table", "loans", "added")
    ]
    assert causes(parameters={"instrument": "loan_subsidy", "outcome": "log_revenue", "level": 0.9}) == [
        ("parameter", "comparison", "removed"),
        ("parameter", "level", "added"),
    ]
    assert causes(files=[FileUsed(path="plan.yml", sha256="aa" * 32), FileUsed(path="none.yml", sha256="")]) == [
        ("file", "plan.yml", "added")
    ]
    assert causes(notebook_sha256="1" * 64) == [("notebook", "20_effect.ipynb", "changed")]
    for kind in ("code", "texts", "reference", "template"):
        assert causes(reached=reached.model_copy(update={kind: "9" * 64})) == [(kind, "sme_research", "changed")]
    for name, value, shown in (
        ("python", "3.12.0", "python"),
        ("packages_sha256", "9" * 64, "packages"),
        ("lock_sha256", None, "requirements.lock"),
    ):
        changed = environment.model_copy(update={name: value})
        assert causes(environment=changed) == [("environment", shown, "changed")]
    assert causes(edition="public") == [("edition", "edition", "changed")]


def test_another_commit_is_no_cause_where_what_the_report_reaches_is_the_same():
    elsewhere = CodeVersion(package="0.2.0", commit="9" * 40, dirty=False, source_sha256="9" * 64)
    assert causes(code=elsewhere) == []
    assert compare_runs(run(1, reached=None), run(2, code=elsewhere)).causes[0].kind == "code"


def test_a_change_that_nothing_recorded_explains_is_said_to_need_one():
    sentences = told(run(1, finding(estimate=0.062)), run(2, finding(estimate=0.05)))
    assert sentences[-1] == "数据、参数、程序和运行环境都没有记录到改变，须查明原因。"
    reworded = Reached(code="a" * 64, texts="9" * 64, reference="c" * 64, template="d" * 64)
    assert (
        told(run(1, finding(estimate=0.062)), run(2, finding(estimate=0.05), reached=reworded))[-1] == sentences[-1]
    )


def test_what_changed_without_moving_a_number_is_not_called_a_reason():
    assert told(run(1, finding()), run(2, finding(), **GREW)) == [
        "自上次报告（2026年11月1日）以来：各项估计值、检验结论和证据等级都没有变化。",
        "其间的改动：数据表“年度经营”（accounts）有更新（5,980 → 6,012 行）。",
    ]
    assert told(run(1, finding()), run(2, finding()))[-1] == "所用数据、参数、程序和运行环境都没有变。"


def test_several_causes_are_not_divided_between():
    both = {**GREW, "environment": Environment(python="3.12.1", packages_sha256="e" * 64, lock_sha256="f" * 64)}
    assert told(run(1, finding(estimate=0.062)), run(2, finding(estimate=0.05), **both))[-1].startswith(
        "原因可能有几项，无法分清各占多少：数据表"
    )


def test_rounding_in_the_last_digits_is_no_change():
    comparison = compare_runs(run(1, finding(estimate=0.062)), run(2, finding(estimate=0.062 + 1e-15)))
    assert not comparison.moved


def test_of_several_estimates_the_one_that_moved_most_is_told():
    older = run(1, finding(estimate=0.06), finding("training", 0.02), finding("award", 0.01))
    newer = run(2, finding(estimate=0.06), finding("training", 0.021), finding("award", 0.09), **GREW)
    first = told(older, newer)[0]
    assert "3 项估计中有 2 项改变" in first
    assert "奖励 · 营业收入的估计值由" in first


def test_estimates_that_come_and_go_are_told():
    assert "新增估计值 +6.4%" in told(run(1), run(2, finding()))[0]
    assert "不再有估计值（上次为 +6.4%）" in told(run(1, finding()), run(2))[0]
    assert "没有可比较的估计值" in told(run(1), run(2))[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_findings_of_any_notebook_are_compared_as_far_as_they_go(language):
    bare = {"kind": "finding"}
    odd = {"kind": "finding", "estimate": "many", "unit": "kg", "checks": [3], "grade": 4, "ci_low": None}
    for older in (bare, odd, FINDING, finding(unit="kg"), finding(std_error=None)):
        for newer in (bare, odd, FINDING, finding(unit="kg", estimate=3.5)):
            sentences = told(run(1, older), run(2, newer, **GREW), language)
            assert sentences
            assert "None" not in "".join(sentences)
            json.dumps(compare_runs(run(1, older), run(2, newer)).to_json(), allow_nan=False)


def test_estimates_in_different_units_are_not_subtracted():
    (change,) = compare_runs(run(1, finding()), run(2, finding(unit="share"))).estimates
    assert change.difference is None
    assert change.within_older_interval is None
    assert change.moved


def test_the_chinese_sentences_hold_no_english_word_but_names_in_brackets():
    every = {
        **GREW,
        "environment": Environment(python="3.12.1", packages_sha256="9" * 64, lock_sha256="9" * 64),
        "parameters": {"instrument": "loan_subsidy", "outcome": "log_revenue", "comparison": "never_treated"},
    }
    text = "".join(told(run(1, finding(estimate=0.062)), run(2, finding(estimate=0.05), **every)))
    assert re.findall(r"[A-Za-z]+", text) == ["accounts"]


def keys(catalogue, within=""):
    for key, value in catalogue.items():
        yield from keys(value, f"{within}{key}.") if isinstance(value, dict) else [f"{within}{key}"]


def test_both_languages_have_the_same_texts():
    assert list(keys(words("zh"))) == list(keys(words("en")))


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    reports = tmp_path_factory.mktemp("compare") / "reports"
    runs = [(manifest(day, **(GREW if day > 1 else {})), [finding(estimate=0.06 - day / 1000)]) for day in (1, 2, 3)]
    publish_runs(reports, *runs, (manifest(1, instrument="award"), [finding("award")]))
    return reports


def compare(reports, *arguments):
    return CliRunner().invoke(cli, ["compare", *arguments, "--reports", str(reports)])


def test_the_command_compares_a_slug_s_newest_two_or_any_two_runs(reports):
    slug = "effect-loan_subsidy-zh"
    newest = json.loads(compare(reports, slug, "--json").stdout)
    assert (newest["older"], newest["newer"]) == (f"{slug}/{manifest(2).run_id}", f"{slug}/{manifest(3).run_id}")
    assert newest["estimates"][0]["within_older_interval"] is True
    assert newest["causes"] == []
    first = f"{slug}/{manifest(1).run_id}"
    any_two = json.loads(compare(reports, first, str(reports / slug / manifest(3).run_id), "--json").stdout)
    assert any_two["older"] == first
    assert any_two["causes"][0] == {
        "kind": "table",
        "name": "accounts",
        "change": "changed",
        "old": 5980,
        "new": 6012,
    }
    assert "估计值: +6.1% → +5.9%" in compare(reports, first, slug, "--lang", "zh").stdout


def test_the_command_says_what_it_cannot_compare(reports):
    assert "has 1 run(s), must have two" in str(compare(reports, "effect-award-zh").exception)
    assert "'none' is no run of 'reports'" in str(compare(reports, "none", "effect-award-zh").exception)
