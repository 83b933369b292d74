"""The Chinese glyphs of one page, for readers whose machine has none."""

from __future__ import annotations

import base64
import io
from importlib.resources import files
from typing import Final

from fontTools import subset
from fontTools.ttLib import TTFont

FAMILY: Final = "Report Han"
"""Named last in the style sheet: a reader's own Chinese font goes first."""
FIRST_HAN: Final = 0x2E80
"""Radicals, ideographs and full-width forms begin here; what stands before, every machine has."""


def embed_glyphs(page: str) -> str:
    """Style rule that brings the page's Chinese glyphs along; empty where it has none.

    The same page gives the same rule. Noto Sans CJK SC, SIL Open Font License.
    """
    needed = sorted({ord(character) for character in page if ord(character) >= FIRST_HAN})
    if not needed:
        return ""
    font = base64.b64encode(_subset(needed)).decode()
    return f'@font-face {{ font-family: "{FAMILY}"; src: url(data:font/woff;base64,{font}) format("woff"); }}\n'


def _subset(codepoints: list[int]) -> bytes:
    source = files("mpl_font").joinpath("fonts", "noto", "NotoSansCJKsc-Regular.otf")
    options = subset.Options(layout_features=[], hinting=False, desubroutinize=True, notdef_outline=True)
    font = TTFont(io.BytesIO(source.read_bytes()), lazy=True, recalcTimestamp=False)
    worker = subset.Subsetter(options)
    worker.populate(unicodes=codepoints)
    worker.subset(font)
    font.flavor = "woff"
    target = io.BytesIO()
    font.save(target)
    return target.getvalue()
