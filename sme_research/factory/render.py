"""An executed notebook as one structured body, from which every format is made, and as a page that stands alone."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from bs4 import BeautifulSoup
from markupsafe import Markup
from nbformat import NotebookNode

from sme_research.errors import FactoryError
from sme_research.factory.glossary import explain_terms
from sme_research.factory.locale import HTML_LANG, local_time
from sme_research.factory.manifest import Manifest
from sme_research.factory.markup import Heading, clean_html, structure
from sme_research.factory.notebooks import has_tag
from sme_research.factory.plan import LANGUAGES, Language
from sme_research.factory.records import RECORD_MIMETYPE
from sme_research.factory.typeface import embed_glyphs

TEMPLATES = Path(__file__).parent / "template"
HIDDEN_TAGS = ("remove-cell", "injected-parameters", "parameters")
ANCHOR_TAG = "anchor-"
"""A cell tagged ``anchor-NAME`` can be linked to as ``#NAME``."""
IMAGE_TYPES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg"}
"""Images by how rich they are, with the ending of their files."""
FIGURE_NEEDS = (
    ("alt", "alt text", "one for readers who cannot see it"),
    ("data", "data", "the numbers that it draws, for readers who reckon on"),
)
"""What travels with a picture in its output's metadata: key, what lacks without it, why it must be there."""
# Outputs that live only by scripts; what they say in plain text is of no use to a reader.
SCRIPTED = ("application/javascript", "application/vnd.jupyter.widget-view+json")

TEXTS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "banner": "演示数据：本报告所用数据全部为虚构，不代表任何真实企业或地区",
        "made_up": "演示数据",
        "skip": "跳到正文",
        "contents": "目录",
        "code": "代码",
        "figure": "图 {}",
        "table": "表 {}",
        "provenance": "本报告如何得出",
        "parameters": "参数",
        "tables": "数据表",
        "rows": "行",
        "code_version": "代码版本",
        "dirty": "含未提交的改动",
        "source": "源码",
        "environment": "运行环境",
        "packages": "软件包",
        "notebook": "笔记本",
        "seed": "随机种子",
        "started": "开始时间",
        "duration": "用时",
        "seconds": "秒",
        "none": "无",
        "run": "运行编号",
        "glossary": "名词解释",
        "files": "本报告的其他文件",
        "data": "数据（CSV）",
        "news": "与上一份报告相比",
        "public": "公开版",
        "page": "第 {} 页，共 {} 页",
        "item": "项目",
        "content": "内容",
    },
    "en": {
        "banner": "Made-up demonstration data: every figure in this report is invented "
        "and describes no real enterprise or region",
        "made_up": "Made-up data",
        "skip": "Skip to content",
        "contents": "Contents",
        "code": "Code",
        "figure": "Figure {}",
        "table": "Table {}",
        "provenance": "How this report was made",
        "parameters": "Parameters",
        "tables": "Data tables",
        "rows": "rows",
        "code_version": "Code version",
        "dirty": "with uncommitted changes",
        "source": "source",
        "environment": "Environment",
        "packages": "packages",
        "notebook": "Notebook",
        "seed": "Seed",
        "started": "Started",
        "duration": "Duration",
        "seconds": "s",
        "none": "none",
        "run": "Run",
        "glossary": "Terms",
        "files": "Other files of this report",
        "data": "Data (CSV)",
        "news": "Since the last report",
        "public": "Public edition",
        "page": "Page {} of {}",
        "item": "Item",
        "content": "Content",
    },
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture of a report: ``content`` is the image, ``data`` the plotted numbers, a row a mapping."""

    number: int
    kind: str
    content: bytes
    alt: str
    data: Sequence[Mapping[str, Any]]

    @property
    def csv(self) -> str:
        """Where its numbers lie beside the report."""
        return f"figures/figure-{self.number}.csv"

    @property
    def file(self) -> str:
        """Name of the image as a file."""
        return f"figure-{self.number}.{IMAGE_TYPES[self.kind]}"

    @property
    def shape(self) -> float:
        """Height over width; the golden section where the image does not tell."""
        if self.kind != "image/png":
            return 0.618
        width, height = struct.unpack(">II", self.content[16:24])
        return float(height / width)


@dataclass(frozen=True, slots=True)
class Shown:
    """One output as the report shows it: ``kind`` is ``image``, ``html`` or ``text``."""

    kind: str
    body: str
    caption: str = ""
    wording: str = ""
    figure: Figure | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """One report's structured body: what all its formats say. Nothing in it tells one run from another.

    ``body`` is HTML with numbered headings, figures and tables, terms that lead
    to the glossary at its end, and images as data.
    """

    title: str
    language: Language
    made_up: bool
    edition: str
    body: str
    contents: tuple[Heading, ...]
    figures: tuple[Figure, ...]

    @property
    def texts(self) -> Mapping[str, str]:
        """Words of the page around the body."""
        return TEXTS[self.language]


def render_body(notebook: NotebookNode, manifest: Manifest) -> Rendered:
    """The one structured render of an executed notebook, in the manifest's language.

    Raises
    ------
    FactoryError
        A figure has no alt text, or not the numbers that it draws.
    """
    texts = TEXTS[manifest.language]
    cells = _report_cells(notebook, manifest)
    source = _pages().get_template("cells.html.j2").render(cells=cells, texts=texts)
    soup = BeautifulSoup(source, "html.parser")
    contents = structure(soup, texts, manifest.language)
    glossary = explain_terms(soup, manifest.language, texts["glossary"])
    return Rendered(
        title=manifest.title,
        language=manifest.language,
        made_up=manifest.made_up,
        edition=manifest.edition,
        body=str(soup),
        contents=(*contents, *glossary),
        figures=tuple(shown.figure for cell in cells for shown in cell["shown"] if shown.figure),
    )


def render_html(
    rendered: Rendered, manifest: Manifest, *, news: Sequence[str] = (), files: Sequence[tuple[str, str]] = ()
) -> str:
    """The report as one self-contained page. ``files`` are names beside it and what to call them."""
    return render_page(
        "page.html.j2",
        lang=HTML_LANG[rendered.language],
        texts=rendered.texts,
        manifest=manifest,
        contents=rendered.contents,
        body=Markup(rendered.body),
        news=news,
        files=files,
    )


def render_report(notebook: NotebookNode, manifest: Manifest) -> str:
    """HTML of one report that stands by itself, in the manifest's language."""
    return render_html(render_body(notebook, manifest), manifest)


def render_fragment(template: str, **values: Any) -> str:
    """A part of a page from one of this package's templates."""
    return _pages().get_template(template).render(**values)


def render_page(template: str, **values: Any) -> str:
    """One of this package's page templates, with the style sheet and the policy that admits only it."""
    draft = _pages().get_template(template).render(css="", policy="", **values)
    css = (TEMPLATES / "style.css").read_text() + embed_glyphs(draft)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    allowed = f"img-src data:; font-src data:; style-src 'sha256-{digest}'"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    return _pages().get_template(template).render(css=Markup(css), policy=policy, **values)


@cache
def _pages() -> jinja2.Environment:
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # jinja's own tojson escapes Chinese and quotes for scripts, of which there are none.
    pages.filters["local"] = local_time
    pages.filters["as_json"] = lambda value: json.dumps(value, ensure_ascii=False)
    return pages


def _report_cells(notebook: NotebookNode, manifest: Manifest) -> list[dict[str, Any]]:
    """Cells of the report's language, cleaned, their figures numbered: the one door through which outputs pass."""
    cells: list[dict[str, Any]] = []
    figures = 0
    for number, cell in _visible_cells(notebook, manifest.language):
        place = f"{manifest.slug}, cell {number}"
        tags = cell.metadata.get("tags", [])
        anchors = [tag.removeprefix(ANCHOR_TAG) for tag in tags if tag.startswith(ANCHOR_TAG)]
        if cell.cell_type == "markdown":
            shown = [_markdown(cell.source, cell.get("attachments", {}))]
            cells.append({"code": "", "shown": shown, "anchors": anchors})
            continue
        shown = []
        for output in cell.get("outputs", []):
            found = _shown(output, place)
            if found and found.figure:
                figures += 1
                found = replace(found, figure=replace(found.figure, number=figures))
            if found:
                shown.append(found)
        cells.append({"code": cell.source, "shown": shown, "anchors": anchors})
    return cells


def _visible_cells(notebook: NotebookNode, language: Language) -> list[tuple[int, NotebookNode]]:
    """Cells that a reader of that language sees, each with its number in the author's notebook."""
    hidden = {*HIDDEN_TAGS, *(f"lang-{other}" for other in LANGUAGES if other != language)}
    own = [cell for cell in notebook.cells if not has_tag(cell, "injected-parameters")]
    return [
        (number, cell)
        for number, cell in enumerate(own, start=1)
        if not any(has_tag(cell, tag) for tag in hidden) and cell.cell_type in ("code", "markdown")
    ]


def _shown(output: NotebookNode, place: str) -> Shown | None:
    """One output in the richest form that needs no script; None where there is nothing to show."""
    if output.output_type == "stream":
        return Shown("text", output.text) if output.name == "stdout" else None
    data = output.get("data", {})
    if any(kind in data for kind in SCRIPTED):
        return None
    for kind in IMAGE_TYPES:
        if kind in data:
            return _image(data[kind], kind, output.get("metadata", {}), place)
    if "text/html" in data:
        return Shown("html", Markup(clean_html(data["text/html"])))
    if "text/markdown" in data:
        return _markdown(data["text/markdown"], {})
    only_record = RECORD_MIMETYPE in data or "text/plain" not in data
    return None if only_record else Shown("text", data["text/plain"])


def _image(content: str, kind: str, metadata: Mapping[str, Any], place: str) -> Shown:
    words = {**metadata, **metadata.get(kind, {})}
    for name, lacks, why in FIGURE_NEEDS:
        if not words.get(name) or not str(words[name]).strip():
            raise FactoryError(
                f"{place}: the figure has no {lacks}, must have {why}; "
                "make it with a function of sme_research.present."
            )
    decoded = content.encode() if kind == "image/svg+xml" else base64.b64decode(content)
    body = f"data:{kind};base64,{base64.b64encode(decoded).decode()}"
    figure = Figure(number=0, kind=kind, content=decoded, alt=str(words["alt"]), data=words["data"])
    caption = str(words.get("caption") or words["alt"])
    return Shown("image", body, caption=caption, wording=str(words.get("wording", "")), figure=figure)


def _markdown(source: str, attachments: Mapping[str, dict[str, str]]) -> Shown:
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath  # noqa: PLC0415  only reports

    renderer = IPythonRenderer(escape=False, attachments=dict(attachments), exclude_anchor_links=True)
    body = clean_html(MarkdownWithMath(renderer=renderer).render(source))
    return Shown("html", Markup(body))
