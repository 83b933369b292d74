"""Rendering of notebooks whose outputs are written by hand: no kernel."""

import re

import pytest
from bs4 import BeautifulSoup
from factory_cases import PIXEL, PROVENANCE, RECORD, code, text
from nbformat.v4 import new_notebook, new_output

from sme_research.errors import FactoryError
from sme_research.factory.manifest import CodeVersion, Environment, Manifest, TableUsed
from sme_research.factory.markup import clean_html
from sme_research.factory.records import collect_records
from sme_research.factory.render import render_report

TABLE = (
    "<table class='sme'><caption>Growth</caption><thead><tr><th>Year</th><th>Rate</th></tr></thead>"
    "<tbody><tr><th>2020</th><td>1.5</td></tr></tbody></table>"
)


def shown(data, metadata=None):
    cell = code("code_of_the_cell()")
    cell.outputs = [new_output("display_data", data=data, metadata=metadata or {})]
    return cell


def figure(**words):
    return shown({"image/png": PIXEL, "text/plain": "<Figure>"}, {"image/png": {"data": [{"年": 2020}], **words}})


def manifest(language="en", *, made_up=True) -> Manifest:
    return Manifest(
        run_id="20261122T221432Z-1a2b3c",
        slug=f"effect-training-{language}",
        family="effect-training",
        report="effect",
        group="Effects",
        title="标题 & title",
        language=language,
        notebook="20_effect.ipynb",
        notebook_sha256="0" * 64,
        parameters={"lang": language, "word": "<甲>"},
        made_up=made_up,
        tables=[TableUsed(name="accounts", rows=91234, sha256="ab" * 32)],
        code=CodeVersion(package="0.1.0", commit="c" * 40, dirty=True, source_sha256="d" * 64),
        environment=Environment(python="3.11.7", packages_sha256="e" * 64, lock_sha256=None),
        seed=7,
        started_at="2026-11-22T22:14:32.000001+00:00",
        duration_s=1.25,
    )


def render(*cells, language="en", made_up=True) -> BeautifulSoup:
    page = render_report(new_notebook(cells=list(cells)), manifest(language, made_up=made_up))
    return BeautifulSoup(page, "html.parser")


def test_figures_and_tables_are_numbered_in_the_report_s_language():
    cells = [
        figure(alt="one", caption="First"),
        shown({"text/html": TABLE}),
        figure(alt="two", caption="Second"),
    ]
    captions = {
        language: [caption.get_text() for caption in render(*cells, language=language).select("figcaption, caption")]
        for language in ("zh", "en")
    }
    assert captions["en"] == ["Figure 1 First", "Table 1 Growth", "Figure 2 Second"]
    assert captions["zh"] == ["图 1 First", "表 1 Growth", "图 2 Second"]


@pytest.mark.parametrize("data", [[], None])
def test_a_figure_without_the_numbers_that_it_draws_is_refused(data):
    with pytest.raises(FactoryError, match="effect-training-en, cell 1: the figure has no data"):
        render(figure(alt="a", data=data))


@pytest.mark.parametrize("words", [{}, {"alt": "  "}, {"caption": "only a caption"}])
def test_a_figure_without_alt_text_is_refused(words):
    with pytest.raises(FactoryError, match="effect-training-en, cell 2: the figure has no alt text"):
        render(text("# x"), figure(**words))


def test_a_figure_that_the_reader_of_the_language_does_not_see_needs_no_alt_text():
    hidden = figure()
    hidden.metadata.tags = ["lang-zh"]
    assert render(hidden).find("figure") is None


def test_the_alt_text_is_the_image_s():
    assert render(figure(alt='a "rise"', caption="c")).img["alt"] == 'a "rise"'


def test_code_is_folded_and_parameters_and_removed_cells_do_not_appear():
    gone = [code("gone = 1", tag) for tag in ("parameters", "injected-parameters", "remove-cell")]
    page = render(*gone, shown({"text/plain": "42"}))
    assert "gone" not in page.get_text()
    assert page.select_one("details.code pre").get_text() == "code_of_the_cell()"
    assert page.select_one("pre.printed").get_text() == "42"


def test_headings_have_ascii_unique_ids_that_the_contents_link_to():
    page = render(text("# 报告\n\n## 方法\n\n### 假设\n\n## 方法"), language="zh")
    ids = [element["id"] for element in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert all(name.isascii() for name in ids)
    for link in page.select("nav a"):
        assert link["href"].removeprefix("#") in ids
    assert [link.get_text() for link in page.select("nav.contents-wide a")][:3] == [
        "一、方法",
        "（一）假设",
        "二、方法",
    ]
    assert [heading.get_text() for heading in page.find_all("h1")] == ["标题 & title"]


def test_tables_have_scopes_and_a_box_that_scrolls():
    page = render(shown({"text/html": TABLE}))
    assert [header["scope"] for header in page.find_all("th")] == ["col", "col", "row"]
    assert page.table.parent["class"] == ["scroll"]
    assert page.table.parent["aria-label"] == "Table 1 Growth"
    assert page.td["class"] == ["num"]


def test_a_column_is_of_numbers_where_those_prevail_that_say_anything():
    rows = [("size", None), ("small", "296"), ("large", "–"), ("of both", "–"), ("no line", "–")]
    body = "".join(
        f'<tr><th colspan="3">{name}</th></tr>'
        if n is None
        else f"<tr><th>{name}</th><td>{n}</td><td>as told</td></tr>"
        for name, n in rows
    )
    head = "<thead><tr><th>Part</th><th>Treated</th><th>How</th></tr></thead>"
    page = render(shown({"text/html": f"<table><caption>Parts</caption>{head}<tbody>{body}</tbody></table>"}))
    assert [cell.get("class") for cell in page.select("tbody td")] == [["num"], None] * 4
    assert [cell.get("class") for cell in page.select("thead th")] == [None, ["num"], None]


@pytest.mark.parametrize(
    ("language", "words", "tag"),
    [
        ("zh", "演示数据：本报告所用数据全部为虚构，不代表任何真实企业或地区", "zh-CN"),
        ("en", "Made-up demonstration data", "en"),
    ],
)
def test_a_report_on_made_up_data_says_so_in_its_language(language, words, tag):
    page = render(text("x"), language=language)
    assert words in page.select_one(".banner").get_text()
    assert page.html["lang"] == tag
    assert render(text("x"), language=language, made_up=False).select_one(".banner") is None


def test_the_page_loads_nothing_and_runs_nothing():
    page = render(
        text("![x](https://example.org/a.png) [link](https://example.org) <script>alert(1)</script>"),
        shown({"text/html": "<img src='http://x/y.png' onerror='z()'><style>@import 'http://x'</style><b>kept</b>"}),
        shown({"application/javascript": "alert(1)", "text/plain": "js"}),
        shown({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "widget"}),
        figure(alt="a"),
    )
    for element in page.find_all(src=True):
        assert element["src"].startswith("data:")
    assert page.find_all(["script", "link", "iframe", "object", "embed"]) == []
    assert not re.search(r"url\((?!data:font/woff;)|@import", page.style.string)
    assert not re.search(r"\son\w+=|widget|alert", str(page.main))
    assert "kept" in page.main.get_text()
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("source", "cleaned"),
    [
        ("<a href='javascript:x()'>t</a>", "<a>t</a>"),
        ("<a href='https://e.org' style='x'>t</a>", '<a href="https://e.org">t</a>'),
        ("<form><input><b>t</b></form>", "<b>t</b>"),
        ("<!-- secret --><svg><script>x</script></svg>t", "t"),
        ("1 &lt; 2", "1 &lt; 2"),
    ],
)
def test_cells_are_made_harmless(source, cleaned):
    assert clean_html(source) == cleaned


def test_provenance_closes_the_report():
    box = render(text("x")).select_one("section.provenance").get_text(" ")
    for words in ('word = "<甲>"', "accounts: 91,234 rows", "abababababab", "cccccccccccc", "Python 3.11.7"):
        assert words in box
    assert "2026-11-23 06:14 (Beijing time)" in box


def test_an_output_with_record_and_html_shows_the_html_and_hands_over_the_record():
    cell = shown({RECORD: {"kind": "finding", "x": float("nan")}, "text/html": "<p>seen</p>"})
    last = shown({RECORD: PROVENANCE, "text/plain": "hidden"})
    page = render(cell, last)
    assert "seen" in page.main.get_text()
    assert "hidden" not in page.main.get_text()
    assert collect_records(new_notebook(cells=[cell, last]), "n").findings == ({"kind": "finding", "x": None},)


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        ([], "0 provenance records"),
        ([PROVENANCE, PROVENANCE], "2 provenance records"),
        ([{**PROVENANCE, "made_up": "yes"}], "cell 1: provenance record, made_up"),
        ([{"kind": "findng"}], "record kind 'findng' is not known"),
    ],
)
def test_unfit_records_are_refused(found, fault):
    notebook = new_notebook(cells=[shown({RECORD: record}) for record in found])
    with pytest.raises(FactoryError, match=fault):
        collect_records(notebook, "n")
