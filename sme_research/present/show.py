"""What a notebook cell may show: a text, a table, a picture, a record for machines."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final

from sme_research.present.plotted import Plotted
from sme_research.present.words import MARK, text

RECORD_TYPE: Final = "application/vnd.sme-research.record+json"
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
_ANCHOR: Final = re.compile(r"#[A-Za-z][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Text:
    """Sentences in Markdown; with ``finding_wording`` they speak of the estimate in that grade's words."""

    markdown: str
    finding_wording: str = ""

    def _repr_markdown_(self) -> str:
        # Markdown is read within an element only where blank lines stand around it.
        return _within_finding(f"\n\n{self.markdown}\n\n", self.finding_wording).strip("\n")

    def __str__(self) -> str:
        return self.markdown


@dataclass(frozen=True, slots=True)
class Link:
    """A table cell that leads to another place of the same page.

    Raises
    ------
    ValueError
        ``target`` is not ``#`` with letters, digits and hyphens.
    """

    label: str
    target: str

    def __post_init__(self) -> None:
        if not _ANCHOR.fullmatch(self.target):
            raise ValueError(f"target is {self.target!r}, must be # and a name of letters, digits and hyphens.")


Cell = str | Link


@dataclass(frozen=True, slots=True)
class Group:
    """A row that heads the rows after it."""

    label: str


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """A table with a caption and header cells; cells are texts already.

    With ``finding_wording`` it speaks of the estimate in that grade's words;
    ``kind`` is the class by which the style sheet knows its columns.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell] | Group]
    note: str = ""
    finding_wording: str = ""
    kind: str = ""

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in self.head)
        body = "".join(self._group(row) if isinstance(row, Group) else self._row(row) for row in self.rows)
        note = "".join(f'<p class="note">{escape(told)}</p>' for told in (self.note, self._mark_note()) if told)
        table = (
            f'<table class="{" ".join(["sme", *self.kind.split()])}"><caption>{escape(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"
        )
        return _within_finding(table, self.finding_wording)

    def _mark_note(self) -> str:
        """What the mark of withheld numbers stands for, where a cell has it."""
        cells = [str(cell) for row in self.rows if not isinstance(row, Group) for cell in row]
        if not any(MARK in cell for cell in cells):
            return ""
        return text("zh" if _CHINESE.search(self.caption) else "en", "disclosure.mark")

    def _group(self, group: Group) -> str:
        span = len(self.head)
        return f'<tr class="group"><th scope="rowgroup" colspan="{span}">{escape(group.label)}</th></tr>'

    @staticmethod
    def _row(row: Sequence[Cell]) -> str:
        first, *rest = row
        cells = "".join(f"<td>{_cell(cell)}</td>" for cell in rest)
        return f'<tr><th scope="row">{_cell(first)}</th>{cells}</tr>'


def _cell(cell: Cell) -> str:
    if isinstance(cell, Link):
        return f'<a href="{escape(cell.target)}">{escape(cell.label)}</a>'
    return escape(cell)


def _within_finding(content: str, wording: str) -> str:
    """The passage marked with the wording that its words must keep to."""
    if not wording:
        return content
    return f'<div class="finding" data-wording="{escape(wording)}">{content}</div>'


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG with the text that stands for it, its caption and the numbers that it draws.

    With ``finding_wording`` text and caption speak of the estimate in that
    grade's words. All of it travels in the output's metadata: ``alt``,
    ``caption``, ``data``, ``wording``.
    """

    png: bytes = field(repr=False)
    alt: str
    caption: str
    data: Plotted = field(repr=False)
    finding_wording: str = ""

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        del include, exclude
        data = {"image/png": base64.b64encode(self.png).decode("ascii"), "text/plain": self.alt}
        wording = {"wording": self.finding_wording} if self.finding_wording else {}
        plotted = [dict(row) for row in self.data]
        return data, {"image/png": {"alt": self.alt, "caption": self.caption, "data": plotted, **wording}}


@dataclass(frozen=True, slots=True)
class Record:
    """Numbers for machines: the factory collects them, readers do not see them."""

    content: Mapping[str, Any] = field(repr=False)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        del include, exclude
        return {RECORD_TYPE: dict(self.content), "text/plain": f"record: {self.content['kind']}"}
