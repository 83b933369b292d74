"""Chinese is readable on a machine without a Chinese font."""

import base64
import io
import re

from fontTools.ttLib import TTFont

from sme_research.factory.typeface import embed_glyphs

PAGE = "<p>企业家培训：提高 5.0%。</p>"


def glyphs_of(rule: str) -> set[int]:
    content = base64.b64decode(re.search(r"base64,([A-Za-z0-9+/=]+)", rule)[1])
    return set(TTFont(io.BytesIO(content)).getBestCmap())


def test_every_chinese_character_of_the_page_comes_along():
    assert glyphs_of(embed_glyphs(PAGE)) >= {ord(character) for character in PAGE if ord(character) > 0x2E80}


def test_an_english_page_carries_no_font():
    assert embed_glyphs("<p>Training raised revenue by 5.0%.</p>") == ""


def test_the_same_page_gives_the_same_bytes():
    assert embed_glyphs(PAGE) == embed_glyphs(PAGE)
