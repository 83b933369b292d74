"""Layout of the Word document: the page of GB/T 9704-2012 and its faces, as styles made in code."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from sme_research.factory.plan import Language

if TYPE_CHECKING:
    from docx.document import Document
    from docx.section import Section
    from docx.styles.style import CharacterStyle, ParagraphStyle

LATIN: Final = "Times New Roman"
TITLE_FACE, BODY_FACE, HEAD_FACE, KAI_FACE, SONG_FACE = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312", "宋体"
SUBSTITUTES: Final[Mapping[str, str]] = {
    TITLE_FACE: "宋体",
    BODY_FACE: "仿宋",
    KAI_FACE: "楷体",
}
"""Faces that not every machine has, and what stands in for them."""
PAGE_MM: Final = {"page_width": 210, "page_height": 297}
MARGINS_MM: Final = {"top_margin": 37, "bottom_margin": 35, "left_margin": 28, "right_margin": 26}
EDGE_MM: Final = {"header_distance": 20, "footer_distance": 25}
TEXT_WIDTH_MM: Final = 156
TEXT_HEIGHT_MM: Final = 225


@dataclass(frozen=True, slots=True)
class Look:
    """How one style looks. Sizes in points; ``line`` is a fixed distance of lines, None for as high as they need."""

    face: str = BODY_FACE
    size: float = 16
    bold: bool = False
    line: float | None = 28
    indent: int = 0
    """Of the first line, in characters."""
    align: str = "left"
    before: float = 0
    after: float = 0
    keep: bool = False
    """With the next paragraph on one page."""
    colour: str = "000000"
    left: float = 0


SMALL: Final = Look(size=10.5, line=None)
CHINESE: Final[Mapping[str, Look]] = {
    "Normal": Look(),
    "Body Text": Look(indent=2, align="justify"),
    "First Paragraph": Look(indent=2, align="justify"),
    "Compact": Look(size=16),
    "Title": Look(face=TITLE_FACE, size=22, line=36, align="center", after=8, keep=True),
    "Heading 1": Look(face=HEAD_FACE, indent=2, keep=True, before=6),
    "Heading 2": Look(face=KAI_FACE, indent=2, keep=True),
    "Heading 3": Look(bold=True, indent=2, keep=True),
    "Image Caption": Look(face=HEAD_FACE, size=10.5, line=None, align="center", after=8),
    "Table Caption": Look(face=HEAD_FACE, size=10.5, line=None, align="center", before=8, after=3, keep=True),
    "Captioned Figure": Look(size=10.5, line=None, align="center", before=6, keep=True),
    "Figure": Look(size=10.5, line=None, align="center"),
    "Table Text": SMALL,
    "Dense Table Text": Look(size=9, line=None),
    "Note": Look(size=10.5, line=None, after=8, align="justify"),
    "Term": Look(align="justify"),
    "Made": Look(size=10.5, line=None, align="center", after=4),
    "News": Look(size=10.5, line=16, left=12),
    "Summary": Look(size=12, line=19, align="justify"),
    "Summary Heading": Look(face=HEAD_FACE, size=14, line=22, keep=True, before=4),
    "Contents Title": Look(face=HEAD_FACE, align="center", keep=True, after=6),
    "Contents 1": Look(size=10.5, line=15, before=1),
    "Contents 2": Look(size=10.5, line=15, left=24),
    "Definition Term": Look(size=10.5, line=None, bold=True, keep=True),
    "Definition": Look(size=10.5, line=None, left=21),
    "Source Code": Look(size=9, line=None),
    "Header": Look(face=SONG_FACE, size=9, line=None, align="center"),
    "Footer": Look(face=SONG_FACE, size=14, line=None),
}


def _in_english(name: str, look: Look) -> Look:
    """The same page in an English face: smaller letters, lines as high as they need, no indents."""
    sizes = {22: 18, 16: 11, 14: 13, 12: 10.5, 10.5: 9.5}
    named = {"Heading 1": 14.0, "Heading 2": 12.0, "Dense Table Text": 8.0}
    size = named.get(name, sizes.get(look.size, look.size))
    bold = look.bold or look.face in (HEAD_FACE, KAI_FACE, TITLE_FACE)
    roomy = name in ("Body Text", "First Paragraph", "Term")
    line = 14 if name.startswith("Summary") or name == "News" else None
    after = 6 if roomy else look.after
    return Look(
        LATIN,
        size,
        bold,
        line,
        0,
        "left" if look.align == "justify" else look.align,
        look.before or 0,
        after,
        look.keep,
        look.colour,
        look.left,
    )


LOOKS: Final[Mapping[Language, Mapping[str, Look]]] = {
    "zh": CHINESE,
    "en": {name: _in_english(name, look) for name, look in CHINESE.items()},
}


@cache
def reference_document(language: Language) -> bytes:
    """An empty document with the styles by which pandoc sets a report; the same bytes every time."""
    import docx  # noqa: PLC0415  only a report with a Word document needs it

    document = docx.Document()
    for name, look in LOOKS[language].items():
        _apply(_style(document, name), look, language)
    _add_links(document)
    _add_table_style(document)
    for section in document.sections:
        set_page(section)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def set_page(section: Section) -> None:
    """Paper and margins of GB/T 9704-2012."""
    from docx.shared import Mm  # noqa: PLC0415

    for name, size in {**PAGE_MM, **MARGINS_MM, **EDGE_MM}.items():
        setattr(section, name, Mm(size))


def _style(document: Document, name: str) -> ParagraphStyle:
    from docx.enum.style import WD_STYLE_TYPE  # noqa: PLC0415

    if name in document.styles:
        return cast("ParagraphStyle", document.styles[name])
    made = cast("ParagraphStyle", document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH))
    made.base_style = document.styles["Normal"]
    made.quick_style = True
    return made


def _apply(style: ParagraphStyle, look: Look, language: Language) -> None:
    from docx.enum.text import WD_LINE_SPACING, WD_PARAGRAPH_ALIGNMENT  # noqa: PLC0415
    from docx.shared import Pt  # noqa: PLC0415

    style.font.size, style.font.bold, style.font.italic = Pt(look.size), look.bold, False
    _set_faces(style, look, language)
    paragraph = style.paragraph_format
    paragraph.space_before, paragraph.space_after = Pt(look.before), Pt(look.after)
    paragraph.alignment = WD_PARAGRAPH_ALIGNMENT[look.align.upper()]
    paragraph.keep_with_next = look.keep
    paragraph.left_indent = Pt(look.left)
    paragraph.first_line_indent = Pt(look.indent * look.size)
    if look.line is None:
        paragraph.line_spacing_rule = WD_LINE_SPACING.SINGLE
    else:
        paragraph.line_spacing_rule, paragraph.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(look.line)
    for border in style.element.findall(".//{*}pBdr"):
        border.getparent().remove(border)


def _set_faces(style: CharacterStyle, look: Look, language: Language) -> None:
    """One face for Chinese, one for Latin; none of a theme's, which would win over both."""
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import RGBColor  # noqa: PLC0415

    style.font.name = LATIN
    style.font.color.rgb = RGBColor.from_string(look.colour)
    faces = style.element.rPr.rFonts
    for key in list(faces.attrib):
        del faces.attrib[key]
    han = look.face if language == "zh" else SONG_FACE
    for key, face in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN), ("eastAsia", han)):
        faces.set(qn(f"w:{key}"), face)


def _add_links(document: Document) -> None:
    from docx.enum.style import WD_STYLE_TYPE  # noqa: PLC0415

    # Links keep the text's colour: what is printed and filed is black.
    document.styles.add_style("Hyperlink", WD_STYLE_TYPE.CHARACTER)


def _add_table_style(document: Document) -> None:
    """Rules above and below and thin ones between the rows, the head in bold."""
    from docx.enum.style import WD_STYLE_TYPE  # noqa: PLC0415
    from docx.oxml import parse_xml  # noqa: PLC0415
    from docx.oxml.ns import nsdecls  # noqa: PLC0415

    style = document.styles.add_style("Table", WD_STYLE_TYPE.TABLE)
    lines = (("top", 12), ("bottom", 12), ("insideH", 4))
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="000000"/>' for side, size in lines
    )
    margins = "".join(f'<w:{side} w:w="{width}" w:type="dxa"/>' for side, width in (("left", 60), ("right", 60)))
    style.element.append(
        parse_xml(
            f"<w:tblPr {nsdecls('w')}><w:tblBorders>{borders}</w:tblBorders>"
            f"<w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>"
        )
    )
    style.element.append(
        parse_xml(f'<w:tblStylePr {nsdecls("w")} w:type="firstRow"><w:rPr><w:b/><w:bCs/></w:rPr></w:tblStylePr>')
    )
