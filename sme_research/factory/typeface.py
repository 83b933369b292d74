"""The Chinese glyphs of one page, for readers whose machine has none."""

from __future__ import annotations

import base64
import io
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

FAMILY: Final = "Report Han"
"""Named last in the style sheet: a reader's own Chinese font goes first."""
FIRST_HAN: Final = 0x2E80
"""Radicals, ideographs and full-width forms begin here; what stands before, every machine has."""


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
    import uharfbuzz  # noqa: PLC0415  a page without Chinese does without
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    asked = uharfbuzz.SubsetInput()
    asked.sets(uharfbuzz.SubsetInputSets.UNICODE).set(set(codepoints))
    # What only vertical text and fine typography need.
    asked.sets(uharfbuzz.SubsetInputSets.LAYOUT_FEATURE_TAG).clear()
    flags = uharfbuzz.SubsetFlags
    asked.flags = flags.NO_HINTING | flags.DESUBROUTINIZE | flags.NOTDEF_OUTLINE
    reduced = uharfbuzz.subset(_face(), asked)
    font = TTFont(io.BytesIO(reduced.blob.data), lazy=True, recalcTimestamp=False, recalcBBoxes=False)
    font.flavor = "woff"
    target = io.BytesIO()
    font.save(target)
    return target.getvalue()


@cache
def _face() -> Any:
    import uharfbuzz  # noqa: PLC0415

    path = files("mpl_font").joinpath("fonts", "noto", "NotoSansCJKsc-Regular.otf")
    return uharfbuzz.Face(path.read_bytes())
