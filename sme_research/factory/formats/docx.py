"""A report as a Word document in the layout of GB/T 9704: pandoc writes it on our styles, then it is finished."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bs4 import BeautifulSoup, Tag
from markupsafe import Markup

from sme_research.factory.formats.archive import repack
from sme_research.factory.formats.layout import (
    SUBSTITUTES,
    TEXT_HEIGHT_MM,
    reference_document,
    set_page,
)
from sme_research.factory.formats.printing import (
    MANY_COLUMNS,
    PAGE_MARK,
    Printed,
    compose_front,
    count_lines,
    run_pandoc,
    wide,
)
from sme_research.factory.render import render_fragment

if TYPE_CHECKING:
    from docx.document import Document
    from docx.section import Section
    from docx.table import Table

W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
WP: Final = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
REFERENCE_NAME: Final = "reference.docx"
PLAIN_STYLES: Final = ("Compact", "BodyText", "FirstParagraph")
CONTENTS_STYLE: Final = "Contents Title"
POINTS_IN_MM: Final = 72 / 25.4
LARGEST_MM: Final = 150
"""Width of a picture where nothing else asks for room."""
TALLEST_MM: Final = 150
SUMMARY_LETTERS: Final = {"zh": 72, "en": 100}
"""Latin letters in a line of the summary; a Chinese character is two."""
SUMMARY_LINE_PT: Final = {"zh": 19, "en": 14}
TABLE_LINE_PT: Final = 13
SPARE: Final = 0.92
"""Of the room left for the picture, what is used: lines break where words end."""
CAPTION_PT: Final = 34
TITLE_PT: Final = {"zh": 100, "en": 80}
"""Title, date and heading of the summary."""


def make_docx(printed: Printed) -> bytes:
    """A Word document with the report's headings, tables, pictures and links; the same bytes for the same report.

    Raises
    ------
    FactoryError
        Pandoc failed.
    """
    import docx  # noqa: PLC0415  only a report with a Word document needs it

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {figure.file: figure.content for figure in printed.figures}
        content = run_pandoc(
            _source(printed),
            ["--to=docx", f"--reference-doc={REFERENCE_NAME}", "--output=-"],
            epoch=printed.epoch,
            folder=folder,
            place=f"{printed.slug}, report.docx",
            files={**files, REFERENCE_NAME: reference_document(printed.language)},
        )
    document = docx.Document(io.BytesIO(content))
    _finish(document, printed)
    target = io.BytesIO()
    document.save(target)
    return repack(target.getvalue(), epoch=printed.epoch)


def _source(printed: Printed) -> str:
    """The report with its title, its summary on a page, its contents as links, and pictures by their size."""
    soup = BeautifulSoup(compose_front(printed), "html.parser")
    front = soup.find(id="front")
    assert isinstance(front, Tag)
    width = _picture_width(front, printed)
    for image in front.find_all("img"):
        image["width"] = f"{width:.0f}mm"
    body = BeautifulSoup(printed.body, "html.parser")
    shapes = {figure.file: figure.shape for figure in printed.figures}
    for image in body.find_all("img"):
        image["width"] = f"{min(LARGEST_MM, TALLEST_MM / shapes[str(image['src'])]):.0f}mm"
    return render_fragment("document.html.j2", printed=printed, front=Markup(str(soup)), body=Markup(str(body)))


def _picture_width(front: Tag, printed: Printed) -> float:
    """Width in mm at which the summary's picture leaves the page to its text."""
    if not printed.front:
        return LARGEST_MM
    letters, line = SUMMARY_LETTERS[printed.language], SUMMARY_LINE_PT[printed.language]
    lines = sum(-(-wide(item.get_text(" ", strip=True)) // letters) for item in front.select("li, div > p"))
    tables = front.find_all("table")
    rows = CAPTION_PT * len(tables) + TABLE_LINE_PT * sum(count_lines(table, printed.language) for table in tables)
    left = TEXT_HEIGHT_MM - (TITLE_PT[printed.language] + CAPTION_PT + line * lines + rows) / POINTS_IN_MM
    first = next(figure for figure in printed.figures)
    return max(60.0, min(LARGEST_MM, SPARE * left / first.shape))


def _finish(document: Document, printed: Printed) -> None:
    """What pandoc leaves out: page, header, page numbers, languages, descriptions, tables that fit."""
    _set_properties(document, printed)
    for section in document.sections:
        set_page(section)
        _write_header(section, printed)
        _write_footer(section.footer, "right")
        _write_footer(section.even_page_footer, "left")
    document.settings.odd_and_even_pages_header_footer = True
    for table in document.tables:
        style = "Dense Table Text" if len(table.columns) >= MANY_COLUMNS else "Table Text"
        _finish_table(table, document.styles[style].style_id)
    _style_summary(document, printed)
    _describe_pictures(document, printed)
    _substitute_faces(document)
    _set_language(document, printed)


def _set_properties(document: Document, printed: Printed) -> None:
    told = document.core_properties
    moment = datetime.fromtimestamp(printed.epoch, UTC).replace(tzinfo=None)
    told.title, told.language, told.author, told.last_modified_by = printed.title, printed.tag, "", ""
    told.created = told.modified = moment
    told.revision = 1


def _write_header(section: Section, printed: Printed) -> None:
    told = "　".join(part for part in (printed.edition, printed.banner) if part)
    for header in (section.header, section.even_page_header):
        header.is_linked_to_previous = False
        header.paragraphs[0].text = told


def _write_footer(footer: Any, side: str) -> None:
    """Page number between dashes at the outer edge, a character from it: — 1 —."""
    from docx.enum.text import WD_PARAGRAPH_ALIGNMENT  # noqa: PLC0415
    from docx.oxml import parse_xml  # noqa: PLC0415
    from docx.oxml.ns import nsdecls  # noqa: PLC0415
    from docx.shared import Pt  # noqa: PLC0415

    footer.is_linked_to_previous = False
    paragraph = footer.paragraphs[0]
    paragraph.alignment = WD_PARAGRAPH_ALIGNMENT[side.upper()]
    inset = Pt(14)
    if side == "right":
        paragraph.paragraph_format.right_indent = inset
    else:
        paragraph.paragraph_format.left_indent = inset
    paragraph.add_run("— ")
    field = parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>')
    paragraph._p.append(field)
    paragraph.add_run(" —")


def _style_summary(document: Document, printed: Printed) -> None:
    """The front in small type on its page, news in theirs, and a page for the contents after it."""
    styles = document.styles
    for name, small in (("front", "Summary"), ("news", "News")):
        for paragraph in _paragraphs_within(document, name):
            if paragraph.pPr is None or paragraph.style in PLAIN_STYLES:
                _restyle(paragraph, styles[small].style_id)
    starts = []
    if printed.front:
        starts += [found for found in document.paragraphs if found.style and found.style.name == CONTENTS_STYLE]
    if printed.contents_alone:
        starts += [found for found in document.paragraphs if found.style and found.style.name == "Heading 1"][1:2]
    for paragraph in starts:
        paragraph.paragraph_format.page_break_before = True
    for paragraph in document.paragraphs:
        if paragraph.text == PAGE_MARK:
            paragraph.text = ""
            paragraph.paragraph_format.page_break_before = True


def _paragraphs_within(document: Document, bookmark: str) -> Iterator[Any]:
    """Paragraphs between a bookmark's start and its end; none where it is not there."""
    body = document.element.body
    start = next(
        (found for found in body.iter(f"{{{W}}}bookmarkStart") if found.get(f"{{{W}}}name") == bookmark), None
    )
    if start is None:
        return
    for element in start.itersiblings():
        if element.tag == f"{{{W}}}bookmarkEnd" and element.get(f"{{{W}}}id") == start.get(f"{{{W}}}id"):
            return
        if element.tag == f"{{{W}}}p":
            yield element


def _finish_table(table: Table, style: str) -> None:
    """Small type, the page's width, a head that returns on every page and rows that stay whole."""
    from docx.oxml.parser import OxmlElement  # noqa: PLC0415

    for number, row in enumerate(table.rows):
        properties = row._tr.get_or_add_trPr()
        if number == 0:
            flagged = {child.tag.rpartition("}")[2] for child in properties}
            if "tblHeader" not in flagged:
                properties.append(OxmlElement("w:tblHeader"))
        whole = OxmlElement("w:cantSplit")
        properties.insert(0, whole)
    for paragraph in table._tbl.iter(f"{{{W}}}p"):
        _restyle(paragraph, style)


def _restyle(paragraph: Any, style_id: str) -> None:
    properties = paragraph.get_or_add_pPr()
    properties.get_or_add_pStyle().set(f"{{{W}}}val", style_id)


def _describe_pictures(document: Document, printed: Printed) -> None:
    """Texts that stand for pictures, in the order in which pictures stand."""
    pictures = document.element.body.iter(f"{{{WP}}}docPr")
    for number, (picture, figure) in enumerate(zip(pictures, printed.figures, strict=True), start=1):
        picture.set("descr", figure.alt)
        picture.set("id", str(number))
        picture.attrib.pop("title", None)


def _substitute_faces(document: Document) -> None:
    """Name the faces that stand in where a machine lacks those of the standard."""
    from docx.opc.constants import RELATIONSHIP_TYPE  # noqa: PLC0415

    part = document.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    told = "".join(
        f'<w:font w:name="{face}"><w:altName w:val="{other}"/></w:font>' for face, other in SUBSTITUTES.items()
    )
    part._blob = part.blob.replace(b"</w:fonts>", told.encode() + b"</w:fonts>")


def _set_language(document: Document, printed: Printed) -> None:
    """The language that Word proofs and reads aloud in."""
    from docx.oxml import OxmlElement  # noqa: PLC0415

    defaults = document.styles.element.find(f"{{{W}}}docDefaults/{{{W}}}rPrDefault/{{{W}}}rPr")
    for old in defaults.findall(f"{{{W}}}lang"):
        defaults.remove(old)
    language = OxmlElement("w:lang")
    language.set(f"{{{W}}}val", "en-US" if printed.language == "zh" else "en-GB")
    language.set(f"{{{W}}}eastAsia", "zh-CN")
    defaults.append(language)
