"""What a notebook cell may show: a text, a table, a picture, a record for machines."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final

RECORD_TYPE: Final = "application/vnd.sme-research.record+json"


@dataclass(frozen=True, slots=True)
class Text:
    """Sentences in Markdown."""

    markdown: str

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __str__(self) -> str:
        return self.markdown


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """A table with a caption and header cells; cells are texts already."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in self.head)
        body = "".join(self._row(row) for row in self.rows)
        note = f'<p class="note">{escape(self.note)}</p>' if self.note else ""
        return (
            f'<table class="sme"><caption>{escape(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"
        )

    @staticmethod
    def _row(row: Sequence[str]) -> str:
        first, *rest = row
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        return f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG with the text that stands for it and its caption."""

    png: bytes = field(repr=False)
    alt: str
    caption: str

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        del include, exclude
        data = {"image/png": base64.b64encode(self.png).decode("ascii"), "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt, "caption": self.caption}}


@dataclass(frozen=True, slots=True)
class Record:
    """Numbers for machines: the factory collects them, readers do not see them."""

    content: Mapping[str, Any] = field(repr=False)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        del include, exclude
        return {RECORD_TYPE: dict(self.content), "text/plain": f"record: {self.content['kind']}"}
