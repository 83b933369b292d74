"""The pages of the site as files: what they show, in which language, and what the server gives away."""

import http.client
import json
import re
import threading
from contextlib import contextmanager

import pytest
from bs4 import BeautifulSoup
from factory_cases import FINDING, PROVENANCE, code, records, write
from site_cases import fail_run, finding, manifest, publish_runs

from sme_research.errors import FactoryError
from sme_research.factory.catalogue import list_reports, newest_failure, write_index
from sme_research.factory.publish import publishing
from sme_research.factory.run import RunRequest, run_reports
from sme_research.factory.site.ledger import Ledger
from sme_research.factory.site.server import make_server
from sme_research.factory.site.verification import verify_site

PAGES = ("index.html", "en.html", "effect-loan_subsidy-zh/index.html", "effect-loan_subsidy-en/index.html")
SLUG = "effect-loan_subsidy-zh"


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Three reports in two languages, one with three runs, one whose newest attempt failed, one only in English."""
    reports = tmp_path_factory.mktemp("site") / "reports"
    for language in ("zh", "en"):
        runs = [(manifest(day, language), [finding(estimate=0.06 - day / 1000)]) for day in (1, 2, 3)]
        publish_runs(reports, *runs, (manifest(4, language, instrument="training"), [finding("training", 0.013)]))
    publish_runs(reports, (manifest(5, "en", instrument="award"), [finding("award", -0.02, unit="share")]))
    fail_run(reports, manifest(6, instrument="training"))
    fail_run(reports, manifest(7, instrument="coaching"), text="KeyError: 'x' <script>alert(1)</script>")
    return reports


def page(reports, name) -> BeautifulSoup:
    return BeautifulSoup((reports / name).read_text(encoding="utf-8"), "html.parser")


def entry(reports, words, name="index.html"):
    return next(item for item in page(reports, name).select(".entry") if words in item.get_text())


def test_the_catalogue_lists_every_report_without_any_script(reports):
    for name in ("index.html", "en.html"):
        catalogue = page(reports, name)
        assert len(catalogue.select(".entry")) == 4
        assert catalogue.form.has_attr("hidden")
        assert not catalogue.select_one("#without-script").has_attr("hidden")
        for link in catalogue.select("a[href]"):
            if not link["href"].startswith("#"):
                assert (reports / link["href"]).is_file(), link


def test_a_report_that_failed_shows_the_failure_and_the_last_good_one_with_its_date(reports):
    item = entry(reports, "培训与营业收入")
    assert "最近一次生成失败：2026年11月6日 09:00（北京时间），出错处为第 3 单元。" in item.get_text()
    assert "这里列出的是2026年11月4日的上一份成功报告。" in item.get_text()
    assert item.h3.a["href"] == f"effect-training-zh/{manifest(4).run_id}/index.html"
    assert "accounts.csv, row 4: revenue is -3" in item.details.get_text()
    english = entry(reports, "Training and revenue", "en.html").get_text()
    assert "The latest attempt at the Chinese version failed." in english
    never = entry(reports, "coaching")
    assert never.h3.a is None
    assert "尚无可用的报告" in never.get_text()
    assert newest_failure(reports, "effect-coaching-zh").text.startswith("KeyError")
    assert newest_failure(reports, SLUG) is None


def test_a_public_site_says_that_an_attempt_failed_and_not_what_the_notebook_said(tmp_path):
    reports = tmp_path / "reports-public"
    reports.mkdir()
    (reports / ".edition").write_text("public\n")
    publish_runs(reports, (manifest(1, edition="public"), [finding()]))
    fail_run(reports, manifest(2, edition="public"), text="DataError: enterprise 91350100M000100Y43 has no city")
    assert list((reports / ".failed").glob("*")) == []
    item = entry(reports, "贷款贴息").get_text()
    assert "最近一次生成失败：2026年11月2日" in item
    assert "公开版" in page(reports, "index.html").header.get_text()
    assert all(b"91350100M000100Y43" not in path.read_bytes() for path in reports.rglob("*") if path.is_file())
    assert verify_site(reports).faults == ()


def test_what_a_notebook_said_when_it_failed_is_no_markup(reports):
    assert "<script>alert" not in (reports / "index.html").read_text()


def test_every_page_declares_its_language_and_admits_only_its_own_script_and_style(reports):
    for name in PAGES:
        shown = page(reports, name)
        assert shown.html["lang"] == ("en" if "en" in name.split("/")[0].removesuffix(".html")[-2:] else "zh-CN")
        policy = shown.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
        assert policy.startswith("default-src 'none'; img-src data:; font-src data:; style-src 'sha256-")
        assert "unsafe" not in policy
        assert shown.select("[src], [onclick], [style], link") == []
        assert all(not link["href"].startswith(("http", "//")) for link in shown.select("a[href]"))


def test_a_chinese_reader_sees_no_english_but_the_switch_and_what_exists_in_english_only(reports):
    for name in ("index.html", "effect-loan_subsidy-zh/index.html", "effect-training-zh/index.html"):
        shown = page(reports, name)
        for hidden in shown.select("script, style, code, [lang=en], title"):
            hidden.decompose()
        words = re.findall(r"[A-Za-z]{2,}", shown.get_text(" "))
        assert set(words) <= {"coaching"}, name  # the made-up title of a report that was never made


def test_a_report_in_one_language_only_is_listed_in_both_and_marked(reports):
    item = entry(reports, "Award and revenue")
    assert item.h3["lang"] == "en"
    assert "只有英文版" in item.get_text()
    assert "in Chinese only" not in entry(reports, "Award and revenue", "en.html").get_text()


def test_the_history_has_every_run_newest_first_with_estimate_interval_and_number(reports):
    history = page(reports, f"{SLUG}/index.html")
    links = [link["href"] for link in history.select("#runs-caption ~ tbody th a")]
    assert links == [f"{manifest(day).run_id}/index.html" for day in (3, 2, 1)]
    rows = [[cell.get_text() for cell in row.select("td")] for row in history.select("#estimate-1 ~ tbody tr")]
    assert rows[0] == ["+5.9%", "+2.2% 至 +9.6%", "1,376", "693", "3 级"]
    assert "估计值由 +6.0% 变为 +5.9%" in history.select_one(".change").get_text()
    drawing = history.select_one("svg")
    assert drawing["role"] == "img"
    assert "3 份报告的估计值与置信区间" in drawing["aria-label"]
    assert len(drawing.select("circle")) == 3


def test_any_two_of_the_newest_runs_can_be_compared(reports):
    data = json.loads(page(reports, f"{SLUG}/index.html").select_one("#data").get_text())
    assert set(data["pairs"]) == {"1 0", "2 0", "2 1"}
    assert data["pairs"]["2 0"]["tables"][0]["rows"][0] == ["估计值", "+6.1%", "+5.9%"]


def test_pages_are_written_only_where_something_changed(reports):
    before = len(Ledger(reports).lines)
    with publishing(reports):
        write_index(reports)
    assert len(Ledger(reports).lines) == before


def test_the_list_of_reports_says_how_each_stands(reports):
    rows = {row.slug: (row.status, row.n_runs) for row in list_reports(reports)}
    assert rows[SLUG] == ("published", 3)
    assert rows["effect-training-zh"] == ("failed", 1)
    assert rows["effect-coaching-zh"] == ("failed", 0)


def test_a_failed_notebook_in_a_matrix_leaves_the_others_published_and_is_shown(tmp_path):
    meta = {
        "languages": ["zh", "en"],
        "matrix": {"word": ["good", "bad"]},
        "title": {"zh": "标题 {word}", "en": "Title {word}"},
    }
    fails = code("if word == 'bad': raise ValueError('the accounts of 2023 are missing')")
    notebook = write(tmp_path / "n/thing.ipynb", records(FINDING, PROVENANCE), meta=meta)
    assert run_reports(RunRequest((notebook,), tmp_path / "reports"), progress=False).ok
    write(tmp_path / "n/thing.ipynb", fails, records(FINDING, PROVENANCE), meta=meta)
    outcome = run_reports(RunRequest((notebook,), tmp_path / "reports"), progress=False)
    assert not outcome.ok
    assert {report.slug for report in outcome.published} == {"thing-good-en", "thing-good-zh"}
    assert {report.slug for report in outcome.failed} == {"thing-bad-en", "thing-bad-zh"}
    reports = tmp_path / "reports"
    assert verify_site(reports).faults == ()
    item = entry(reports, "标题 bad")
    assert "最近一次生成失败" in item.get_text()
    assert "的上一份成功报告" in item.get_text()
    assert "the accounts of 2023 are missing" in item.get_text()
    assert (reports / item.h3.a["href"]).is_file()
    assert "最近一次生成失败" not in entry(reports, "标题 good").get_text()


@contextmanager
def served(reports):
    server = make_server(reports, 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def fetch(address, path: str) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection(*address, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = (answer.status, answer.headers.get("Content-Type", ""), answer.read())
    assert answer.headers["Cache-Control"] == "no-store"
    connection.close()
    return found


def test_the_server_gives_the_site_with_right_types_and_nothing_else(reports, tmp_path):
    (reports.parent / "secret.txt").write_text("secret")
    (reports / "leak.html").symlink_to(reports.parent / "secret.txt")
    try:
        with served(reports) as address:
            assert address[0] == "127.0.0.1"
            assert fetch(address, "/")[:2] == (200, "text/html; charset=utf-8")
            assert (
                fetch(address, f"/{SLUG}/{manifest(1).run_id}/manifest.json")[1] == "application/json; charset=utf-8"
            )
            assert fetch(address, f"/{SLUG}/")[0] == 200
            hidden = [
                "/.failed/",
                "/.lock",
                "/%2efailed/effect-training-zh/",
                "/ledger.jsonl",
                "/leak.html",
                "/signatures/",
            ]
            outside = ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", f"/{SLUG}/../../secret.txt"]
            for path in [*hidden, *outside, f"/{SLUG}/{manifest(1).run_id}/x"]:
                status, _, body = fetch(address, path)
                assert status == 404, path
                assert b"secret" not in body.replace(path.encode(), b"")
    finally:
        (reports / "leak.html").unlink()


def test_a_port_that_is_taken_is_said(reports):
    with served(reports) as address, pytest.raises(FactoryError, match=f"port {address[1]} cannot be used"):
        make_server(reports, address[1])
