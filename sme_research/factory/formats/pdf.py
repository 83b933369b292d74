"""A report as a PDF that keeps PDF/UA-1: pandoc writes Typst, Typst sets and checks it."""

from __future__ import annotations

import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Final

from sme_research.errors import FactoryError
from sme_research.factory.formats.printing import PAGE_MARK, Printed, compose_front, run_pandoc
from sme_research.factory.render import TEMPLATES, TEXTS

STANDARD: Final = "ua-1"
SOURCE_NAME: Final = "report.typ"


def make_pdf(printed: Printed) -> bytes:
    """A tagged PDF with the report's own fonts, the same bytes for the same report.

    Raises
    ------
    FactoryError
        Pandoc failed, or the report breaks PDF/UA-1; the message says where.
    """
    import typst  # noqa: PLC0415  only a report with a PDF needs it

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = {figure.file: figure.content for figure in printed.figures}
        source = compose_front(printed) + printed.body
        body = run_pandoc(
            source,
            ["--to=typst"],
            epoch=printed.epoch,
            folder=folder,
            place=f"{printed.slug}, report.pdf",
            files=images,
        ).decode()
        (folder / SOURCE_NAME).write_text((TEMPLATES / SOURCE_NAME).read_text() + _with_alt(body, printed))
        try:
            return typst.compile(
                folder / SOURCE_NAME,
                root=folder,
                font_paths=[_fonts()],
                ignore_system_fonts=True,
                sys_inputs=_inputs(printed),
                pdf_standards=[STANDARD],
                timestamp=printed.epoch,
            )
        except typst.TypstError as fault:
            hints = "; ".join(str(hint) for hint in fault.hints)
            raise FactoryError(
                f"{printed.slug}, report.pdf: {fault.message}{hints and f' ({hints})'}; mend the notebook, "
                "or leave the PDF out."
            ) from None


def _fonts() -> Path:
    """Folder of Noto Sans CJK SC, SIL Open Font License."""
    return Path(str(files("mpl_font").joinpath("fonts", "noto")))


def _with_alt(source: str, printed: Printed) -> str:
    """Texts that stand for pictures, which pandoc drops on its way to Typst, and tables that start a page."""
    for figure in printed.figures:
        name = f'image("{figure.file}"'
        source = source.replace(name, f"{name}, alt: {_literal(figure.alt)}", 1)
    return source.replace(PAGE_MARK, "#pagebreak(weak: true)")


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def _inputs(printed: Printed) -> dict[str, str]:
    moment = printed.started
    parts = {name: str(getattr(moment, name)) for name in ("year", "month", "day", "hour", "minute", "second")}
    return {
        "title": printed.title,
        "language": printed.language,
        "banner": printed.banner,
        "edition": printed.edition,
        "contents": printed.contents_title,
        "page": TEXTS[printed.language]["page"],
        "summary": "yes" if printed.front else "no",
        "alone": "yes" if printed.contents_alone else "no",
        **parts,
    }
