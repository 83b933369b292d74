"""The site in a real browser, from the disk and from the server: search, comparison, lapse, access, no network."""

import os
import shutil
import time
from contextlib import contextmanager

import pytest
from site_cases import NAMES, fail_run, finding, manifest, publish_runs
from test_factory_site import served

from sme_research.factory.manifest import TableUsed
from sme_research.factory.publish import publishing
from sme_research.factory.site.catalogue_page import render_catalogue
from sme_research.factory.site.histories import History
from sme_research.factory.site.ledger import Ledger
from sme_research.factory.site.runs import PublishedRun, newest_run
from sme_research.factory.site.signatures import new_key, read_key, read_signers, sign_run, signers_path

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

SLUG = "effect-loan_subsidy"
PAGES = ("index.html", "en.html", f"{SLUG}-zh/index.html", f"{SLUG}-en/index.html", "effect-training-zh/index.html")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
FAMILIES = 200
QUICK_MS = 250


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Three reports in two languages: one signed and changed since, one failed, one on training."""
    root = tmp_path_factory.mktemp("browser")
    reports = root / "reports"
    for language in ("zh", "en"):
        publish_runs(
            reports,
            (manifest(1, language), [finding(estimate=0.06)]),
            (manifest(2, language), [finding(estimate=0.058)]),
            (manifest(4, language, instrument="training"), [finding("training", 0.013)]),
            (manifest(5, language, instrument="award"), [finding("award", -0.02, unit="share")]),
        )
    (root / "signers.toml").write_text(new_key("reviewer", "复核处", root / "key.pem", password=""))
    with publishing(reports):
        signers = read_signers(signers_path(reports))
        key, run = read_key(root / "key.pem", ""), newest_run(reports, f"{SLUG}-zh")
        sign_run(Ledger(reports), run, key, role="reviewer", note="数字已核对", signers=signers)
    changed = {"tables": [TableUsed(name="accounts", rows=6012, sha256="cd" * 32)]}
    for language in ("zh", "en"):
        publish_runs(reports, (manifest(3, language, **changed), [finding(estimate=0.01)]))
    fail_run(reports, manifest(6, instrument="training"))
    return reports


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None and os.environ.get("CI"):
        pytest.fail("chromium is not on PATH, must be in CI: install it there")
    if path is None:
        pytest.skip("chromium is not on PATH")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(params=["disk", "server"])
def address(request, reports):
    """Where the site is opened from."""
    if request.param == "disk":
        yield f"file://{reports}"
    else:
        with served(reports) as (host, port):
            yield f"http://{host}:{port}"


@contextmanager
def open_page(browser, url: str, **options):
    """A page that may fetch nothing but the site's own documents and may say nothing in the console."""
    context = browser.new_context(viewport=options.pop("viewport", DESK), **options)
    page = context.new_page()
    said, fetched = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda fault: said.append(str(fault)))
    page.on("request", lambda request: fetched.append((request.url, request.resource_type)))
    page.goto(url)
    try:
        yield page
        assert said == []
        site = url.partition("/reports")[0] if url.startswith("file") else "/".join(url.split("/")[:3])
        outside = [wanted for wanted, _ in fetched if not wanted.startswith((site, "data:"))]
        assert outside == []
        assert {kind for _, kind in fetched} <= {"document", "font", "other"}
    finally:
        context.close()


def listed(page) -> list[str]:
    return page.locator(".entry:visible h3").all_inner_texts()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("培训", ["培训与营业收入：评估报告"]),
        ("贷款贴息", ["贷款贴息与营业收入：评估报告"]),
        ("loan", ["贷款贴息与营业收入：评估报告"]),
        ("ＬＯＡＮ　subs", ["贷款贴息与营业收入：评估报告"]),
        ("奖励 营业收入", ["奖励与营业收入：评估报告"]),
        ("贷款补贴", ["贷款贴息与营业收入：评估报告"]),
        ("xyzzy", []),
    ],
)
def test_the_chinese_catalogue_is_searched_in_both_languages(browser, address, query, expected):
    with open_page(browser, f"{address}/index.html") as page:
        assert len(listed(page)) == 3
        page.get_by_label("关键词").fill(query)
        assert listed(page) == expected
        status = page.get_by_role("status").inner_text()
        assert (str(len(expected)) in status) if expected else status == "没有符合条件的报告"
        assert ("最接近" in status) == (query == "贷款补贴")
        page.get_by_role("button", name="清除条件").click()
        playwright.expect(page.locator(".entry:visible")).to_have_count(3)
        playwright.expect(page.get_by_label("关键词")).to_be_focused()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("train", ["Training and revenue: an evaluation"]),
        ("培训", ["Training and revenue: an evaluation"]),
        ("rain", []),
    ],
)
def test_the_english_catalogue_is_searched_in_both_languages(browser, address, query, expected):
    with open_page(browser, f"{address}/en.html") as page:
        page.get_by_label("Words").fill(query)
        assert listed(page) == expected


def test_filters_narrow_the_list(browser, address):
    chosen = {
        "计量单位": ("百分点", ["奖励与营业收入：评估报告"]),
        "政策工具": ("贷款贴息", ["贷款贴息与营业收入：评估报告"]),
        "状态": ("最近一次生成失败", ["培训与营业收入：评估报告"]),
        "签发": ("签发已失效", ["贷款贴息与营业收入：评估报告"]),
    }
    with open_page(browser, f"{address}/index.html") as page:
        for label, (value, expected) in chosen.items():
            page.get_by_label(label, exact=True).select_option(value)
            assert listed(page) == expected
            page.get_by_label(label, exact=True).select_option("")
        for label in ("结果指标", "语言", "最近更新", "证据等级"):
            assert page.get_by_label(label, exact=True).locator("option").count() >= 2
        page.get_by_label("关键词").fill("贷款")
        page.get_by_label("状态", exact=True).select_option("最近一次生成失败")
        assert listed(page) == []


def test_without_scripts_the_whole_list_stands_and_no_search_is_offered(browser, address):
    with open_page(browser, f"{address}/index.html", java_script_enabled=False) as page:
        assert len(listed(page)) == 3
        assert not page.locator("#search").is_visible()
        assert page.get_by_text("浏览器未启用脚本").is_visible()


def test_two_chosen_runs_are_compared(browser, address):
    with open_page(browser, f"{address}/{SLUG}-zh/index.html") as page:
        result = page.locator("#result")
        assert "已在上次的置信区间之外" in result.inner_text()
        assert "数据表“年度经营”（accounts）有更新（5,980 → 6,012 行）" in result.inner_text()
        page.get_by_label("较晚的一份").select_option(label="2026年11月2日 09:00")
        assert "估计值由 +6.2% 变为 +6.0%，仍在上次的置信区间内" in result.inner_text()
        page.get_by_label("较早的一份").select_option(label="2026年11月2日 09:00")
        assert result.inner_text() == "请选择两份不同的报告。"
        page.get_by_label("较早的一份").select_option(label="2026年11月3日 09:00")
        assert "+1.0%" in result.locator("tr", has_text="估计值").locator("td").nth(1).inner_text()


def test_the_lapse_of_a_sign_off_is_seen_in_catalogue_and_history(browser, address):
    for name in ("index.html", f"{SLUG}-zh/index.html"):
        with open_page(browser, f"{address}/{name}") as page:
            told = page.locator("p.sign")
            assert "签发已失效：复核处（复核）" in told.inner_text()
            assert told.evaluate("element => getComputedStyle(element).color") == "rgb(160, 29, 29)"


def test_the_reader_gets_from_the_catalogue_to_a_report_its_history_and_the_other_language(browser, address):
    with open_page(browser, f"{address}/index.html") as page:
        page.get_by_role("link", name="贷款贴息与营业收入：评估报告", exact=True).click()
        assert page.url.endswith(f"{SLUG}-zh/{manifest(3).run_id}/index.html")
        page.go_back()
        page.get_by_role("link", name="历次报告（3）").click()
        page.get_by_role("link", name="English").click()
        assert page.url.endswith(f"{SLUG}-en/index.html")
        page.get_by_role("link", name="Catalogue").click()
        assert page.url.endswith("en.html")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(browser, reports, name, viewport):
    with open_page(browser, f"file://{reports}/{name}", viewport=viewport) as page:
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        found = axe.Axe().run(page, options={"runOnly": RULES}).response["violations"]
        assert [(fault["id"], [node["html"][:120] for node in fault["nodes"]]) for fault in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_every_control_is_large_enough_to_hit(browser, reports, viewport):
    small = (
        "[...document.querySelectorAll('a[href], button, input, select, summary')]"
        ".filter(one => one.offsetParent && !one.classList.contains('skip'))"
        ".map(one => [one.textContent.trim().slice(0, 30), one.getBoundingClientRect()])"
        ".filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)"
    )
    for name in PAGES:
        with open_page(browser, f"file://{reports}/{name}", viewport=viewport) as page:
            assert page.evaluate(small) == [], name


def test_the_keyboard_reaches_search_filters_and_the_first_report_and_its_place_is_seen(browser, reports):
    with open_page(browser, f"file://{reports}/index.html") as page:
        reached = []
        for _ in range(16):
            page.keyboard.press("Tab")
            at = "document.activeElement"
            reached.append(page.evaluate(f"{at}.id || {at}.textContent.trim()"))
            outline = page.evaluate(f"getComputedStyle({at}).outlineStyle")
            assert outline != "none", reached[-1]
        facets = [f"by-{name}" for name in ("instrument", "outcome", "unit", "language", "month", "grade", "status")]
        assert reached[:3] == ["跳到正文", "English", "words"]
        assert [name for name in reached if name in facets] == facets
        assert "奖励与营业收入：评估报告" in reached
        page.keyboard.press("Shift+Tab")


def test_two_hundred_reports_are_searched_at_once(browser, tmp_path):
    histories = []
    checks = [{"name": name, "verdict": "warn"} for name in ("pretrends", "balance", "attrition", "power", "overlap")]
    for number in range(FAMILIES):
        kind = f"kind{number}"
        for language in ("zh", "en"):
            made = manifest(1 + number % 28, language, instrument=kind)
            found = finding(kind, number / 1000, checks=checks)
            histories.append(History(made.slug, (PublishedRun(made, (found,), "0" * 64),), (), None))
    histories.append(History(f"{SLUG}-zh", (PublishedRun(manifest(), (finding(),), "0" * 64),), (), None))
    began = time.perf_counter()
    (tmp_path / "index.html").write_bytes(render_catalogue(histories, "zh", public=False))
    assert time.perf_counter() - began < 10
    with open_page(browser, f"file://{tmp_path}/index.html") as page:
        page.set_default_timeout(5000)
        took = page.evaluate(
            "() => { const words = document.getElementById('words'); const began = performance.now();"
            "words.value = '贷款贴息'; words.dispatchEvent(new Event('input', { bubbles: true }));"
            "document.body.offsetHeight; return performance.now() - began; }"
        )
        assert listed(page) == ["贷款贴息与营业收入：评估报告"]
        assert took < QUICK_MS
        assert len(NAMES) < FAMILIES
