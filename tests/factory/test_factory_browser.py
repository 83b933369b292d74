"""The report in a real browser: a phone, and paper."""

import html
import os
import re
import shutil
import subprocess

import pytest
from axe_playwright_python.sync_playwright import Axe
from factory_cases import code, text
from nbformat.v4 import new_notebook, new_output
from playwright.sync_api import sync_playwright
from test_factory_formats import NEWS, cells, told
from test_factory_render import figure, manifest

from sme_research.factory.formats import write_outputs
from sme_research.factory.render import render_report

PHONE_WIDTH = 360
WIDE = (
    "<table class='sme'><caption>宽表</caption><thead><tr>" + "<th>一个相当长的表头</th>" * 20 + "</tr></thead>"
    "<tbody><tr>" + "<td>1,234,567.89</td>" * 20 + "</tr></tbody></table>"
)


@pytest.fixture(scope="module")
def chromium():
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None and os.environ.get("CI"):
        pytest.fail("chromium is not on PATH, must be in CI: install it there")
    return path or pytest.skip("chromium is not on PATH")


@pytest.fixture(scope="module")
def page():
    wide = code("a_very_long_line_of_code(" + "argument, " * 60 + ")")
    wide.outputs = [
        new_output("display_data", data={"text/html": WIDE}),
        new_output("stream", name="stdout", text="0123456789" * 40),
    ]
    cells = [text("## 方法\n\n" + "企业growth" * 40 + "a" * 200), wide, figure(alt="一", caption="二" * 80)]
    return render_report(new_notebook(cells=cells), manifest("zh"))


def run(chromium, folder, *arguments) -> str:
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
    ]
    command = [chromium, *flags, f"--user-data-dir={folder}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_phone_shows_the_report_without_scrolling_sideways(chromium, page, tmp_path):
    frame = tmp_path / "frame.html"
    # The frame is measured from outside: the page's own policy admits no script.
    frame.write_text(
        f"<iframe style='width:{PHONE_WIDTH}px;height:800px;border:0' srcdoc='{html.escape(page)}'></iframe>"
        "<p></p><script>onload=()=>{const d=document.querySelector('iframe').contentDocument.documentElement;"
        "const p=document.querySelector('p');p.textContent=`width ${d.scrollWidth} height ${d.scrollHeight}`}"
        "</script>"
    )
    dom = run(chromium, tmp_path / "profile", "--dump-dom", f"file://{frame}")
    width, height = map(int, re.search(r"<p>width (\d+) height (\d+)</p>", dom).groups())
    assert height > 1000
    assert width <= PHONE_WIDTH


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not on PATH")
def test_the_banner_is_on_every_printed_page(chromium, tmp_path):
    source, printed = tmp_path / "page.html", tmp_path / "page.pdf"
    long = new_notebook(cells=[text("Words to read. " * 400) for _ in range(4)])
    source.write_text(render_report(long, manifest("en")))
    run(
        chromium,
        tmp_path / "profile",
        "--no-pdf-header-footer",
        f"--print-to-pdf={printed}",
        f"file://{source}",
    )
    pages = subprocess.run(["pdftotext", printed, "-"], capture_output=True, text=True, check=True).stdout
    sheets = pages.rstrip("\f").split("\f")
    assert len(sheets) > 2
    assert all("Made-up demonstration data" in sheet for sheet in sheets)


@pytest.fixture(scope="module")
def browser(chromium):
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module", params=["zh", "en"])
def published(request, tmp_path_factory):
    """A report's page in a folder with its other files."""
    folder = tmp_path_factory.mktemp(f"page-{request.param}")
    notebook = new_notebook(cells=cells(request.param))
    write_outputs(notebook, told(request.param, ["html"]), folder, news=NEWS[request.param])
    return folder / "index.html"


@pytest.mark.parametrize("width", [PHONE_WIDTH, 1920])
def test_a_report_has_no_fault_that_axe_finds(browser, published, width):
    # The checker is a script, which the page's own policy refuses.
    with browser.new_context(bypass_csp=True, viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        page.goto(published.as_uri())
        found = Axe().run(page)
        assert [fault["id"] for fault in found.response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_term_is_explained_to_the_keyboard_without_covering_what_is_read(browser, published):
    with browser.new_context(viewport={"width": 1280, "height": 600}) as context:
        page = context.new_page()
        page.goto(published.as_uri())
        term = page.locator("a.term").first
        term.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        strip = "getComputedStyle(document.activeElement, '::after')"
        assert page.evaluate(f"{strip}.content").strip('"') == term.get_attribute("data-meaning")
        assert page.evaluate(f"{strip}.bottom") == "0px"
        assert page.evaluate("parseFloat(getComputedStyle(document.body).paddingBottom)") > 100
        page.keyboard.press("Enter")
        assert page.url.endswith(term.get_attribute("href"))


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not on PATH")
def test_the_first_printed_sheet_of_the_page_is_the_summary_alone(chromium, published, tmp_path):
    printed = tmp_path / "page.pdf"
    run(chromium, tmp_path / "profile", "--no-pdf-header-footer", f"--print-to-pdf={printed}", published.as_uri())
    pages = subprocess.run(["pdftotext", printed, "-"], capture_output=True, text=True, check=True).stdout
    first, second = pages.split("\f")[:2]
    assert "2%" in first
    assert "Growth" not in first
    assert "Growth" in second
