"""The Chinese glyphs of one page, for readers whose machine has none."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from importlib.resources import files
from typing import Final

FAMILY: Final = "Report Han"
"""Named last in the style sheet: a reader's own Chinese font goes first."""
FIRST_HAN: Final = 0x2E80
"""Radicals, ideographs and full-width forms begin here; what stands before, every machine has."""
UNUSED_TABLES: Final = ["BASE", "DSIG", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
"""What only vertical text and fine typography need; reading it takes half of the time."""


def embed_glyphs(page: str) -> str:
    """Style rule that brings the page's Chinese glyphs along; empty where it has none.

    The same page gives the same rule. Noto Sans CJK SC, SIL Open Font License.
    """
    needed = sorted(code for code in map(ord, set(page)) if code >= FIRST_HAN)
    if not needed:
        return ""
    font = base64.b64encode(_subset(tuple(needed))).decode()
    return f'@font-face {{ font-family: "{FAMILY}"; src: url(data:font/woff;base64,{font}) format("woff"); }}\n'


@lru_cache(maxsize=8)  # the catalogue is written after every report, nearly always with the same characters
def _subset(codepoints: tuple[int, ...]) -> bytes:
    from fontTools import subset  # noqa: PLC0415  a page without Chinese does without
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    source = files("mpl_font").joinpath("fonts", "noto", "NotoSansCJKsc-Regular.otf")
    options = subset.Options(layout_features=[], hinting=False, desubroutinize=True, notdef_outline=True)
    options.drop_tables += UNUSED_TABLES
    # Bounding boxes may stay those of the whole face: lines are set by its metrics, which do not change.
    font = TTFont(io.BytesIO(source.read_bytes()), lazy=True, recalcTimestamp=False, recalcBBoxes=False)
    worker = subset.Subsetter(options)
    worker.populate(unicodes=codepoints)
    worker.subset(font)
    font.flavor = "woff"
    target = io.BytesIO()
    font.save(target)
    return target.getvalue()
