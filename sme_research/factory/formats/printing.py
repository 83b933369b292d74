"""The print variant of a report: its body as pandoc reads it, for paper instead of a screen."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from bs4 import BeautifulSoup, Tag
from markupsafe import Markup

from sme_research.errors import FactoryError
from sme_research.factory.locale import BEIJING, HTML_LANG, local_time
from sme_research.factory.manifest import Manifest
from sme_research.factory.markup import Heading
from sme_research.factory.plan import Language
from sme_research.factory.render import Figure, Rendered, render_fragment

TIMEOUT_S: Final = 120
MANY_COLUMNS: Final = 6
"""From so many on a table is set smaller."""
MOST_SHARED: Final = 12
"""Entries of a table of contents that leave room for more on its page."""
MOST_LINES: Final = 16
"""A table of no more lines stays on one page."""
TABLE_LETTERS: Final[Mapping[Language, tuple[int, int]]] = {"zh": (84, 98), "en": (103, 122)}
"""Latin letters in a line of a table with few columns and with many, on the narrower printed page: Word's."""
_LAST_NARROW: Final = 0x2E7F
_LONGEST: Final = 60
"""Letters of a cell beyond which it breaks into lines in any case."""
_SHORT: Final = 20
"""Letters of a cell, such as an estimate with its interval, that had better stay on one line."""
_NAME: Final = 6
"""Letters of three Chinese characters."""
_WORD_ROOM: Final = 1.1
"""Room for a word that is bold or of wide letters, as a multiple of its letters."""
_GAP: Final = 3
"""Room between columns, in letters."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A report ready for paper: ``front`` is its one-page summary, ``body`` all else, both HTML for pandoc.

    Images are named by file; ``started`` is the moment that stands for today.
    """

    slug: str
    title: str
    language: Language
    banner: str
    made: str
    edition: str
    news: tuple[str, ...]
    news_title: str
    front: str
    body: str
    contents: tuple[Heading, ...]
    contents_title: str
    contents_alone: bool
    """Whether the table of contents fills a page of its own."""
    figures: tuple[Figure, ...]
    started: datetime

    @property
    def tag(self) -> str:
        """The language as documents name it."""
        return HTML_LANG[self.language]

    @property
    def epoch(self) -> int:
        """Seconds since 1970 of the moment that stands for today."""
        return int(self.started.timestamp())


PAGE_MARK: Final = "StartOfAPageOfItsOwn"
"""A paragraph of just this word starts a page; no report can say it by chance."""


def prepare_print(rendered: Rendered, manifest: Manifest, news: Sequence[str]) -> Printed:
    """The report without what only a screen can use: code, boxes that scroll, links to files."""
    texts = rendered.texts
    provenance = render_fragment(
        "provenance.html.j2", lang=HTML_LANG[rendered.language], texts=texts, manifest=manifest
    )
    soup = BeautifulSoup(rendered.body + provenance, "html.parser")
    _drop_screen(soup)
    for terms in soup.select(".provenance dl"):
        _rewrite_terms(terms, texts, rendered.language)
    _aim_links(soup)
    for image, figure in zip(soup.find_all("img"), rendered.figures, strict=True):
        image["src"] = figure.file
    for table in soup.find_all("table"):
        _fit_table(soup, table, rendered.language)
    # A heading keeps to what follows only where both stand side by side.
    for section in soup.find_all("section"):
        section.unwrap()
    for table in soup.select("table.own-page"):
        _start_page(soup, table)
    front = soup.find("div", class_="front")
    first = "" if front is None else str(front.extract().decode_contents())
    public = manifest.edition == "public"
    return Printed(
        slug=manifest.slug,
        title=rendered.title,
        language=rendered.language,
        banner=texts["banner"] if rendered.made_up else "",
        made=f"{local_time(manifest.started_at, HTML_LANG[rendered.language])} · {manifest.run_id}",
        edition=texts["public"] if public else "",
        news=tuple(news),
        news_title=texts["news"],
        front=first,
        body=str(soup),
        contents=(*rendered.contents, Heading(2, "provenance", texts["provenance"])),
        contents_title=texts["contents"],
        contents_alone=bool(first) and len(rendered.contents) > MOST_SHARED,
        figures=rendered.figures,
        started=datetime.fromisoformat(manifest.started_at).astimezone(BEIJING),
    )


def _drop_screen(soup: BeautifulSoup) -> None:
    for element in soup.select("details.code, p.data"):
        element.decompose()
    for box in soup.select("div.scroll, div.finding"):
        box.unwrap()
    for note in soup.select("p.note"):
        note.wrap(soup.new_tag("div", attrs={"custom-style": "Note", "typst:text:size": "8.5pt"}))
    for number in soup.select("span.heading-number, span.number"):
        number.unwrap()
    for entry in soup.select(".glossary dt"):
        _rewrite_entry(soup, entry)


def _rewrite_terms(terms: Tag, texts: Mapping[str, str], language: Language) -> None:
    """What the report was made from as a table, which takes a third of the room."""
    between = "；" if language == "zh" else "; "
    rows = [f"<thead><tr><th>{texts['item']}</th><th>{texts['content']}</th></tr></thead>"]
    for name, content in zip(terms.find_all("dt"), terms.find_all("dd"), strict=True):
        entries = [str(entry.decode_contents()) for entry in content.find_all("li")]
        told = between.join(entries) or content.decode_contents()
        rows.append(f"<tr><th>{name.decode_contents()}</th><td>{told}</td></tr>")
    table = BeautifulSoup(f"<table>{''.join(rows)}</table>", "html.parser").table
    assert table is not None
    terms.replace_with(table)


def _rewrite_entry(soup: BeautifulSoup, name: Tag) -> None:
    """A glossary's entry as a paragraph with a place to link to, which pandoc leaves out of a list of terms."""
    meaning = name.find_next_sibling("dd")
    assert isinstance(meaning, Tag)
    entry = soup.new_tag("div", attrs={"id": str(name["id"]), "custom-style": "Term"})
    paragraph = soup.new_tag("p")
    strong = soup.new_tag("strong")
    strong.string = name.get_text()
    spaced = not re.search(r"[\u4e00-\u9fff]", meaning.get_text())
    paragraph.extend([strong, ": " if spaced else "：", meaning.get_text()])
    entry.append(paragraph)
    assert name.parent is not None
    name.parent.insert_before(entry)
    meaning.decompose()
    name.decompose()


def _aim_links(soup: BeautifulSoup) -> None:
    """Let links to the anchors before a heading lead to the heading, and drop those that lead to no place."""
    aims: dict[str, str] = {}
    for anchor in soup.select("span[id]"):
        heading = anchor.find_next(["h2", "h3", "h4", "h5", "h6"])
        if isinstance(heading, Tag):
            aims[str(anchor["id"])] = str(heading["id"])
        anchor.decompose()
    known = {str(element["id"]) for element in soup.find_all(id=True)}
    for link in soup.select('a[href^="#"]'):
        target = str(link["href"])[1:]
        target = aims.get(target, target)
        if target in known:
            link.attrs = {"href": f"#{target}"}
        else:
            link.unwrap()


def _fit_table(soup: BeautifulSoup, table: Tag, language: Language) -> None:
    """Widths of columns by what they hold, numbers to the right, much in little type."""
    rows = _rows(table)
    columns = max(len(row) for row in rows)
    full = [row for row in rows if len(row) == columns]
    letters = TABLE_LETTERS[language][columns >= MANY_COLUMNS]
    widths = share_widths([[cell.get_text(" ", strip=True) for cell in row] for row in full], letters)
    group = soup.new_tag("colgroup")
    for width in widths:
        group.append(soup.new_tag("col", style=f"width:{width:.1%}"))
    caption = table.find("caption")
    if isinstance(caption, Tag):
        caption.insert_after(group)
    else:
        table.insert(0, group)
    for cell in table.select(".num"):
        cell["style"] = "text-align:right"
    table["typst:text:size"] = "7.5pt" if columns >= MANY_COLUMNS else "8.5pt"
    if count_lines(table, language) <= MOST_LINES:
        table.wrap(soup.new_tag("div", attrs={"typst:breakable": "false"}))


def _start_page(soup: BeautifulSoup, table: Tag) -> None:
    """A paragraph before the table that each format takes for the start of a page."""
    whole = table.parent if isinstance(table.parent, Tag) and table.parent.get("typst:breakable") else table
    mark = soup.new_tag("p")
    mark.string = PAGE_MARK
    before = whole.find_previous_sibling()
    # A heading goes with its first page.
    while isinstance(before, Tag) and re.fullmatch("h[2-6]", before.name):
        whole, before = before, before.find_previous_sibling()
    whole.insert_before(mark)


def _rows(table: Tag) -> list[list[Tag]]:
    return [list(row.find_all(["th", "td"], recursive=False)) for row in table.find_all("tr")]


def count_lines(table: Tag, language: Language) -> int:
    """Lines that a table takes, about, once its columns have their widths."""
    widths = [
        float(str(column["style"]).removeprefix("width:").rstrip("%")) / 100 for column in table.find_all("col")
    ]
    letters = TABLE_LETTERS[language][len(widths) >= MANY_COLUMNS]
    return sum(
        max(
            -(-wide(cell.get_text(" ", strip=True)) // max(int(letters * width), 1))
            for cell, width in zip(row, widths, strict=False)
        )
        for row in _rows(table)
    )


def share_widths(rows: Sequence[Sequence[str]], letters: float) -> list[float]:
    """Shares of a table's width by column: room for the longest word, what is left by how much a column has to say.

    ``letters`` is how many a line holds.
    """
    needed, wished = [], []
    for cells in zip(*rows, strict=True):
        needed.append(_WORD_ROOM * max(4, *(_longest_word(cell) for cell in cells)) + _GAP)
        lengths = [min(wide(cell), _LONGEST) for cell in cells]
        wished.append(max(sum(lengths) / len(lengths), 0.6 * max(lengths), min(max(lengths), _SHORT)) + _GAP)
    beyond = [max(wish - need, 0.0) for wish, need in zip(wished, needed, strict=True)]
    part = min(max(letters - sum(needed), 0.0) / (sum(beyond) or 1.0), 1.0)
    widths = [need + part * more for need, more in zip(needed, beyond, strict=True)]
    return [width / sum(widths) for width in widths]


def wide(text: str) -> int:
    """Width in Latin letters."""
    return sum(2 if ord(character) > _LAST_NARROW else 1 for character in text)


def _longest_word(text: str) -> int:
    """Letters that must stay together; Chinese breaks anywhere, but a name of a few characters had better not."""
    # A number keeps to the bracket that follows it, also to a Chinese one; an address breaks after its strokes.
    words = [wide(word) for word in re.findall(r"[\x21-\u2e7f（）]+?(?:/|(?![\x21-\u2e7f（）]))", text)]
    return max([*words, min(wide(text), _NAME)])


def compose_front(printed: Printed) -> str:
    """What stands before the contents, as one HTML fragment: when it was made, news, and the one-page summary."""
    return render_fragment("front.html.j2", printed=printed, front=Markup(printed.front))


@cache
def _pandoc() -> str:
    import pypandoc  # type: ignore[import-untyped]  # noqa: PLC0415  only a report with a PDF or a Word document needs it

    return str(pypandoc.get_pandoc_path())


def run_pandoc(
    source: str, arguments: Sequence[str], *, epoch: int, folder: Path, place: str, files: Mapping[str, bytes]
) -> bytes:
    """What pandoc makes of HTML, in a folder with the images that it names.

    Raises
    ------
    FactoryError
        Pandoc failed.
    """
    for name, content in files.items():
        (folder / name).write_bytes(content)
    command = [_pandoc(), "--from=html", "--shift-heading-level-by=-1", "--wrap=none", *arguments]
    done = subprocess.run(
        command,
        input=source.encode(),
        capture_output=True,
        cwd=folder,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)},
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise FactoryError(f"{place}: pandoc failed: {done.stderr.decode(errors='replace').strip()[-400:]}")
    return done.stdout
