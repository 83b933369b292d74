"""An executed notebook as one self-contained HTML file that needs neither network nor scripts."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from nbformat import NotebookNode

from sme_research.errors import FactoryError
from sme_research.factory.manifest import Manifest
from sme_research.factory.markup import clean_html, structure
from sme_research.factory.notebooks import has_tag
from sme_research.factory.plan import LANGUAGES, Language
from sme_research.factory.records import RECORD_MIMETYPE
from sme_research.factory.typeface import embed_glyphs

TEMPLATES = Path(__file__).parent / "template"
HIDDEN_TAGS = ("remove-cell", "injected-parameters", "parameters")
ANCHOR_TAG = "anchor-"
"""A cell tagged ``anchor-NAME`` can be linked to as ``#NAME``."""
IMAGE_TYPES = ("image/svg+xml", "image/png", "image/jpeg")
# Outputs that live only by scripts; what they say in plain text is of no use to a reader.
SCRIPTED = ("application/javascript", "application/vnd.jupyter.widget-view+json")
HTML_LANG: Mapping[Language, str] = {"zh": "zh-CN", "en": "en"}

TEXTS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "banner": "演示数据：本报告所用数据全部为虚构，不代表任何真实企业或地区",
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
    },
    "en": {
        "banner": "Made-up demonstration data: every figure in this report is invented "
        "and describes no real enterprise or region",
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
    },
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One output as the report shows it: ``kind`` is ``image``, ``html`` or ``text``."""

    kind: str
    body: str
    alt: str = ""
    caption: str = ""
    wording: str = ""


def render_report(notebook: NotebookNode, manifest: Manifest) -> str:
    """HTML of one report, in the manifest's language.

    Raises
    ------
    FactoryError
        A figure has no alt text.
    """
    texts = TEXTS[manifest.language]
    body, contents = structure(_render_cells(notebook, manifest), texts)
    return render_page(
        "page.html.j2",
        lang=HTML_LANG[manifest.language],
        texts=texts,
        manifest=manifest,
        contents=contents,
        body=Markup(body),
    )


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


BEIJING = timezone(timedelta(hours=8))


def local_time(moment: str, language: str) -> str:
    """A UTC moment in ISO format as its readers tell the time."""
    told = f"{datetime.fromisoformat(moment).astimezone(BEIJING):%Y-%m-%d %H:%M}"
    return f"{told}（北京时间）" if language.startswith("zh") else f"{told} (Beijing time)"


def _render_cells(notebook: NotebookNode, manifest: Manifest) -> str:
    """Cells of the report's language, cleaned, as one run of HTML without the page around it."""
    cells = []
    for number, cell in _visible_cells(notebook, manifest.language):
        place = f"{manifest.slug}, cell {number}"
        tags = cell.metadata.get("tags", [])
        anchors = [tag.removeprefix(ANCHOR_TAG) for tag in tags if tag.startswith(ANCHOR_TAG)]
        if cell.cell_type == "markdown":
            shown = [_markdown(cell.source, cell.get("attachments", {}))]
            cells.append({"code": "", "shown": shown, "anchors": anchors})
        else:
            shown = [found for output in cell.get("outputs", []) if (found := _shown(output, place))]
            cells.append({"code": cell.source, "shown": shown, "anchors": anchors})
    return _pages().get_template("cells.html.j2").render(cells=cells, texts=TEXTS[manifest.language])


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
    if not str(words.get("alt", "")).strip():
        raise FactoryError(
            f"{place}: the figure has no alt text, must have one for readers who cannot see it; "
            "make it with a function of sme_research.present."
        )
    encoded = "".join(content.split())
    if kind == "image/svg+xml":
        encoded = base64.b64encode(content.encode()).decode()
    caption = str(words.get("caption") or words["alt"])
    wording = str(words.get("wording", ""))
    return Shown("image", f"data:{kind};base64,{encoded}", alt=str(words["alt"]), caption=caption, wording=wording)


def _markdown(source: str, attachments: Mapping[str, dict[str, str]]) -> Shown:
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath  # noqa: PLC0415  only reports

    renderer = IPythonRenderer(escape=False, attachments=dict(attachments), exclude_anchor_links=True)
    body = clean_html(MarkdownWithMath(renderer=renderer).render(source))
    return Shown("html", Markup(body))
