"""One structured render of a report, written in each of its formats."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from sme_research.factory.formats.docx import make_docx
from sme_research.factory.formats.pdf import make_pdf
from sme_research.factory.formats.printing import Printed, prepare_print
from sme_research.factory.manifest import Manifest
from sme_research.factory.plan import Language
from sme_research.factory.render import Rendered, render_body, render_html

PAGE_NAME = "index.html"
PDF_NAME = "report.pdf"
DOCX_NAME = "report.docx"
MAKERS = {"pdf": (PDF_NAME, make_pdf), "docx": (DOCX_NAME, make_docx)}
LINKED: Mapping[str, Mapping[Language, str]] = {
    PDF_NAME: {"zh": "PDF 文件", "en": "PDF"},
    DOCX_NAME: {"zh": "Word 文档", "en": "Word document"},
    "findings.json": {"zh": "结论数据（JSON）", "en": "Findings (JSON)"},
    "notebook.ipynb": {"zh": "已执行的笔记本", "en": "Executed notebook"},
    "replication.zip": {"zh": "复现包（ZIP）", "en": "Replication package (ZIP)"},
}
"""Files beside the page that it leads to, where they are there, and what it calls them."""


def write_outputs(notebook: NotebookNode, manifest: Manifest, folder: Path, *, news: Sequence[str] = ()) -> str:
    """Write a report's page, its other formats and the data of its figures, all from one render.

    The page links what lies in ``folder`` when this is called (notebook,
    findings, replication package) beside what is written here. ``news`` are
    sentences on what changed since the last report. The same inputs give the
    same bytes.

    Returns
    -------
    str
        What the report says, as `render_content` gives it.

    Raises
    ------
    FactoryError
        A figure lacks alt text or data, or the PDF breaks PDF/UA-1.
    """
    rendered = render_body(notebook, manifest)
    _write_data(rendered, folder)
    others = [format_ for format_ in manifest.formats if format_ in MAKERS]
    printed = prepare_print(rendered, manifest, news) if others else None
    for format_ in others:
        name, make = MAKERS[format_]
        assert isinstance(printed, Printed)
        (folder / name).write_bytes(make(printed))
    files = [(name, labels[manifest.language]) for name, labels in LINKED.items() if (folder / name).is_file()]
    page = render_html(rendered, manifest, news=news, files=files)
    (folder / PAGE_NAME).write_text(page, encoding="utf-8")
    return _content(rendered)


def render_content(notebook: NotebookNode, manifest: Manifest) -> str:
    """What the report says, without anything that differs between two runs of the same inputs."""
    return _content(render_body(notebook, manifest))


def _content(rendered: Rendered) -> str:
    data = [_csv(figure.data) for figure in rendered.figures]
    return "\n".join([rendered.title, rendered.language, rendered.edition, rendered.body, *data])


def _write_data(rendered: Rendered, folder: Path) -> None:
    for figure in rendered.figures:
        path = folder / figure.csv
        path.parent.mkdir(exist_ok=True)
        # Excel takes a file for UTF-8 only with this mark.
        path.write_bytes(_csv(figure.data).encode("utf-8-sig"))


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    target = io.StringIO()
    writer = csv.DictWriter(target, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()
