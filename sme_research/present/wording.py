"""Which words a grade permits, and the search for those that it does not.

A sentence, caption or table that speaks of this report's estimate is a
*finding passage*: `show.Text`, `show.HtmlTable` and `show.Picture` carry the
grade's wording in ``finding_wording`` and stand in the page within
``<div class="finding" data-wording="…">``. Within such a passage words of
cause need the wording ``effect``. What is no statement about the estimate is
shown without the mark and may name what it defines, assumes or warns of: the
question, the theory of change, the identifying assumption and the method, the
grade and its reasons, limits, terms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from sme_research.present.words import text
from sme_research.results import Grade

_METHODS: Final = {"zh": r"固定效应|处理效应", "en": r"\b(?:two-way )?fixed[- ]effects?\b|\btreatment effects?\b"}
"""Names of methods that hold such a word and claim nothing."""

CAUSAL_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "zh": (
        r"效应|效果|成效|因果|影响|作用",
        r"导致|致使|引起|带来|带动|促进|促使|推动|拉动|助力|有助于",
        r"归因于|归功于|得益于",
        r"使[^，。；：“”]{0,24}?(?:提高|提升|增加|增长|上升|扩大|改善|降低|下降|减少|缩小)",
        r"因[^，。；：“”]{0,12}?而(?:提高|提升|增加|增长|上升|改善|降低|下降|减少)",
    ),
    "en": (
        r"effects?|effective(?:ly|ness)?|impact(?:s|ed|ing)?|influenc(?:e[sd]?|ing)",
        r"caus(?:e[sd]?|ing|al|ally|ality)|because of|due to|owing to|thanks to|attributable to",
        r"(?:leads?|led|leading) to|result(?:s|ed|ing)? in|benefit(?:s|ed)? from",
        r"rais(?:e[sd]?|ing)|boost(?:s|ed|ing)?|improv(?:e[sd]?|ing)",
        r"(?:drove|drives?|driven) (?:by|up|down)",
        r"(?:made|makes) the",
    ),
}
"""Patterns of words that claim a cause, by language."""


def causal_words(passage: str, lang: str) -> list[str]:
    """Words of cause in a passage about the estimate, in order; names of methods are none.

    Parameters
    ----------
    passage : str
        Text, Markdown or HTML; Markdown's emphasis and HTML's elements are looked through.
    lang : {"zh", "en"}
    """
    plain = re.sub(r"<[^>]*>", " ", passage).replace("**", "")
    pattern = "|".join(CAUSAL_WORDS[lang])
    whole_words = rf"\b(?:{pattern})\b" if lang == "en" else pattern
    claims = re.sub(_METHODS[lang], " ", plain, flags=re.IGNORECASE)
    return [found.group() for found in re.finditer(whole_words, claims, re.IGNORECASE)]


def noun(grade: Grade, lang: str) -> str:
    """What the grade permits to call the estimate: effect, or only difference."""
    return text(lang, "noun.effect" if grade.wording == "effect" else "noun.difference")


def noun_of(grade: Grade, item: str, lang: str) -> str:
    """The same with what it is of: effect on revenue, difference in revenue."""
    return text(lang, "noun.effect_of" if grade.wording == "effect" else "noun.difference_of", item=item)


def noun_first(grade: Grade, lang: str) -> str:
    """The same as a sentence, a caption or a head begins with it."""
    word = noun(grade, lang)
    return word[0].upper() + word[1:]
