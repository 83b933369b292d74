"""The glossary explains each term in both languages, and every form belongs to one term."""

import re
from collections import Counter

import pytest

from sme_research.present.glossary import load_glossary
from sme_research.present.words import LANGUAGES

TERMS = load_glossary()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_term_has_a_name_and_a_whole_sentence(lang):
    for term in TERMS:
        assert term.name[lang].strip()
        assert term.definition[lang].endswith("。" if lang == "zh" else "."), term.id


def test_no_two_terms_share_an_id_or_a_form():
    assert max(Counter(term.id for term in TERMS).values()) == 1
    for lang in LANGUAGES:
        assert max(Counter(form.lower() for term in TERMS for form in term.forms[lang]).values()) == 1


def test_chinese_definitions_use_chinese_marks():
    for term in TERMS:
        # A comma between digits parts thousands.
        assert not re.search(r"[;:!?()]|(?<!\d),|,(?!\d)", term.definition["zh"]), term.id
