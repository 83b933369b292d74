"""The formats of one report: the same content, links that lead somewhere, the same bytes for the same input."""

import csv
import io
import zipfile

import pypdf
import pytest
from bs4 import BeautifulSoup
from docx import Document
from docx.oxml.ns import qn
from factory_cases import code, text
from nbformat.v4 import new_notebook, new_output
from test_factory_render import TABLE, figure, manifest, render, shown

from sme_research.errors import FactoryError
from sme_research.factory.formats import render_content, write_outputs
from sme_research.factory.formats.printing import share_widths
from sme_research.factory.markup import number_heading

NEWS = {"zh": ["营业收入的差异由 +1% 变为 +2%。"], "en": ["The difference went from +1% to +2%."]}
LINKS = "<table class='sme'><caption>Points</caption><thead><tr><th>No.</th><th>Where</th></tr></thead><tbody>" + (
    "<tr><th>1</th><td><a href='#point-1'>Method</a></td></tr></tbody></table>"
)


def anchored(source: str, *anchors: str):
    return text(source, *(f"anchor-{name}" for name in anchors))


def cells(language: str) -> list:
    words = {
        "zh": (
            "## 摘要",
            "- **相差 +2%**（95%置信区间）",
            "## 方法\n\n### 假设\n\n平行趋势成立。1 < 2 # $x$ *星* _线_ @",
            "营业收入",
        ),
        "en": (
            "## Summary",
            "- **Up 2%** (95% interval)",
            "## Method\n\n### Assumption\n\nParallel trends. 1 < 2 # @",
            "Revenue",
        ),
    }[language]
    rows = [{"年": 2020, "估计（%）": 1.5}, {"年": 2021, "估计（%）": None}]
    return [
        text(words[0]),
        text(words[1]),
        figure(alt='a "rise" \\ and more', caption=words[3], data=rows),
        anchored(words[2], "point-1"),
        shown({"text/html": TABLE + "<p class='note'>note</p>"}),
        figure(alt="second", caption=words[3], data=rows),
        shown({"text/html": LINKS}),
    ]


def told(language: str, formats=("html", "pdf", "docx")):
    return manifest(language).model_copy(update={"formats": list(formats)})


@pytest.fixture(scope="module", params=["zh", "en"])
def written(request, tmp_path_factory):
    """Language and folder of a report in all formats."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "findings.json").write_text("[]")
    write_outputs(new_notebook(cells=cells(request.param)), told(request.param), folder, news=NEWS[request.param])
    return request.param, folder


def captions(language: str) -> list[str]:
    return {
        "zh": ["图 1 营业收入", "表 1 Growth", "图 2 营业收入", "表 2 Points"],
        "en": ["Figure 1 Revenue", "Table 1 Growth", "Figure 2 Revenue", "Table 2 Points"],
    }[language]


def pdf_text(folder) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(folder / "report.pdf").pages)


def test_figures_and_tables_have_the_same_numbers_in_every_format(written):
    language, folder = written
    page = BeautifulSoup((folder / "index.html").read_text(), "html.parser")
    on_page = [caption.get_text() for caption in page.select("figcaption, caption")]
    in_word = [
        paragraph.text
        for paragraph in Document(folder / "report.docx").paragraphs
        if paragraph.style.name in ("Image Caption", "Table Caption")
    ]
    assert on_page == in_word == captions(language)
    printed = "".join(pdf_text(folder).split())
    assert all("".join(caption.split()) in printed for caption in captions(language))


def test_the_page_leads_to_the_files_beside_it_and_to_no_other(written):
    _, folder = written
    page = BeautifulSoup((folder / "index.html").read_text(), "html.parser")
    links = [link["href"] for link in page.select("nav.files a, figure .data a")]
    assert links == ["report.pdf", "report.docx", "findings.json", "figures/figure-1.csv", "figures/figure-2.csv"]
    assert all((folder / link).is_file() for link in links)


def test_a_figure_s_numbers_open_in_a_spreadsheet(written):
    _, folder = written
    content = (folder / "figures" / "figure-2.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows == [{"年": "2020", "估计（%）": "1.5"}, {"年": "2021", "估计（%）": ""}]


def test_the_first_sheet_is_the_summary_and_news_and_only_that(written):
    language, folder = written
    first, second = (page.extract_text() for page in pypdf.PdfReader(folder / "report.pdf").pages[:2])
    for words in (NEWS[language][0][-5:], captions(language)[0][-4:], "+2%" if language == "zh" else "Up 2%"):
        assert words in first
    assert {"zh": "目录", "en": "Contents"}[language] in second
    assert "Growth" not in first


def test_the_pdf_is_tagged_titled_and_keeps_pdf_ua(written):
    language, folder = written
    reader = pypdf.PdfReader(folder / "report.pdf")
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].lower() == {"zh": "zh-cn", "en": "en-gb"}[language]
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    assert reader.metadata.title == "标题 & title"
    assert [entry.title for entry in reader.outline if not isinstance(entry, list)][:2] == {
        "zh": ["摘要", "一、方法"],
        "en": ["Summary", "1 Method"],
    }[language]


def test_links_within_the_pdf_lead_to_a_place(written):
    _, folder = written
    reader = pypdf.PdfReader(folder / "report.pdf")
    notes = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    links = [note for note in notes if note["/Subtype"] == "/Link"]
    aims = [(note.get("/Dest") or note["/A"]["/D"]).get_object() for note in links]
    named = {name: place.page for name, place in reader.named_destinations.items()}
    pages = [aim[0] if isinstance(aim, list) else named[str(aim)] for aim in aims]
    assert len(pages) >= 8
    assert all(page.get_object()["/Type"] == "/Page" for page in pages)


def test_links_within_the_word_document_lead_to_a_bookmark(written):
    _, folder = written
    body = Document(folder / "report.docx").element.body
    marks = {mark.get(qn("w:name")) for mark in body.iter(qn("w:bookmarkStart"))}
    aims = {link.get(qn("w:anchor")) for link in body.iter(qn("w:hyperlink"))}
    assert len(aims) >= 5
    assert aims <= marks


def test_the_word_document_has_the_office_s_page_and_can_be_navigated(written):
    language, folder = written
    document = Document(folder / "report.docx")
    section = document.sections[0]
    page = (section.page_width, section.page_height, section.top_margin, section.bottom_margin)
    assert [round(length.mm) for length in (*page, section.left_margin, section.right_margin)] == [
        *(210, 297),
        *(37, 35),
        *(28, 26),
    ]
    heads = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name.startswith("Heading")]
    assert (
        heads[:3]
        == {
            "zh": ["摘要", "一、方法", "（一）假设"],
            "en": ["Summary", "1 Method", "1.1 Assumption"],
        }[language]
    )
    assert [picture.get("descr") for picture in document.element.body.iter(qn("wp:docPr"))] == [
        'a "rise" \\ and more',
        "second",
    ]
    for table in document.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    for footer in (section.footer, section.even_page_footer):
        assert "PAGE" in footer._element.xml
        assert footer.paragraphs[0].text.startswith("— ")
    assert "虚构" in section.header.paragraphs[0].text or "Made-up" in section.header.paragraphs[0].text


def test_chinese_is_set_in_the_faces_of_the_standard(written):
    language, folder = written
    if language == "en":
        pytest.skip("an English document has English faces")
    styles = Document(folder / "report.docx").styles
    looks = {
        name: (styles[name].element.rPr.rFonts.get(qn("w:eastAsia")), styles[name].font.size.pt)
        for name in ("Title", "Body Text", "Heading 1", "Heading 2")
    }
    assert looks == {
        "Title": ("方正小标宋简体", 22),
        "Body Text": ("仿宋_GB2312", 16),
        "Heading 1": ("黑体", 16),
        "Heading 2": ("楷体_GB2312", 16),
    }
    body = styles["Body Text"].paragraph_format
    assert (body.line_spacing.pt, body.first_line_indent.pt) == (28, 32)


def test_the_same_report_gives_the_same_bytes(written, tmp_path):
    language, folder = written
    (tmp_path / "findings.json").write_text("[]")
    write_outputs(new_notebook(cells=cells(language)), told(language), tmp_path, news=NEWS[language])
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert [name for name in names if (folder / name).read_bytes() != (tmp_path / name).read_bytes()] == []


def test_a_report_asked_for_as_a_page_is_a_page_and_its_data(tmp_path):
    write_outputs(new_notebook(cells=cells("en")), told("en", ["html"]), tmp_path)
    assert {path.name for path in tmp_path.rglob("*.*")} == {"index.html", "figure-1.csv", "figure-2.csv"}
    assert "Since the last report" not in (tmp_path / "index.html").read_text()


def test_a_pdf_that_breaks_the_standard_is_no_report(tmp_path):
    # A heading of level 4 right after one of level 2: readers who listen would miss a level.
    broken = new_notebook(cells=[text("## One\n\n#### Three")])
    with pytest.raises(
        FactoryError, match=r"effect-training-en, report\.pdf: PDF/UA-1 error: skipped from heading level 1 to 3"
    ):
        write_outputs(broken, told("en", ["html", "pdf"]), tmp_path)


def test_what_a_report_says_does_not_tell_when_it_was_said():
    first = manifest("zh")
    later = first.model_copy(update={"run_id": "x", "started_at": "2027-01-01T00:00:00+00:00", "duration_s": 9.0})
    notebook = new_notebook(cells=cells("zh"))
    assert render_content(notebook, first) == render_content(notebook, later)
    changed = cells("zh")
    changed[2].outputs[0].metadata["image/png"]["data"][0]["年"] = 1999
    assert render_content(new_notebook(cells=changed), first) != render_content(notebook, first)


def test_a_public_report_says_so_in_every_format(tmp_path):
    public = told("zh").model_copy(update={"edition": "public"})
    write_outputs(new_notebook(cells=cells("zh")), public, tmp_path)
    page = BeautifulSoup((tmp_path / "index.html").read_text(), "html.parser")
    assert page.select_one("header .edition").get_text() == "公开版"
    assert "公开版" in pypdf.PdfReader(tmp_path / "report.pdf").pages[0].extract_text()
    assert "公开版" in Document(tmp_path / "report.docx").sections[0].header.paragraphs[0].text


def test_parts_of_a_word_document_stand_in_the_order_of_their_schema(written):
    _, folder = written
    order = {
        "rPr": ["rStyle", "rFonts", "b", "bCs", "i", "iCs", "color", "sz", "szCs", "u", "vertAlign", "lang"],
        "trPr": ["cantSplit", "tblHeader"],
        "tblPr": ["tblStyle", "tblW", "jc", "tblLayout", "tblLook", "tblCaption"],
        "pPr": ["pStyle", "keepNext", "keepLines", "pageBreakBefore", "numPr", "spacing", "ind", "jc"],
    }
    with zipfile.ZipFile(folder / "report.docx") as archive:
        names = [name for name in archive.namelist() if name.startswith("word/") and name.endswith(".xml")]
        trees = [BeautifulSoup(archive.read(name), "xml") for name in names]
    for kind, expected in order.items():
        for element in (found for tree in trees for found in tree.find_all(kind)):
            kinds = [child.name for child in element.find_all(recursive=False) if child.name in expected]
            assert kinds == sorted(kinds, key=expected.index), element


@pytest.mark.parametrize(
    ("counts", "zh", "en"),
    [
        ([1], "一、", "1"),
        ([10], "十、", "10"),
        ([21], "二十一、", "21"),
        ([2, 3], "（三）", "2.3"),
        ([1, 1, 4], "4. ", "1.1.4"),
    ],
)
def test_headings_are_numbered_as_an_office_does(counts, zh, en):
    assert number_heading(counts, "zh") == zh
    assert number_heading(counts, "en") == en


def test_widths_of_columns_add_up_and_give_more_room_to_who_has_more_to_say():
    widths = share_widths([["年", "说明"], ["2020", "很长的一段说明文字" * 4], ["2021", "短"]], 100)
    assert sum(widths) == pytest.approx(1)
    assert widths[1] > 2 * widths[0]


def test_a_column_has_room_for_its_longest_word_beside_one_that_has_much_to_say():
    rows = [["Measure", "Reason", "Evidence"], ["Entrepreneur training", "much to say " * 9, "association only " * 9]]
    widths = share_widths(rows, 60)
    assert 60 * widths[0] > len("Entrepreneur") + 3
    assert min(widths[1:]) > widths[0]


def test_an_address_leaves_room_for_the_columns_beside_it():
    rows = [["截至", "来源"], ["2024年11月30日", "https://example.org/" + "a/section/" * 12 + "page.html"]]
    widths = share_widths(rows, 84)
    assert 84 * widths[0] > len("2024年11月30日") + 3


def test_terms_lead_to_the_glossary_once_in_each_part():
    shown_cells = [text("## 甲\n\n标准误与标准误。\n\n## 乙\n\n`标准误` 标准误"), code("标准误")]
    shown_cells[1].outputs = [new_output("stream", name="stdout", text="置换检验")]
    page = render(*shown_cells, language="zh")
    links = page.select("main a.term")
    assert [(link.get_text(), link["href"]) for link in links] == [("标准误", "#term-standard-error")] * 2
    assert [entry.get_text() for entry in page.select(".glossary dt")] == ["标准误"]
    assert page.find(id=links[0]["aria-describedby"]).get_text() == links[0]["data-meaning"]


def test_a_number_and_the_bracket_behind_it_stay_together_and_short_names_stay_whole():
    rows = [["地区", "目标（家）", *"一二三四五六"], ["福州市", "10,000（2025年）", *["1"] * 6]]
    widths = [98 * width for width in share_widths(rows, 98)]
    assert widths[0] > len("福州市") * 2
    assert widths[1] > len("10,000（2025") + 1
